"""A server that asks who is there, and people who are."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from dash import Dash
from flask.testing import FlaskClient
from pydantic import SecretStr

from dashboard.services import Services, build_services
from dashboard.settings import Settings
from dashboard.users.accounts import Accounts, Identity
from dashboard.users.credentials import Credentials
from dashboard.users.roles import Role
from tests.provider import CLIENT, SECRET, SmallProvider, small_provider

PASSWORD = "correct horse"


@pytest.fixture
def auth() -> str:
    """How people log in."""
    return "local"


@pytest.fixture
def provider() -> Iterator[SmallProvider]:
    """A provider of OpenID Connect."""
    with small_provider() as provider:
        yield provider


@pytest.fixture
def settings(settings: Settings, auth: str, request: pytest.FixtureRequest) -> Settings:
    """Settings of a server with users."""
    changes: dict[str, Any] = {"auth": auth}
    if auth == "oidc":
        issuer = request.getfixturevalue("provider").address
        changes |= {"oidc_issuer": issuer, "oidc_client": CLIENT, "oidc_secret": SecretStr(SECRET)}
    return settings.model_copy(update=changes)


@pytest.fixture
def services(settings: Settings) -> Iterator[Services]:
    """Open services with a user for each role, named like the role."""
    services = build_services(settings)
    accounts = Accounts(services.store)
    for role in Role:
        if settings.oidc_issuer:
            accounts.of_identity(Identity(settings.oidc_issuer, f"{role} there", str(role), role))
        else:
            accounts.add(str(role), role, PASSWORD)
    yield services
    services.store.close()


@pytest.fixture
def signed_in(app: Dash, auth: str, request: pytest.FixtureRequest) -> Callable[[str], FlaskClient]:
    """A browser in which a user of that name has logged in; it sends the page's token with everything."""

    def open_browser(name: str) -> FlaskClient:
        client = app.server.test_client()
        if auth == "oidc":
            provider = request.getfixturevalue("provider")
            provider.person = {"sub": f"{name} there", "roles": [name]}
            assert sign_in_at(provider, client).status_code == 303
        else:
            assert sign_in(client, name).status_code == 303
        client.get("/signed-in")
        cookie = client.get_cookie("_csrf_token")
        assert cookie is not None
        client.environ_base["HTTP_X_CSRFTOKEN"] = cookie.value
        return client

    return open_browser


@pytest.fixture
def with_token(app: Dash, services: Services) -> Callable[[str], FlaskClient]:
    """A program with a token of a user."""

    def open_program(name: str) -> FlaskClient:
        client = app.server.test_client()
        token = Credentials(services.store).add_token(name, 1)
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return client

    return open_program


def sign_in(client: FlaskClient, name: str, password: str = PASSWORD, after: str = ""):  # type: ignore[no-untyped-def]
    """Send the form of the log-in's page."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/login").text)
    form = {"username": name, "password": password, "csrf_token": token[1] if token else ""}
    return client.post(f"/login{after}", data=form)


def sign_in_at(provider: SmallProvider, client: FlaskClient, after: str = ""):  # type: ignore[no-untyped-def]
    """Go to a provider of OpenID Connect and come back."""
    return client.get(provider.way_back(client.get(f"/login/start{after}").location))

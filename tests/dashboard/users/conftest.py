"""A server that asks who is there, and people who are."""

import re
from collections.abc import Callable, Iterator

import pytest
from dash import Dash
from flask.testing import FlaskClient

from dashboard.services import Services, build_services
from dashboard.settings import Settings
from dashboard.users.accounts import Accounts
from dashboard.users.credentials import Credentials
from dashboard.users.roles import Role

PASSWORD = "correct horse"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Settings of a server with users and passwords."""
    return settings.model_copy(update={"auth": "local"})


@pytest.fixture
def services(settings: Settings) -> Iterator[Services]:
    """Open services with a user for each role, named like the role."""
    services = build_services(settings)
    for role in Role:
        Accounts(services.store).add(str(role), role, PASSWORD)
    yield services
    services.store.close()


@pytest.fixture
def signed_in(app: Dash) -> Callable[[str], FlaskClient]:
    """A browser in which a user of that name has logged in; it sends the page's token with everything."""

    def open_browser(name: str) -> FlaskClient:
        client = app.server.test_client()
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

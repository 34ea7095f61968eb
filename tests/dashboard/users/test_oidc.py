"""Logging in at a provider of OpenID Connect, and every answer of one that must let nobody in."""

import base64
import hmac
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from dash import Dash
from flask import Flask
from flask.testing import FlaskClient
from joserfc import jwt

from dashboard.app import make_server
from dashboard.services import Services
from dashboard.users import oidc
from dashboard.users.accounts import Accounts, Identity
from dashboard.users.credentials import Credentials
from dashboard.users.roles import ROLES, Role
from dashboard.users.trail import Sought, Trail
from tests.dashboard.users.conftest import PASSWORD, sign_in_at
from tests.provider import CLIENT, SECRET, SmallProvider, rsa_key, small_provider

MODELS = "/api/v1/models"
DESCRIPTION = "/.well-known/openid-configuration"


@pytest.fixture
def auth() -> str:
    return "oidc"


@pytest.fixture
def server(services: Services) -> Flask:
    return make_server(services)


@pytest.fixture
def client(server: Flask) -> FlaskClient:
    """A browser; the pages themselves are for other tests."""
    return server.test_client()


def names(services: Services) -> set[str]:
    """Who was made by logging in."""
    return {user.name for user in Accounts(services.store).all()} - {*map(str, Role)}


def refused(answer: Any, client: FlaskClient, status: int, sentence: str) -> None:
    """Fail unless an answer says why, offers another try, and nobody is in."""
    assert (answer.status_code, sentence in answer.text) == (status, True), answer.text
    assert "Sign in with 127.0.0.1" in answer.text and 'role="alert"' in answer.text
    assert client.get(MODELS).status_code == 401


def test_the_code_flow_leads_to_the_page_that_was_asked_for(
    client: FlaskClient, provider: SmallProvider, services: Services
) -> None:
    page = client.get(client.get("/exports/predictions.csv", headers={"Accept": "text/html"}).location)
    assert 'name="password"' not in page.text
    assert (
        'href="/login/start?next=%2Fexports%2Fpredictions.csv" autofocus>Sign in with 127.0.0.1<' in page.text
    )
    there = client.get("/login/start?next=/history?review=open")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(there.location).query).items()}
    assert there.location.startswith(f"{provider.address}/authorize?")
    assert asked["redirect_uri"] == "http://localhost/login/finish"
    assert asked["code_challenge_method"] == "S256" and len(asked["code_challenge"]) == 43
    assert len(asked["nonce"]) >= 20 and len(asked["state"]) >= 20 and "prompt" not in asked
    back = client.get(provider.way_back(there.location))
    assert (back.status_code, back.location) == (303, "/history?review=open")
    assert client.get(MODELS).status_code == 200
    user = Accounts(services.store).named("anna")
    assert user.role is Role.CLINICIAN and user.signed_in is not None
    lines = [(line.who, line.action, line.text) for line in Trail(services.store).lines(Sought("anna"))]
    assert lines == [("anna", "logged in", ""), ("127.0.0.1", "user added", "clinician")]
    assert provider.asked == [DESCRIPTION, "/authorize", DESCRIPTION, "/token", "/keys"]


@pytest.mark.parametrize("after", ["//evil.example", "https://evil.example/", "/\\evil.example"])
def test_logging_in_leads_nowhere_else(client: FlaskClient, provider: SmallProvider, after: str) -> None:
    assert sign_in_at(provider, client, f"?next={after}").location == "/"


def compact(algorithm: str, claims: dict[str, Any], key: bytes | None = None) -> str:
    """An ID token that is not signed by a provider's key: with one that others know, or not at all."""
    parts = (json.dumps(part).encode() for part in ({"alg": algorithm}, claims))
    text = b".".join(map(base64.urlsafe_b64encode, parts)).replace(b"=", b"")
    signature = b"" if key is None else hmac.digest(key, text, "sha256")
    return f"{text.decode()}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


@pytest.mark.parametrize(
    "changed",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"iss": "https://login.elsewhere.org"},
        {"iss": None},
        {"aud": "another"},
        {"aud": "another", "azp": CLIENT},
        {"aud": [CLIENT, "another"]},
        {"aud": [CLIENT], "azp": "another"},
        {"aud": None},
        {"exp": int(time.time()) - 3600},
        {"exp": "tomorrow"},
        {"exp": None},
        {"iat": int(time.time()) + 3600},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 256},
    ],
    ids=str,
)
def test_a_token_that_is_not_right_lets_nobody_in(
    client: FlaskClient, provider: SmallProvider, services: Services, changed: dict[str, Any]
) -> None:
    provider.changed = changed
    refused(sign_in_at(provider, client), client, 403, "cannot be trusted")
    assert not names(services)
    assert [line.action for line in Trail(services.store).lines(limit=1)] == ["log-in refused"]


@pytest.mark.parametrize(
    "sign",
    [
        lambda claims: jwt.encode({"alg": "RS256", "kid": "key"}, claims, rsa_key(2)),
        lambda claims: jwt.encode({"alg": "RS256", "kid": "other"}, claims, rsa_key(2)),
        lambda claims: compact("none", claims),
        lambda claims: compact("HS256", claims, rsa_key().as_pem(private=False)),
        lambda claims: compact("HS256", claims, SECRET.encode()),
        lambda _: "no token",
        lambda _: "",
    ],
    ids=["another key", "unknown key", "unsigned", "public key", "secret", "nonsense", "nothing"],
)
def test_a_signature_that_is_not_right_lets_nobody_in(
    client: FlaskClient, provider: SmallProvider, services: Services, sign: Callable[[dict[str, Any]], str]
) -> None:
    provider.sign = sign
    refused(sign_in_at(provider, client), client, 403, "cannot be trusted")
    assert not names(services)


@pytest.mark.parametrize(
    "query", ["", "?code=a", "?state=a", "?code=a&state=a", "?error=x&state=a", "?error=x"]
)
def test_an_answer_that_nobody_asked_for_is_refused(
    client: FlaskClient, provider: SmallProvider, query: str
) -> None:
    client.get("/login/start")
    refused(client.get(f"/login/finish{query}"), client, 400, "begun in another browser")
    assert provider.asked == [DESCRIPTION]


def test_an_answer_counts_once_and_in_the_browser_that_asked(
    server: Flask, client: FlaskClient, provider: SmallProvider
) -> None:
    other = server.test_client()
    back = provider.way_back(client.get("/login/start").location)
    other.get("/login/start")
    refused(other.get(back), other, 400, "begun in another browser")
    assert client.get(back).status_code == 303
    asked = len(provider.asked)
    again = client.get(back)
    assert again.status_code == 400 and "used up" in again.text
    # The browser that has logged in stays so, and the provider is not bothered.
    assert client.get(MODELS).status_code == 200 and len(provider.asked) == asked


def test_a_code_counts_once(server: Flask, client: FlaskClient, provider: SmallProvider) -> None:
    used = parse_qs(urlsplit(provider.way_back(client.get("/login/start").location)).query)
    assert client.get(f"/login/finish?code={used['code'][0]}&state={used['state'][0]}").status_code == 303
    thief = server.test_client()
    state = parse_qs(urlsplit(thief.get("/login/start").location).query)["state"][0]
    refused(thief.get(f"/login/finish?code={used['code'][0]}&state={state}"), thief, 403, "cannot be trusted")


@pytest.mark.parametrize("claim", [None, [], "", "admin", ["staff", 7, None], {"viewer": True}, "Viewer", 1])
def test_a_claim_without_a_role_lets_nobody_in(
    client: FlaskClient, provider: SmallProvider, services: Services, claim: object
) -> None:
    provider.changed = {"roles": claim}
    refused(sign_in_at(provider, client), client, 403, "gives you no role in Dermaboard")
    assert not names(services)
    assert Trail(services.store).lines(limit=1)[0].text == "no role: anna"


@pytest.mark.parametrize(
    ("claim", "role"),
    [
        ("viewer", Role.VIEWER),
        (["staff", "viewer", "clinician"], Role.CLINICIAN),
        (["viewer", "scientist"], Role.SCIENTIST),
        ([*map(str, Role)], Role.ADMINISTRATOR),
    ],
)
def test_of_several_roles_the_one_with_most_rights_counts(claim: object, role: Role) -> None:
    assert oidc.role_of_claim(claim) is role
    rights = [len(ROLES[one]) for one in oidc.BY_RIGHTS]
    assert rights == sorted(rights, reverse=True) and {*oidc.BY_RIGHTS} == {*Role}


def test_another_role_at_the_provider_holds_from_the_next_log_in_on(
    server: Flask, client: FlaskClient, provider: SmallProvider, services: Services
) -> None:
    sign_in_at(provider, client)
    # People are told apart by what never changes: the name may.
    provider.person = {"sub": "1", "preferred_username": "anna.huber", "roles": ["scientist"]}
    assert sign_in_at(provider, server.test_client()).location == "/performance"
    assert Accounts(services.store).named("anna").role is Role.SCIENTIST
    assert names(services) == {"anna"}
    # In the browser that was logged in before, too.
    assert client.get("/api/v1/predictions").status_code == 404
    line = Trail(services.store).lines(Sought(action="role changed"))[0]
    assert (line.who, line.subject, line.text) == ("127.0.0.1", "anna", "clinician to scientist")


def test_a_name_that_somebody_has_stays_theirs(
    server: Flask, client: FlaskClient, provider: SmallProvider, services: Services
) -> None:
    accounts = Accounts(services.store)
    accounts.add("Anna", Role.ADMINISTRATOR, PASSWORD)
    sign_in_at(provider, client)
    provider.person |= {"sub": "2"}
    sign_in_at(provider, server.test_client())
    assert names(services) == {"Anna", "anna-2", "anna-3"}
    assert accounts.named("Anna").role is Role.ADMINISTRATOR
    # The same subject elsewhere is somebody else.
    user = accounts.of_identity(Identity("https://elsewhere.org", "1", "anna", Role.VIEWER))
    assert user is not None and user.name == "anna-4"


@pytest.mark.parametrize(
    ("person", "name"),
    [
        ({"preferred_username": "CLINIC\\anna huber"}, "CLINIC-anna-huber"),
        ({"email": "anna@clinic.org"}, "anna@clinic.org"),
        ({"preferred_username": "", "name": "Änne  Müller"}, "Änne-Müller"),
        ({"preferred_username": "***"}, "user"),
        ({"preferred_username": ["a", "b"]}, "a-b"),
        ({"name": "x" * 300}, "x" * 56),
        ({}, "0815"),
    ],
    ids=str,
)
def test_people_are_called_what_the_provider_calls_them(
    client: FlaskClient, provider: SmallProvider, services: Services, person: dict[str, Any], name: str
) -> None:
    provider.person = {"sub": "0815", "roles": "viewer"} | person
    assert sign_in_at(provider, client).status_code == 303
    assert {one.strip("[]'") for one in names(services)} == {name}


def test_who_was_removed_here_stays_out(
    client: FlaskClient, provider: SmallProvider, services: Services
) -> None:
    accounts = Accounts(services.store)
    sign_in_at(provider, client)
    accounts.remove("anna")
    assert client.get(MODELS).status_code == 401
    refused(sign_in_at(provider, client), client, 403, "account was taken away")
    assert not names(services)
    accounts.add("anna", Role.VIEWER, None)
    accounts.switch("anna", on=False)
    refused(sign_in_at(provider, client), client, 403, "or switched off")
    accounts.switch("anna", on=True)
    assert sign_in_at(provider, client).status_code == 303
    assert names(services) == {"anna"}


def test_who_cancels_at_the_provider_is_told_so(client: FlaskClient, provider: SmallProvider) -> None:
    state = parse_qs(urlsplit(client.get("/login/start").location).query)["state"][0]
    query = f"?error=access_denied&error_description=<b>x</b>&state={state}"
    answer = client.get(f"/login/finish{query}")
    refused(answer, client, 403, "127.0.0.1 did not let you in")
    assert "<b>x" not in answer.text
    # The answer is used up.
    refused(client.get(f"/login/finish{query}"), client, 400, "used up")


@pytest.mark.parametrize("path", [DESCRIPTION, "/token", "/keys"])
@pytest.mark.parametrize(
    "answer", [(500, b"{}"), (404, b"gone"), (200, b"<html>"), (200, b"[]"), (302, b"/x")]
)
def test_a_provider_that_answers_nonsense_lets_nobody_in(
    client: FlaskClient, provider: SmallProvider, services: Services, path: str, answer: tuple[int, bytes]
) -> None:
    there = client.get("/login/start").location
    provider.answers[path] = answer
    back = client.get(provider.way_back(there))
    assert back.status_code in (403, 503)
    refused(back, client, back.status_code, "127.0.0.1")
    assert not names(services) and "/x" not in provider.asked
    begun = client.get("/login/start")
    if path == DESCRIPTION:
        refused(begun, client, 503, "Wait a minute, then try again")


def test_a_provider_that_is_down_lets_nobody_in(services: Services, provider: SmallProvider) -> None:
    with small_provider() as gone:
        pass
    settings = services.settings.model_copy(update={"oidc_issuer": gone.address})
    client = make_server(
        Services(settings, services.store, services.folder, services.predictors)
    ).test_client()
    refused(client.get("/login/start"), client, 503, "127.0.0.1 does not answer as it should")
    assert not names(services)


@pytest.mark.parametrize("name", ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"])
def test_nothing_is_fetched_from_anywhere_else(
    client: FlaskClient, provider: SmallProvider, name: str
) -> None:
    with small_provider() as other:
        provider.says = {name: f"{other.address}/{name}"}
        refused(client.get("/login/start"), client, 503, "does not answer as it should")
        assert not other.asked


def test_logging_out_ends_the_session_and_the_provider_asks_again(
    app: Dash, signed_in: Callable[[str], FlaskClient], provider: SmallProvider
) -> None:
    client = signed_in("viewer")
    assert client.post("/logout").location == "/login"
    assert client.get(MODELS).status_code == 401
    there = client.get("/login/start").location
    assert parse_qs(urlsplit(there).query)["prompt"] == ["login"]
    assert client.get(provider.way_back(there)).status_code == 303
    # Who is in is not asked again.
    assert "prompt" not in client.get("/login/start").location


def test_no_password_is_taken(client: FlaskClient, services: Services) -> None:
    Accounts(services.store).add("bob", Role.ADMINISTRATOR, PASSWORD)
    answer = client.post("/login", data={"username": "bob", "password": PASSWORD})
    assert "Sign in with 127.0.0.1" in answer.text
    assert client.get(MODELS).status_code == 401


def test_sessions_and_tokens_are_those_of_every_log_in(
    client: FlaskClient, provider: SmallProvider, services: Services
) -> None:
    sign_in_at(provider, client)
    credentials = Credentials(services.store)
    assert [one.user for one in credentials.sessions()] == ["anna"]
    cookie = client.get_cookie("dermaboard_session")
    assert cookie is not None and cookie.http_only and cookie.same_site == "Lax" and cookie.expires is None
    headers = {"Authorization": f"Bearer {credentials.add_token('anna', 1)}"}
    client.delete_cookie("dermaboard_session")
    assert client.get(MODELS, headers=headers).status_code == 200
    assert credentials.end_sessions("anna") == 1


def test_several_windows_may_log_in_and_the_cookie_stays_small(
    client: FlaskClient, provider: SmallProvider
) -> None:
    long = "/history?q=" + "ab3x" * 2000
    there = [client.get("/login/start", query_string={"next": long}).location for _ in range(6)]
    cookie = client.get_cookie("dermaboard_session")
    assert cookie is not None and len(cookie.value) < 3900
    assert client.get(provider.way_back(there[0])).status_code == 400
    assert client.get(provider.way_back(there[-2])).status_code == 303


def test_nobody_logs_in_over_a_line_that_is_not_encrypted(
    services: Services, provider: SmallProvider
) -> None:
    settings = services.settings.model_copy(update={"hosts": ("derma.clinic.lan",), "prefix": "/derma"})
    client = make_server(
        Services(settings, services.store, services.folder, services.predictors)
    ).test_client()
    answer = client.get("/derma/login/start", headers={"Host": "derma.clinic.lan"})
    assert answer.status_code == 403 and "begins with https" in answer.text and not provider.asked
    there = client.get("/derma/login/start", base_url="https://derma.clinic.lan")
    back = parse_qs(urlsplit(there.location).query)["redirect_uri"]
    assert back == ["https://derma.clinic.lan/derma/login/finish"] and "Secure" in there.headers["Set-Cookie"]


@pytest.mark.parametrize("path", ["/login/start", "/login/finish"])
def test_many_tries_from_one_place_are_refused(
    client: FlaskClient, provider: SmallProvider, path: str
) -> None:
    assert 429 not in [client.get(path).status_code for _ in range(30)]
    asked = len(provider.asked)
    answer = client.get(path)
    assert answer.status_code == 429 and "Wait a minute" in answer.text
    assert len(provider.asked) == asked and client.get("/login").status_code == 200

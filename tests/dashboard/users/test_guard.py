"""Logging in and out, and everything that tries to get in without."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from dash import Dash
from flask.testing import FlaskClient

from dashboard.app import make_server
from dashboard.cases import NOBODY, predict_photograph
from dashboard.security import Forwarded
from dashboard.services import Services
from dashboard.store import Context
from dashboard.users.accounts import REST, TRIES, Accounts
from dashboard.users.credentials import IDLE, LONGEST_SESSION, Credentials
from dashboard.users.guard import NO_MATCH, Users
from dashboard.users.roles import Permission, Role
from dashboard.users.trail import Trail
from tests.clock import Clock
from tests.dashboard.users.conftest import PASSWORD, sign_in

MODELS = "/api/v1/models"
Browser = Callable[[str], FlaskClient]


@pytest.fixture
def clock(app: Dash, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of the application."""
    clock = Clock()
    with app.server.app_context():
        users = Users.current()
    monkeypatch.setattr(users.accounts, "clock", clock)
    monkeypatch.setattr(users.credentials, "clock", clock)
    return clock


@pytest.fixture
def case_id(services: Services, lesion_jpeg: bytes) -> str:
    return predict_photograph(
        NOBODY, services, lesion_jpeg, "Maria.jpg", context=Context(lesion="Maria, arm", age=61)
    ).id


def test_logging_in_leads_to_the_page_that_was_asked_for(client: FlaskClient) -> None:
    way = client.get("/history?review=open")
    assert way.location == "/login?next=%2Fhistory%3Freview%3Dopen"
    answer = sign_in(client, "viewer", after="?next=/history?review=open")
    assert (answer.status_code, answer.location) == (303, "/history?review=open")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Secure" not in cookie
    assert client.get("/history").status_code == 200


@pytest.mark.parametrize("after", ["//evil.example", "https://evil.example/", "/\\evil.example", "x", ""])
def test_logging_in_leads_nowhere_else(client: FlaskClient, after: str) -> None:
    assert sign_in(client, "viewer", after=f"?next={after}").location == "/history"


@pytest.mark.parametrize(
    ("name", "password"),
    [("viewer", "wrong horse"), ("viewer", ""), ("nobody", PASSWORD), ("", ""), ("viewer", "x" * 5000)],
)
def test_who_does_not_match_learns_nothing(client: FlaskClient, name: str, password: str) -> None:
    answer = sign_in(client, name, password)
    assert answer.status_code == 401
    assert NO_MATCH in answer.text and "horse" not in answer.text
    assert client.get(MODELS).status_code == 401


def test_an_account_rests_after_wrong_passwords(client: FlaskClient, clock: Clock) -> None:
    for _ in range(TRIES):
        assert sign_in(client, "viewer", "wrong horse").status_code == 401
    # The right one is not looked at, and nothing says so that a wrong one would not.
    assert NO_MATCH in sign_in(client, "viewer").text
    clock.now += REST
    assert sign_in(client, "viewer").status_code == 303


def test_a_clock_that_is_set_back_keeps_nobody_out(client: FlaskClient, clock: Clock) -> None:
    for _ in range(TRIES):
        sign_in(client, "viewer", "wrong horse")
    clock.now -= timedelta(days=400)
    assert sign_in(client, "viewer").status_code == 401
    clock.now += REST
    assert sign_in(client, "viewer").status_code == 303


def test_many_tries_from_one_place_are_refused(client: FlaskClient) -> None:
    answers = [client.post("/login", data={"username": "a", "password": "b"}) for _ in range(31)]
    assert {answer.status_code for answer in answers[:-1]} == {400}
    assert answers[-1].status_code == 429 and "Wait a minute" in answers[-1].text


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_only_what_is_counted_tries_a_password(client: FlaskClient, services: Services, method: str) -> None:
    before = Trail(services.store).newest()
    for password in ("wrong horse", PASSWORD):
        form = {"username": "viewer", "password": password}
        assert client.open("/login", method=method, data=form).status_code == 200
    assert Trail(services.store).newest() == before
    assert client.get(MODELS).status_code == 401


def test_no_password_travels_unprotected(client: FlaskClient, services: Services) -> None:
    settings = services.settings.model_copy(update={"hosts": ("derma.clinic.lan",)})
    client = make_server(
        Services(settings, services.store, services.folder, services.predictors)
    ).test_client()
    headers = {"Host": "derma.clinic.lan"}
    form = {"username": "viewer", "password": PASSWORD}
    for answer in (client.get("/login", headers=headers), client.post("/login", headers=headers, data=form)):
        assert answer.status_code == 403
        assert "begins with https" in answer.text and 'name="password"' not in answer.text
    answer = client.get("/login", base_url="https://derma.clinic.lan")
    assert answer.status_code == 200 and "Secure" in answer.headers["Set-Cookie"]


def test_logging_out_ends_the_session_everywhere(signed_in: Browser, app: Dash) -> None:
    client = signed_in("viewer")
    stolen = client.get_cookie("dermaboard_session")
    assert stolen is not None
    assert client.post("/logout").status_code == 303
    thief = app.server.test_client()
    thief.set_cookie("dermaboard_session", stolen.value)
    assert client.get(MODELS).status_code == thief.get(MODELS).status_code == 401


def test_a_session_ends_when_nobody_asks(signed_in: Browser, clock: Clock) -> None:
    client = signed_in("viewer")
    tick = {"output": "x.y", "outputs": {"id": "x", "property": "y"}, "inputs": []}
    clock.now += IDLE / 2
    # A page that asks by itself is nobody.
    client.post("/_dash-update-component", json=tick | {"changedPropIds": ["history-tick.n_intervals"]})
    clock.now += IDLE / 2
    assert client.get(MODELS).status_code == 401
    client = signed_in("viewer")
    for _ in range(4):
        clock.now += IDLE / 2
        assert client.get(MODELS).status_code == 200


def test_a_session_ends_in_any_case(services: Services, clock: Clock) -> None:
    credentials = Credentials(services.store, clock)
    user = Accounts(services.store).named("viewer")
    secret = credentials.open_session(user, stays=True).session
    clock.now += LONGEST_SESSION - timedelta(seconds=1)
    assert credentials.of_session(secret) is not None
    clock.now += timedelta(seconds=1)
    assert credentials.of_session(secret) is None
    # A clock that is set back far brings nothing to life.
    clock.now -= timedelta(days=30)
    assert credentials.of_session(secret) is None


def test_two_browsers_of_one_user_are_two_sessions(signed_in: Browser) -> None:
    first, second = signed_in("viewer"), signed_in("viewer")
    first.post("/logout")
    assert (first.get(MODELS).status_code, second.get(MODELS).status_code) == (401, 200)


def test_another_role_and_the_end_of_an_account_hold_at_once(
    signed_in: Browser, with_token: Browser, services: Services, case_id: str
) -> None:
    accounts, address = Accounts(services.store), f"/api/v1/predictions/{case_id}"
    clients = [signed_in("viewer"), with_token("viewer")]
    assert [client.get(address).status_code for client in clients] == [200, 200]
    accounts.change_role("viewer", Role.SCIENTIST)
    assert [client.get(address).status_code for client in clients] == [404, 404]
    accounts.remove("viewer")
    assert [client.get(MODELS).status_code for client in clients] == [401, 401]
    # Whoever has the name again has nothing of before.
    accounts.add("viewer", Role.ADMINISTRATOR, PASSWORD)
    assert [client.get(MODELS).status_code for client in clients] == [401, 401]


@pytest.mark.parametrize(
    "value",
    ["Bearer", "Bearer ", "Bearer x", "Bearer x, Bearer y", "Basic dmlld2VyOmNvcnJlY3QgaG9yc2U=", "x"],
)
def test_foreign_tokens_are_refused(client: FlaskClient, value: str) -> None:
    answer = client.get(MODELS, headers={"Authorization": value})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "Authorization: Bearer TOKEN" in answer.get_json()["detail"]


def test_expired_and_revoked_tokens_are_refused(services: Services, clock: Clock) -> None:
    credentials = Credentials(services.store, clock)
    secret = credentials.add_token("clinician", 2)
    visitor = credentials.of_token(secret)
    assert visitor is not None and visitor.name == "clinician"
    clock.now += timedelta(days=2)
    assert credentials.of_token(secret) is None
    clock.now -= timedelta(days=300)
    assert credentials.of_token(secret) is None
    clock.now += timedelta(days=299)
    assert credentials.of_token(secret) is not None
    assert credentials.revoke(credentials.tokens()[0].id)
    assert credentials.of_token(secret) is None
    assert not credentials.revoke("gone")


def test_a_token_may_allow_less_than_its_user(services: Services, client: FlaskClient) -> None:
    token = Credentials(services.store).add_token("administrator", 1, [Permission.MONITOR])
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get("/metrics", headers=headers).status_code == 200
    assert client.get("/api/v1/predictions", headers=headers).status_code == 404


def test_a_browser_writes_only_what_its_page_meant(
    signed_in: Browser, with_token: Browser, case_id: str, services: Services
) -> None:
    client, address = signed_in("clinician"), f"/api/v1/predictions/{case_id}"
    change: dict[str, Any] = {"context": {"age": 50}}
    assert client.patch(address, json=change).status_code == 200
    for forged in ("", "x", signed_in("clinician").environ_base["HTTP_X_CSRFTOKEN"]):
        client.environ_base["HTTP_X_CSRFTOKEN"] = forged
        for answer in (
            client.patch(address, json=change),
            client.post("/_dash-update-component", json={}),
            client.post("/api/v1/predictions", data={"file": (BytesIO(b""), "a.jpg")}),
            client.post("/logout"),
        ):
            assert answer.status_code == 403
            assert "Load it again" in answer.get_json()["detail"]
    # A program has no page; one that sends a browser's cookie is none.
    program = with_token("clinician")
    assert program.patch(address, json=change).status_code == 200
    cookie = signed_in("clinician").get_cookie("dermaboard_session")
    assert cookie is not None
    program.set_cookie("dermaboard_session", cookie.value)
    assert program.patch(address, json=change).status_code == 403


def test_who_reviews_is_a_fact(with_token: Browser, case_id: str, services: Services) -> None:
    review = {"reviewer": "Somebody Else", "note": "looks harmless"}
    answer = with_token("clinician").patch(f"/api/v1/predictions/{case_id}", json={"review": review})
    assert answer.status_code == 200
    with_token("administrator").patch(f"/api/v1/predictions/{case_id}", json={"review": {"note": "agreed"}})
    assert [found.reviewer for found in services.store.reviews(case_id)] == ["administrator", "clinician"]
    assert {line.who for line in services.store.audit(case_id)[1:]} == {"administrator", "clinician"}


def test_a_scientist_takes_nothing_of_a_patient(with_token: Browser, case_id: str) -> None:
    scientist, administrator = with_token("scientist"), with_token("administrator")
    for name in ("predictions.csv", "predictions.jsonl"):
        assert "Maria" in administrator.get(f"/exports/{name}").text
        exported = scientist.get(f"/exports/{name}")
        assert exported.status_code == 200 and case_id in exported.text and "61" in exported.text
        assert "Maria" not in exported.text
    assert scientist.get("/exports/images.zip").status_code == 404
    assert scientist.get("/exports/dataset.zip").status_code == 200
    for search in ("q=Maria", "lesion=Maria, arm", "tag=Maria"):
        assert scientist.get(f"/exports/predictions.csv?{search}").status_code == 400
    assert with_token("clinician").get("/exports/predictions.csv").status_code == 404


def test_a_named_proxy_says_who_asks(services: Services) -> None:
    settings = services.settings.model_copy(update={"auth": "proxy", "proxy": ("10.0.0.2",)})
    server = make_server(Services(settings, services.store, services.folder, services.predictors))
    assert isinstance(server.wsgi_app, Forwarded)
    client = server.test_client()

    def asked_by(sender: str, name: str, header: str = "X-Remote-User") -> int:
        return client.get(
            MODELS, headers={header: name}, environ_overrides={"REMOTE_ADDR": sender}
        ).status_code

    assert asked_by("10.0.0.2", "viewer") == 200
    # Sent by somebody else, repeated, of nobody whom an administrator has added, under another name.
    assert asked_by("10.0.0.3", "viewer") == asked_by("127.0.0.1", "viewer") == 401
    assert asked_by("10.0.0.2", "viewer,administrator") == asked_by("10.0.0.2", "stranger") == 401
    assert asked_by("10.0.0.2", "viewer", "X-Forwarded-User") == 401
    stranger = client.get("/login", headers={"X-Remote-User": "stranger"})
    assert stranger.status_code == 403 and "does not know you" in stranger.text
    # No password is asked for.
    assert 'name="password"' not in stranger.text

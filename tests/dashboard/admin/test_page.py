"""Administration: users, sessions, tokens and the audit trail, as an administrator's browser asks for them."""

import json
import re
from io import BytesIO
from typing import Any

import pytest
from dash import Dash
from flask.testing import FlaskClient
from sqlalchemy import update

from dashboard.app import create_app
from dashboard.services import Services
from dashboard.store import Query
from dashboard.store.user_tables import trail
from dashboard.users.accounts import TRIES, Accounts
from dashboard.users.credentials import Credentials
from dashboard.users.roles import ROLES, Permission, Role
from dashboard.users.trail import Trail
from tests.dashboard.admin.conftest import Administrator, Browser, newest, secret_in, taker
from tests.dashboard.calls import dispatch, page
from tests.dashboard.users.conftest import PASSWORD, sign_in


def test_a_drawn_password_holds_until_another_is_chosen(
    admin: Administrator, app: Dash, services: Services
) -> None:
    said = admin.add("Dora")
    password = secret_in(said)
    assert "Dora may sign in as clinician" in said and "do nothing else" in said
    assert newest(services) == ("administrator", "user added", "Dora")
    client = app.server.test_client()
    assert sign_in(client, "dora", password, "?next=/history").location == "/account"
    client.get("/signed-in")
    client.environ_base["HTTP_X_CSRFTOKEN"] = client.get_cookie("_csrf_token").value  # type: ignore[union-attr]
    for path in ("/history", "/performance", "/monitoring", "/administration"):
        assert client.get(path).status_code == 404
    assert client.get("/").location == "/account"
    shown = page(client, "/account")
    assert "Choose a password of your own" in shown and "account-token" not in shown
    names = {"account-change.n_clicks": 1, "account-again.n_submit": None}

    def choose(old: str, new: str, again: str) -> str:
        state = {"account-old.value": old, "account-new.value": new, "account-again.value": again}
        answer = dispatch(app, client, "account-password-said.children", names, state)
        return json.dumps(answer, ensure_ascii=False)

    assert "The two new passwords differ." in choose(password, "my own horse", "my own cow")
    assert "That is not your password." in choose("wrong horse", "my own horse", "my own horse")
    assert "8 to 1,000 characters" in choose(password, "short", "short")
    assert '"href": "/"' in choose(password, "my own horse", "my own horse")
    assert newest(services) == ("Dora", "password changed", "Dora")
    assert client.get("/history").status_code == 200
    assert sign_in(app.server.test_client(), "dora", "my own horse").location == "/"


def test_a_typed_password_holds_until_another_is_chosen_too(admin: Administrator, app: Dash) -> None:
    said = admin.add("dora", password="typed horse")
    assert "typed horse" not in said and "can choose another one" in said
    assert sign_in(app.server.test_client(), "dora", "typed horse").location == "/account"


@pytest.mark.parametrize(
    ("name", "role", "password", "sentence"),
    [
        ("", "viewer", "", "1 to 64 letters"),
        ("a b", "viewer", "", "without spaces"),
        ("VIEWER", "viewer", "", "There is a user viewer already."),
        ("dora", "king", "", "Choose one of the roles."),
        ("dora", "viewer", "short", "8 to 1,000 characters"),
    ],
)
def test_who_cannot_be_added_is_said(
    admin: Administrator, services: Services, name: str, role: str, password: str, sentence: str
) -> None:
    assert sentence in admin.add(name, role, password)
    assert len(Accounts(services.store).all()) == len(Role)


def test_a_user_is_changed(admin: Administrator, services: Services, signed_in: Browser) -> None:
    accounts = Accounts(services.store)
    assert "Change viewer" in admin.user("", "viewer", kind="open")
    assert "viewer is scientist now." in admin.user("role", "viewer", "scientist")
    assert accounts.named("viewer").role is Role.SCIENTIST
    signed_in("viewer")
    assert "1 session of viewer ended." in admin.user("end", "viewer")
    assert newest(services) == ("administrator", "session ended", "viewer")
    assert "viewer is switched off." in admin.user("off", "viewer")
    assert newest(services) == ("administrator", "switched off", "viewer")
    assert "viewer is switched on." in admin.user("on", "viewer")
    for _ in range(TRIES):
        accounts.with_password("viewer", "wrong horse")
    assert "Unlock the account" in admin.user("", "viewer", kind="open")
    assert "viewer may try again." in admin.user("wake", "viewer")
    password = secret_in(admin.user("password", "viewer"))
    assert accounts.named("viewer").once and accounts.with_password("viewer", password) is not None
    assert "viewer has no account any more." in admin.user("remove", "viewer")
    assert "There is no user viewer." in admin.user("on", "viewer")
    assert "Choose what to do." in admin.user("promote", "clinician")
    # Nobody would see it before the session ends.
    assert "Change your own password on the page" in admin.user("password", "administrator")


@pytest.mark.parametrize("action", ["role", "off", "remove"])
def test_the_last_administrator_is_told(admin: Administrator, services: Services, action: str) -> None:
    said = admin.user(action, "administrator")
    assert "administrator is the last administrator. Make somebody else one first." in said
    assert Accounts(services.store).named("administrator").role is Role.ADMINISTRATOR


def test_who_gives_up_the_role_leaves_the_page(admin: Administrator, services: Services) -> None:
    Accounts(services.store).add("second", Role.ADMINISTRATOR, PASSWORD)
    assert '"admin-leave": {"href": "/"}' in admin.user("role", "administrator")
    assert admin.client.get("/administration").status_code == 404


def test_sessions_are_ended_one_by_one(admin: Administrator, services: Services, signed_in: Browser) -> None:
    client = signed_in("viewer")
    shown = page(admin.client, "/administration")
    assert "This browser" in shown and "End a session of viewer" in shown
    (session,) = Credentials(services.store).sessions("viewer")
    for sentence in ("The session ended.", "The session had ended already."):
        inputs = {f"admin-session-end/{session.id}.n_clicks": 1}
        output = taker(admin.app, "admin-session-end")
        assert sentence in admin.call(output, inputs)
    assert client.get("/api/v1/models").status_code == 401


def test_a_token_is_made_and_revoked(admin: Administrator, services: Services, client: FlaskClient) -> None:
    secret = secret_in(admin.token("scientist", "nightly export", 30, ["export"]))
    assert newest(services) == ("administrator", "token made", "scientist")
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    assert client.get("/exports/predictions.csv").status_code == 200
    assert client.get("/metrics").status_code == 404
    shown = page(admin.client, "/administration")
    assert "nightly export" in shown and secret not in shown
    (token,) = Credentials(services.store).tokens()
    output = taker(admin.app, "admin-token-revoke")
    assert "The token is revoked." in admin.call(output, {f"admin-token-revoke/{token.id}.n_clicks": 1})
    assert newest(services) == ("administrator", "token revoked", "scientist")
    assert client.get("/exports/predictions.csv").status_code == 401


@pytest.mark.parametrize(
    ("user", "name", "days", "may", "sentence"),
    [
        (None, "x", 1, ["see"], "Choose whom the token belongs to."),
        ("nobody", "x", 1, ["see"], "There is no user nobody."),
        ("viewer", " ", 1, ["see"], "Give the token a name"),
        ("viewer", "x", None, ["see"], "A token lasts 1 to 3,660 days."),
        ("viewer", "x", 0, ["see"], "A token lasts 1 to 3,660 days."),
        ("viewer", "x", 1.5, ["see"], "A token lasts 1 to 3,660 days."),
        ("viewer", "x", 1, [], "Choose what the token may do."),
        ("viewer", "x", 1, ["see", "reign"], "Choose what the token may do."),
    ],
)
def test_which_token_cannot_be_made_is_said(
    admin: Administrator,
    services: Services,
    user: str | None,
    name: str,
    days: Any,
    may: list[str],
    sentence: str,
) -> None:
    assert sentence in admin.token(user, name, days, may)
    assert Credentials(services.store).tokens() == ()


def test_the_trail_is_searched_in_pages(admin: Administrator, services: Services) -> None:
    case = "019dda9a-0000-7000-8000-000000000000"
    for number in range(60):
        Trail(services.store).write("viewer", "photograph seen", case, f"look {number}")
    shown = admin.lines(user="viewer", case=f"https://derma.clinic.org/history/{case}?review=open")
    assert "look 59" in shown and "look 10" in shown and 'look 9"' not in shown
    assert f'"/history/{case}"' in shown
    before = re.search(r'"admin-trail-before": {"data": (\d+)}', shown)
    assert before is not None
    older = admin.lines("older", int(before[1]), user="viewer", case=case)
    assert 'look 9"' in older and "look 10" not in older
    assert "User added" in admin.lines(action="user added") and "look" not in admin.lines(action="user added")
    assert "No line of the audit trail fits." in admin.lines(user="nobody")
    assert "No line of the audit trail fits." in admin.lines(to="2020-01-01")
    assert "look 59" in admin.lines(**{"from": "2020-01-01"})
    for day in ("yesterday", "0000-00-00", "9999-12-31"):
        assert "Write days like 2026-01-31." in admin.lines(to=day)


def test_the_trail_is_verified(admin: Administrator, services: Services) -> None:
    number, digest = Trail(services.store).newest()
    said = admin.call("admin-verified.children", {"admin-verify.n_clicks": 1})
    assert f"Lines 1 to {number}" in said and digest in said
    with services.store.writing() as connection:
        connection.execute(update(trail).where(trail.c.seq == 2).values(who="bob"))
    said = admin.call("admin-verified.children", {"admin-verify.n_clicks": 1})
    assert "The audit trail is not whole." in said and "Line 2 of the audit trail was changed" in said


def test_without_a_log_in_the_page_says_what_to_set(services: Services) -> None:
    settings = services.settings.model_copy(update={"auth": "none"})
    app = create_app(services=Services(settings, services.store, services.folder, services.predictors))
    client = app.server.test_client()
    shown = page(client, "/administration")
    assert "There are no users" in shown and "DERMABOARD_AUTH=local" in shown
    assert "there are no accounts" in page(client, "/account")
    assert "nobody has to sign in" in Administrator(app, client).add("dora")
    assert len(Accounts(services.store).all()) == len(Role)


def test_behind_a_proxy_there_are_no_passwords(services: Services) -> None:
    settings = services.settings.model_copy(update={"auth": "proxy", "proxy": ("127.0.0.1",)})
    app = create_app(services=Services(settings, services.store, services.folder, services.predictors))
    client = app.server.test_client()
    client.environ_base["HTTP_X_REMOTE_USER"] = "administrator"
    client.get("/signed-in")
    client.environ_base["HTTP_X_CSRFTOKEN"] = client.get_cookie("_csrf_token").value  # type: ignore[union-attr]
    assert "dora may sign in as clinician." in Administrator(app, client).add(
        "dora", password="not looked at"
    )
    assert not Accounts(services.store).named("dora").once
    assert Accounts(services.store).with_password("dora", "not looked at") is None
    shown = page(client, "/administration")
    assert "Whoever is not listed here does not get in." in shown and "there are no sessions here" in shown
    assert Accounts(services.store).named("administrator").signed_in is not None
    assert "account-old" not in page(client, "/account")


@pytest.mark.parametrize("role", Role)
def test_a_scientist_finds_the_exports(
    role: Role, app: Dash, signed_in: Browser, services: Services, lesion_jpeg: bytes
) -> None:
    signed_in("administrator").post("/api/v1/predictions", data={"file": (BytesIO(lesion_jpeg), "Maria.jpg")})
    (record,) = services.store.page(Query()).records
    client = signed_in(role)
    inputs = {
        "monitoring-period.value": "30",
        "monitoring-model.value": record.model_sha256,
        "theme.data": "light",
    }
    shown = json.dumps(dispatch(app, client, "monitoring-body.children", inputs, {}))
    links = re.findall(r'"href": "(/exports/[^"]+)"', shown)
    if Permission.SEE in ROLES[role]:
        assert links == []
        return
    assert len(links) == 4 and not any("images.zip" in link for link in links)
    for link in links:
        answer = client.get(link)
        assert answer.status_code == 200 and b"Maria" not in answer.data
    assert record.id in client.get(links[0]).text

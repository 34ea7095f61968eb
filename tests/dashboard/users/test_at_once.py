"""Several people who do the same at the same moment, on each kind of database."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import TypeVar

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.engine import URL

from dashboard.app import make_server
from dashboard.services import Services
from dashboard.settings import Settings
from dashboard.users import accounts as accounts_module
from dashboard.users import attempts
from dashboard.users.accounts import NO_PASSWORD, TRIES, Accounts, Identity, UserError
from dashboard.users.credentials import Credentials
from dashboard.users.roles import Role
from dashboard.users.trail import Sought, Trail, trail_problems
from tests.dashboard.users.conftest import PASSWORD, sign_in

MODELS = "/api/v1/models"
Answer = TypeVar("Answer")


@pytest.fixture
def settings(settings: Settings, url: URL) -> Settings:
    return settings.model_copy(update={"database_url": url.render_as_string(hide_password=False)})


@pytest.fixture
def server(services: Services) -> Flask:
    return make_server(services)


def at_once(calls: Sequence[Callable[[], Answer]]) -> list[Answer]:
    """What each call gives, each in a thread of its own; none begins before all are ready."""
    ready = threading.Barrier(len(calls))

    def wait_and(call: Callable[[], Answer]) -> Answer:
        ready.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(wait_and, calls))


def test_log_ins_at_once_are_sessions_of_their_own(server: Flask, services: Services) -> None:
    """Two of each user."""
    names = [str(role) for role in Role for _ in range(2)]
    clients = [server.test_client() for _ in names]
    answers = at_once([partial(sign_in, client, name) for client, name in zip(clients, names, strict=True)])
    assert [answer.status_code for answer in answers] == [303] * len(names)
    assert sorted(one.user for one in Credentials(services.store).sessions()) == sorted(names)
    clients[0].post("/logout", headers={"X-CSRFToken": csrf_token(clients[0])})
    assert [client.get(MODELS).status_code for client in clients] == [401] + [200] * (len(names) - 1)
    assert len(Trail(services.store).lines(Sought(action="logged in"))) == len(names)
    assert list(trail_problems(services.store)) == []


def csrf_token(client: FlaskClient) -> str:
    """What a page of the client sends along."""
    client.get("/signed-in")
    cookie = client.get_cookie("_csrf_token")
    assert cookie is not None
    return cookie.value


def test_passwords_tried_at_once_count_each(server: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = []

    def matches(stored: str, password: str) -> bool:
        looked_at.append(stored)
        return False

    monkeypatch.setattr(accounts_module, "matches", matches)
    clients = [server.test_client() for _ in range(2 * TRIES)]
    answers = at_once([partial(sign_in, client, "viewer", "wrong horse") for client in clients])
    assert {answer.status_code for answer in answers} == {401}
    assert len([stored for stored in looked_at if stored != NO_PASSWORD]) == TRIES
    monkeypatch.undo()
    assert sign_in(server.test_client(), "viewer").status_code == 401


def test_two_administrators_who_remove_each_other_leave_one(services: Services) -> None:
    accounts = Accounts(services.store)
    accounts.add("second", Role.ADMINISTRATOR, PASSWORD)

    def remove(name: str) -> str:
        try:
            accounts.remove(name)
        except UserError as error:
            return str(error)
        return ""

    told = at_once([partial(remove, "administrator"), partial(remove, "second")])
    assert sorted(map(bool, told)) == [False, True] and "the last administrator" in max(told)
    assert [user.role for user in accounts.all()].count(Role.ADMINISTRATOR) == 1


def test_tries_from_one_place_count_across_threads(server: Flask) -> None:
    answers = at_once([lambda: server.test_client().post("/login").status_code for _ in range(40)])
    assert (answers.count(400), answers.count(429)) == (30, 10)


def test_a_clock_that_jumps_neither_holds_nor_lifts_a_limit(
    server: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, now = server.test_client(), attempts.time.monotonic()
    monkeypatch.setattr(attempts.time, "monotonic", lambda: now)
    for year in (2020, 2040):
        monkeypatch.setattr(attempts.time, "time", datetime(year, 1, 1).timestamp)
        assert [client.post("/login").status_code for _ in range(15)] == [400] * 15
    assert client.post("/login").status_code == 429
    now += 60
    assert client.post("/login").status_code == 400


def test_computers_count_by_themselves(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose names begin alike, or have a sign in them that stands for any."""
    counted = {}
    for name in ("web1", "web10", "web_0"):
        monkeypatch.setattr(attempts.platform, "node", lambda name=name: name)
        counted[name] = attempts.Attempts(store=services.store)
    now = attempts.time.monotonic()
    assert [one.incr("a", 60) for one in counted.values()] == [1, 1, 1]
    # The clock of one of them began anew; what the others have counted is not its own.
    monkeypatch.setattr(attempts.time, "monotonic", lambda: now + 1000)
    assert [counted[name].incr("a", 60) for name in ("web1", "web_0")] == [1, 1]
    monkeypatch.setattr(attempts.time, "monotonic", lambda: now)
    assert counted["web10"].get("a") == 1


def test_first_log_ins_at_a_provider_at_once_make_one_user(services: Services) -> None:
    accounts = Accounts(services.store)
    identity = Identity("https://login.clinic.org", "1", "anna", Role.CLINICIAN)
    others = [Identity("https://login.clinic.org", str(number), "anna", Role.VIEWER) for number in (2, 3)]
    found = at_once([partial(accounts.of_identity, one) for one in (identity, identity, *others)])
    assert found[0] is not None and found[1] is not None and found[0].id == found[1].id
    assert {user.name for user in found if user} == {"anna", "anna-2", "anna-3"}

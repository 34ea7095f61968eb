"""The audit trail: what is written, and that a change of it shows."""

import queue
import runpy
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, update

from dashboard.__main__ import main
from dashboard.cases import NOBODY, predict_photograph
from dashboard.services import Services
from dashboard.settings import Settings, variable
from dashboard.store import Store, StoreError, open_store
from dashboard.store.user_tables import trail
from dashboard.users.trail import HOUR, Trail, trail_problems
from tests.dashboard.users.conftest import sign_in


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store whose trail has three lines."""
    store = open_store(tmp_path)
    for number in range(3):
        Trail(store).write("anna", "exported", "predictions.csv", f"?q=Maria {number}")
    return store


def test_a_trail_that_nobody_touched_is_whole(store: Store) -> None:
    assert list(trail_problems(store)) == []
    number, digest = Trail(store).newest()
    assert number == 3 and len(digest) == 64
    assert [line.text for line in Trail(store).lines(limit=2)] == ["?q=Maria 2", "?q=Maria 1"]


@pytest.mark.parametrize("column", ["who", "action", "subject", "text_digest", "digest"])
def test_a_changed_line_shows(
    store: Store, column: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with store.writing() as connection:
        connection.execute(update(trail).where(trail.c.seq == 2).values({column: "bob"}))
    assert any("line 2 " in problem.lower() for problem in trail_problems(store))
    store.close()
    monkeypatch.setenv("DERMABOARD_DATA_DIR", str(tmp_path))
    assert main(["check"]) == 1


def test_a_line_that_is_taken_out_shows(store: Store) -> None:
    with store.writing() as connection:
        connection.execute(delete(trail).where(trail.c.seq == 2))
    assert list(trail_problems(store)) == ["Line 2 of the audit trail is missing."]


@pytest.mark.parametrize("values", [{"text": "?q=Bob"}, {"text": "?q=Bob", "salt": None}, {"text": None}])
def test_texts_can_be_erased_and_not_changed(store: Store, values: dict[str, str | None]) -> None:
    with store.writing() as connection:
        connection.execute(update(trail).where(trail.c.seq == 2).values(values))
    assert list(trail_problems(store)) == ["The text beside line 2 of the audit trail was changed."]
    Trail(store).erase_texts("predictions.csv")
    assert list(trail_problems(store)) == []
    assert {line.text for line in Trail(store).lines()} == {None}


def test_who_saw_what_is_written(
    services: Services, client: FlaskClient, signed_in: Callable[[str], FlaskClient], lesion_jpeg: bytes
) -> None:
    case_id = predict_photograph(NOBODY, services, lesion_jpeg, "a.jpg").id
    address = f"/api/v1/predictions/{case_id}"
    sign_in(client, "viewer", "wrong horse")
    viewer, administrator = signed_in("viewer"), signed_in("administrator")
    for _ in range(3):
        assert viewer.get(f"{address}/image").status_code == 200
    assert viewer.get("/exports/predictions.csv").status_code == 404
    assert administrator.get("/exports/predictions.csv?review=open").status_code == 200
    assert administrator.delete(address).status_code == 204
    viewer.post("/logout")
    # The fixture has made the users.
    lines = [(line.who, line.action, line.subject) for line in reversed(Trail(services.store).lines())][4:]
    assert lines == [
        ("", "log-in refused", ""),
        ("viewer", "logged in", "viewer"),
        ("administrator", "logged in", "administrator"),
        ("viewer", "photograph seen", case_id),
        ("administrator", "exported", "predictions.csv"),
        ("administrator", "deleted", case_id),
        ("viewer", "logged out", "viewer"),
    ]
    assert list(trail_problems(services.store)) == []


def test_what_the_command_line_takes_is_written(
    store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = len(Trail(store).lines())
    monkeypatch.setenv("DERMABOARD_DATA_DIR", str(tmp_path))
    for auth in ("none", "local"):
        monkeypatch.setenv("DERMABOARD_AUTH", auth)
        assert main(["export", str(tmp_path / f"{auth}.csv")]) == 0
        assert main(["backup", str(tmp_path / f"{auth}.tar")]) == 0
    lines = Trail(store).lines()[:-before]
    assert [(line.who, line.action, line.subject) for line in lines] == [
        ("command line", "exported", "backup local.tar"),
        ("command line", "exported", "export local.csv"),
    ]
    assert list(trail_problems(store)) == []


def test_the_newest_digest_goes_to_the_log_again_and_again(
    store: Store, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = Trail(store).newest()
    answers: list[tuple[int, str] | StoreError] = [newest, StoreError("The database is away."), newest]
    said = threading.Semaphore(0)

    def answer(_: Trail) -> tuple[int, str]:
        said.release()
        found = answers.pop(0) if answers else newest
        if isinstance(found, StoreError):
            raise found
        return found

    monkeypatch.setattr(Trail, "newest", answer)
    # Neither a clock that jumps nor a database that is away ends it.
    monkeypatch.setattr("time.time", lambda: 0.0)
    done = Trail(store).tell_log(pause=0.01)
    for _ in range(4):
        assert said.acquire(timeout=10)
    done.set()
    told = [record.getMessage() for record in caplog.records if record.name == "dashboard.users.trail"]
    assert told[0] == told[2] == f"Audit trail: line 3 has the digest {newest[1]}"
    assert "The database is away" in told[1]


def test_the_pause_between_two_digests_is_an_hour(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: queue.Queue[float] = queue.Queue()
    monkeypatch.setattr(threading.Event, "wait", lambda _, pause=None: pauses.put(pause) or True)
    Trail(store).tell_log()
    # The first wait is for the thread to begin.
    assert [pauses.get(timeout=10) for _ in range(2)] == [None, HOUR] and HOUR == 3600


def test_other_servers_tell_the_log_too(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("auth", "bundles", "data_dir", "model"):
        monkeypatch.setenv(variable(name), str(getattr(settings, name)))
    told = threading.Event()
    monkeypatch.setattr(Trail, "tell_log", lambda *_: told.set())
    runpy.run_module("dashboard.wsgi")
    assert told.is_set()

"""The page of a comparison while its job goes on: what a tick costs, and what it changes."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from dash import Dash
from flask.testing import FlaskClient

from dashboard.cases import NOBODY, predict_photograph
from dashboard.compare.parts import summary
from dashboard.jobs.worker import Jobs
from dashboard.services import Services
from dashboard.store import Record, Store
from dashboard.store.jobs import Job, Pair, State
from model.cautions import Caution
from model.predictor import Decision
from tests.dashboard.calls import dispatch, page


@pytest.fixture
def pairs(services: Services, lesion_jpeg: bytes, mole_jpeg: bytes) -> list[Pair]:
    """Photographs that were predicted twice."""
    found = []
    for number in range(6):
        data = mole_jpeg if number == 1 else lesion_jpeg
        before, after = (
            predict_photograph(NOBODY, services, data, f"{number}.jpg", "tiny") for _ in range(2)
        )
        found.append(Pair(before.id, after.id))
    return found


class Counted:
    """How often the store was asked for predictions."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[int] = []
        many = Store.get_many

        def get_many(store: Store, ids: Any) -> dict[str, Record]:
            self.calls.append(len(ids))
            return many(store, ids)

        def get(*_: object) -> Record:
            raise AssertionError("one by one")

        monkeypatch.setattr(Store, "get_many", get_many)
        monkeypatch.setattr(Store, "get", get)


def tick(app: Dash, client: FlaskClient, seen: dict[str, int], more: bool = False) -> Any:
    # What comes first is what it is called for.
    asked = {"compare-tick.n_intervals": 1, "compare-more.n_clicks": 1}
    return dispatch(
        app,
        client,
        "compare-sentence.children",
        dict(reversed(asked.items())) if more else asked,
        {"compare-job.data": "job", "compare-seen.data": seen},
    )


def test_a_tick_costs_what_is_new(
    app: Dash, client: FlaskClient, pairs: list[Pair], monkeypatch: pytest.MonkeyPatch
) -> None:
    def job(done: int, state: State = State.RUNNING) -> None:
        ids = tuple(pair.before for pair in pairs)
        now = Job("job", datetime.now(UTC), "tiny", "", ids, NOBODY, tuple(pairs[:done]), state)
        monkeypatch.setattr(Jobs, "get", lambda *_: now)

    counted = Counted(monkeypatch)
    job(3)
    assert '"pairs": 3' in page(client, "/compare/job")
    assert counted.calls == [6]

    seen = {
        "pairs": 3,
        "rows": 100,
        "active": 1,
        "answered": 3,
        "same": 3,
        "up": 0,
        "down": 0,
        "one_result": 0,
    }
    counted.calls.clear()
    assert not tick(app, client, seen) and not counted.calls

    job(5)
    more = tick(app, client, seen)
    assert counted.calls == [4]
    assert more["compare-sentence"]["children"] == "The outcome is the same for all 5 photographs."
    (added,) = more["compare-rows"]["children"]["operations"]
    assert added["operation"] == "Extend" and len(added["params"]["value"]) == 2
    assert more["compare-seen"]["data"] == seen | {"pairs": 5, "answered": 5, "same": 5}

    counted.calls.clear()
    job(6, State.FINISHED)
    last = tick(app, client, more["compare-seen"]["data"])
    assert counted.calls == [12] and len(last["compare-rows"]["children"]) == 6
    assert not tick(app, client, last["compare-seen"]["data"]) and len(counted.calls) == 1


def test_what_was_deleted_or_failed_is_said(
    app: Dash, client: FlaskClient, services: Services, pairs: list[Pair], monkeypatch: pytest.MonkeyPatch
) -> None:
    services.store.delete([str(pairs[0].after)])
    done = (pairs[0], Pair("gone", None, "It was deleted, or its image is missing."))
    job = Job("job", datetime.now(UTC), "tiny", "", ("a", "b"), NOBODY, done, State.FINISHED)
    monkeypatch.setattr(Jobs, "get", lambda *_: job)
    shown = page(client, "/compare/job")
    assert "It was deleted meanwhile." in shown and "its image is missing" in shown
    assert "Nothing could be predicted again." in shown


def test_a_thousand_answers_are_shown_by_and_by(
    app: Dash, client: FlaskClient, pairs: list[Pair], monkeypatch: pytest.MonkeyPatch
) -> None:
    done = tuple(pairs) * 50
    job = Job("job", datetime.now(UTC), "tiny", "sensitivity-95", ("a",), NOBODY, done, State.FINISHED)
    monkeypatch.setattr(Jobs, "get", lambda *_: job)
    shown = page(client, "/compare/job")
    assert shown.count('"compare-name"') == 100 and "tiny · Balanced (95 % sensitivity)" in shown
    seen = {"pairs": 300, "rows": 100, "active": 0, "answered": 300, "same": 300, "up": 0, "down": 0}
    more = tick(app, client, seen | {"one_result": 0}, more=True)
    (added,) = more["compare-rows"]["children"]["operations"]
    assert len(added["params"]["value"]) == 100 and more["compare-seen"]["data"]["rows"] == 200
    assert more["compare-more"]["hidden"] is False


def test_counts_are_of_outcomes(services: Services, lesion_jpeg: bytes) -> None:
    record = predict_photograph(NOBODY, services, lesion_jpeg, "a.jpg")

    def said(decision: str, severe: bool = False) -> Record:
        cautions = (Caution("blurred", "It is blurred.", severe=severe),)
        return replace(record, decision=Decision(decision), cautions=cautions)

    benign, malignant, none = said("benign"), said("malignant"), said("benign", severe=True)
    several = [(benign, malignant), (malignant, benign), (none, none), (benign, none), (none, malignant)]
    assert summary([("", before, after, "") for before, after in several]) == {
        "answered": 5,
        "same": 1,
        "up": 1,
        "down": 1,
        "one_result": 2,
    }


def test_cases_stand_side_by_side(client: FlaskClient, pairs: list[Pair]) -> None:
    ids = [pair.before for pair in pairs]
    shown = page(client, "/compare", f"?cases={','.join(ids)},gone&outcome=malignant")
    assert all(f"/predictions/{one}/image" in shown for one in ids[:4]) and ids[4] not in shown
    assert "/history?outcome=malignant" in shown and f"/history/{ids[0]}?outcome=malignant" in shown
    assert "tiny 1 · Balanced (95 % sensitivity)" in shown
    assert "This prediction is not here" in page(client, "/compare", "?cases=gone")

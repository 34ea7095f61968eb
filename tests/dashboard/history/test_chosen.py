"""What is done with the rows that are chosen: deleted and put back, predicted again, all that match."""

import json
import time
from typing import Any

import pytest
from dash import Dash
from flask.testing import FlaskClient

from dashboard.cases import NOBODY, delete_cases, predict_photograph
from dashboard.services import Services
from dashboard.store import NotFound, Record
from dashboard.store.holds import Holds
from tests.dashboard.calls import dispatch, page


def test_selected_rows_are_deleted(
    app: Dash, client: FlaskClient, services: Services, record: Record
) -> None:
    inputs = {"history-dialog-confirm.n_clicks": 1}
    state = {"review-ids.data": {record.id: 0, "unknown": 3}, "reviewer.value": "A"}
    answer = dispatch(app, client, "history-dialog-error.children", inputs, state)
    assert answer["history-dialog"]["is_open"] is False
    assert answer["history-binned"]["data"] == [record.id]
    with pytest.raises(NotFound):
        services.store.get(record.id)
    assert services.store.audit(record.id)[-1].who == "A"


def undo(app: Dash, client: FlaskClient, *ids: str) -> Any:
    inputs = {"history-undo.n_clicks": 1}
    state = {"history-binned.data": list(ids), "reviewer.value": "B"}
    return dispatch(app, client, "history-undone.children", inputs, state)


def test_a_deletion_is_undone(app: Dash, client: FlaskClient, services: Services, record: Record) -> None:
    delete_cases(NOBODY, services, [record.id])
    answer = undo(app, client, record.id)
    assert (
        answer["history-undone"]["children"] == "1 case is back." and answer["history-binned"]["data"] == []
    )
    assert services.store.get(record.id) == record and services.store.audit(record.id)[-1].who == "B"
    # Somebody else was faster.
    assert undo(app, client, record.id)["history-undone"]["children"] == "1 was no longer in the bin."


def test_what_is_held_is_not_deleted_and_says_why(
    app: Dash, client: FlaskClient, services: Services, record: Record
) -> None:
    Holds(services.store).put([record.id], "a lawsuit", "Ann")
    inputs = {"history-dialog-confirm.n_clicks": 1}
    state = {"review-ids.data": {record.id: 0}, "reviewer.value": "A"}
    answer = dispatch(app, client, "history-dialog-error.children", inputs, state)
    assert "a lawsuit" in answer["history-dialog-error"]["children"] and "history-dialog" not in answer
    assert services.store.get(record.id)


def start_again(app: Dash, client: FlaskClient, record: Record, model: str = "tiny/sensitivity-95") -> Any:
    return dispatch(
        app,
        client,
        "again-started.data",
        {"again-start.n_clicks": 1},
        {"again-model.value": model, "review-ids.data": {record.id: 0}},
    )


def test_another_model_is_asked_from_the_page(
    app: Dash, client: FlaskClient, services: Services, record: Record
) -> None:
    started = start_again(app, client, record)
    job = started["again-started"]["data"]
    assert client.get(f"/compare/{job}").status_code == 200 and client.get("/compare/none").status_code == 404
    for _ in range(200):
        text = page(client, f"/compare/{job}")
        if "the same prediction" in text:
            break
        time.sleep(0.05)
    assert "The outcome is the same for it." in text
    refused = start_again(app, client, record, "missing/")
    assert "no model of that name" in refused["again-problem"]["children"]


def test_jobs_show_up_where_they_were_started_until_they_are_dismissed(
    app: Dash, client: FlaskClient, record: Record
) -> None:
    job = start_again(app, client, record)["again-started"]["data"]

    def strip(*mine: object) -> str:
        asked = {"jobs-tick.n_intervals": 1, "jobs-mine.data": list(mine), "again-stopped.data": None}
        return json.dumps(dispatch(app, client, "jobs-strip.children", asked, {"jobs-done.data": None}))

    assert "Balanced (95 % sensitivity)" in strip(job) and f"/compare/{job}" in strip("gone", job)
    assert "Compare" not in strip() and "Compare" not in strip("gone", 7)


def choose_all(app: Dash, client: FlaskClient, search: str) -> Any:
    asked = {"history-choose-all.n_clicks": 1}
    return dispatch(app, client, "history-problem.children", asked, {"history-search.data": search})


def test_all_that_match_are_selected_beyond_what_is_shown(
    app: Dash, client: FlaskClient, services: Services, record: Record, lesion_jpeg: bytes, monkeypatch: Any
) -> None:
    more = [predict_photograph(NOBODY, services, lesion_jpeg, f"right {number}.jpg") for number in range(120)]
    chosen = choose_all(app, client, "?q=right")["history-selection"]["data"]
    assert [one["id"] for one in chosen] == [one.id for one in reversed(more)]
    assert chosen[0] == {"id": more[-1].id, "revision": 0, "tags": []}
    monkeypatch.setattr("dashboard.store.repository.MOST", 100)
    refused = choose_all(app, client, "?q=right")
    assert "history-selection" not in refused and "Filter first" in refused["history-problem"]["children"]

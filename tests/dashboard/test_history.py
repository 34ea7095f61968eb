"""The history's pages and parts, through the application as it is served."""

import json
from typing import Any

import pytest
from dash import Dash
from flask.testing import FlaskClient

from dashboard.components import history as parts
from dashboard.services import Services
from dashboard.store import NotFound, Record


@pytest.fixture
def record(services: Services, lesion_jpeg: bytes) -> Record:
    return services.predict(lesion_jpeg, "<b>left</b> hand.jpg")


def dispatch(
    app: Dash, client: FlaskClient, output: str, inputs: dict[str, Any], state: dict[str, Any]
) -> Any:
    """Call the callback that has this output as the browser would; its answer by component."""
    (key,) = [key for key in app.callback_map if output in key]
    one = app.callback_map[key]

    def described(specs: list[dict[str, Any]], values: dict[str, Any]) -> list[dict[str, Any]]:
        return [{**spec, "value": values[f"{spec['id']}.{spec['property']}"]} for spec in specs]

    outputs = [
        dict(zip(("id", "property"), part.rsplit(".", 1), strict=True))
        for part in key.strip(".").split("...")
    ]
    body = {
        "output": key,
        "outputs": outputs,
        "inputs": described(one["inputs"], inputs),
        "state": described(one["state"], state),
        "changedPropIds": list(inputs),
    }
    answer = client.post("/_dash-update-component", json=body)
    return answer.get_json()["response"] if answer.status_code == 200 else None


def rows(app: Dash, client: FlaskClient, **request: Any) -> Any:
    asked = {"startRow": 0, "endRow": 50, "sortModel": [], "filterModel": {}} | request
    inputs, state = {"history-grid.getRowsRequest": asked}, {"history-zone.data": "Europe/Vienna"}
    return dispatch(app, client, "history-grid.getRowsResponse", inputs, state)


def page(client: FlaskClient, path: str) -> str:
    """What Dash puts into the page's frame at this path."""
    body = {
        "output": ".._pages_content.children..._pages_store.data..",
        "outputs": [
            {"id": "_pages_content", "property": "children"},
            {"id": "_pages_store", "property": "data"},
        ],
        "inputs": [
            {"id": "_pages_location", "property": "pathname", "value": path},
            {"id": "_pages_location", "property": "search", "value": ""},
        ],
        "changedPropIds": ["_pages_location.pathname"],
    }
    answer = client.post("/_dash-update-component", json=body)
    assert answer.status_code == 200
    return json.dumps(answer.get_json()["response"], ensure_ascii=False)


def test_the_grid_gets_the_rows_it_asks_for(app: Dash, client: FlaskClient, record: Record) -> None:
    answer = rows(app, client)
    (row,) = answer["history-grid"]["getRowsResponse"]["rowData"]
    assert answer["history-grid"]["getRowsResponse"]["rowCount"] == 1
    assert answer["history-count"]["children"] == "1 prediction"
    assert row["href"] == f"/history/{record.id}"
    assert row["filename"] == "<b>left</b> hand.jpg"
    assert row["decision"] == record.decision and row["probability"] == record.probability
    assert client.get(row["thumbnail"]).mimetype == "image/jpeg"
    assert client.get(row["href"]).status_code == 200


def test_filters_reach_the_store(app: Dash, client: FlaskClient, record: Record) -> None:
    model = {"filename": {"filterType": "text", "type": "contains", "filter": "right"}}
    answer = rows(app, client, filterModel=model)
    assert answer["history-grid"]["getRowsResponse"] == {"rowData": [], "rowCount": 0}
    assert answer["history-count"]["children"] == "No prediction matches these filters."
    # The filters stay in sight, or nobody could take them back.
    assert answer["history-body"]["hidden"] is False and answer["history-empty"]["hidden"] is True


def test_a_question_that_makes_no_sense_is_answered_in_words(
    app: Dash, client: FlaskClient, record: Record
) -> None:
    answer = rows(app, client, sortModel=[{"colId": "sha256; --", "sort": "asc"}])
    assert answer["history-grid"]["getRowsResponse"] == {"rowData": [], "rowCount": 0}
    assert "cannot be used here" in answer["history-count"]["children"]


def test_nothing_stored_shows_the_way_to_the_first(app: Dash, client: FlaskClient) -> None:
    assert "No predictions yet" in page(client, "/history")
    answer = rows(app, client)
    assert answer["history-body"]["hidden"] is True and answer["history-empty"]["hidden"] is False


def test_selected_rows_are_deleted(
    app: Dash, client: FlaskClient, services: Services, record: Record
) -> None:
    inputs = {"history-dialog-confirm.n_clicks": 1}
    state = {"history-grid.selectedRows": [{"id": record.id}, {"id": "unknown"}, {}]}
    answer = dispatch(app, client, "history-changed.data", inputs, state)
    assert answer["history-dialog"]["is_open"] is False
    with pytest.raises(NotFound):
        services.store.get(record.id)


def test_a_case_shows_what_is_known(client: FlaskClient, record: Record) -> None:
    text = page(client, f"/history/{record.id}")
    for known in (
        record.model_sha256,
        record.sha256,
        "600 × 450 pixels",
        "<b>left</b> hand.jpg",
        "tiny, version 1",
    ):
        assert known in text
    assert f"/api/v1/predictions/{record.id}/heatmap" in text
    assert "does not rule out cancer" in text


@pytest.mark.parametrize("case_id", ["unknown", "none", "..%2F..%2Fetc", "%00", "a" * 3000])
def test_an_unknown_case_says_so(client: FlaskClient, record: Record, case_id: str) -> None:
    assert "This prediction is not here" in page(client, f"/history/{case_id}")


def test_a_case_is_deleted_from_its_page(
    app: Dash, client: FlaskClient, services: Services, record: Record
) -> None:
    answer = dispatch(
        app, client, "case-gone.data", {"case-dialog-confirm.n_clicks": 1}, {"case-id.data": record.id}
    )
    assert answer["case-gone"]["data"] is True
    with pytest.raises(NotFound):
        services.store.get(record.id)


def test_counts_are_sentences() -> None:
    assert parts.count(1, False) == "1 prediction"
    assert parts.count(12345, False) == "12,345 predictions"
    assert parts.count(1, True) == "1 matches these filters"
    assert parts.count(2, True) == "2 match these filters"
    assert parts.count(0, True) == "No prediction matches these filters."

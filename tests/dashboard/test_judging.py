"""Judge first, then look: no page holds a result before its reader has judged."""

import json
from html import unescape
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from dash import Dash
from flask.testing import FlaskClient

from dashboard.services import Services
from dashboard.shell.result_card import SEEN_BEFORE
from dashboard.shell.text import percent
from dashboard.store import Record
from model.images import encode
from tests.dashboard.calls import dispatch, page


@pytest.fixture
def reader(client: FlaskClient) -> FlaskClient:
    """A browser whose reader judges first."""
    answer = client.post("/judgements/switch", json={"on": True})
    assert answer.status_code == 204 and "HttpOnly" in answer.headers["Set-Cookie"]
    return client


def upload(client: FlaskClient, services: Services, data: bytes, **fields: str) -> Record:
    """A photograph, predicted now."""
    form: dict[str, Any] = {"file": (BytesIO(data), "arm.jpg"), **fields}
    answer = client.post("/api/v1/predictions", data=form)
    assert answer.status_code == 201
    return services.store.get(answer.get_json()["id"])


def grid(app: Dash, client: FlaskClient, search: str = "") -> dict[str, Any]:
    """The rows of the history."""
    request = {"startRow": 0, "endRow": 50, "sortModel": []}
    state = {"history-search.data": search, "history-grid.columnDefs": []}
    answer = dispatch(
        app, client, "history-grid.getRowsResponse", {"history-grid.getRowsRequest": request}, state
    )
    rows: dict[str, Any] = answer["history-grid"]["getRowsResponse"]
    return rows


def gallery(app: Dash, client: FlaskClient, search: str = "?view=gallery") -> Any:
    """The pictures of the history."""
    inputs = {"history-search.data": search, "history-further.n_clicks": None, "history-stale.data": None}
    return dispatch(app, client, "history-pictures.children", inputs, {"history-cursor.data": None})


def trend(app: Dash, client: FlaskClient, record: Record) -> Any:
    return dispatch(app, client, "case-trend.figure", {"theme.data": "light"}, {"case-id.data": record.id})


def seen_of(app: Dash, client: FlaskClient, record: Record) -> dict[str, str]:
    """Everything that pages send to the browser about a prediction, by where."""
    listed = {"id": record.id, "name": "arm.jpg", "error": ""}
    shown = {
        "card": client.get(f"/cards/{record.id}").get_json(),
        "case": page(client, f"/history/{record.id}"),
        "report": page(client, f"/report/{record.id}"),
        "side by side": page(client, "/compare", f"?cases={record.id}"),
        "history": grid(app, client),
        "first rows": page(client, "/history"),
        "gallery": gallery(app, client),
        "trend": trend(app, client, record),
        "list": dispatch(app, client, "batch-file.data", {"batch-list.data": [listed]}, {}),
    }
    return {where: json.dumps(what, ensure_ascii=False) for where, what in shown.items()}


def told(record: Record, text: str) -> list[str]:
    """What of a result stands in a text."""
    marks = (
        percent(record.probability),
        str(record.probability),
        f"verdict verdict-{record.outcome}",
        f'"outcome": "{record.outcome}"',
        f'data-outcome=\\"{record.outcome}',
        "chance of cancer",
        "Likely diagnoses",
        "Similar known cases",
        "pictures/outline",
        f"{record.id}/outline",
        "Predicted",
    )
    return [mark for mark in marks if mark in text]


def test_no_page_holds_the_result_before_it_is_judged(
    app: Dash, reader: FlaskClient, services: Services, lesion_jpeg: bytes, mole_jpeg: bytes
) -> None:
    record = upload(reader, services, lesion_jpeg, lesion="L1")
    other = upload(reader, services, mole_jpeg, lesion="L1")
    for where, text in seen_of(app, reader, record).items():
        assert not told(record, text) and not told(other, text), where
    assert "Save and see the result" in reader.get(f"/cards/{record.id}").get_json()["card"]
    for search in (
        "?outcome=benign&outcome=uncertain&outcome=malignant",
        "?pmin=0",
        "?sort=probability.desc",
    ):
        assert grid(app, reader, search)["rowData"] == []
    assert len(grid(app, reader)["rowData"]) == 2

    said = {"opinion": "benign", "diagnosis": "", "seen": False}
    assert reader.post(f"/judgements/{record.id}", json=said).status_code == 204
    after = seen_of(app, reader, record)
    assert all(told(record, after[where]) for where in ("card", "case", "report", "side by side", "history"))
    # The other photograph of the lesion has its own.
    assert not any(told(other, text) for text in after.values() if not told(record, text))
    assert "You said benign before you saw the result." in after["card"]
    assert [row["id"] for row in grid(app, reader, "?pmin=0")["rowData"]] == [record.id]


def test_a_second_judgement_and_a_late_one_are_refused(
    reader: FlaskClient, services: Services, lesion_jpeg: bytes
) -> None:
    record = upload(reader, services, lesion_jpeg)
    address = f"/judgements/{record.id}"
    assert reader.post(address, json={"opinion": "benign", "seen": True}).status_code == 409
    assert reader.post(address, json={"opinion": "benign"}).status_code == 204
    again = reader.post(address, json={"opinion": "malignant"})
    assert again.status_code == 409 and "already" in again.get_json()["detail"]
    assert reader.post(address, json={"opinion": "malignant", "seen": True}).status_code == 204
    assert "changed it to malignant" in reader.get(f"/cards/{record.id}").get_json()["card"]
    reader.post("/judgements/switch", json={"on": False})
    other = upload(reader, services, lesion_jpeg + b"\0")
    late = reader.post(f"/judgements/{other.id}", json={"opinion": "benign"})
    assert late.status_code == 409 and "may have seen" in late.get_json()["detail"]


@pytest.mark.parametrize(
    "body", [None, [], {}, {"opinion": 1}, {"opinion": "no"}, {"opinion": "benign", "seen": 1}]
)
def test_nonsense_is_refused(reader: FlaskClient, services: Services, lesion_jpeg: bytes, body: Any) -> None:
    record = upload(reader, services, lesion_jpeg)
    assert reader.post(f"/judgements/{record.id}", json=body).status_code == 422
    assert reader.post("/judgements/switch", json=body).status_code == 422
    assert reader.post("/judgements/0", json={"opinion": "benign"}).status_code == 404
    assert services.store.get(record.id).judgements == ()


def test_a_result_that_may_have_been_seen_says_so(
    client: FlaskClient, services: Services, lesion_jpeg: bytes
) -> None:
    before = upload(client, services, lesion_jpeg)
    assert SEEN_BEFORE not in unescape(client.get(f"/cards/{before.id}").get_json()["card"])
    client.post("/judgements/switch", json={"on": True})
    again = upload(client, services, lesion_jpeg)
    for record in (before, again):
        card = unescape(client.get(f"/cards/{record.id}").get_json()["card"])
        assert "chance of cancer" in card and SEEN_BEFORE in card and "data-judged" not in card


def test_who_does_not_judge_first_sees_results_at_once(
    app: Dash, reader: FlaskClient, services: Services, lesion_jpeg: bytes
) -> None:
    record = upload(reader, services, lesion_jpeg)
    assert told(record, json.dumps(app.server.test_client().get(f"/cards/{record.id}").get_json()))
    # Programs are told as before.
    answer = reader.get(f"/api/v1/predictions/{record.id}").get_json()
    assert answer["outcome"] == record.outcome and answer["probability"] == record.probability


def test_a_photograph_without_a_result_asks_for_no_judgement(reader: FlaskClient, services: Services) -> None:
    black = encode(np.zeros((300, 300, 3), np.uint8))
    record = upload(reader, services, black)
    assert record.outcome == "no_result"
    assert "No result: retake" in reader.get(f"/cards/{record.id}").get_json()["card"]


def test_the_setting_lets_everybody_judge_first(settings: Any, lesion_jpeg: bytes) -> None:
    from dashboard.app import create_app
    from dashboard.services import build_services

    services = build_services(settings.model_copy(update={"judge_first": True}))
    client = create_app(services=services).server.test_client()
    record = upload(client, services, lesion_jpeg)
    assert not told(record, json.dumps(client.get(f"/cards/{record.id}").get_json()))
    assert 'aria-pressed": "true"' in page(client, "/account")
    client.post("/judgements/switch", json={"on": False})
    assert told(record, json.dumps(client.get(f"/cards/{record.id}").get_json()))
    services.store.close()

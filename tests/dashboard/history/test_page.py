"""The history's pages and parts, through the application as it is served."""

import json
import re
import sys
from dataclasses import replace
from typing import Any

import pytest
from dash import Dash
from flask.testing import FlaskClient
from plotly.utils import PlotlyJSONEncoder
from sqlalchemy import update

from dashboard.case.parts import visit
from dashboard.cases import NOBODY, predict_photograph
from dashboard.compare.parts import answer_link
from dashboard.history import grid as parts
from dashboard.history.gallery import gallery_item
from dashboard.services import Services
from dashboard.store import Context, Record, outcomes
from dashboard.store.records import RANKED_OUTCOMES
from dashboard.store.schema import predictions
from model.cautions import Caution
from model.outcome import Outcome
from model.predictor import Decision
from model.taxonomy import LESIONS
from tests.dashboard.calls import dispatch, page


def rows(app: Dash, client: FlaskClient, search: str = "", **request: Any) -> Any:
    asked = {"startRow": 0, "endRow": 50, "sortModel": [], "filterModel": {}} | request
    return dispatch(
        app,
        client,
        "history-grid.getRowsResponse",
        {"history-grid.getRowsRequest": asked},
        {"history-search.data": search, "history-grid.columnDefs": parts.grid_columns(("created", "desc"))},
    )


def test_the_grid_gets_the_rows_it_asks_for(app: Dash, client: FlaskClient, record: Record) -> None:
    answer = rows(app, client)
    (row,) = answer["history-grid"]["getRowsResponse"]["rowData"]
    assert answer["history-grid"]["getRowsResponse"]["rowCount"] == 1
    assert answer["history-count"]["children"] == "1 prediction"
    assert row["href"] == f"/history/{record.id}"
    assert row["filename"] == "<b>left</b> hand.jpg"
    assert row["outcome"] == record.outcome and row["probability"] == record.probability
    assert client.get(row["thumbnail"]).mimetype == "image/jpeg"
    assert client.get(row["href"]).status_code == 200


def test_what_must_not_be_relied_on_has_no_verdict_and_no_percentage(record: Record) -> None:
    severe = (Caution("blurred", "The image is blurred.", severe=True),)
    refused = replace(record, decision=Decision.BENIGN, cautions=severe)
    row = parts.grid_row(refused, LESIONS)
    assert (row["outcome"], row["word"], row["percent"]) == ("no_result", "No result", "")
    assert (row["diagnosis"], row["plain"]) == ("–", "")
    for shown in (gallery_item(refused, ""), answer_link(refused), visit(refused, "", "")):
        text = json.dumps(shown, cls=PlotlyJSONEncoder).replace("95 % sensitivity", "")
        assert "No result" in text and "Benign" not in text and "%" not in text
        assert "%" in json.dumps(gallery_item(replace(refused, cautions=()), ""), cls=PlotlyJSONEncoder)


def test_headers_tell_what_too_many_rows_cannot_be_sorted_by(
    app: Dash, client: FlaskClient, services: Services, record: Record, mole_jpeg: bytes, monkeypatch: Any
) -> None:
    predict_photograph(NOBODY, services, mole_jpeg, "other.jpg")
    assert "columnDefs" not in rows(app, client)["history-grid"]
    monkeypatch.setattr("dashboard.store.pages.MOST", 1)
    answer = rows(app, client)
    assert answer["history-count"]["children"] == "More than 1 prediction"
    columns = {column.get("field"): column for column in answer["history-grid"]["columnDefs"]}
    able = {name for name, column in columns.items() if column.get("sortable", True)}
    assert able == {"created", "probability", "outcome", "review"}
    assert "Filter first" in columns["filename"]["headerTooltip"]
    assert "sort" in columns["created"]
    # Few match again: every header sorts.
    assert "columnDefs" not in rows(app, client, "?q=left")["history-grid"]


def test_filters_reach_the_store(app: Dash, client: FlaskClient, record: Record) -> None:
    answer = rows(app, client, "?q=right")
    assert answer["history-grid"]["getRowsResponse"] == {"rowData": [], "rowCount": 0}
    assert answer["history-count"]["children"] == "No prediction matches these filters."
    # The filters stay in sight, or nobody could take them back.
    assert answer["history-body"]["hidden"] is False and answer["history-empty"]["hidden"] is True
    assert answer["history-clear"]["hidden"] is False
    assert rows(app, client, "?q=LEFT&review=open")["history-grid"]["getRowsResponse"]["rowCount"] == 1


def test_a_row_leads_to_its_case_with_filters_and_order(
    app: Dash, client: FlaskClient, record: Record
) -> None:
    sort = [{"colId": "probability", "sort": "asc"}]
    answer = rows(app, client, "?q=left&sort=created.asc", sortModel=sort)
    (row,) = answer["history-grid"]["getRowsResponse"]["rowData"]
    assert row["href"] == f"/history/{record.id}?q=left&sort=probability.asc"
    text = page(client, f"/history/{record.id}", "?" + row["href"].split("?")[1])
    assert '"href": "/history?q=left&sort=probability.asc"' in text


@pytest.mark.parametrize(
    ("search", "request_", "sentence"),
    [
        ("", {"sortModel": [{"colId": "sha256; --", "sort": "asc"}]}, "cannot be used here"),
        ("", {"sortModel": [{"colId": "created", "sort": "up"}]}, "asc or desc"),
        ("", {"startRow": -1}, "must not be negative"),
        ("", {"startRow": "0"}, "unknown shape"),
        ("", {"startRow": None}, "unknown shape"),
        ("", {"startRow": True}, "unknown shape"),
        ("", {"endRow": 5.5}, "unknown shape"),
        ("", {"sortModel": [{"colId": ["created"], "sort": "asc"}]}, "cannot be used here"),
        ("", {"sortModel": [{}]}, "asc or desc"),
        ("?q=%00", {}, "character"),
        ("?lesion=%00", {}, "character"),
        ("", {"startRow": 10**30, "endRow": 10**30 + 1}, "must not be negative"),
        ("?from=2026-11-02&to=2026-11-01", {}, "lies after the last"),
    ],
)
def test_a_question_that_makes_no_sense_is_answered_in_words(
    app: Dash, client: FlaskClient, record: Record, search: str, request_: dict[str, Any], sentence: str
) -> None:
    answer = rows(app, client, search, **request_)
    assert answer["history-grid"]["getRowsResponse"] == {"rowData": [], "rowCount": 0}
    assert sentence in answer["history-count"]["children"]


@pytest.mark.parametrize("asked", [[], "x", 5])
def test_a_grid_that_asks_for_nothing_known_is_answered(
    app: Dash, client: FlaskClient, record: Record, asked: object
) -> None:
    answer = dispatch(
        app,
        client,
        "history-grid.getRowsResponse",
        {"history-grid.getRowsRequest": asked},
        {"history-search.data": "", "history-grid.columnDefs": []},
    )
    assert "unknown shape" in answer["history-count"]["children"]


def test_a_block_has_a_limit_and_another_order_is_no_matter(
    app: Dash, client: FlaskClient, record: Record
) -> None:
    for request in ({"endRow": 10**9}, {"sortModel": {"colId": "created"}}, {"startRow": 0, "endRow": -5}):
        assert rows(app, client, **request)["history-grid"]["getRowsResponse"]["rowCount"] == 1


def test_the_address_sets_the_controls(client: FlaskClient, record: Record) -> None:
    text = page(client, "/history", "?outcome=malignant&q=gone&tag=clinic&sort=review.desc&view=gallery")
    assert '"id": "history-q", "value": "gone"' in text or '"value": "gone"' in text
    for expected in (
        '"value": ["malignant"]',
        '"value": ["clinic"]',
        '"value": "review.desc"',
        "More filters · 1 set",
    ):
        assert expected in text


def pictures(app: Dash, client: FlaskClient, search: str, cursor: str | None = None) -> Any:
    more = cursor is not None
    return dispatch(
        app,
        client,
        "history-pictures.children",
        {
            "history-further.n_clicks": 1 if more else None,
            "history-search.data": search,
            "history-stale.data": None,
        }
        if more
        else {"history-search.data": search, "history-further.n_clicks": None, "history-stale.data": None},
        {"history-cursor.data": cursor},
    )


def test_the_gallery_has_a_picture_a_prediction(
    app: Dash, client: FlaskClient, services: Services, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["dashboard.history.page"], "PAGE", 1)
    second = predict_photograph(NOBODY, services, services.store.image(record.id), "second.jpg")
    first = pictures(app, client, "?view=gallery")
    print(pictures(app, client, "?view=gallery", first["history-cursor"]["data"]), first["history-cursor"])
    assert second.id in json.dumps(first["history-pictures"]) and record.id not in json.dumps(
        first["history-pictures"]
    )
    assert (
        first["history-count"]["children"] == "2 predictions" and first["history-further"]["hidden"] is False
    )
    more = pictures(app, client, "?view=gallery", first["history-cursor"]["data"])
    assert record.id in json.dumps(more["history-pictures"])
    assert (
        "cannot be used"
        in pictures(app, client, "?view=gallery&sort=sha256.asc")["history-count"]["children"]
    )
    assert pictures(app, client, "")["history-pictures"]["children"] == []


def news(app: Dash, client: FlaskClient, seen: str | None, search: str = "") -> Any:
    answer = dispatch(
        app,
        client,
        "history-news.children",
        {"history-tick.n_intervals": 1, "history-seen.data": seen},
        {"history-search.data": search},
    )
    return answer["history-news"]


def test_what_came_in_is_told_without_moving_a_row(
    app: Dash, client: FlaskClient, services: Services, record: Record, mole_jpeg: bytes
) -> None:
    assert news(app, client, record.id)["hidden"] is True
    for name in ("a.jpg", "b.jpg"):
        predict_photograph(NOBODY, services, mole_jpeg, name)
    assert news(app, client, record.id) == {"children": "2 new · show", "hidden": False}
    assert news(app, client, record.id, "?q=a.jpg")["children"] == "1 new · show"
    assert news(app, client, None)["children"] == "3 new · show"
    # The one that was seen last may be gone; its id still says when it was.
    services.store.delete([record.id])
    assert news(app, client, record.id)["children"] == "2 new · show"


def test_nothing_stored_shows_the_way_to_the_first(app: Dash, client: FlaskClient) -> None:
    assert "No predictions yet" in page(client, "/history")
    answer = rows(app, client)
    assert answer["history-body"]["hidden"] is True and answer["history-empty"]["hidden"] is False


def test_a_benign_result_that_an_update_changed_is_announced(
    client: FlaskClient, services: Services, record: Record, monkeypatch: Any
) -> None:
    assert "since an update" not in page(client, "/history")
    monkeypatch.setattr(outcomes, "OUTCOME_RULE", 2)
    monkeypatch.setattr(outcomes, "outcome_of", lambda *_: Outcome.NO_RESULT)
    with services.store.writing() as connection:
        rank = RANKED_OUTCOMES.index(Outcome.BENIGN)
        connection.execute(update(predictions).values(outcome=rank))
    outcomes.follow_rule(services.store)
    text = page(client, "/history")
    assert "1 result that was benign has another outcome since an update." in text
    assert "/history?outcome_before=benign&review=open" in text
    row = parts.grid_row(services.store.get(record.id), LESIONS)
    assert row["before"] == "Was benign until an update"
    listed = client.get("/api/v1/predictions?outcome_before=benign&outcome=no_result").get_json()
    assert [one["outcome_before"] for one in listed["items"]] == ["benign"]


def test_what_the_person_says_stands_in_lists(
    app: Dash, client: FlaskClient, services: Services, record: Record, mole_jpeg: bytes
) -> None:
    bleeds = Context(bleeds="yes", changed="yes", growing="no")
    said = predict_photograph(NOBODY, services, mole_jpeg, "mole.jpg", context=bleeds)
    (row,) = rows(app, client, "?bleeds=yes")["history-grid"]["getRowsResponse"]["rowData"]
    assert (row["id"], row["signs"]) == (said.id, "Has changed, bleeds")
    assert "Has changed, bleeds" in json.dumps(gallery_item(said, ""), cls=PlotlyJSONEncoder)
    assert client.get("/api/v1/predictions?bleeds=yes&growing=no").get_json()["total"] == 1
    assert client.get("/api/v1/predictions?growing=yes").get_json()["total"] == 0


def test_no_id_stands_twice(client: FlaskClient, record: Record) -> None:
    ids = re.findall(r'"id": "([^"]+)"', page(client, "/history"))
    assert len(ids) > 50 and len(ids) == len(set(ids))


def test_counts_are_sentences() -> None:
    assert parts.count_sentence(1, False) == "1 prediction"
    assert parts.count_sentence(12345, False) == "12,345 predictions"
    assert parts.count_sentence(1, True) == "1 matches these filters"
    assert parts.count_sentence(2, True) == "2 match these filters"
    assert parts.count_sentence(0, True) == "No prediction matches these filters."
    assert parts.count_sentence(10_000, False, exact=False) == "More than 10,000 predictions"
    assert parts.count_sentence(10_000, True, exact=False) == "More than 10,000 match these filters"
    assert (
        parts.news_label(3, True) == "3 new · show"
        and parts.news_label(10_000, False) == "More than 10,000 new · show"
    )


def test_more_rows_than_are_counted_have_no_end_and_few_orders(
    app: Dash,
    client: FlaskClient,
    services: Services,
    record: Record,
    mole_jpeg: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    predict_photograph(NOBODY, services, mole_jpeg, "mole.jpg")
    monkeypatch.setattr("dashboard.store.pages.MOST", 1)
    answer = rows(app, client, endRow=1)
    assert answer["history-count"]["children"] == "More than 1 prediction"
    assert answer["history-grid"]["getRowsResponse"]["rowCount"] == -1
    assert rows(app, client, startRow=1, endRow=2)["history-grid"]["getRowsResponse"]["rowCount"] == 2
    refused = rows(app, client, sortModel=[{"colId": "filename", "sort": "asc"}])
    assert "filter first" in refused["history-count"]["children"]
    # A link into such an order still opens its case.
    assert record.sha256 in page(client, f"/history/{record.id}", "?sort=filename.asc")
    listed = client.get("/api/v1/predictions?limit=1").get_json()
    assert (listed["total"], listed["exact"]) == (1, False) and listed["next"]
    problem = client.get("/api/v1/predictions?sort=filename")
    assert problem.status_code == 422 and "filter first" in problem.get_json()["detail"]

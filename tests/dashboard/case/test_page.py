"""The page of a case and the form for its reviews, through the application as it is served."""

import json
from dataclasses import replace
from typing import Any

import pytest
from dash import Dash
from flask.testing import FlaskClient

from dashboard.cases import NOBODY, predict_photograph
from dashboard.services import Services
from dashboard.store import NotFound, Record
from dashboard.store.fields import CONTEXT_NAMES
from dashboard.store.patients import Patients
from model.cautions import Caution
from model.images import encode
from tests.dashboard.calls import dispatch, page
from tests.dashboard.reviews import add_review
from training.drawings.synthetic import draw_lesion


@pytest.fixture
def record(services: Services, lesion_jpeg: bytes) -> Record:
    return predict_photograph(NOBODY, services, lesion_jpeg, "<b>left</b> hand.jpg")


def review(app: Dash, client: FlaskClient, seen: dict[str, int], **values: Any) -> Any:
    given = {"diagnosis": "none", "source": "none", "note": "", "add": "", "remove": []} | values
    state: dict[str, Any] = {f"review-{name}.value": value for name, value in given.items()}
    return dispatch(
        app,
        client,
        "review-done.data",
        {"review-save.n_clicks": 1},
        {"review-ids.data": seen, "reviewer.value": given.get("reviewer", "Dr A")} | state,
    )


def test_a_review_is_appended_to_all_that_are_meant(
    app: Dash, client: FlaskClient, services: Services, record: Record, mole_jpeg: bytes
) -> None:
    second = predict_photograph(NOBODY, services, mole_jpeg, "mole.jpg")
    answer = review(
        app,
        client,
        {record.id: 0, second.id: 0},
        diagnosis="mel",
        source="histology",
        note="Excised.",
        add="a, b",
    )
    assert answer["review-done"]["data"]["saved"] == [record.id, second.id]
    for one in (record, second):
        now = services.store.get(one.id)
        assert (now.confirmed, now.confirmed_by, now.tags) == ("mel", "histology", ("a", "b"))
        assert services.store.reviews(one.id)[0].note == "Excised."


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, "nothing to save"),
        ({"diagnosis": "mel"}, "how the diagnosis was confirmed"),
        ({"source": "expert"}, "choose the diagnosis"),
        ({"note": "x", "reviewer": " "}, "who reviews"),
        ({"add": "t" * 100}, "characters"),
    ],
)
def test_what_cannot_be_meant_is_said_and_nothing_is_kept(
    app: Dash, client: FlaskClient, services: Services, record: Record, values: dict[str, Any], sentence: str
) -> None:
    answer = review(app, client, {record.id: 0}, **values)
    assert sentence in json.dumps(answer["review-problem"]["children"])
    assert services.store.get(record.id).revision == 0


def test_two_people_at_once_see_what_changed(
    app: Dash, client: FlaskClient, services: Services, record: Record
) -> None:
    add_review(services.store, [record.id], "Dr B", "nv", "expert")
    answer = review(app, client, {record.id: 0}, diagnosis="mel", source="histology")
    said = json.dumps(answer["review-problem"]["children"], ensure_ascii=False)
    assert "Dr B" in said and "Melanocytic nevus" in said
    assert services.store.get(record.id).confirmed == "nv"
    # The page then knows the new revision, so that the same review can be saved knowingly.
    fresh = dispatch(
        app,
        client,
        "review-note.value",
        {"review-done.data": {"conflict": 1}},
        {"case-id.data": record.id},
    )
    assert fresh["review-ids"]["data"] == {record.id: 1}
    assert "review-note" not in fresh
    review(app, client, fresh["review-ids"]["data"], diagnosis="mel", source="histology")
    assert services.store.get(record.id).confirmed == "mel"


def test_a_case_that_is_gone_meanwhile_is_said(
    app: Dash, client: FlaskClient, services: Services, record: Record
) -> None:
    services.store.delete([record.id])
    said = json.dumps(review(app, client, {record.id: 0}, note="x")["review-problem"]["children"])
    assert "deleted meanwhile" in said
    gone = dispatch(
        app,
        client,
        "case-gone.data",
        {"case-dialog-confirm.n_clicks": 1},
        {"case-id.data": record.id, "reviewer.value": ""},
    )
    assert "deleted already" in gone["case-dialog-error"]["children"]
    assert "again" in json.dumps(review(app, client, {}, note="x")["review-problem"]["children"])


def describe(app: Dash, client: FlaskClient, record_id: str, seen: int, **values: Any) -> Any:
    given: dict[str, Any] = dict.fromkeys(CONTEXT_NAMES)
    given |= {"lesion": "L1", "site": "back", "age": 40, "sex": "female", "note": ""} | values
    state: dict[str, Any] = {f"context-{name}.value": value for name, value in given.items()}
    return dispatch(
        app,
        client,
        "context-problem.children",
        {"context-save.n_clicks": 1},
        {"case-id.data": record_id, "review-ids.data": {record_id: seen}, "reviewer.value": "Dr A"} | state,
    )


def test_context_is_kept_and_joins_the_visits_of_a_lesion(
    app: Dash, client: FlaskClient, services: Services, record: Record, mole_jpeg: bytes
) -> None:
    later = predict_photograph(NOBODY, services, mole_jpeg, "later.jpg")
    for one, taken in ((record, "2026-01-02"), (later, "2025-03-12")):
        describe(app, client, one.id, 0, taken=taken)
    undated = predict_photograph(NOBODY, services, encode(draw_lesion(5, True)), "undated.jpg")
    describe(app, client, undated.id, 0)
    assert services.store.get(record.id).context.age == 40
    text = page(client, f"/history/{record.id}")
    assert text.index(f"/history/{later.id}") < text.index(f"/history/{undated.id}")
    assert "12 Mar 2025" in text and "1 of these 3 photographs has no date" in text
    drawn = dispatch(app, client, "case-trend.figure", {"theme.data": "light"}, {"case-id.data": record.id})
    lines = [trace for trace in drawn["case-trend"]["figure"]["data"] if trace["mode"] == "lines"]
    # By the day on which they were taken, without the one that has none.
    assert [trace["x"] for trace in lines] == [["2025-03-12T00:00:00", "2026-01-02T00:00:00"]]
    said = describe(app, client, record.id, 0, lesion="L2")
    assert "changed meanwhile" in json.dumps(said["context-problem"]["children"])
    assert "whole number" in json.dumps(describe(app, client, record.id, 1, age=200)["context-problem"])


def test_the_head_says_whose_lesion_it_is_and_leads_there(
    app: Dash, client: FlaskClient, services: Services, record: Record
) -> None:
    def head() -> str:
        found = dispatch(
            app, client, "case-head.children", {"context-done.data": {}}, {"case-id.data": record.id}
        )
        return json.dumps(found["case-head"]["children"])

    before = head()
    assert "not named" in before and "Date missing" in before and "href" not in before
    describe(app, client, record.id, 0, patient="P 7", lesion="A", taken="2025-03-12")
    now = services.store.get(record.id)
    assert now.lesion_id is not None
    whose = Patients(services.store).lesion(now.lesion_id).patient_id
    for text in (head(), page(client, f"/history/{record.id}")):
        assert f"/patients/{whose}" in text and f"/lesions/{now.lesion_id}" in text
        assert "P 7" in text and "back" in text and "12 Mar 2025" in text


def test_repeats_of_a_model_on_a_photograph_are_one_answer(
    client: FlaskClient, services: Services, record: Record, lesion_jpeg: bytes
) -> None:
    for _ in range(2):
        predict_photograph(NOBODY, services, lesion_jpeg, "again.jpg")
    predict_photograph(NOBODY, services, lesion_jpeg, "again.jpg", operating_point="sensitivity-90")
    text = page(client, f"/history/{record.id}")
    assert text.count("answer-card") == 2 and "Predicted 3 times" in text


def test_a_trend_shows_no_chance_where_there_is_no_result(
    app: Dash, client: FlaskClient, services: Services, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    describe(app, client, record.id, 0, taken="2026-01-02")
    severe = (Caution("blurred", "It is blurred.", severe=True),)
    record = services.store.get(record.id)
    both = (replace(record, cautions=severe), record)
    monkeypatch.setattr(Patients, "cases_of_lesion", lambda *_: both)
    drawn = dispatch(app, client, "case-trend.figure", {"theme.data": "light"}, {"case-id.data": record.id})
    assert all(len(trace["x"]) == 1 for trace in drawn["case-trend"]["figure"]["data"])


def test_neighbours_stay_within_the_filters(
    client: FlaskClient, services: Services, record: Record, mole_jpeg: bytes
) -> None:
    other, last = (
        predict_photograph(NOBODY, services, mole_jpeg, "right.jpg"),
        predict_photograph(NOBODY, services, mole_jpeg, "left again.jpg"),
    )
    text = page(client, f"/history/{record.id}", "?q=left")
    assert f"/history/{last.id}?q=left" in text and other.id not in text
    assert f"/history/{other.id}" in page(client, f"/history/{record.id}")


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
    assert f"/api/v1/predictions/{record.id}/image" in text
    assert "does not rule out cancer" in text


@pytest.mark.parametrize("case_id", ["unknown", "none", "..%2F..%2Fetc", "%00", "a" * 3000])
def test_an_unknown_case_says_so(client: FlaskClient, record: Record, case_id: str) -> None:
    assert "This prediction is not here" in page(client, f"/history/{case_id}")
    assert client.get(f"/history/{case_id}").status_code == 404


def test_a_case_is_deleted_from_its_page(
    app: Dash, client: FlaskClient, services: Services, record: Record
) -> None:
    answer = dispatch(
        app,
        client,
        "case-gone.data",
        {"case-dialog-confirm.n_clicks": 1},
        {"case-id.data": record.id, "reviewer.value": "A"},
    )
    assert answer["case-gone"]["data"] is True and answer["history-binned"]["data"] == [record.id]
    with pytest.raises(NotFound):
        services.store.get(record.id)

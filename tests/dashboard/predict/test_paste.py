"""`/pasted`: cells of a spreadsheet as the predict page takes them over."""

import pytest
from flask.testing import FlaskClient

from dashboard.cases import NOBODY, predict_photograph
from dashboard.context_tables import FIELDS
from dashboard.predict.assigning import ASSIGN_COLUMNS, ASSIGN_FIELDS, assign_row, heading
from dashboard.services import Services
from dashboard.store import Context
from dashboard.store.judgements import hidden_record


def test_pasted_cells_come_back_as_fields(client: FlaskClient) -> None:
    answer = client.post("/pasted", json={"text": "P-1\t2\nP-2\t1", "column": "patient"})
    assert [row["fields"] for row in answer.get_json()["rows"]] == [
        {"patient": "P-1", "lesion": "2"},
        {"patient": "P-2", "lesion": "1"},
    ]
    assert answer.get_json()["rows"][0] | {"fields": {}} == {
        "file": "",
        "fields": {},
        "modality": None,
        "problems": [],
    }


@pytest.mark.parametrize("sent", [{"text": "a"}, {"text": 1, "column": "patient"}, ["a"]])
def test_what_does_not_fit_is_a_problem_document(client: FlaskClient, sent: object) -> None:
    answer = client.post("/pasted", json=sent)
    assert answer.status_code == 422 and answer.get_json()["detail"]


def test_the_table_has_a_column_for_each_field() -> None:
    kinds = {name: getattr(heading(name), "data-kind", None) for name in ASSIGN_COLUMNS}
    assert kinds == {
        "patient": "text",
        "lesion": "text",
        "site": "text",
        "taken": "date",
        "modality": None,
        "note": "lines",
    }
    assert [part.name for part in ASSIGN_FIELDS] == [name for name in ASSIGN_COLUMNS if name in FIELDS]


def test_a_hidden_result_tells_no_modality(services: Services, lesion_jpeg: bytes) -> None:
    said = Context(patient="P-1", lesion="1", taken="2026-05-03T10:00")
    record = predict_photograph(NOBODY, services, lesion_jpeg, "a.jpg", context=said)
    row = assign_row(record)
    assert row["modality"] == record.modality == "dermoscopic" and row["revision"] == 0
    assert (row["fields"]["patient"], row["fields"]["taken"]) == ("P-1", "2026-05-03T10:00:00")
    assert assign_row(hidden_record(record)) == row | {"modality": ""}

"""What is taken along from the history, over HTTP."""

import csv
import io
import json
import zipfile

import pytest
from flask.testing import FlaskClient
from pyarrow import parquet

from dashboard.cases import NOBODY, predict_photograph
from dashboard.services import Services
from dashboard.store import Context, Record
from tests.dashboard.reviews import add_review, consent


@pytest.fixture
def records(services: Services, lesion_jpeg: bytes, mole_jpeg: bytes) -> list[Record]:
    """A confirmed melanoma and a mole whose name is a formula."""
    first = predict_photograph(
        NOBODY, services, lesion_jpeg, "hand.jpg", context=Context(patient="P1", lesion="L1")
    )
    second = predict_photograph(NOBODY, services, mole_jpeg, "=1+1.jpg")
    add_review(services.store, [first.id], "A", "mel", "histology")
    consent(services.store, "P1")
    return [services.store.get(one.id) for one in (first, second)]


def table(client: FlaskClient, search: str = "") -> list[dict[str, str]]:
    answer = client.get(f"/exports/predictions.csv{search}")
    assert answer.status_code == 200 and answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_the_view_in_the_address_is_what_is_taken_along(client: FlaskClient, records: list[Record]) -> None:
    assert [row["id"] for row in table(client)] == [records[1].id, records[0].id]
    assert [row["id"] for row in table(client, "?sort=created.asc&view=gallery")] == [
        one.id for one in records
    ]
    (row,) = table(client, "?confirmed=mel&q=hand")
    assert row["id"] == records[0].id and row["confirmed"] == "mel" and row["lesion"] == "L1"
    assert table(client, "?q=nothing") == []
    # A spreadsheet must not calculate a file's name.
    assert not table(client)[0]["filename"].startswith("=")


def test_every_format_has_every_prediction(client: FlaskClient, records: list[Record]) -> None:
    lines = client.get("/exports/predictions.jsonl?sort=created.asc").text.splitlines()
    assert [json.loads(line)["id"] for line in lines] == [one.id for one in records]
    rows = parquet.read_table(io.BytesIO(client.get("/exports/predictions.parquet").data))
    assert rows.num_rows == 2
    images = zipfile.ZipFile(io.BytesIO(client.get("/exports/images.zip").data)).namelist()
    assert {f"images/{one.sha256}.jpg" for one in records} < set(images)
    dataset = zipfile.ZipFile(io.BytesIO(client.get("/exports/dataset.zip").data))
    (case,) = csv.DictReader(io.StringIO(dataset.read("metadata.csv").decode()))
    assert case["dx"] == "mel"


def test_a_selection_is_sent_as_a_form(client: FlaskClient, records: list[Record]) -> None:
    ids = f"{records[1].id},unknown,,{records[1].id}"
    answer = client.post("/exports/predictions.jsonl", data={"ids": ids})
    assert [json.loads(line)["id"] for line in answer.text.splitlines()] == [records[1].id]


@pytest.mark.parametrize(
    ("address", "ids", "status", "sentence"),
    [
        ("/exports/predictions.csv?sort=sha256.asc", None, 400, "cannot be used here"),
        ("/exports/predictions.csv?from=2026-01-02&to=2026-01-01", None, 400, "lies after"),
        ("/exports/predictions.csv", "", 400, "Select between"),
        ("/exports/predictions.csv", ",".join(map(str, range(10_001))), 400, "Select between"),
        ("/exports/predictions.xlsx", None, 404, ""),
        ("/exports/..%2Fdermaboard.db", None, 404, ""),
    ],
)
def test_what_makes_no_sense_is_refused(
    client: FlaskClient, address: str, ids: str | None, status: int, sentence: str
) -> None:
    answer = client.get(address) if ids is None else client.post(address, data={"ids": ids})
    assert answer.status_code == status and sentence in answer.text


def test_another_site_may_not_make_a_browser_send_a_form(client: FlaskClient, records: list[Record]) -> None:
    answer = client.post(
        "/exports/images.zip", data={"ids": records[0].id}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 403

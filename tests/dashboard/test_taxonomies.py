"""Models of seven diagnoses, of eight, of others and of none side by side, wherever predictions are shown."""

import csv
import io
import json
import time
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from dash import Dash
from flask.testing import FlaskClient
from pyarrow import parquet

from dashboard.cases import NOBODY, predict_photograph
from dashboard.diagnoses import USUAL, known_diagnoses
from dashboard.jobs.worker import Jobs
from dashboard.predict.batch import batch_csv
from dashboard.services import Services
from dashboard.settings import Settings
from dashboard.store import Record
from dashboard.store.summary import model_versions
from model.taxonomy import HAM10000, LESIONS, Diagnosis, Taxonomy
from tests.dashboard.calls import page
from tests.dashboard.history.test_page import rows
from tests.dashboard.monitoring.test_page import show
from tests.dashboard.reviews import add_review
from tests.tiny import write_tiny_bundle

# Another clinic's words: its own name for a melanoma, and what nobody else knows.
CLINIC = Taxonomy(
    (
        replace(HAM10000["mel"], name="Malignant melanoma"),
        Diagnosis("merkel", "Merkel cell carcinoma", "Merkel", "Rare cancer", "Merkel", True, "#123456"),
        Diagnosis("wart", "Viral wart", "Wart", "Harmless wart", "warts", False, "#654321"),
    ),
    ("mel", "merkel", "wart"),
)
MODELS = {"seven": HAM10000, "eight": LESIONS, "clinic": CLINIC, "binary": HAM10000}


@pytest.fixture(scope="session")
def bundle_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("taxonomies")
    for name, taxonomy in MODELS.items():
        write_tiny_bundle(root, name, taxonomy=taxonomy, binary=name == "binary")
    return root


@pytest.fixture
def settings(bundle_root: Path, tmp_path: Path) -> Settings:
    return Settings(bundles=bundle_root, data_dir=tmp_path / "data", model="seven", threads=1)


@pytest.fixture
def records(services: Services, lesion_jpeg: bytes) -> dict[str, Record]:
    """A prediction by each model of the same photograph."""
    return {name: predict_photograph(NOBODY, services, lesion_jpeg, f"{name}.jpg", name) for name in MODELS}


def sha256(services: Services, name: str) -> str:
    return services.bundle(name).card.sha256


def test_each_prediction_has_the_diagnoses_of_its_model(
    services: Services, client: FlaskClient, records: dict[str, Record]
) -> None:
    for name, record in records.items():
        codes = () if name == "binary" else MODELS[name].codes
        assert set(services.store.get(record.id).probabilities) == set(codes)
        card = client.get(f"/cards/{record.id}").get_json()
        assert all(MODELS[name].name(code) in unescape(card["card"]) for code in codes)
        assert (card["row"]["diagnosis"] == "–") is (name == "binary")
        assert client.get(f"/api/v1/predictions/{record.id}/report").status_code == 200
        assert "Prediction" in page(client, f"/history/{record.id}")
        assert "Report" in page(client, f"/report/{record.id}")
    assert "Malignant melanoma" not in client.get(f"/cards/{records['eight'].id}").get_json()["card"]


def test_the_history_shows_and_filters_all_of_them(
    app: Dash, client: FlaskClient, services: Services, records: dict[str, Record]
) -> None:
    found = rows(app, client)["history-grid"]["getRowsResponse"]["rowData"]
    names = {
        row["id"]: MODELS[name].name(records[name].diagnosis or "") or "–"
        for name in MODELS
        for row in found
        if row["id"] == records[name].id
    }
    assert len(found) == 4 and {row["id"]: row["diagnosis"] for row in found} == names
    filters = page(client, "/history")
    for name in ("Squamous cell carcinoma", "Merkel cell carcinoma", "Viral wart", "Melanocytic nevus"):
        assert filters.count(f'"{name}"') >= 3
    code = str(records["clinic"].diagnosis)
    shown = rows(app, client, f"?diagnosis={code}")["history-grid"]["getRowsResponse"]
    assert shown["rowCount"] == sum(record.diagnosis == code for record in records.values())
    listed = client.get(f"/api/v1/predictions?diagnosis={code}").get_json()
    assert listed["total"] == shown["rowCount"]


def test_what_the_model_does_not_know_is_confirmed_as_malignant_or_benign(
    app: Dash, client: FlaskClient, services: Services, records: dict[str, Record]
) -> None:
    seven = records["seven"]
    change = {"review": {"reviewer": "Anna", "diagnosis": "scc", "source": "histology"}}
    answer = client.patch(f"/api/v1/predictions/{seven.id}", json=change)
    expected = {"benign": "missed", "malignant": "confirmed"}.get(seven.outcome, "undecided")
    assert answer.status_code == 200 and answer.get_json()["review"]["state"] == expected
    text, _ = show(app, client, sha256(services, "seven"))
    assert "Squamous cell carcinoma" in text and " malignant" in text
    assert "1 malignant, 0 benign images" in text
    assert "Squamous cell carcinoma" in page(client, f"/history/{seven.id}")
    (done,) = add_review(services.store, [records["eight"].id], "Anna", "wart", "expert")
    assert done.review == {"benign": "confirmed", "malignant": "overcalled"}.get(done.outcome, "undecided")
    change["review"]["diagnosis"] = "dog"
    refused = client.patch(f"/api/v1/predictions/{seven.id}", json=change)
    assert refused.status_code == 422 and "merkel" in refused.get_json()["detail"]


def test_tables_have_a_column_for_every_diagnosis_that_was_asked_about(
    client: FlaskClient, services: Services, records: dict[str, Record]
) -> None:
    table = list(csv.DictReader(io.StringIO(client.get("/exports/predictions.csv").text)))
    columns = [name for name in table[0] if name.startswith("p_")]
    assert set(columns) == {f"p_{code}" for taxonomy in MODELS.values() for code in taxonomy.codes}
    by_id = {row["id"]: row for row in table}
    for record in records.values():
        for column in columns:
            value = record.probabilities.get(column.removeprefix("p_"))
            assert by_id[record.id][column] == ("" if value is None else str(value))
    stored = parquet.read_table(io.BytesIO(client.get("/exports/predictions.parquet").data))
    assert [name for name in stored.column_names if name.startswith("p_")] == columns
    lines = [json.loads(line) for line in client.get("/exports/predictions.jsonl").text.splitlines()]
    assert {len(line["probabilities"]) for line in lines} == {7, 8, 3, 0}
    batch = batch_csv([("a", "", records["eight"]), ("b", "", records["clinic"])], services.known)
    assert {"p_scc", "p_merkel"} <= set(batch.splitlines()[0].split(","))
    alone = batch_csv([("a", "", records["seven"])], services.known)
    assert "p_scc" not in alone and "p_mel" in alone


def test_two_models_are_compared_on_the_same_photograph(
    client: FlaskClient, app: Dash, records: dict[str, Record]
) -> None:
    with app.server.app_context():
        jobs = Jobs.current()
        job = jobs.start(NOBODY, [record.id for record in records.values()], "eight")
        for _ in range(300):
            if not job.active:
                break
            time.sleep(0.1)
            job = jobs.get(job.id) or job
    assert not job.active and not job.failed
    shown = page(client, f"/compare/{job.id}")
    assert "Predicted again with eight · " in shown


@pytest.mark.parametrize("name", MODELS)
def test_the_performance_page_shows_the_matrix_of_the_model(client: FlaskClient, name: str) -> None:
    taxonomy = MODELS[name]
    assert "Performance" in page(client, "/performance", f"?model={name}&compare=seven")
    head = client.get(f"/performance/table/diagnoses.csv?model={name}").text.splitlines()
    assert head[0] == ",".join(("truth", *taxonomy.codes))
    assert len(head) == (1 if name == "binary" else 1 + len(taxonomy))
    report = client.get(f"/performance/report/{name}.html")
    assert report.status_code == 200 and ('id="figure-diagnoses"' in report.text) is (name != "binary")
    first, second = taxonomy.shown[0], taxonomy.shown[-1]
    listed = client.get(f"/performance/table/cases.csv?model={name}&show=cell:{first}:{second}")
    truth = {row["label"] for row in csv.DictReader(io.StringIO(listed.text))}
    assert truth <= {first}


def test_the_api_says_what_codes_mean(client: FlaskClient) -> None:
    models = {one["name"]: one for one in client.get("/api/v1/models").get_json()["items"]}
    for name, taxonomy in MODELS.items():
        found = models[name]["diagnoses"]
        assert [one["code"] for one in found] == list(taxonomy.codes)
        assert [one["malignant"] for one in found] == [one.malignant for one in taxonomy]
    assert models["binary"]["classes"] == ["malignant"]


def test_predictions_of_models_that_are_gone_keep_their_codes(
    services: Services, client: FlaskClient, records: dict[str, Record]
) -> None:
    add_review(services.store, [records["clinic"].id], "Anna", "merkel", "expert")
    services.store.known = known_diagnoses(services.bundles[1:][:0])
    clinic = client.get(f"/cards/{records['clinic'].id}").get_json()["card"]
    assert "merkel" in clinic and "Merkel cell" not in clinic and "Melanoma" in clinic
    assert services.store.codes()[-1] in ("merkel", "wart")
    assert "merkel" in page(client, f"/history/{records['clinic'].id}")
    (version,) = [one for one in model_versions(services.store) if one.model == "clinic"]
    columns = client.get("/exports/predictions.csv").text.splitlines()[0]
    assert "p_wart" in columns and version.photographs == 1
    assert "merkel" in page(client, "/history")


def test_names_and_sides_are_the_model_s_own_first(services: Services) -> None:
    known: Any = services.known
    assert known.of(sha256(services, "clinic")).name("mel") == "Malignant melanoma"
    assert known.of(sha256(services, "eight")).name("mel") == "Melanoma"
    assert known.of("nobody's") is known.every and "merkel" in known.every
    assert known.of(sha256(services, "seven")).name("scc") == "Squamous cell carcinoma"
    assert known.ordered(["zebra", "wart", "nv", "mel"])[-1] == "zebra"
    assert USUAL.every is LESIONS

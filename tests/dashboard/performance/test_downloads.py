"""Tables as CSV, figures for a journal and the report, of the view that the address says."""

import csv
import io
import json
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

from dashboard.app import make_server
from dashboard.performance.downloads import TABLES
from dashboard.services import build_services
from dashboard.settings import Settings
from model.bundle import open_bundle
from model.evaluation import metrics
from model.evaluation.figures.catalogue import FIGURES
from model.evaluation.figures.figure import CsvTable
from model.evaluation.review import evaluate_split
from model.evaluation.stored import stored_scores
from tests.dashboard.performance.reading import rewritten

HERE = "?model=tiny&split=test"


@pytest.mark.parametrize("name", [*TABLES, *(name for name, figure in FIGURES.items() if figure.table)])
def test_every_table_is_csv(client, name):
    answer = client.get(f"/performance/table/{name}.csv{HERE}")
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    assert f'filename="tiny-test-{name}.csv"' in answer.headers["Content-Disposition"]
    head, *rows = csv.reader(io.StringIO(answer.text))
    assert all(len(row) == len(head) for row in rows)
    assert bool(rows) == (name not in ("models", "robustness"))
    assert not {"nan", "NaN", "None"} & {cell for row in rows for cell in row}


def test_the_table_of_cases_holds_every_listed_case(client, bundle_root):
    rows = stored_scores(open_bundle(bundle_root / "tiny")).query("split == 'test' and sex == 'female'")
    answer = client.get(f"/performance/table/cases.csv{HERE}&sex=female&show=fp&threshold=20")
    found = pd.read_csv(io.StringIO(answer.text))
    expected = rows[~rows["malignant"] & (rows["probability"] >= 0.2)]
    assert set(found["image_id"]) == set(expected["image_id"])
    assert set(found["outcome"]) == {"fp"}
    assert found["probability"].is_monotonic_decreasing
    assert "female" in answer.headers["Content-Disposition"]


def test_numbers_are_those_at_the_threshold_of_the_address(client, bundle_root):
    rows = stored_scores(open_bundle(bundle_root / "tiny")).query("split == 'test'")
    at = metrics.confusion(rows["malignant"], rows["probability"], 0.625)
    found = pd.read_csv(
        io.StringIO(client.get(f"/performance/table/numbers.csv{HERE}&threshold=62.5&prevalence=3").text)
    ).set_index("number")
    assert found.loc["sensitivity", "value"] == pytest.approx(at.sensitivity.value)
    assert found.loc["sensitivity", "low"] == pytest.approx(at.sensitivity.low)
    assert set(found["threshold"]) == {0.625}
    assert set(found["prevalence_for_ppv_and_npv"]) == {0.03}


def test_no_cell_is_taken_for_a_formula_and_nothing_is_held_back():
    rows = (["=1+1", "@x", -1.5, None, float("nan"), "plain"] for _ in range(5000))
    sent = list(CsvTable(("a", "b", "c", "d", "e", "f"), rows).lines())
    assert len(sent) > 1
    assert "".join(sent).splitlines()[1] == "'=1+1,'@x,-1.5,,,plain"
    assert len("".join(sent).splitlines()) == 5001


# The card of this model states nothing about disturbed images.
@pytest.mark.parametrize("name", sorted(set(FIGURES) - {"robustness", "map"}))
def test_figures_to_print_say_what_they_are_of(client, name):
    answer = client.get(f"/performance/figure/{name}.json{HERE}&sex=female")
    found = answer.json
    title = found["figure"]["layout"]["title"]["text"]
    assert FIGURES[name].title in title
    assert "tiny" in title
    assert name == "training" or "only sex female" in title
    assert found["filename"] == f"tiny-test-female-{name}"
    assert found["width"] >= 700
    assert found["figure"]["layout"]["paper_bgcolor"] == "#ffffff"
    json.dumps(found, allow_nan=False)


def test_the_report_is_one_file_of_the_view(client):
    answer = client.get(f"/performance/report/tiny.html{HERE}&sex=female&prevalence=2")
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "female" in answer.text


@pytest.mark.parametrize(
    "path",
    ["table/nothing.csv", "table/cases.exe", "figure/nothing.json", "report/nothing.html", "table/../x.csv"],
)
def test_what_there_is_not_is_not_found(client, path):
    assert client.get(f"/performance/{path}").status_code == 404


def test_without_models_there_is_nothing_to_take_along(other, client, tmp_path):
    other(tmp_path)
    for path in ("table/cases.csv", "figure/roc.json", "report/tiny.html"):
        assert client.get(f"/performance/{path}").status_code == 404


def test_a_name_of_any_letters_is_a_file_name(other, client, tmp_path):
    rewritten(tmp_path, 'ä "b"; c', lambda rows: rows)
    other(tmp_path)
    answer = client.get("/performance/table/decisions.csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="-b-c-test-decisions.csv"'


def test_a_figure_that_a_model_does_not_have_is_not_there(tmp_path: Path) -> None:
    services = build_services(Settings(data_dir=tmp_path))
    with make_server(services).test_client() as client:
        assert client.get("/performance/figure/roc.json?model=seed-cnn").status_code == 200
        assert client.get("/performance/figure/diagnoses.json?model=seed-cnn").status_code == 404
        assert client.get("/performance/figure/robustness.json?model=seed-cnn").status_code == 404
    services.store.close()


def test_the_first_drawing_of_the_curve_is_a_small_picture_of_it(client, bundle_root):
    answer = client.get(f"/performance/sketch/roc.svg{HERE}&threshold=30")
    assert answer.mimetype == "image/svg+xml"
    drawing = answer.text
    ElementTree.fromstring(drawing)
    shown = evaluate_split(open_bundle(bundle_root / "tiny"), "test")
    assert f"AUC {shown.auc:.3f}" in drawing
    assert "threshold 30.0 %" in drawing
    assert len(drawing) < 20_000
    none = client.get(f"/performance/sketch/roc.svg{HERE}&diagnosis=nv").text
    assert "Not defined without malignant cases." in none


@pytest.mark.parametrize(
    ("ending", "kind", "begins"),
    [
        ("html", "text/html", b"<!doctype"),
        ("pdf", "application/pdf", b"%PDF"),
        ("md", "text/markdown", b"# Model"),
    ],
)
def test_the_card_is_a_file_in_three_formats(client, ending, kind, begins):
    answer = client.get(f"/performance/card/tiny.{ending}")
    assert (answer.status_code, answer.mimetype) == (200, kind)
    assert f'filename="tiny-card.{ending}"' in answer.headers["Content-Disposition"]
    assert answer.data.startswith(begins)


def test_there_is_no_card_of_what_is_not_here(client):
    for path in ("nobody.pdf", "tiny.doc"):
        assert client.get(f"/performance/card/{path}").status_code == 404

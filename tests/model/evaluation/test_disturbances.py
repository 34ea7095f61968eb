"""Robustness rows of a card: in words, drawn, and in the report."""

import dataclasses
import math

import pytest

from model.bundle import SCORES, write_bundle
from model.evaluation.disturbances import HEAD, disturbance_cells, disturbed
from model.evaluation.figures import robustness
from model.evaluation.figures.template import DARK
from model.evaluation.report import model_report
from tests.tiny import write_tiny_bundle

ROW = {
    "kind": "motion_blur",
    "strength": "sigma 2",
    "images": 1460,
    "auc": 0.87,
    "auc_low": 0.84,
    "auc_high": 0.9,
    "auc_before": 0.915,
    "mean_change": 0.0512,
    "p95_change": 0.2,
    "decisions_changed": 0.125,
    "benign_now": 7,
}
ROWS = (ROW, ROW | {"kind": "none", "strength": ""}, ROW | {"kind": "hair", "strength": "", "benign_now": 0})


def test_rows_are_told_in_words_without_the_undisturbed():
    found = disturbed(ROWS)
    assert [one.name for one in found] == ["motion blur sigma 2", "hair"]
    told = dict(zip(HEAD, disturbance_cells(found[0]), strict=True))
    assert told["AUC"] == "0.870 (0.840–0.900)"
    assert (told["Images"], told["Mean change"], told["Decisions changed"]) == ("1,460", "0.051", "12.5 %")
    assert told["Cancers lost"] == "7"


def test_what_training_could_not_measure_is_a_dash():
    (one,) = disturbed([ROW | {"auc": None, "auc_low": None, "auc_high": None, "auc_before": None}])
    assert not one.auc.defined
    assert math.isnan(one.before)
    assert disturbance_cells(one)[2:4] == ("–", "–")


@pytest.mark.parametrize("rows", [(), ({"change": "blur", "auc": 0.9},)])
def test_tables_of_another_form_are_not_guessed_at(rows):
    assert disturbed(rows) == ()


def test_figure_has_both_areas_and_the_cancers_that_were_lost():
    found = disturbed(ROWS)
    figure = robustness.robustness_figure(found, "dark")
    before, after, turned = figure.data
    assert list(before.x) == [0.915, 0.915]
    assert list(after.x) == [0.87, 0.87]
    assert after.error_x.arrayminus[0] == pytest.approx(0.03)
    assert list(turned.x) == [12.5, 12.5]
    assert list(turned.text) == ["7 lost", ""]
    assert turned.textfont.color == DARK.malignant
    assert "states nothing" in robustness.robustness_figure((), "light").layout.annotations[0].text


def test_report_draws_and_prints_them(tmp_path):
    bundle = write_tiny_bundle(tmp_path, "tiny", graph=False)
    files = {SCORES: bundle.path / SCORES}
    known = dataclasses.replace(
        bundle.card, name="known", robustness=ROWS, facts={"limits": ["One camera only."]}
    )
    text = model_report(write_bundle(tmp_path / "known", known, files))
    assert "motion blur sigma 2" in text
    assert 'id="figure-robustness"' in text
    assert "One camera only." in text
    none = model_report(bundle)
    assert "figure-robustness" not in none[: none.index("Plotly.newPlot")].replace("#figure", "")

"""Figures: what they show, in which colours, and what they say when there is nothing to show."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import plotly.io as pio
import pytest

from model.evaluation import metrics, reliability
from model.evaluation.figures import benefit, calibration, confusion, curves, distribution, forest, training
from model.evaluation.figures.narrow import narrow
from model.evaluation.figures.template import DARK, LIGHT, palette
from model.evaluation.intervals import Interval, Undefined, undefined
from model.evaluation.resampling import bootstrap
from model.evaluation.subgroups import subgroups
from model.taxonomy import HAM10000, LESIONS

THEMES = ("light", "dark")


@pytest.fixture(name="cases")
def drawn_cases():
    random = np.random.default_rng(0)
    y = random.random(500) < 0.2
    return y, np.clip(random.normal(0.3 + 0.3 * y, 0.15), 0, 1)


def point(y, p, threshold=0.4):
    return curves.MarkedPoint(threshold, metrics.confusion(y, p, threshold))


def texts(figure):
    return " ".join(str(note.text) for note in figure.layout.annotations)


@pytest.mark.parametrize("theme", THEMES)
def test_templates_are_registered_and_transparent(theme):
    layout = pio.templates[f"dermaboard_{theme}"].layout
    assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert layout.font.color == palette(theme).ink


def test_an_unknown_theme_is_light():
    assert palette(None) is LIGHT
    assert palette("dark") is DARK
    assert palette("sepia") is LIGHT


@pytest.mark.parametrize("theme", THEMES)
def test_roc_marks_area_and_operating_point(cases, theme):
    y, p = cases
    area = Interval(0.912, 0.88, 0.94)
    figure = curves.roc_figure(metrics.sweep_scores(y, p).roc, area, point(y, p), theme)
    at = metrics.confusion(y, p, 0.4)
    mark = figure.data[curves.POINT]
    assert mark.y[0] == at.sensitivity.value
    assert mark.x[0] == pytest.approx(1 - at.specificity.value)
    assert mark.text[0] == "threshold 40.0 %"
    assert "AUC 0.912" in texts(figure)
    assert "0.880–0.940" in texts(figure)
    assert figure.data[2].line.color == palette(theme).action
    assert figure.layout.template.layout.font.color == palette(theme).ink


def test_roc_is_shaded_where_resampled_curves_pass(cases):
    y, p = cases
    band = bootstrap(y, p, np.arange(y.size), n=50).roc
    figure = curves.roc_figure(
        metrics.sweep_scores(y, p).roc, Interval(0.9, 0.8, 0.95), point(y, p), "dark", band
    )
    low, high = figure.data[-2:]
    assert list(low.y) == list(band.low)
    assert list(high.y) == list(band.high)
    assert high.fill == "tonexty"


def test_decision_curve_meets_treat_all_and_marks_the_operating_point(cases):
    y, p = cases
    figure = benefit.decision_curve_figure(metrics.sweep_scores(y, p), point(y, p), "light")
    mark, none, everyone, model = figure.data
    assert set(none.y) == {0}
    assert model.y[0] == everyone.y[0] == pytest.approx(100 * y.mean())
    at = list(benefit.THRESHOLDS).index(0.4)
    assert (mark.x[0], mark.y[0]) == pytest.approx((40, model.y[at]))
    nothing = metrics.sweep_scores([False], [0.2])
    assert "Not defined without malignant" in texts(
        benefit.decision_curve_figure(nothing, point([False], [0.2]), "light")
    )


def test_forest_greys_small_groups_and_leaves_out_undefined_ones(cases):
    y, p = cases
    some = np.where(np.arange(y.size) < 20, "ear", "back")
    found = subgroups(y, p, range(y.size), pd.DataFrame({"site": some, "sex": np.where(y, "a", "b")}), 0.4)
    figure = forest.forest_figure(found, Interval(0.9, 0.8, 0.95), metrics.confusion(y, p, 0.4), "light")
    known, small = figure.data[:2]
    assert [one[0] for one in known.customdata] == ["site:back"]
    assert known.x[0] == found[[one.name for one in found].index("back")].auc.value
    assert [one[0] for one in small.customdata] == ["site:ear"]
    assert small.marker.line.color == LIGHT.muted
    assert any("ear  n = 20 ○" in label for label in figure.layout.yaxis.ticktext)
    assert "hold no age" in texts(
        forest.forest_figure((), undefined(Undefined.EMPTY), point([], []).confusion, "dark")
    )


def test_precision_recall_shows_prevalence_and_area(cases):
    y, p = cases
    at = point(y, p)
    area = bootstrap(y, p, range(y.size), n=50)
    figure = curves.precision_recall_figure(
        metrics.sweep_scores(y, p).precision_recall,
        area.average_precision,
        at,
        "light",
        area.precision_recall,
    )
    assert f"Average precision {metrics.sweep_scores(y, p).average_precision:.3f}" in texts(figure)
    assert f"{area.average_precision.low:.3f}–{area.average_precision.high:.3f}" in texts(figure)
    assert list(figure.data[-1].y) == list(area.precision_recall.high)
    assert f"prevalence {100 * y.mean():.1f} %" in texts(figure)
    assert figure.data[curves.POINT].y[0] == at.confusion.ppv.value


def test_undefined_curves_say_why():
    benign = point([False], [0.2])
    nothing = metrics.sweep_scores([False], [0.2]).roc
    figure = curves.roc_figure(nothing, undefined(Undefined.NO_MALIGNANT), benign, "light")
    assert not figure.data
    assert texts(figure) == "Not defined without malignant cases."
    none = undefined(Undefined.NO_MALIGNANT)
    figure = curves.precision_recall_figure(nothing, none, benign, "light")
    assert not figure.data
    assert texts(figure) == "Not defined without malignant cases."
    assert "No case has a score" in texts(
        distribution.score_distribution_figure(np.zeros(0, bool), np.zeros(0), 0.5, "light")
    )


@pytest.mark.parametrize("name", ["roc", "precision_recall"])
@pytest.mark.parametrize("n", [50, 300_000])
def test_downsampled_curves_stay_within_a_pixel_and_keep_their_ends(name, n):
    random = np.random.default_rng(0)
    y = random.random(n) < 0.2
    exact = getattr(metrics.sweep_scores(y, np.clip(random.normal(0.3 + 0.3 * y, 0.15), 0, 1)), name)
    kept = curves.visible_points(exact)
    assert kept.x.size <= min(exact.x.size, 8000)
    assert (kept.x[[0, -1]] == exact.x[[0, -1]]).all()
    # Every point left out lies on the pixel of the last one kept before it, in a figure of 1,000 pixels.
    last = np.searchsorted(-kept.thresholds, -exact.thresholds, "right") - 1
    apart = np.maximum(np.abs(exact.x - kept.x[last]), np.abs(exact.y - kept.y[last]))
    assert apart.max() < 1e-3


def test_distribution_is_by_class_in_the_verdicts_colours(cases):
    y, p = cases
    figure = distribution.score_distribution_figure(y, p, 0.4, "light")
    mark, benign, malignant = figure.data
    assert list(mark.x) == [40, 40]
    assert (benign.line.color, malignant.line.color) == (LIGHT.benign, LIGHT.malignant)
    assert f"● <b>Benign</b>, n = {(~y).sum()}" in texts(figure)
    assert sum(one[0] for one in malignant.customdata) == y.sum()
    assert sum(malignant.y) == pytest.approx(100)


def test_distribution_shades_where_the_model_abstains(cases):
    figure = distribution.score_distribution_figure(*cases, 0.4, "dark", (0.2, 0.6))
    (band,) = figure.layout.shapes
    assert (band.x0, band.x1, band.fillcolor) == (20, 60, DARK.uncertain)
    assert "▲ uncertain" in texts(figure)
    # Format 1 knew no uncertain cases.
    assert not distribution.score_distribution_figure(*cases, 0.4, "dark", (0.2, 0.2)).layout.shapes


def test_operating_points_of_the_card_are_on_both_curves(cases):
    y, p = cases
    counts, at = metrics.sweep_scores(y, p), point(y, p)
    aimed = [
        curves.MarkedPoint(cut, metrics.confusion(y, p, cut), name)
        for name, cut in (("90 %", 0.4), ("97.5 %", 0.3))
    ]
    roc = curves.roc_figure(counts.roc, Interval(0.9, 0.8, 0.95), at, "light", aimed=aimed)
    rings = roc.data[-1]
    assert list(rings.text) == ["90 %", "97.5 %"]
    assert rings.y[0] == metrics.confusion(y, p, 0.4).sensitivity.value
    pr = curves.precision_recall_figure(
        counts.precision_recall, Interval(0.9, 0.8, 0.95), at, "light", aimed=aimed
    )
    assert list(pr.data[-1].y) == [one.confusion.ppv.value for one in aimed]


def test_areas_without_intervals_say_that_they_follow(cases):
    y, p = cases
    unsure = Interval(0.912, float("nan"), float("nan"))
    figure = curves.roc_figure(metrics.sweep_scores(y, p).roc, unsure, point(y, p), "light")
    assert "AUC 0.912</b><br>95 % interval follows" in texts(figure)
    assert "nan" not in texts(figure)


def test_diagnoses_put_missed_cancers_top_right():
    matrix = np.zeros((7, 7), np.int64)
    matrix[HAM10000.index("mel"), HAM10000.index("nv")] = 3
    matrix[HAM10000.index("mel"), HAM10000.index("mel")] = 1
    figure = confusion.diagnoses_figure(matrix, HAM10000, "light")
    cells = np.asarray(figure.data[0].z)
    assert cells[0, 3] == 0.75
    assert figure.layout.yaxis.ticktext[0] == "◆ Melanoma<br>n = 4"
    assert figure.layout.xaxis.ticktext[3] == "●<br>NV"
    assert figure.data[1].text[3] == "3"
    assert "Not defined" in texts(confusion.diagnoses_figure(np.zeros((8, 8), np.int64), LESIONS, "light"))


def epochs(**columns):
    return pd.DataFrame({"epoch": [1, 2, 3], **columns})


def curves_of_one_run(history, best, theme):
    return training.training_figure([training.Trained("", history, best)], theme)


def test_training_tells_validation_from_training_and_marks_the_epoch_that_was_kept():
    history = epochs(loss=[3, 2, 1], val_loss=[3, 2, 2.5], auc=[0.6, 0.7, 0.8], val_auc=[0.6, 0.7, 0.65])
    figure = curves_of_one_run(history, 2, "light")
    lines = [one for one in figure.data if one.mode == "lines"]
    rings = [one for one in figure.data if one.mode == "markers"]
    assert [one.line.dash for one in lines] == ["dot", None, "dot", None]
    assert [(one.x[0], one.y[0]) for one in rings] == [(2, 2), (2, 0.7)]
    assert "best 2" in texts(figure)


def test_training_overlays_runs_in_colours_of_their_own():
    runs = [
        training.Trained("first", epochs(loss=[3, 2, 1], learning_rate=[1e-3, 1e-3, 1e-4])),
        training.Trained("second", epochs(val_loss=[4, 3, 2]), best=3, live=True),
        training.Trained("empty", pd.DataFrame(), live=True),
    ]
    figure = training.training_figure(runs, "dark")
    assert {line.line.color for line in figure.data if line.name == "first"} == {DARK.action}
    assert {line.line.color for line in figure.data if line.mode == "lines"} == {
        DARK.action,
        training.LATER[0],
    }
    assert "3 epochs, best so far 3 · running" in texts(figure)
    assert "empty" not in texts(figure)
    assert "No epoch is finished yet" in texts(training.training_figure(runs[2:], "dark"))


def test_training_of_old_runs_shows_what_there_is():
    assert len(curves_of_one_run(epochs(loss=[3, 2, 1]), None, "light").data) == 1
    assert len(curves_of_one_run(epochs(loss=[3, 2, 1], val_loss=[None] * 3), None, "light").data) == 1
    for nothing in (pd.DataFrame(), epochs(seconds=[1, 1, 1])):
        assert "no record" in texts(curves_of_one_run(nothing, None, "light"))


def test_reliability_shows_bins_with_intervals_and_counts_before_and_after_scaling(cases):
    y, p = cases
    after, before = (
        reliability.measure_reliability(y, p, range(len(y))),
        reliability.measure_reliability(y, p**2, range(len(y))),
    )
    figure = calibration.reliability_figure(after, before, "dark")
    _, old, old_counts, new, new_counts = figure.data
    assert list(new.x) == [one.predicted for one in after.bins]
    assert list(old.x) == [one.predicted for one in before.bins]
    assert sum(old_counts.y) == sum(new_counts.y) == y.size
    assert new.y[0] + new.error_y.array[0] == pytest.approx(after.bins[0].observed.high)
    assert f"calibrated</b><br>ECE {after.error:.3f}, Brier {after.brier:.3f}" in texts(figure)
    assert f"before scaling</b><br>ECE {before.error:.3f}" in texts(figure)
    assert "before" not in texts(calibration.reliability_figure(after, None, "dark"))
    nothing = reliability.measure_reliability([], [], [])
    assert "Not defined" in texts(calibration.reliability_figure(nothing, None, "dark"))


def test_other_models_on_the_roc_curve_are_told_apart(cases):
    y, p = cases
    area = Interval(0.9, 0.8, 0.95)
    figure = curves.roc_figure(metrics.sweep_scores(y, p).roc, area, point(y, p), "light")
    for name in ("second", "third"):
        curves.add_rival_curve(figure, metrics.sweep_scores(y, p**2).roc, area, name, "light")
    second, third = figure.data[-2:]
    assert (second.line.color, third.line.color) == training.LATER[:2]
    assert second.line.dash != third.line.dash
    labels = [note for note in figure.layout.annotations if note.name == curves.RIVAL]
    assert ["second" in labels[0].text, "third" in labels[1].text] == [True, True]
    assert labels[0].y < labels[1].y


def test_a_narrow_figure_has_its_labels_above_its_rows():
    rows = go.Figure(layout={"height": 200})
    rows.update_yaxes(tickvals=[0, 1], ticktext=["Age: under 30", "Age: 30–49"], range=[1.5, -0.5])
    found = narrow(rows)
    assert [(one.text, one.xref, one.x) for one in found.layout.annotations] == [
        ("Age: under 30", "paper", 0),
        ("Age: 30–49", "paper", 0),
    ]
    assert all(place - 0.5 < one.y < place for place, one in enumerate(found.layout.annotations))
    assert found.layout.yaxis.showticklabels is False
    assert found.layout.height == 300
    # Without rows there is nothing to move.
    assert not narrow(go.Figure()).layout.annotations

"""The review behind page and report: labels that differ, what is computed once, operating points, filters."""

import dataclasses
import threading
import time

import numpy as np
import pytest

from model.bundle import SCORES, OperatingPoint, write_bundle
from model.evaluation import metrics
from model.evaluation import review as reviews
from model.evaluation.figures.catalogue import FIGURES
from model.evaluation.figures.figure import FigureData
from model.evaluation.stored import stored_scores
from tests.tiny import tiny_scores, write_tiny_bundle


@pytest.fixture(name="bundle", scope="module")
def tiny_bundle(tmp_path_factory):
    return write_tiny_bundle(tmp_path_factory.mktemp("bundles"), "mine", graph=False)


def altered(bundle, root, name, change):
    """The same bundle under another name, its scores changed."""
    file = root / f"{name}.parquet"
    change(tiny_scores(300, 0)).to_parquet(file, index=False)
    return write_bundle(root / name, dataclasses.replace(bundle.card, name=name), {SCORES: file})


def fresh(bundle):
    """A review that nobody has looked at yet."""
    return dataclasses.replace(reviews.evaluate_split(bundle, "test"))


def test_cases_that_two_evaluations_label_differently_are_left_out_and_counted(bundle, tmp_path):
    def relabel(rows):
        test = rows.index[rows["split"] == "test"]
        benign = [i for i in test if rows.loc[i, "label"] == "nv"][:5]
        rows.loc[benign[:3], "label"] = "mel"
        rows.loc[benign[3:], "label"] = "bkl"
        return rows

    other = altered(bundle, tmp_path, "other", relabel)
    found = reviews.compare_models(bundle, other, "test")
    assert (found.disputed, found.renamed, found.result.n) == (3, 2, 147)
    same = reviews.compare_models(bundle, altered(bundle, tmp_path, "same", lambda rows: rows), "test")
    assert (same.disputed, same.renamed, same.result.n) == (0, 0, 150)
    assert same.result.difference.value == 0


def test_comparison_of_lesions_that_only_one_has_scored_is_not_defined(bundle, tmp_path):
    other = altered(bundle, tmp_path, "apart", lambda rows: rows.assign(image_id="X" + rows["image_id"]))
    found = reviews.compare_models(bundle, other, "test")
    assert found.result.n == 0
    assert found.result.difference.reason is not None


def test_exact_numbers_do_not_wait_for_resamples(bundle, monkeypatch):
    shown = fresh(bundle)
    monkeypatch.setattr(reviews, "bootstrap", lambda *_: pytest.fail("resampled"))
    monkeypatch.setattr(reviews, "subgroups", lambda *_: pytest.fail("subgroups"))
    assert shown.auc == pytest.approx(metrics.auc(shown.truth, shown.scores))
    assert shown.sweep[0][1].tp == shown.truth.sum()
    assert not shown.ready
    data = FigureData(bundle, shown, 30, "light", sure=False)
    drawn = {name: figure.draw(data) for name, figure in FIGURES.items()}
    assert {name for name, figure in FIGURES.items() if figure.needs_intervals} == {"roc", "pr", "subgroups"}
    texts = " ".join(str(note.text) for note in drawn["roc"].layout.annotations)
    assert f"AUC {shown.auc:.3f}</b><br>95 % interval follows" in texts
    assert "follow" in drawn["subgroups"].layout.annotations[0].text


def test_what_takes_long_is_computed_once_whoever_asks(bundle, monkeypatch):
    shown, calls = fresh(bundle), []
    real = reviews.bootstrap

    def slow(*arguments):
        calls.append(1)
        time.sleep(0.05)
        return real(*arguments, n=20)

    monkeypatch.setattr(reviews, "bootstrap", slow)
    threads = [threading.Thread(target=lambda: shown.area) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1
    assert shown.subgroups is shown.subgroups
    assert shown.ready
    # With them known, the first drawing is complete.
    assert len(FIGURES["roc"].draw(FigureData(bundle, shown, 30, "light", sure=False)).data) >= 5


def test_slider_meets_every_operating_point_exactly(bundle):
    points = tuple(
        OperatingPoint(f"p{i}", 0.9, cut, 0.9, 0.9, 0.9) for i, cut in enumerate((0.12345, 0.4321))
    )
    shown = dataclasses.replace(reviews.evaluate_split(bundle, "test"), points=points, threshold=0.12345)
    assert shown.probability(12.3) == 0.12345
    assert shown.probability(43.2) == 0.4321
    assert shown.probability(43.3) == 0.433
    assert shown.confusion(43.2) == metrics.confusion(shown.truth, shown.scores, 0.4321, shown.lesion)


def test_filters_change_every_number(bundle):
    rows = stored_scores(bundle)
    rows = rows[(rows["split"] == "test") & (rows["sex"] == "female")]
    shown = reviews.evaluate_split(bundle, "test", (("sex", "female"),))
    assert shown.truth.size == len(rows)
    assert shown.auc == pytest.approx(metrics.auc(rows["malignant"], rows["probability"]))
    assert shown.matrix.sum() == len(rows)
    assert {one.name for one in shown.subgroups if one.variable == "Sex"} == {"female"}
    nothing = reviews.evaluate_split(bundle, "test", (("sex", "nobody"),))
    assert nothing.truth.size == 0
    assert nothing.area.reason is not None
    assert nothing.matrix is None
    assert (
        FIGURES["roc"].draw(FigureData(bundle, nothing, 30)).layout.annotations[0].text
        == "Not defined without cases."
    )


def test_calibration_before_is_told_only_where_scaling_changed_something(bundle):
    shown = reviews.evaluate_split(bundle, "test")
    assert shown.uncalibrated is not None
    assert shown.uncalibrated.error != shown.calibrated.error
    same = dataclasses.replace(shown, raw=shown.scores)
    assert same.uncalibrated is None
    unscored = dataclasses.replace(
        shown, scores=np.where(np.arange(shown.truth.size) == 0, np.nan, shown.scores)
    )
    assert unscored.calibrated.bins == ()
    assert unscored.counts.unscored == 1

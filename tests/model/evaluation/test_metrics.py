"""Metrics against scikit-learn and against cases worked by hand, on random and on nasty inputs."""

import math

import numpy as np
import pytest
from sklearn import metrics as oracle

from model.evaluation import metrics
from model.evaluation.intervals import Undefined, wilson
from model.evaluation.resampling import bootstrap_auc
from model.evaluation.shares import share_by_lesion

NAN = math.nan


def cases(seed: int, n: int = 400, decimals: int = 2):
    """Random cases with many ties: scores rounded to `decimals`."""
    random = np.random.default_rng(seed)
    y = random.random(n) < 0.25
    p = np.round(np.clip(random.normal(0.35 + 0.25 * y, 0.2), 0, 1), decimals)
    return y, p


@pytest.mark.parametrize("decimals", [1, 2, 6])
@pytest.mark.parametrize("seed", range(5))
def test_areas_and_curves_agree_with_scikit_learn(seed, decimals):
    y, p = cases(seed, decimals=decimals)
    assert metrics.auc(y, p) == pytest.approx(oracle.roc_auc_score(y, p), abs=1e-12)
    assert metrics.sweep_scores(y, p).average_precision == pytest.approx(
        oracle.average_precision_score(y, p), abs=1e-12
    )
    fpr, tpr, thresholds = oracle.roc_curve(y, p, drop_intermediate=False)
    curve = metrics.sweep_scores(y, p).roc
    np.testing.assert_allclose((curve.x, curve.y, curve.thresholds), (fpr, tpr, thresholds), atol=1e-12)
    precision, recall, at = oracle.precision_recall_curve(y, p)
    curve = metrics.sweep_scores(y, p).precision_recall
    np.testing.assert_allclose(curve.y, precision[:-1][::-1], atol=1e-12)
    np.testing.assert_allclose(curve.x, recall[:-1][::-1], atol=1e-12)
    np.testing.assert_allclose(curve.thresholds, at[::-1], atol=1e-12)


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.35, 0.99, 1.0])
def test_confusion_at_a_threshold_agrees_with_scikit_learn(threshold):
    y, p = cases(7)
    found = metrics.confusion(y, p, threshold)
    called = p >= threshold
    tn, fp, fn, tp = oracle.confusion_matrix(y, called, labels=[False, True]).ravel()
    assert (found.tp, found.fp, found.tn, found.fn) == (tp, fp, tn, fn)
    assert found.n == y.size
    assert found.sensitivity.value == pytest.approx(oracle.recall_score(y, called))
    assert found.specificity.value == pytest.approx(oracle.recall_score(~y, ~called))
    assert found.accuracy.value == pytest.approx(oracle.accuracy_score(y, called))
    assert found.balanced_accuracy == pytest.approx(oracle.balanced_accuracy_score(y, called))
    assert found.prevalence.value == pytest.approx(y.mean())
    if called.any():
        assert found.ppv.value == pytest.approx(oracle.precision_score(y, called))
    if not called.all():
        assert found.npv.value == pytest.approx(oracle.precision_score(~y, ~called))


def test_a_score_on_the_threshold_is_malignant():
    found = metrics.confusion([True, False], [0.5, 0.5], 0.5)
    assert (found.tp, found.fp) == (1, 1)


def test_auc_by_hand_counts_ties_half():
    # Pairs: (.8,.5) right, (.8,.2) right, (.5,.5) half, (.5,.2) right: 3.5 of 4.
    assert metrics.auc([True, True, False, False], [0.8, 0.5, 0.5, 0.2]) == 3.5 / 4
    assert metrics.auc([True, False, True, False], [0.4] * 4) == 0.5


def test_wilson_agrees_with_published_example():
    # Newcombe 1998, Statistics in Medicine 17:857-872, table I, method 3: 81/263, 15/148, 0/20 and 1/29.
    published = {
        (81, 263): (0.2553, 0.3662),
        (15, 148): (0.0624, 0.1605),
        (0, 20): (0, 0.1611),
        (1, 29): (0.0061, 0.1718),
    }
    for (hits, of), (low, high) in published.items():
        found = wilson(hits, of)
        assert (round(found.low, 4), round(found.high, 4)) == (low, high)
        assert found.value == hits / of


def test_wilson_stays_between_zero_and_one():
    assert wilson(0, 5).low == 0.0
    assert wilson(5, 5).high == 1.0
    assert not wilson(0, 0).defined


@pytest.mark.parametrize("target", [0.07, 0.5, 0.9, 0.95, 1.0])
@pytest.mark.parametrize("seed", range(4))
def test_threshold_reaches_the_target_and_no_higher_score_does(seed, target):
    y, p = cases(seed)
    threshold = metrics.threshold_for_sensitivity(y, p, target)
    assert metrics.confusion(y, p, threshold).sensitivity.value >= target - 1e-12
    higher = p[p > threshold]
    above = np.nextafter(higher.min(), 2)
    assert metrics.confusion(y, p, above).sensitivity.value < target


def test_threshold_by_hand():
    y = [True, True, True, True, False, False]
    p = [0.9, 0.8, 0.6, 0.2, 0.5, 0.1]
    assert metrics.threshold_for_sensitivity(y, p, 0.75) == pytest.approx(0.55)
    assert metrics.threshold_for_sensitivity(y, p, 1.0) == pytest.approx(0.15)
    assert metrics.threshold_for_sensitivity([True], [0.4], 0.95) == 0.4
    close = [0.3, float(np.nextafter(0.3, 0))]
    assert metrics.threshold_for_sensitivity([True, False], close, 1.0) == 0.3


def test_threshold_of_impossible_cases():
    assert math.isnan(metrics.threshold_for_sensitivity([False, False], [0.1, 0.2], 0.9))
    assert math.isnan(metrics.threshold_for_sensitivity([], [], 0.9))
    assert math.isnan(metrics.threshold_for_sensitivity([True, False], [NAN, 0.2], 0.9))
    with pytest.raises(ValueError, match="target"):
        metrics.threshold_for_sensitivity([True], [0.2], 0.0)


NASTY = {
    "empty": ([], [], Undefined.EMPTY),
    "only malignant": ([True] * 3, [0.1, 0.2, 0.3], Undefined.NO_BENIGN),
    "only benign": ([False] * 3, [0.1, 0.2, 0.3], Undefined.NO_MALIGNANT),
    "missing score": ([True, False], [NAN, 0.3], Undefined.UNSCORED),
    "all missing": ([True, False], [NAN, NAN], Undefined.UNSCORED),
}


@pytest.mark.parametrize(("y", "p", "reason"), NASTY.values(), ids=NASTY.keys())
def test_undefined_cases_give_a_reason_and_no_number(y, p, reason):
    assert metrics.two_class_problem(y, p) is reason
    assert math.isnan(metrics.auc(y, p))
    assert math.isnan(metrics.sweep_scores(y, p).average_precision)
    assert metrics.sweep_scores(y, p).roc.x.size == 0
    assert metrics.sweep_scores(y, p).precision_recall.x.size == 0
    found = bootstrap_auc(y, p, range(len(y)), n=10)
    assert found.reason is reason
    assert math.isnan(found.value)
    assert found.reason.sentence.startswith("Not defined ")


def test_missing_scores_are_counted_and_leave_no_rate():
    found = metrics.confusion([True, True, False], [0.9, NAN, 0.1], 0.5)
    assert (found.tp, found.fn, found.tn, found.unscored, found.n) == (1, 0, 1, 1, 3)
    assert found.sensitivity.reason is Undefined.UNSCORED
    assert math.isnan(found.accuracy.value)


def test_rates_say_which_cases_are_lacking():
    benign_only = metrics.confusion([False, False], [0.1, 0.2], 0.5)
    assert benign_only.sensitivity.reason is Undefined.NO_MALIGNANT
    assert benign_only.ppv.reason is Undefined.NONE_CALLED_MALIGNANT
    assert benign_only.specificity.value == 1.0
    assert math.isnan(benign_only.balanced_accuracy)
    assert metrics.confusion([], [], 0.5).accuracy.reason is Undefined.EMPTY
    assert metrics.confusion([True], [0.9], 0.5).npv.reason is Undefined.NONE_CALLED_BENIGN


def test_counts_at_any_threshold_agree_with_confusion():
    y, p = cases(3)
    cuts = [0.0, 0.2, 0.205, 0.5, 1.0, 1.1]
    tp, fp = metrics.sweep_scores(y, p).counts(cuts)
    for cut, true, false in zip(cuts, tp, fp, strict=True):
        one = metrics.confusion(y, p, cut)
        assert (true, false) == (one.tp, one.fp)


def clustered(n: int = 600, lesions: int = 150):
    """Cases of lesions with several images, some of them labelled both ways, one without a score, ties among them."""
    random = np.random.default_rng(8)
    lesion = random.integers(0, lesions, n)
    y = (random.random(lesions) < 0.3)[lesion] ^ (random.random(n) < 0.05)
    p = np.round(
        np.clip(0.3 + 0.3 * y + random.normal(0, 0.15, lesions)[lesion] + random.normal(0, 0.1, n), 0, 1), 2
    )
    p[0] = NAN
    return y, p, lesion


def test_every_rate_has_its_interval_by_lesion():
    y, p, lesion = (one[1:] for one in clustered())
    found, called = metrics.confusion(y, p, 0.4, lesion), p >= 0.4
    assert found.sensitivity == share_by_lesion(called[y], lesion[y])
    assert found.specificity == share_by_lesion(~called[~y], lesion[~y])
    assert found.ppv == share_by_lesion(y[called], lesion[called])
    assert found.npv == share_by_lesion(~y[~called], lesion[~called])
    assert found.accuracy == share_by_lesion(called == y, lesion)
    assert found.prevalence == share_by_lesion(y, lesion)
    by_image = metrics.confusion(y, p, 0.4)
    assert (
        found.specificity.low < by_image.specificity.low < by_image.specificity.high < found.specificity.high
    )
    assert metrics.confusion(y, p, 0.4, range(y.size)).specificity == by_image.specificity


def test_outcomes_at_many_thresholds_are_those_at_each():
    y, p, lesion = clustered()
    cuts = np.linspace(0, 1, 101)
    expected = [metrics.confusion(y, p, cut, lesion) for cut in cuts]
    assert metrics.confusions(y, p, cuts, lesion) == expected
    assert expected[0].unscored == 1
    names = [f"lesion {one}" for one in lesion]
    assert metrics.confusions(y, p, cuts, names) == expected
    assert metrics.confusions([], [], [0.5], [])[0].n == 0


def test_different_lengths_are_a_programming_error():
    with pytest.raises(ValueError, match="2 labels but 1 scores"):
        metrics.auc([True, False], [0.5])


def test_class_confusion_agrees_with_scikit_learn():
    random = np.random.default_rng(0)
    truth, chosen = random.integers(0, 6, 300), random.integers(0, 7, 300)
    matrix = metrics.class_confusion(truth, chosen, 7)
    np.testing.assert_array_equal(matrix, oracle.confusion_matrix(truth, chosen, labels=range(7)))
    recall = oracle.recall_score(truth, chosen, labels=range(6), average="macro")
    assert metrics.class_balanced_accuracy(matrix) == pytest.approx(recall)
    assert math.isnan(metrics.class_balanced_accuracy(np.zeros((7, 7))))
    assert metrics.class_confusion([], [], 7).sum() == 0

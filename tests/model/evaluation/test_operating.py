"""Numbers at an operating point against published examples, SciPy and scikit-learn, and where they do not exist."""

import math

import numpy as np
import pytest
from scipy.stats.contingency import relative_risk
from sklearn import metrics as oracle

from model.evaluation import operating
from model.evaluation.intervals import Undefined
from model.evaluation.metrics import Confusion, confusion

NOBODY = Confusion(0, 0, 0, 0)


def test_balanced_accuracy_agrees_with_a_published_example():
    # Newcombe 1998, Statistics in Medicine 17:873-890, table II (a), method 10: 56/70 - 48/80 is 0.0524 to 0.3339.
    # The difference of sensitivity and false-positive rate is twice the balanced accuracy less one.
    found = operating.balanced_accuracy(Confusion(tp=56, fn=14, fp=48, tn=32))
    assert 2 * found.value - 1 == pytest.approx(0.2)
    assert (round(2 * found.low - 1, 4), round(2 * found.high - 1, 4)) == (0.0524, 0.3339)


@pytest.mark.parametrize("seed", range(5))
def test_values_agree_with_scikit_learn_and_intervals_with_scipy(seed):
    random = np.random.default_rng(seed)
    y, p = random.random(300) < 0.3, random.random(300)
    at, called = confusion(y, p, 0.4), p >= 0.4
    assert operating.balanced_accuracy(at).value == pytest.approx(oracle.balanced_accuracy_score(y, called))
    assert operating.f1(at).value == pytest.approx(oracle.f1_score(y, called))
    positive, negative = oracle.class_likelihood_ratios(y, called)
    for found, value, counts in (
        (operating.positive_ratio(at), positive, (at.tp, at.tp + at.fn, at.fp, at.fp + at.tn)),
        (operating.negative_ratio(at), negative, (at.fn, at.tp + at.fn, at.tn, at.fp + at.tn)),
    ):
        interval = relative_risk(*counts).confidence_interval(0.95)
        assert found.value == pytest.approx(value)
        assert (found.low, found.high) == pytest.approx(tuple(interval))


def test_predictive_values_at_the_prevalence_of_the_cases_are_those_of_the_cases():
    at = Confusion(tp=40, fn=10, fp=30, tn=120)
    assert operating.ppv(at, at.prevalence.value) == at.ppv
    assert operating.npv(at, at.prevalence.value) == at.npv
    # A per mille beside it, the interval is that of the likelihood ratio; the value hardly moves.
    assert operating.ppv(at, at.prevalence.value + 0.001).value == pytest.approx(at.ppv.value, abs=0.002)
    found = operating.needed_to_biopsy(at, at.prevalence.value)
    assert found.value == pytest.approx(70 / 40)
    assert found.low < found.value < found.high


def test_predictive_values_by_hand_at_another_prevalence():
    # Of 1,000 lesions 20 are cancers: 16 caught, 4 missed; of 980 harmless ones 196 alarms, 784 left alone.
    at = Confusion(tp=40, fn=10, fp=30, tn=120)
    assert operating.ppv(at, 0.02).value == pytest.approx(16 / (16 + 196))
    assert operating.npv(at, 0.02).value == pytest.approx(784 / (784 + 4))
    assert operating.needed_to_biopsy(at, 0.02).value == pytest.approx(212 / 16)
    # The logit of a predictive value has the variance (1 - sensitivity) / tp + specificity / fp (Mercaldo 2007).
    value, half = operating.ppv(at, 0.02), 1.959964 * math.sqrt(0.2 / 40 + 0.8 / 30)
    logit = math.log(value.value / (1 - value.value))
    assert value.low == pytest.approx(1 / (1 + math.exp(half - logit)), abs=1e-6)
    assert value.high == pytest.approx(1 / (1 + math.exp(-half - logit)), abs=1e-6)


@pytest.mark.parametrize("prevalence", [0.3, 0.02])
def test_copies_of_every_image_change_no_number_and_no_interval(prevalence):
    random = np.random.default_rng(1)
    y, p = random.random(200) < 0.3, random.random(200)
    y[:60], y[60:] = True, False
    once = operating.operating_figures(confusion(y, p, 0.4), prevalence)
    copies = confusion(np.tile(y, 3), np.tile(p, 3), 0.4, np.tile(np.arange(200), 3))
    for name, one in vars(operating.operating_figures(copies, prevalence)).items():
        own = getattr(once, name)
        assert (one.value, one.low, one.high) == pytest.approx((own.value, own.low, own.high)), name


def test_counts_of_zero_keep_an_interval_or_give_a_reason():
    caught_all = Confusion(tp=50, fn=0, fp=30, tn=120)
    found = operating.negative_ratio(caught_all)
    assert (found.value, found.low) == (0, 0)
    assert 0 < found.high < 0.2
    assert operating.npv(caught_all, 0.2).value == 1
    assert 0.9 < operating.npv(caught_all, 0.2).low < 1
    no_alarm = Confusion(tp=40, fn=10, fp=0, tn=150)
    assert operating.positive_ratio(no_alarm).reason is Undefined.NO_FALSE_ALARM
    found = operating.ppv(no_alarm, 0.2)
    assert (found.value, found.high) == (1, 1)
    assert 0.5 < found.low < 1
    none_caught = Confusion(tp=0, fn=50, fp=30, tn=120)
    assert operating.needed_to_biopsy(none_caught, 0.2).reason is Undefined.NO_CANCER_CAUGHT
    assert operating.ppv(none_caught, 0.2).value == 0
    all_called = Confusion(tp=50, fn=0, fp=150, tn=0)
    assert operating.negative_ratio(all_called).reason is Undefined.NOTHING_LEFT_ALONE
    assert operating.npv(all_called, 0.2).reason is Undefined.NONE_CALLED_BENIGN
    none_called = Confusion(tp=0, fn=50, fp=0, tn=150)
    assert operating.ppv(none_called, 0.2).reason is Undefined.NONE_CALLED_MALIGNANT
    assert operating.f1(none_called).value == 0


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        (NOBODY, Undefined.NO_MALIGNANT),
        (Confusion(0, 3, 5, 0), Undefined.NO_MALIGNANT),
        (Confusion(3, 0, 0, 5), Undefined.NO_BENIGN),
        (Confusion(3, 2, 5, 1, unscored=1), Undefined.UNSCORED),
    ],
)
def test_undefined_points_give_a_reason_and_no_number(at, reason):
    found = operating.operating_figures(at, 0.1)
    for name in ("balanced_accuracy", "positive_ratio", "negative_ratio", "ppv", "npv", "needed_to_biopsy"):
        assert getattr(found, name).reason is reason
        assert math.isnan(getattr(found, name).value)
    assert operating.f1(NOBODY).reason is Undefined.NOTHING_MALIGNANT
    assert operating.f1(Confusion(3, 2, 5, 1, unscored=1)).reason is Undefined.UNSCORED


def test_intervals_contain_their_value_and_stay_in_range():
    random = np.random.default_rng(0)
    for _ in range(300):
        at = Confusion(*random.integers(0, 12, 4).tolist())
        found = operating.operating_figures(at, float(random.uniform(0.01, 0.99)))
        for name, one in vars(found).items():
            if one.defined:
                assert one.low <= one.value <= one.high, (at, name)
            if one.defined and name in ("balanced_accuracy", "f1", "ppv", "npv"):
                assert one.low >= 0, (at, name)
                assert one.high <= 1, (at, name)

"""Calibration against scikit-learn and by hand."""

import math

import numpy as np
import pytest
from sklearn import metrics as oracle

from model.evaluation import reliability
from tests.model.evaluation.test_metrics import NAN, cases


def test_calibration_by_hand_and_against_scikit_learn():
    y, p = cases(4, decimals=6)
    assert reliability.brier(y, p) == pytest.approx(oracle.brier_score_loss(y, p))
    bins = reliability.calibration_bins([True, False, True, False], [0.05, 0.05, 1.0, 0.95], range(4))
    assert [(one.n, one.observed.value) for one in bins] == [(2, 0.5), (2, 0.5)]
    assert bins[1].predicted == pytest.approx(0.975)
    ece = reliability.expected_calibration_error([True, False, True, False], [0.05, 0.05, 1.0, 0.95])
    assert ece == pytest.approx((0.45 + 0.475) / 2)


def test_reliability_agrees_with_scikit_learn():
    from sklearn.calibration import calibration_curve

    y, p = cases(4, decimals=6)
    observed, predicted = calibration_curve(y, p, n_bins=10)
    bins = reliability.calibration_bins(y, p, range(y.size))
    assert [one.observed.value for one in bins] == pytest.approx(list(observed))
    assert [one.predicted for one in bins] == pytest.approx(list(predicted))
    assert sum(one.n for one in bins) == y.size


def test_copies_of_an_image_do_not_narrow_a_bin():
    y, p = cases(4, decimals=6)
    once = reliability.calibration_bins(y, p, range(y.size))
    copies = reliability.calibration_bins(np.tile(y, 3), np.tile(p, 3), np.tile(np.arange(y.size), 3))
    assert [one.n for one in copies] == [3 * one.n for one in once]
    for one, copy in zip(once, copies, strict=True):
        assert (copy.observed.low, copy.observed.high) == pytest.approx((one.observed.low, one.observed.high))


def test_calibration_of_nothing_is_not_a_number():
    for y, p in (([], []), ([True, False], [NAN, 0.2])):
        assert reliability.calibration_bins(y, p, range(len(y))) == ()
        assert math.isnan(reliability.expected_calibration_error(y, p))
        assert math.isnan(reliability.brier(y, p))

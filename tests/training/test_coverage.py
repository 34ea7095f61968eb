"""The promise of the thresholds, tried on many deals of the same cases."""

import numpy as np
import pytest

from training.coverage import resplit_coverage


def test_the_mean_is_what_was_stated_and_one_deal_scatters() -> None:
    rng = np.random.default_rng(0)
    truth = np.arange(1000) < 300
    p = 1 / (1 + np.exp(-(rng.normal(-1, 1, 1000) + 2 * truth)))
    found = resplit_coverage(truth, p, (np.arange(1000) // 2).astype(str), 0.9)
    for side, cases in (("malignant", 150), ("benign", 350)):
        assert found[side]["mean"] == pytest.approx(0.9, abs=0.015)
        # Half from the calibration split, half from the one that is measured.
        assert found[side]["sd"] == pytest.approx(np.sqrt(2 * 0.09 / cases), rel=0.35)


def test_one_class_says_nothing() -> None:
    assert resplit_coverage(np.ones(20, bool), np.ones(20), np.arange(20).astype(str), 0.9) == {
        "malignant": None,
        "benign": None,
    }

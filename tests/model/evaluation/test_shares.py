"""Intervals that know which images belong together."""

import numpy as np
import pytest

from model.evaluation import shares
from model.evaluation.intervals import Undefined, wilson
from model.evaluation.metrics import class_balanced_accuracy, class_confusion


def test_a_share_of_independent_cases_is_about_wilsons() -> None:
    hits = np.arange(400) < 340
    found, expected = shares.share(hits, np.arange(400)), wilson(340, 400)
    assert found.value == 0.85
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=0.006)


def test_images_of_one_lesion_count_once() -> None:
    """Four copies of everything teach nothing: the interval stays as wide as that of the originals."""
    hits = np.random.default_rng(0).random(300) < 0.8
    once = shares.share(hits, np.arange(300))
    copies = shares.share(np.tile(hits, 4), np.tile(np.arange(300), 4))
    assert copies.value == once.value
    assert copies.high - copies.low == pytest.approx(once.high - once.low, rel=0.05)
    naive = wilson(int(4 * hits.sum()), 1200)
    assert copies.high - copies.low > 1.7 * (naive.high - naive.low)


def test_all_or_none_still_leave_doubt() -> None:
    found = shares.share([True] * 40, np.arange(40) // 2)
    assert found == wilson(20, 20) and found.low < 0.9
    assert shares.share([False] * 8, np.arange(8)).high > 0.2
    assert shares.share([], [], Undefined.NO_MALIGNANT).reason is Undefined.NO_MALIGNANT


def test_balanced_accuracy_is_that_of_the_matrix() -> None:
    rng = np.random.default_rng(1)
    truth = rng.choice(7, 500, p=[0.03, 0.05, 0.1, 0.02, 0.1, 0.7, 0.0])
    chosen = np.where(rng.random(500) < 0.7, truth, rng.integers(0, 7, 500))
    found = shares.balanced_accuracy(truth, chosen, 7, np.arange(500) // 2)
    assert found.value == pytest.approx(class_balanced_accuracy(class_confusion(truth, chosen, 7)))
    assert found.low < found.value < found.high < found.low + 0.25


def test_a_mean_with_its_interval() -> None:
    values = np.random.default_rng(2).normal(3, 1, 400)
    found = shares.mean(values, np.arange(400))
    assert found.value == pytest.approx(values.mean())
    assert found.high - found.low == pytest.approx(2 * 1.96 / 20, rel=0.12)


def test_an_unknown_lesion_is_its_image() -> None:
    assert shares.lesions_of(["a", None, float("nan")], ["x", "y", "z"]).tolist() == ["a", "y", "z"]

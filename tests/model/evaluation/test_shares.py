"""Intervals that know which images belong together."""

import numpy as np
import pytest

from model.evaluation import shares
from model.evaluation.intervals import Undefined, wilson
from model.evaluation.metrics import class_balanced_accuracy, class_confusion


def test_a_share_where_every_image_is_a_lesion_is_wilsons() -> None:
    hits = np.arange(400) < 340
    assert shares.share_by_lesion(hits, np.arange(400)) == wilson(340, 400)


def test_images_of_one_lesion_count_once() -> None:
    """Four copies of everything teach nothing: the interval stays as wide as that of the originals."""
    hits = np.random.default_rng(0).random(300) < 0.8
    once = shares.share_by_lesion(hits, np.arange(300))
    copies = shares.share_by_lesion(np.tile(hits, 4), np.tile(np.arange(300), 4))
    assert copies.value == once.value
    assert (copies.low, copies.high) == pytest.approx((once.low, once.high), rel=1e-12)


def test_a_share_by_hand() -> None:
    """Lesions of 3, 2, 2 and 1 images with 3, 2, 0 and 1 hits: 6 of 8.

    Hits less 3/4 of the images are 3/4, 1/2, -3/2 and 1/4; their squares sum to 25/8. Six independent hits of 8 have a
    variance of 8 * 3/4 * 1/4 = 3/2. The design effect is 25/12, and 96/25 cases are independent.
    """
    lesions, hits = [0, 0, 0, 1, 1, 2, 2, 3], [1, 1, 1, 1, 1, 0, 0, 1]
    found = shares.share_by_lesion(hits, lesions)
    p, n, z = 0.75, 96 / 25, 1.959963984540054
    # Both ends solve (x - p)^2 = z^2 x (1 - x) / n.
    ends = sorted(np.roots([1 + z**2 / n, -(2 * p + z**2 / n), p**2]))
    assert found.value == p
    assert (found.low, found.high) == pytest.approx(tuple(ends))
    assert found.low < wilson(6, 8).low and found.high > wilson(6, 8).high


def test_lesions_whose_images_disagree_promise_no_more_than_images() -> None:
    assert shares.share_by_lesion([1, 0] * 30, np.arange(60) // 2) == wilson(30, 60)


def test_a_single_lesion_is_one_case() -> None:
    found = shares.share_by_lesion([1, 1, 1, 0], ["a"] * 4)
    assert (found.low, found.high) == pytest.approx((wilson(3, 4, effect=4).low, wilson(3, 4, effect=4).high))
    assert found.high - found.low > 0.75


def test_all_or_none_still_leave_doubt() -> None:
    found = shares.share_by_lesion([True] * 40, np.arange(40) // 2)
    assert found == wilson(20, 20) and found.low < 0.9
    assert shares.share_by_lesion([False] * 8, np.arange(8)).high > 0.2
    assert shares.share_by_lesion([], [], Undefined.NO_MALIGNANT).reason is Undefined.NO_MALIGNANT


@pytest.mark.parametrize(("share", "alike"), [(0.9, 0.6), (0.6, 0.3)])
def test_the_interval_covers_what_it_should(share: float, alike: float) -> None:
    """Of 400 samples of lesions with one to four images, that of images misses the truth in more than a tenth."""
    random = np.random.default_rng(3)
    covered = {"lesion": 0, "image": 0}
    for _ in range(400):
        lesions = np.repeat(np.arange(150), random.integers(1, 5, 150))
        own = random.beta(share * (1 - alike) / alike, (1 - share) * (1 - alike) / alike, 150)
        hits = random.random(lesions.size) < own[lesions]
        by_lesion, by_image = shares.share_by_lesion(hits, lesions), wilson(int(hits.sum()), hits.size)
        covered["lesion"] += by_lesion.low <= share <= by_lesion.high
        covered["image"] += by_image.low <= share <= by_image.high
    assert 0.92 * 400 <= covered["lesion"] <= 0.98 * 400
    assert covered["image"] < 0.92 * 400


def test_balanced_accuracy_is_that_of_the_matrix() -> None:
    rng = np.random.default_rng(1)
    truth = rng.choice(7, 500, p=[0.03, 0.05, 0.1, 0.02, 0.1, 0.7, 0.0])
    chosen = np.where(rng.random(500) < 0.7, truth, rng.integers(0, 7, 500))
    found = shares.balanced_accuracy_by_lesion(truth, chosen, 7, np.arange(500) // 2)
    assert found.value == pytest.approx(class_balanced_accuracy(class_confusion(truth, chosen, 7)))
    assert found.low < found.value < found.high < found.low + 0.25


def test_a_mean_with_its_interval() -> None:
    values = np.random.default_rng(2).normal(3, 1, 400)
    found = shares.mean_with_interval(values, np.arange(400))
    assert found.value == pytest.approx(values.mean())
    assert found.high - found.low == pytest.approx(2 * 1.96 / 20, rel=0.12)


def test_an_unknown_lesion_is_its_image() -> None:
    assert shares.lesions_of(["a", None, float("nan")], ["x", "y", "z"]).tolist() == ["a", "y", "z"]

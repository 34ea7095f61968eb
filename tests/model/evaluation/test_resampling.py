"""Intervals and bands of resampled lesions against resampling written out, and where nothing can be said."""

import time

import numpy as np
import pytest
import sklearn.metrics as oracle

from model.evaluation import resampling
from model.evaluation.metrics import lesion_codes
from model.evaluation.resampling import bootstrap, bootstrap_auc, lesion_auc, mean_by_lesion
from tests.model.evaluation.test_metrics import NASTY, cases


def test_bootstrap_agrees_with_a_plain_resampling_of_lesions():
    y, p = cases(11, n=150)
    lesions = np.random.default_rng(0).integers(0, 100, 150)
    found = bootstrap_auc(y, p, lesions, n=1000, seed=3)
    random = np.random.default_rng(5)
    names = np.unique(lesions)
    rows = [np.flatnonzero(lesions == name) for name in names]
    plain = []
    for _ in range(1000):
        drawn = np.concatenate([rows[i] for i in random.integers(0, names.size, names.size)])
        plain.append(oracle.roc_auc_score(y[drawn], p[drawn]))
    low, high = np.quantile(plain, (0.025, 0.975))
    assert found.value == pytest.approx(oracle.roc_auc_score(y, p))
    assert found.low == pytest.approx(low, abs=0.02)
    assert found.high == pytest.approx(high, abs=0.02)


def test_bootstrap_is_wider_when_images_share_a_lesion():
    y, p = cases(2, n=300, decimals=6)
    doubled = np.repeat(y, 4), np.repeat(p, 4)
    by_lesion = bootstrap_auc(*doubled, np.repeat(np.arange(300), 4), n=500)
    by_image = bootstrap_auc(*doubled, np.arange(1200), n=500)
    assert by_lesion.high - by_lesion.low > 1.6 * (by_image.high - by_image.low)


def test_a_lesion_counts_once_with_the_mean_of_its_images():
    truth, scores = mean_by_lesion([1, 0, 1, 0], [0.9, 0.2, 0.5, 0.4], ["b", "a", "b", "c"])
    assert truth.tolist() == [False, True, False]
    assert scores == pytest.approx([0.2, 0.7, 0.4])
    # One picture of cancer scores below a harmless lesion, its lesion does not.
    images = [1, 1, 0], [0.9, 0.3, 0.4], ["x", "x", "y"]
    assert bootstrap_auc(*images, n=50).value == 0.5
    assert lesion_auc(*images).value == 1.0
    y, p = cases(5, n=80)
    alone = lesion_auc(y, p, np.arange(80))
    assert alone == bootstrap_auc(y, p, np.arange(80))


def test_a_lesion_without_a_score_leaves_no_area():
    assert not lesion_auc([1, 1, 0], [0.9, np.nan, 0.1], ["x", "x", "y"]).defined


def test_bootstrap_repeats_itself_and_takes_any_names():
    y, p = cases(2, n=60)
    names = [f"HAM_{i // 2:07d}" for i in range(60)]
    assert bootstrap_auc(y, p, names, n=50) == bootstrap_auc(y, p, names, n=50)
    assert bootstrap_auc(y, p, names, n=50) != bootstrap_auc(y, p, names, n=50, seed=1)


def test_separated_classes_leave_room_for_the_next_case():
    found = bootstrap_auc([True, False], [0.9, 0.1], ["a", "b"], n=50)
    # Resamples of one class say nothing, the others are all separated; by hand 1 / (1 + 1.96 ** 2).
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(1 / (1 + 1.959964**2))


def test_bootstrap_of_ten_thousand_cases_is_quick():
    y, p = cases(1, n=10_000, decimals=6)
    lesions = np.random.default_rng(0).integers(0, 7500, 10_000)
    started = time.perf_counter()
    bootstrap_auc(y, p, lesions)
    # 0.2 s on an idle core; a shared machine may be several times slower.
    assert time.perf_counter() - started < 3


@pytest.mark.parametrize("decimals", [1, 6])
def test_band_agrees_with_a_plain_resampling_of_lesions(decimals):
    y, p = cases(11, n=200, decimals=decimals)
    lesions = np.random.default_rng(0).integers(0, 120, 200)
    band = bootstrap(y, p, lesions, n=600, seed=3).roc
    random, names = np.random.default_rng(5), np.unique(lesions)
    rows = [np.flatnonzero(lesions == name) for name in names]
    plain = []
    for _ in range(600):
        drawn = np.concatenate([rows[i] for i in random.integers(0, names.size, names.size)])
        fpr, tpr, _ = oracle.roc_curve(y[drawn], p[drawn], drop_intermediate=False)
        # The highest sensitivity that some threshold reaches with at most this many alarms.
        plain.append([tpr[fpr <= x + 1e-12].max() for x in resampling.GRID])
    low, high = np.quantile(plain, (0.025, 0.975), axis=0)
    assert np.abs(band.low - low).mean() < 0.015
    assert np.abs(band.high - high).mean() < 0.015
    assert (band.low <= band.high).all()
    assert (band.low[-1], band.high[-1]) == (1, 1)


def test_average_precision_and_its_band_agree_with_a_plain_resampling_of_lesions():
    y, p = cases(4, n=200, decimals=1)
    lesions = np.random.default_rng(0).integers(0, 120, 200)
    found = bootstrap(y, p, lesions, n=600, seed=3)
    random, names = np.random.default_rng(5), np.unique(lesions)
    rows = [np.flatnonzero(lesions == name) for name in names]
    areas, curves = [], []
    for _ in range(600):
        drawn = np.concatenate([rows[i] for i in random.integers(0, names.size, names.size)])
        areas.append(oracle.average_precision_score(y[drawn], p[drawn]))
        precision, recall, _ = oracle.precision_recall_curve(y[drawn], p[drawn])
        # From the lowest threshold up: the last one that still catches so many.
        curves.append([precision[:-1][np.flatnonzero(recall[:-1] >= x - 1e-12)[-1]] for x in resampling.GRID])
    assert found.average_precision.value == pytest.approx(oracle.average_precision_score(y, p))
    low, high = np.quantile(areas, (0.025, 0.975))
    assert (found.average_precision.low, found.average_precision.high) == pytest.approx((low, high), abs=0.03)
    low, high = np.quantile(curves, (0.025, 0.975), axis=0)
    assert np.abs(found.precision_recall.low - low).mean() < 0.02
    assert np.abs(found.precision_recall.high - high).mean() < 0.02


@pytest.mark.parametrize(("y", "p", "reason"), NASTY.values(), ids=NASTY.keys())
def test_undefined_cases_have_a_reason_and_no_band(y, p, reason):
    found = bootstrap(y, p, range(len(y)), n=5)
    assert found.area.reason is found.average_precision.reason is reason
    assert found.roc.x.size == found.precision_recall.x.size == 0


def test_equal_scores_are_a_coin_toss_in_every_resample():
    found = bootstrap([True, False] * 20, [0.5] * 40, range(40), n=50)
    assert (found.area.value, found.area.low, found.area.high) == (0.5, 0.5, 0.5)
    assert found.average_precision.value == 0.5


def test_more_cases_get_fewer_resamples():
    assert [resampling.resample_count(n) for n in (10, 10_000, 25_000, 100_000, 1_000_000)] == [
        2000,
        2000,
        2000,
        500,
        200,
    ]


def test_lesions_are_counted_whatever_they_are_called():
    for names in (["b", "a", "b"], [7, 3, 7], [-1, -5, -1], [2**40, 5, 2**40], np.array([9, 2, 9], np.uint8)):
        codes, count = lesion_codes(names)
        assert count == 2
        assert codes[0] == codes[2] != codes[1]
        assert set(codes) == {0, 1}

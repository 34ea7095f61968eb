"""DeLong's test by ranks against its definition over all pairs, scikit-learn and SciPy."""

import math

import numpy as np
import pytest
from scipy.stats import norm, rankdata
from sklearn.metrics import roc_auc_score

from model.evaluation import delong
from model.evaluation.intervals import Undefined
from model.evaluation.resampling import bootstrap_auc
from tests.model.evaluation.test_metrics import NASTY, cases


def over_all_pairs(y, first, second):
    """DeLong, DeLong & Clarke-Pearson, Biometrics 1988;44:837-845, as written there: O(mn)."""
    theta, v10, v01 = [], [], []
    for p in (first, second):
        x, z = p[y][:, None], p[~y][None, :]
        psi = (z < x) + 0.5 * (z == x)
        theta.append(psi.mean())
        v10.append(psi.mean(axis=1))
        v01.append(psi.mean(axis=0))
    m, n = y.sum(), (~y).sum()
    pairs = ((0, 0), (0, 1), (1, 0), (1, 1))
    s10, s01 = (
        np.reshape(
            [((v[i] - theta[i]) * (v[j] - theta[j])).sum() / (v[0].size - 1) for i, j in pairs], (2, 2)
        )
        for v in (v10, v01)
    )
    s = s10 / m + s01 / n
    return theta, s, math.sqrt(s[0, 0] + s[1, 1] - 2 * s[0, 1])


@pytest.mark.parametrize("decimals", [1, 2, 6])
@pytest.mark.parametrize("seed", range(4))
def test_ranks_agree_with_all_pairs(seed, decimals):
    y, first = cases(seed, n=150, decimals=decimals)
    random = np.random.default_rng(seed + 100)
    second = np.round(np.clip(0.6 * first + 0.3 * random.random(y.size), 0, 1), decimals)
    theta, s, error = over_all_pairs(y, first, second)
    found = delong.compare_auc(y, first, second)
    assert found.first.value == pytest.approx(roc_auc_score(y, first), abs=1e-12)
    assert found.second.value == pytest.approx(roc_auc_score(y, second), abs=1e-12)
    gap = theta[0] - theta[1]
    assert found.difference.value == pytest.approx(gap, abs=1e-12)
    assert found.difference.low == pytest.approx(gap - norm.ppf(0.975) * error, abs=1e-9)
    assert found.difference.high == pytest.approx(gap + norm.ppf(0.975) * error, abs=1e-9)
    assert found.p == pytest.approx(2 * norm.sf(abs(gap) / error), rel=1e-9)
    assert found.first.high == pytest.approx(
        min(1, theta[0] + norm.ppf(0.975) * math.sqrt(s[0, 0])), abs=1e-9
    )


def test_by_hand():
    # Placements of the first: (1, 1/2) and (1, 1/2); of the second: (0, 1) and (1/2, 1/2). The gap is 3/4 - 1/2.
    y = np.array([True, True, False, False])
    found = delong.compare_auc(y, [0.9, 0.4, 0.1, 0.6], [0.1, 0.9, 0.5, 0.2])
    assert (found.first.value, found.second.value) == (0.75, 0.5)
    # Variance of (1, -1/2) is 9/8, that of (1/2, 0) is 1/8; over two cases of each class: 5/8.
    assert found.difference.value == 0.25
    assert found.p == pytest.approx(2 * norm.sf(0.25 / math.sqrt(5 / 8)))


def test_midranks_are_those_of_scipy():
    values = np.round(np.random.default_rng(0).random(200), 1)
    np.testing.assert_array_equal(delong.midranks(values), rankdata(values))


def test_a_model_does_not_differ_from_itself():
    y, p = cases(1)
    for same in (p, p / 2):
        found = delong.compare_auc(y, p, same)
        assert (found.difference.value, found.p) == (0, 1)


def test_calibrated_test_rejects_equal_models_one_time_in_twenty():
    rejected = 0
    for seed in range(400):
        random = np.random.default_rng(seed)
        y = random.random(120) < 0.4
        first, second = (random.normal(y, 1) for _ in range(2))
        rejected += delong.compare_auc(y, first, second).p < 0.05
    assert 0.02 < rejected / 400 < 0.09


@pytest.mark.parametrize(("y", "p", "reason"), NASTY.values(), ids=NASTY.keys())
def test_undefined_comparisons_give_a_reason(y, p, reason):
    found = delong.compare_auc(y, p, p)
    assert found.difference.reason is reason
    assert math.isnan(found.p)


def test_single_cases_have_no_spread_and_no_test():
    found = delong.compare_auc([True, False, False], [0.9, 0.1, 0.2], [0.2, 0.3, 0.1])
    assert found.difference.reason is Undefined.SINGLE
    # Right everywhere against wrong everywhere: no spread either, and no p.
    found = delong.compare_auc([True, True, False, False], [0.9, 0.8, 0.1, 0.2], [0.1, 0.2, 0.9, 0.8])
    assert found.difference.value == 1
    assert math.isnan(found.p)


@pytest.mark.parametrize("seed", range(3))
def test_copies_of_a_case_in_one_lesion_prove_nothing_more(seed):
    y, first = cases(seed, n=120)
    second = np.round(np.clip(first + np.random.default_rng(seed).normal(0, 0.2, y.size), 0, 1), 2)
    once = delong.compare_auc(y, first, second)
    lesions = np.repeat([f"lesion {i}" for i in range(y.size)], 3)
    thrice = delong.compare_auc(*(np.repeat(one, 3) for one in (y, first, second)), lesions)
    for found, expected in ((thrice.difference, once.difference), (thrice.first, once.first)):
        assert (found.value, found.low, found.high) == pytest.approx(
            (expected.value, expected.low, expected.high)
        )
    assert thrice.p == pytest.approx(once.p)


def test_interval_by_lesion_is_that_of_resampled_lesions():
    random = np.random.default_rng(8)
    lesion = np.sort(random.integers(0, 400, 900))
    y = (random.random(400) < 0.3)[lesion]
    p = y + random.normal(0, 1.2, 400)[lesion] + random.normal(0, 0.5, 900)
    found, drawn = delong.delong_auc(y, p, lesion), bootstrap_auc(y, p, lesion)
    assert found.value == pytest.approx(drawn.value, abs=1e-12)
    assert found.high - found.low == pytest.approx(drawn.high - drawn.low, rel=0.08)
    # The images as if they were independent: too sure.
    alone = delong.delong_auc(y, p)
    assert alone.high - alone.low < 0.9 * (found.high - found.low)


def test_lesions_of_both_classes_are_correlated():
    """Obuchowski's variance written out: sums over lesions of both classes' contributions."""
    random = np.random.default_rng(3)
    y, p, lesion = random.random(60) < 0.5, random.random(60), random.integers(0, 20, 60)
    v10, v01 = delong.placements(y, p)
    theta = v10.mean()
    total = {"10": 0.0, "01": 0.0, "11": 0.0}
    for one in range(20):
        mine, other = v10[lesion[y] == one], v01[lesion[~y] == one]
        a, b = (mine - theta).sum(), (other - theta).sum()
        total["10"] += a * a
        total["01"] += b * b
        total["11"] += a * b
    m, n = y.sum(), (~y).sum()
    i10, i01 = np.unique(lesion[y]).size, np.unique(lesion[~y]).size
    lesions = np.unique(lesion).size
    variance = (
        i10 / (i10 - 1) * total["10"] / m**2
        + i01 / (i01 - 1) * total["01"] / n**2
        + 2 * lesions / (lesions - 1) * total["11"] / (m * n)
    )
    found = delong.delong_auc(y, p, lesion)
    assert (found.high - found.low) / 2 == pytest.approx(norm.ppf(0.975) * math.sqrt(variance))


@pytest.mark.parametrize(("y", "p", "reason"), NASTY.values(), ids=NASTY.keys())
def test_undefined_areas_give_a_reason(y, p, reason):
    assert delong.delong_auc(y, p, range(len(y))).reason is reason


def test_separated_or_single_cases_get_an_interval_with_a_width():
    for y, p in (([1, 1, 0, 0], [0.9, 0.8, 0.1, 0.2]), ([1, 0, 0], [0.9, 0.1, 0.2])):
        found = delong.delong_auc(y, p)
        assert (found.value, found.high) == (1, 1)
        assert 0 < found.low < 0.8


@pytest.mark.parametrize("n", [20, 200])
def test_a_model_that_separates_perfectly_is_compared_with_a_width(n):
    random = np.random.default_rng(n)
    y = np.arange(n) % 2 == 0
    perfect, good = y + random.random(n) / 2, y + random.normal(0, 0.6, n)
    found = delong.compare_auc(y, perfect, good)
    assert found.first == delong.delong_auc(y, perfect) and found.first.low < found.first.value == 1
    assert found.second.low == pytest.approx(delong.delong_auc(y, good).low)
    gap = found.difference
    assert -1 <= gap.low < gap.value < gap.high <= 1
    # Wider than the spread of the other model alone, which was all that counted once.
    assert gap.value - gap.low > found.second.high - found.second.value
    assert (found.p < 0.05) is (gap.low > 0)
    turned = delong.compare_auc(y, good, perfect)
    assert (turned.difference.low, turned.difference.high) == pytest.approx((-gap.high, -gap.low))
    assert turned.p == pytest.approx(found.p)


def test_two_models_that_separate_perfectly_may_still_differ():
    y = np.arange(40) % 2 == 0
    gap = delong.compare_auc(y, y + 0.0, y + np.linspace(0, 0.5, 40)).difference
    assert gap.value == 0 and gap.low == -gap.high and 0.02 < gap.high < 0.3

"""Measures of drift against SciPy and by hand."""

import math

import numpy as np
import pytest
from scipy import stats

from model.evaluation.drift import (
    CHI2_95,
    Shift,
    bin_shares,
    kolmogorov,
    kolmogorov_smirnov,
    quantile_edges,
    stability,
)


def test_two_bins_by_hand() -> None:
    # Shares 0.5, 0.5 against 0.25, 0.75: 0.25 ln 2 + 0.25 ln 1.5.
    result = stability(np.repeat([0.1, 0.9], 50_000), np.repeat([0.1, 0.9], [25_000, 75_000]), bins=2)
    assert result.value == pytest.approx(0.25 * math.log(2) + 0.25 * math.log(1.5), rel=1e-3)
    assert result.expected == pytest.approx((0.5, 0.5)) and result.actual == pytest.approx(
        (0.25, 0.75), rel=1e-4
    )
    assert result.shift is Shift.LARGE


def test_the_index_is_jeffreys_divergence() -> None:
    rng = np.random.default_rng(1)
    before, now = rng.beta(1, 6, 900), rng.beta(1, 4, 700)
    result = stability(before, now)
    both = stats.entropy(result.expected, result.actual) + stats.entropy(result.actual, result.expected)
    assert result.value == pytest.approx(both)
    assert len(result.expected) == 10
    assert np.allclose(result.expected, 0.1, atol=0.01)


def test_chance_allows_for_small_samples() -> None:
    rng = np.random.default_rng(2)
    reference = rng.random(1000)
    found = [stability(reference, rng.random(120)) for _ in range(400)]
    above = np.mean([one.value > one.chance for one in found])
    # The reference is a sample too, and shared by all: near 5 in 100, not exactly.
    assert 0.01 < above < 0.12
    assert np.mean([one.shift is Shift.NONE for one in found]) > 0.88


def test_critical_values_are_chi_squared() -> None:
    assert np.allclose(CHI2_95, stats.chi2.ppf(0.95, np.arange(1, 20)), atol=6e-4)


def test_few_cases_say_nothing() -> None:
    assert stability(np.linspace(0, 1, 500), np.full(49, 0.99)).shift is Shift.UNKNOWN
    assert stability(np.linspace(0, 1, 500), np.full(50, 0.99)).shift is Shift.LARGE
    for one in (stability([], [0.1]), stability([0.1], [np.nan])):
        assert math.isnan(one.value) and one.shift is Shift.UNKNOWN
    assert math.isnan(kolmogorov_smirnov([], [0.3]).value)


def test_equal_scores_share_a_bin() -> None:
    edges = quantile_edges(np.array([0.0] * 80 + [0.5] * 20))
    assert list(edges) == [0.5]
    assert stability(np.zeros(100), np.zeros(100)).value == pytest.approx(0)
    assert list(quantile_edges(np.zeros(100))) == []
    assert bin_shares(np.array([0.0, 0.5, 1.0]), edges) == pytest.approx([1.5 / 4, 2.5 / 4])


@pytest.mark.parametrize("bins", [1, 21])
def test_an_impossible_number_of_bins_is_refused(bins: int) -> None:
    with pytest.raises(ValueError, match="between 2 and 20"):
        stability([0.1], [0.2], bins)


@pytest.mark.parametrize(
    ("n", "m", "shift"), [(200, 150, 0.0), (400, 60, 0.05), (1000, 800, 0.1), (80, 80, 0.3)]
)
def test_distance_agrees_with_scipy(n: int, m: int, shift: float) -> None:
    rng = np.random.default_rng(n)
    before, now = rng.random(n), np.clip(rng.random(m) + shift, 0, 1.5)
    ours, theirs = kolmogorov_smirnov(before, now), stats.ks_2samp(before, now, method="exact")
    assert ours.value == pytest.approx(theirs.statistic)
    assert ours.at == pytest.approx(theirs.statistic_location)
    assert ours.p == pytest.approx(theirs.pvalue, abs=0.02)
    assert (ours.n_expected, ours.n_actual) == (n, m)


def test_the_limit_is_kolmogorovs() -> None:
    x = np.linspace(0.05, 3, 60)
    assert np.allclose([kolmogorov(one) for one in x], stats.kstwobign.sf(x), atol=1e-5)

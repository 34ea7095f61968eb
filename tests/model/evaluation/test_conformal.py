"""The stated coverage is reached on cases that were not used, for each class, whatever the scores look like."""

import numpy as np
import pytest
from numpy.typing import NDArray

from model.evaluation.conformal import left_out, lower_threshold, three_way_thresholds, upper_threshold


def drawn(
    rng: np.random.Generator, malignant: int, benign: int, shift: float
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    y = np.arange(malignant + benign) < malignant
    return y, 1 / (1 + np.exp(-(rng.normal(-1, 1, y.size) + shift * y)))


@pytest.mark.parametrize("coverage", [0.9, 0.95, 0.975])
@pytest.mark.parametrize("shift", [0.0, 2.0, 6.0])
def test_coverage_of_new_cases(coverage: float, shift: float) -> None:
    rng = np.random.default_rng(int(100 * coverage + shift))
    kept: list[tuple[float, float]] = []
    for _ in range(1500):
        threshold, malignant = three_way_thresholds(*drawn(rng, 60, 90, shift), coverage, coverage)
        assert 0 <= threshold <= malignant <= 1
        y, p = drawn(rng, 50, 50, shift)
        kept.append((float((p[y] >= threshold).mean()), float((p[~y] < malignant).mean())))
    of_malignant, of_benign = np.mean(kept, axis=0)
    # The mean of 1,500 draws is known to about 0.001; exact quantiles leave out at most 1 / (n + 1) too little.
    assert min(of_malignant, of_benign) >= coverage - 0.004
    if shift < 6:
        assert of_malignant <= coverage + 1 / 61 + 0.004 and of_benign <= coverage + 1 / 91 + 0.004


def test_quantiles_without_the_correction_would_promise_too_much() -> None:
    """With 19 cases, 95 % leaves out one; the plain quantile would leave out one of 10 at 90 % as well."""
    assert [left_out(n, 0.95) for n in (18, 19, 38, 39)] == [0, 1, 1, 2]
    assert left_out(9, 0.9) == 1 and left_out(8, 0.9) == 0
    with pytest.raises(ValueError, match="coverage"):
        left_out(10, 1.0)


def test_too_few_cases_leave_everything_uncertain() -> None:
    assert three_way_thresholds([True, False], [0.9, 0.1], 0.95, 0.95) == (0.0, 1.0)
    assert three_way_thresholds([], [], 0.95, 0.95) == (0.0, 1.0)


def test_thresholds_lie_between_scores() -> None:
    scores = np.arange(1, 20) / 20
    assert lower_threshold(scores, 0.9) == pytest.approx(0.075)
    assert lower_threshold(scores, 0.9, [0.09]) == pytest.approx(0.095)
    assert upper_threshold(scores, 0.9) == pytest.approx(0.925)
    assert upper_threshold(scores, 0.95) > 0.95 > lower_threshold(scores, 0.95)
    # Nothing lies between neighbouring floats: the covered score stays covered, the other one is left out.
    close = [0.3, float(np.nextafter(0.3, 1))]
    assert left_out(2, 0.33) == 2 and lower_threshold(close, 0.33) == close[1]


def test_ties_are_covered_together() -> None:
    assert lower_threshold([0.5] * 40, 0.9) == 0.5
    assert upper_threshold([0.5] * 40, 0.9) > 0.5


def test_the_band_is_empty_where_the_classes_hardly_overlap() -> None:
    y = np.arange(400) < 200
    p = np.where(y, 0.9, 0.1) + np.linspace(-0.05, 0.05, 400)
    threshold, malignant = three_way_thresholds(y, p, 0.95, 0.95)
    assert threshold == malignant > 0.8

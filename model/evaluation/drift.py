"""Whether the scores seen here still look like the scores the model was chosen on. NumPy only; every function is pure.

Both measures compare two samples of calibrated probabilities; neither says why they differ: other patients, another
camera and a change of habit look alike.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Below it either measure says more about chance than about the lesions.
FEWEST = 50
BINS = 10
# 95th percentiles of chi-squared with 1 to 19 degrees of freedom (Abramowitz & Stegun, table 26.8).
CHI2_95 = (
    *(3.841, 5.991, 7.815, 9.488, 11.070, 12.592, 14.067, 15.507, 16.919, 18.307),
    *(19.675, 21.026, 22.362, 23.685, 24.996, 26.296, 27.587, 28.869, 30.144),
)  # fmt: skip
MODERATE, LARGE = 0.10, 0.25


class Shift(StrEnum):
    """What the population stability index is usually taken to mean (Siddiqi 2006), chance allowed for."""

    UNKNOWN = "too few"
    NONE = "none"
    MODERATE = "moderate"
    LARGE = "large"


@dataclass(frozen=True)
class Stability:
    """The population stability index of two samples.

    Attributes:
        value: 0 for identical shares, without upper bound; NaN when a sample is empty.
        chance: what the index stays below in 95 of 100 samples of these sizes when nothing has changed.
        expected, actual: the shares of each bin, (bins,), summing to 1.
        n_expected, n_actual: the sizes of the samples.
    """

    value: float
    chance: float
    expected: tuple[float, ...]
    actual: tuple[float, ...]
    n_expected: int
    n_actual: int

    @property
    def shift(self) -> Shift:
        """The usual reading; a value that chance explains is no shift, and few cases say nothing."""
        if min(self.n_expected, self.n_actual) < FEWEST:
            return Shift.UNKNOWN
        if self.value < max(MODERATE, self.chance):
            return Shift.NONE
        return Shift.MODERATE if self.value < LARGE else Shift.LARGE


@dataclass(frozen=True)
class Distance:
    """Kolmogorov and Smirnov's two-sample test.

    Attributes:
        value: the greatest vertical distance of the two distribution functions, 0 to 1; NaN when a sample is empty.
        p: the chance of such a distance when both samples come from one distribution.
        at: the probability at which the distance lies.
        n_expected, n_actual: the sizes of the samples.
    """

    value: float
    p: float
    at: float
    n_expected: int
    n_actual: int


def finite_sorted(values: ArrayLike) -> NDArray[np.float64]:
    """The finite ones of these values, sorted, (n,)."""
    numbers = np.asarray(values, np.float64).ravel()
    return np.sort(numbers[np.isfinite(numbers)])


def quantile_edges(expected: ArrayLike, bins: int = BINS) -> NDArray[np.float64]:
    """Inner edges that cut a sample into at most `bins` parts of about the same size; equal values stay together."""
    values = finite_sorted(expected)
    if not values.size:
        return np.empty(0)
    edges = np.quantile(values, np.arange(1, bins) / bins, method="higher")
    return np.unique(edges[edges > values[0]])


def stability(expected: ArrayLike, actual: ArrayLike, bins: int = BINS) -> Stability:
    """Population stability index over bins that hold equal parts of the expected sample.

    Sum of (a - e) ln(a / e) over the bins' shares (Siddiqi 2006, "Credit Risk Scorecards"), which is Jeffreys'
    divergence. Half a case is added to every bin, so that an empty one does not make it infinite. When nothing has
    changed, the index times n m / (n + m) is about chi-squared with bins - 1 degrees of freedom (Yurdakul & Naranjo
    2020, "Statistical properties of the population stability index").

    Args:
        expected: the reference, (n,), such as the validation scores; what is not finite is left out.
        actual: what is compared with it, (m,).
        bins: 2 to 20; fewer come out where the reference has many equal values.
    """
    if not 2 <= bins <= len(CHI2_95) + 1:
        raise ValueError(f"bins must be between 2 and {len(CHI2_95) + 1}, not {bins}")
    before, now = finite_sorted(expected), finite_sorted(actual)
    if not before.size or not now.size:
        return Stability(math.nan, math.nan, (), (), before.size, now.size)
    edges = quantile_edges(before, bins)
    shares = [bin_shares(one, edges) for one in (before, now)]
    value = float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())
    chance = CHI2_95[edges.size - 1] * (1 / before.size + 1 / now.size) if edges.size else 0.0
    return Stability(
        value, chance, tuple(map(float, shares[0])), tuple(map(float, shares[1])), before.size, now.size
    )


def bin_shares(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share of each bin, half a case added to each, (edges + 1,); a value on an edge belongs to the bin above."""
    counts = np.bincount(np.searchsorted(edges, values, side="right"), minlength=edges.size + 1) + 0.5
    return np.asarray(counts / counts.sum(), np.float64)


def kolmogorov_smirnov(expected: ArrayLike, actual: ArrayLike) -> Distance:
    """Kolmogorov and Smirnov's two-sample test, both sides.

    The p-value is the limiting distribution with Stephens's correction for finite samples (1970); with equal values
    in the samples it errs on the side of no difference.

    Args:
        expected: (n,); what is not finite is left out.
        actual: (m,).
    """
    before, now = finite_sorted(expected), finite_sorted(actual)
    if not before.size or not now.size:
        return Distance(math.nan, math.nan, math.nan, before.size, now.size)
    places = np.concatenate([before, now])
    gaps = np.abs(
        np.searchsorted(before, places, side="right") / before.size
        - np.searchsorted(now, places, side="right") / now.size
    )
    widest = int(gaps.argmax())
    value = float(gaps[widest])
    root = math.sqrt(before.size * now.size / (before.size + now.size))
    p = kolmogorov((root + 0.12 + 0.11 / root) * value)
    return Distance(value, p, float(places[widest]), before.size, now.size)


def kolmogorov(x: float) -> float:
    """The chance that Kolmogorov's limiting distribution exceeds x, 0 to 1."""
    # The alternating series converges slowly near 0, where the answer is 1 to five digits anyway.
    if x < 0.3:
        return 1.0
    terms = (2 * (-1) ** (k - 1) * math.exp(-2 * (k * x) ** 2) for k in range(1, 101))
    return min(max(sum(terms), 0.0), 1.0)

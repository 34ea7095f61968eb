"""Whether two models' AUC differ on the same cases: DeLong's test, by ranks."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from model.intervals import Z95, Interval, Undefined, undefined
from model.metrics import Floats, arrays, problem


@dataclass(frozen=True)
class Difference:
    """AUC of two models on the same n cases, the first less the second, and how surprising that is if both are equal.

    `p` is NaN where the difference or its spread is not defined.
    """

    n: int
    first: Interval
    second: Interval
    difference: Interval
    p: float


def midranks(values: Floats) -> Floats:
    """Ranks from 1 (n,); equal values share the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return ((last - counts + 1 + last) / 2)[inverse]


def placements(truth: ArrayLike, scores: ArrayLike) -> tuple[Floats, Floats]:
    """For each malignant case the share of benign ones below it (m,), for each benign one that of malignant above (b,).

    By ranks, as Sun & Xu (2014) do: O(n log n) instead of comparing all pairs. Ties count half.
    """
    y, p = arrays(truth, scores)
    m, b = int(y.sum()), int((~y).sum())
    both = midranks(p)
    above = (both[y] - midranks(p[y])) / b
    return above, 1 - (both[~y] - midranks(p[~y])) / m


def compare(y: ArrayLike, first: ArrayLike, second: ArrayLike) -> Difference:
    """Difference of two AUC on the same cases with DeLong's 95 % interval and two-sided p (DeLong 1988).

    The cases count as independent of each other.

    Args:
        y: (n,), True for malignant.
        first: scores (n,); `second` those of the other model for the same cases.
    """
    truth, one = arrays(y, first)
    _, other = arrays(y, second)
    reason = problem(truth, one) or problem(truth, other)
    if reason is None and min(truth.sum(), (~truth).sum()) < 2:
        reason = Undefined.SINGLE
    if reason is not None:
        none = undefined(reason)
        return Difference(truth.size, none, none, none, math.nan)
    malignant, benign = zip(placements(truth, one), placements(truth, other), strict=True)
    covariance = spread(np.stack(malignant)) + spread(np.stack(benign))
    areas = [float(one.mean()) for one in malignant]
    variance = float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    gap = areas[0] - areas[1]
    error = math.sqrt(max(0.0, variance))
    # Two models that rank alike have no difference and no spread; a difference without spread has no test.
    alike = 1.0 if abs(gap) < 1e-12 else math.nan
    p = math.erfc(abs(gap) / error / math.sqrt(2)) if error > 1e-12 else alike
    return Difference(
        truth.size,
        around(areas[0], math.sqrt(covariance[0, 0]), 0.0),
        around(areas[1], math.sqrt(covariance[1, 1]), 0.0),
        around(gap, error, -1.0),
        p,
    )


def spread(values: Floats) -> Floats:
    """Covariance (k, k) of the means of k rows."""
    return np.cov(values) / values.shape[1]


def around(value: float, error: float, least: float) -> Interval:
    """The normal 95 % interval within what is possible, from `least` to 1."""
    return Interval(value, max(least, value - Z95 * error), min(1.0, value + Z95 * error))

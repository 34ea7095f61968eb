"""How sure an AUC is, and whether two models' AUC differ on the same cases: DeLong's method, by ranks and by lesion.

DeLong's covariance takes cases as independent. Images of one lesion are not: their contributions are summed by lesion
first (Obuchowski 1997, "Nonparametric analysis of clustered ROC curve data"). Where every lesion has one image, both
are the same.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.evaluation.intervals import Z95, Interval, Undefined, newcombe, undefined
from model.evaluation.metrics import Floats, lesion_codes, truth_and_scores, two_class_problem

# What rounding leaves of a variance that is 0.
NO_VARIANCE = 1e-18


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
    """Ranks from 1 (n,); equal values share the mean of theirs. Values that rise already cost O(n)."""
    order = np.argsort(values, kind="stable")
    rising = values[order]
    new = np.append(True, rising[1:] != rising[:-1])[: values.size]
    first = np.flatnonzero(new)
    last = np.append(first[1:], values.size)
    ranks = np.empty(values.size)
    ranks[order] = ((first + 1 + last) / 2)[np.cumsum(new) - 1]
    return ranks


def placements(truth: ArrayLike, scores: ArrayLike) -> tuple[Floats, Floats]:
    """For each malignant case the share of benign ones below it (m,), for each benign one that of malignant above (b,).

    By ranks, as Sun & Xu (2014) do: O(n log n) instead of comparing all pairs. Ties count half.
    """
    y, p = truth_and_scores(truth, scores)
    m, b = int(y.sum()), int((~y).sum())
    both = midranks(p)
    above = (both[y] - midranks(p[y])) / b
    return above, 1 - (both[~y] - midranks(p[~y])) / m


def delong_auc(y: ArrayLike, p: ArrayLike, groups: ArrayLike | None = None) -> Interval:
    """AUC with DeLong's 95 % interval by lesion; where that has no width, Newcombe's.

    Args:
        groups: lesion of every case (n,), anything that prints; None where every case is a lesion of its own.
    """
    truth, scores = truth_and_scores(y, p)
    reason = two_class_problem(truth, scores)
    if reason is not None:
        return undefined(reason)
    lesion, _ = lesion_codes(np.arange(truth.size) if groups is None else groups)
    sizes = distinct_codes(lesion[truth]), distinct_codes(lesion[~truth])
    value, covariance = areas_with_covariance(truth, lesion, scores)
    variance = 0.0 if min(sizes) < 2 else float(covariance[0, 0])
    return area_interval(float(value[0]), variance, *sizes)


def area_interval(value: float, variance: float, malignant: int, benign: int) -> Interval:
    """The 95 % interval of an area: DeLong's, or where that has no width Newcombe's for so many lesions a class."""
    if variance < NO_VARIANCE:
        return newcombe(value, malignant, benign)
    error = math.sqrt(variance)
    return Interval(value, max(0.0, value - Z95 * error), min(1.0, value + Z95 * error))


def compare_auc(
    y: ArrayLike, first: ArrayLike, second: ArrayLike, groups: ArrayLike | None = None
) -> Difference:
    """Difference of two AUC on the same cases with DeLong's 95 % interval and two-sided p (DeLong 1988), by lesion.

    A model that separates the classes has no spread in DeLong's sense, though the next case may prove it wrong. Then
    the interval is built from those of the two areas (`interval_of_difference`), and so is p; two such models have
    no p.

    Args:
        y: (n,), True for malignant.
        first: scores (n,); `second` those of the other model for the same cases.
        groups: lesion of every case (n,); None where every case is a lesion of its own.
    """
    truth, one = truth_and_scores(y, first)
    _, other = truth_and_scores(y, second)
    reason = two_class_problem(truth, one) or two_class_problem(truth, other)
    lesion, _ = lesion_codes(np.arange(truth.size) if groups is None else groups)
    if reason is None and min(distinct_codes(lesion[truth]), distinct_codes(lesion[~truth])) < 2:
        reason = Undefined.SINGLE
    if reason is not None:
        none = undefined(reason)
        return Difference(truth.size, none, none, none, math.nan)
    values, covariance = areas_with_covariance(truth, lesion, one, other)
    sizes = distinct_codes(lesion[truth]), distinct_codes(lesion[~truth])
    own, others = (area_interval(float(values[i]), float(covariance[i, i]), *sizes) for i in (0, 1))
    separated = int((np.diag(covariance) < NO_VARIANCE).sum())
    gap = float(values[0] - values[1])
    if separated:
        difference = interval_of_difference(own, others)
        # The distance from the value to the end that lies towards 0.
        error = (gap - difference.low if gap > 0 else difference.high - gap) / Z95
    else:
        error = math.sqrt(max(0.0, float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])))
        difference = Interval(gap, max(-1.0, gap - Z95 * error), min(1.0, gap + Z95 * error))
    # Two models that rank alike have no difference and no spread; a difference without spread has no test.
    if abs(gap) < 1e-12:
        p = 1.0
    else:
        p = math.erfc(abs(gap) / error / math.sqrt(2)) if error > 1e-12 and separated < 2 else math.nan
    return Difference(truth.size, own, others, difference, p)


def interval_of_difference(first: Interval, second: Interval) -> Interval:
    """The difference of two numbers from their own intervals, as if they were independent (Newcombe 1998, Zou 2008)."""
    gap = first.value - second.value
    below = math.hypot(first.value - first.low, second.high - second.value)
    above = math.hypot(first.high - first.value, second.value - second.low)
    return Interval(gap, max(-1.0, gap - below), min(1.0, gap + above))


def areas_with_covariance(
    truth: NDArray[np.bool_], lesion: NDArray[np.int64], *scores: Floats
) -> tuple[Floats, Floats]:
    """AUC of k models (k,) and their covariance (k, k), lesions being independent of each other."""
    shares = [placements(truth, one) for one in scores]
    malignant, benign = (np.stack(one) for one in zip(*shares, strict=True))
    values = malignant.mean(axis=1)
    lesions = int(lesion.max()) + 1
    mine = lesion_contributions(malignant, lesion[truth], lesions)
    other = lesion_contributions(benign, lesion[~truth], lesions)
    present = [distinct_codes(lesion[inside]) for inside in (truth, ~truth)]
    shared = mine @ other.T
    covariance = sum(
        n / (n - 1) * one @ one.T for n, one in zip(present, (mine, other), strict=True) if n > 1
    ) + lesions / max(1, lesions - 1) * (shared + shared.T)
    return values, np.asarray(covariance)


def distinct_codes(codes: NDArray[np.int64]) -> int:
    """How many different codes occur."""
    return int(np.count_nonzero(np.bincount(codes)))


def lesion_contributions(values: Floats, lesion: NDArray[np.int64], lesions: int) -> Floats:
    """What each lesion adds to the mean of each row (k, n), less its share of that mean: (k, lesions)."""
    apart = (values - values.mean(axis=1, keepdims=True)) / values.shape[1]
    return np.stack([np.bincount(lesion, one, lesions) for one in apart])

"""From labels and scores to the numbers a clinician asks for. NumPy only; every function is pure.

Throughout, `y` is the truth (n,), bool, True for malignant; `p` the probability of malignancy (n,), 0 to 1;
a case is called malignant when `p >= threshold`. What is not defined (no cases, one class, a missing score)
comes back as NaN, or as an `Interval` that carries the reason as a sentence; nothing here raises on data.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.intervals import Interval, Undefined, undefined, wilson

Floats = NDArray[np.float64]


def arrays(y: ArrayLike, p: ArrayLike) -> tuple[NDArray[np.bool_], Floats]:
    """Truth as bool and scores as float64, both (n,). Raises ValueError when their lengths differ."""
    truth, scores = np.asarray(y, bool).ravel(), np.asarray(p, np.float64).ravel()
    if truth.shape != scores.shape:
        raise ValueError(f"{truth.size} labels but {scores.size} scores")
    return truth, scores


def problem(y: ArrayLike, p: ArrayLike) -> Undefined | None:
    """Why nothing that compares the two classes is defined for these cases; None when all is well."""
    truth, scores = arrays(y, p)
    if truth.size == 0:
        return Undefined.EMPTY
    if np.isnan(scores).any():
        return Undefined.UNSCORED
    if not truth.any():
        return Undefined.NO_MALIGNANT
    return Undefined.NO_BENIGN if truth.all() else None


# -- at one threshold ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Confusion:
    """Cases by truth and decision at one threshold. Where some are `unscored`, no rate is defined."""

    tp: int
    fp: int
    tn: int
    fn: int
    unscored: int = 0

    @property
    def n(self) -> int:
        """All cases."""
        return self.tp + self.fp + self.tn + self.fn + self.unscored

    def rate(self, hits: int, of: int, reason: Undefined) -> Interval:
        """A share of these cases, or why there is none."""
        return undefined(Undefined.UNSCORED) if self.unscored else wilson(hits, of, reason)

    @property
    def sensitivity(self) -> Interval:
        """Malignant cases that are called malignant."""
        return self.rate(self.tp, self.tp + self.fn, Undefined.NO_MALIGNANT)

    @property
    def specificity(self) -> Interval:
        """Benign cases that are called benign."""
        return self.rate(self.tn, self.tn + self.fp, Undefined.NO_BENIGN)

    @property
    def ppv(self) -> Interval:
        """Cases called malignant that are, at the prevalence of these cases."""
        return self.rate(self.tp, self.tp + self.fp, Undefined.NONE_CALLED_MALIGNANT)

    @property
    def npv(self) -> Interval:
        """Cases called benign that are, at the prevalence of these cases."""
        return self.rate(self.tn, self.tn + self.fn, Undefined.NONE_CALLED_BENIGN)

    @property
    def accuracy(self) -> Interval:
        """Cases called what they are."""
        return self.rate(self.tp + self.tn, self.n, Undefined.EMPTY)

    @property
    def prevalence(self) -> Interval:
        """Malignant cases among all."""
        return self.rate(self.tp + self.fn, self.n, Undefined.EMPTY)

    @property
    def balanced_accuracy(self) -> float:
        """Mean of sensitivity and specificity; NaN where either is not defined."""
        return (self.sensitivity.value + self.specificity.value) / 2


def confusion(y: ArrayLike, p: ArrayLike, threshold: float) -> Confusion:
    """Count the four outcomes at a threshold."""
    truth, scores = arrays(y, p)
    scored = ~np.isnan(scores)
    called = scores >= threshold
    tp, fp = int((called & truth).sum()), int((called & ~truth).sum())
    malignant, benign = int((scored & truth).sum()), int((scored & ~truth).sum())
    return Confusion(tp, fp, benign - fp, malignant - tp, int((~scored).sum()))


def threshold_for_sensitivity(y: ArrayLike, p: ArrayLike, target: float) -> float:
    """The highest useful threshold with at least `target` sensitivity.

    It lies halfway between the last malignant score that must be caught and the next lower score, so that a
    rounding difference elsewhere does not turn a decision.

    Args:
        target: above 0, at most 1. Raises ValueError otherwise.

    Returns:
        A probability, or NaN without malignant cases or with a missing score.
    """
    if not 0 < target <= 1:
        raise ValueError(f"target sensitivity must lie above 0 and at most at 1, not {target}")
    truth, scores = arrays(y, p)
    if not truth.any() or np.isnan(scores).any():
        return math.nan
    malignant = np.sort(scores[truth])[::-1]
    # 0.07 * 100 is 7.000000000000001 in floating point, and still seven cases.
    needed = max(1, math.ceil(target * malignant.size - 1e-9))
    last = float(malignant[needed - 1])
    lower = scores[scores < last]
    between = (last + float(lower.max())) / 2 if lower.size else last
    # Two neighbouring floats have nothing between them: their mean may round down.
    return between if not lower.size or between > lower.max() else last


# -- over all thresholds ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Sweep:
    """What is called malignant at every distinct score, highest first: tp and fp (m,) at thresholds (m,).

    `malignant` and `benign` count the cases of each class. m is 0 where `problem` names a reason.
    """

    thresholds: Floats
    tp: NDArray[np.int64]
    fp: NDArray[np.int64]
    malignant: int
    benign: int


def sweep(y: ArrayLike, p: ArrayLike) -> Sweep:
    """Sort once, count at every distinct score."""
    truth, scores = arrays(y, p)
    if problem(truth, scores) is not None:
        none = np.zeros(0, np.int64)
        return Sweep(np.zeros(0), none, none, int(truth.sum()), int((~truth).sum()))
    order = np.argsort(-scores, kind="stable")
    scores, found = scores[order], np.cumsum(truth[order])
    last = np.append(np.flatnonzero(np.diff(scores)), scores.size - 1)
    tp = found[last].astype(np.int64)
    return Sweep(scores[last], tp, last + 1 - tp, int(truth.sum()), int((~truth).sum()))


def counts_at(
    y: ArrayLike, p: ArrayLike, thresholds: ArrayLike
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """True and false positives (m,) at any thresholds (m,), by binary search, without unscored cases."""
    truth, scores = arrays(y, p)
    cuts = np.asarray(thresholds, np.float64)
    scored = ~np.isnan(scores)
    malignant, benign = np.sort(scores[scored & truth]), np.sort(scores[scored & ~truth])
    tp = malignant.size - np.searchsorted(malignant, cuts, "left")
    fp = benign.size - np.searchsorted(benign, cuts, "left")
    return tp.astype(np.int64), fp.astype(np.int64)


@dataclass(frozen=True)
class Curve:
    """x and y (m,) with the threshold of each point (m,); empty where not defined."""

    x: Floats
    y: Floats
    thresholds: Floats


def roc_curve(y: ArrayLike, p: ArrayLike) -> Curve:
    """False-positive rate (x) against sensitivity (y), from (0, 0) at an infinite threshold to (1, 1)."""
    at = sweep(y, p)
    if not at.thresholds.size:
        return Curve(np.zeros(0), np.zeros(0), np.zeros(0))
    start = np.zeros(1)
    x, up = np.append(start, at.fp / at.benign), np.append(start, at.tp / at.malignant)
    return Curve(x, up, np.append(np.inf, at.thresholds))


def auc(y: ArrayLike, p: ArrayLike) -> float:
    """Area under the ROC curve: the chance that a malignant case scores above a benign one, ties half."""
    at = sweep(y, p)
    if not at.thresholds.size:
        return math.nan
    tp, fp = np.append(0, at.tp), np.append(0, at.fp)
    # Whole numbers up to the last division: exact.
    return float((np.diff(fp) * (tp[1:] + tp[:-1])).sum() / (2 * at.malignant * at.benign))


def pr_curve(y: ArrayLike, p: ArrayLike) -> Curve:
    """Sensitivity (x, recall) against positive predictive value (y, precision), highest score first."""
    at = sweep(y, p)
    if not at.thresholds.size:
        return Curve(np.zeros(0), np.zeros(0), np.zeros(0))
    return Curve(at.tp / at.malignant, at.tp / (at.tp + at.fp), at.thresholds)


def average_precision(y: ArrayLike, p: ArrayLike) -> float:
    """Area under the precision-recall steps, without interpolation."""
    curve = pr_curve(y, p)
    return float((np.diff(curve.x, prepend=0.0) * curve.y).sum()) if curve.x.size else math.nan


# -- resampling ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ranked:
    """Cases sorted once, so that a resample only needs new weights.

    `benign` (b,) and `malignant` (m,) hold the lesion of each case (index below `lesions`) by rising score;
    `below` and `up_to` (m,) how many benign cases score below a malignant one, and at most as high.
    """

    lesions: int
    benign: NDArray[np.int64]
    malignant: NDArray[np.int64]
    below: NDArray[np.int64]
    up_to: NDArray[np.int64]


def rank(truth: NDArray[np.bool_], scores: Floats, groups: ArrayLike) -> Ranked:
    """Prepare for resampling by group."""
    names, lesion = np.unique(np.asarray(groups).astype(str), return_inverse=True)
    order = np.argsort(scores[~truth], kind="stable")
    benign = scores[~truth][order]
    # Sorted look-ups stay in the cache; the order of the malignant cases does not matter otherwise.
    rising = np.argsort(scores[truth], kind="stable")
    malignant = scores[truth][rising]
    return Ranked(
        lesions=names.size,
        benign=lesion[~truth][order],
        malignant=lesion[truth][rising],
        below=np.searchsorted(benign, malignant, "left"),
        up_to=np.searchsorted(benign, malignant, "right"),
    )


def resamples(ranked: Ranked, n: int, seed: int) -> Iterator[tuple[Floats, Floats]]:
    """Draw whole lesions with replacement, `n` times.

    Yields:
        How often each malignant case was drawn (m,), and how many draws the benign ones up to each came to (b + 1,),
        which the next resample overwrites.
    """
    random = np.random.default_rng(seed)
    cumulated = np.zeros(ranked.benign.size + 1)
    for _ in range(n):
        drawn = random.integers(0, ranked.lesions, ranked.lesions, dtype=np.int32)
        weight = np.bincount(drawn, minlength=ranked.lesions).astype(np.float64)
        np.cumsum(weight[ranked.benign], out=cumulated[1:])
        yield weight[ranked.malignant], cumulated


def bootstrap_auc(y: ArrayLike, p: ArrayLike, groups: ArrayLike, n: int = 2000, seed: int = 0) -> Interval:
    """AUC with the 95 % percentile interval of `n` resamples of whole lesions.

    Images of one lesion are no independent cases: resampling images would promise too narrow an interval.

    Args:
        groups: lesion of every case (n,), anything that prints.
    """
    truth, scores = arrays(y, p)
    reason = problem(truth, scores)
    if reason is not None:
        return undefined(reason)
    ranked = rank(truth, scores, groups)
    areas = np.full(n, np.nan)
    for i, (malignant, cumulated) in enumerate(resamples(ranked, n, seed)):
        pairs = malignant.sum() * cumulated[-1]
        # A resample of very few lesions may hold one class only; it says nothing about the AUC.
        if pairs:
            areas[i] = malignant @ (cumulated[ranked.below] + cumulated[ranked.up_to]) / (2 * pairs)
    low, high = np.nanquantile(areas, (0.025, 0.975))
    return Interval(auc(truth, scores), float(low), float(high))


# -- calibration -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bin:
    """Cases with a probability in [low, high): how many, their mean probability, the share malignant."""

    low: float
    high: float
    n: int
    predicted: float
    observed: Interval


def reliability(y: ArrayLike, p: ArrayLike, bins: int = 10) -> tuple[Bin, ...]:
    """Bins of equal width that hold a case; the last one includes 1. None with a missing score."""
    truth, scores = arrays(y, p)
    if np.isnan(scores).any():
        return ()
    index = np.clip((scores * bins).astype(np.int64), 0, bins - 1)
    found: list[Bin] = []
    for i in np.unique(index).tolist():
        inside = index == i
        n = int(inside.sum())
        share = wilson(int(truth[inside].sum()), n)
        found.append(Bin(i / bins, (i + 1) / bins, n, float(scores[inside].mean()), share))
    return tuple(found)


def expected_calibration_error(y: ArrayLike, p: ArrayLike, bins: int = 10) -> float:
    """Mean distance of predicted from observed share over equal-width bins, weighted by cases; or NaN."""
    found = reliability(y, p, bins)
    total = sum(one.n for one in found)
    if not total:
        return math.nan
    return sum(one.n * abs(one.predicted - one.observed.value) for one in found) / total


def brier(y: ArrayLike, p: ArrayLike) -> float:
    """Mean squared distance between probability and truth, 0 to 1, 0 is perfect; NaN if empty or unscored."""
    truth, scores = arrays(y, p)
    return float(np.mean((scores - truth) ** 2)) if truth.size else math.nan


# -- several classes -------------------------------------------------------------------------------


def class_confusion(truth: ArrayLike, chosen: ArrayLike, classes: int) -> NDArray[np.int64]:
    """Cases by true class (row) and chosen class (column), (classes, classes), from indices (n,)."""
    rows, columns = np.asarray(truth, np.int64), np.asarray(chosen, np.int64)
    return np.bincount(rows * classes + columns, minlength=classes * classes).reshape(classes, classes)


def class_balanced_accuracy(matrix: ArrayLike) -> float:
    """Mean share of found cases over the classes that occur; NaN without cases."""
    counts = np.asarray(matrix, np.int64)
    totals = counts.sum(axis=1)
    occurs = totals > 0
    return float((np.diag(counts)[occurs] / totals[occurs]).mean()) if occurs.any() else math.nan

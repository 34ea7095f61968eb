"""From labels and scores to the numbers a clinician asks for. NumPy only; every function is pure.

Throughout, `y` is the truth (n,), bool, True for malignant; `p` the probability of malignancy (n,), 0 to 1;
a case is called malignant when `p >= threshold`. What is not defined (no cases, one class, a missing score)
comes back as NaN, or as an `Interval` that carries the reason as a sentence; nothing here raises on data.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.evaluation.intervals import Interval, Undefined, undefined, wilson

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

    `malignant` and `benign` count the scored cases of each class, `unscored` the others.
    """

    thresholds: Floats
    tp: NDArray[np.int64]
    fp: NDArray[np.int64]
    malignant: int
    benign: int
    unscored: int

    @property
    def problem(self) -> Undefined | None:
        """Why nothing that compares the two classes is defined for these cases; None when all is well."""
        if self.unscored:
            return Undefined.UNSCORED
        if not self.malignant:
            return Undefined.NO_MALIGNANT if self.benign else Undefined.EMPTY
        return None if self.benign else Undefined.NO_BENIGN

    def counts(self, thresholds: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """True and false positives (m,) among the scored cases at any thresholds (m,), by binary search."""
        # Scores of at least the threshold: falling scores, negated, rise.
        index = np.searchsorted(-self.thresholds, -np.asarray(thresholds, np.float64), "right")
        return np.append(0, self.tp)[index], np.append(0, self.fp)[index]

    def at(self, threshold: float) -> Confusion:
        """The four outcomes at one threshold."""
        tp, fp = (int(one[0]) for one in self.counts([threshold]))
        return Confusion(tp, fp, self.benign - fp, self.malignant - tp, self.unscored)


def sweep(y: ArrayLike, p: ArrayLike) -> Sweep:
    """Sort once, count at every distinct score; curves and areas below all start from this."""
    truth, scores = arrays(y, p)
    scored = ~np.isnan(scores)
    unscored = int(scored.size - scored.sum())
    if unscored:
        truth, scores = truth[scored], scores[scored]
    order = np.argsort(-scores, kind="stable")
    scores, found = scores[order], np.cumsum(truth[order])
    last = np.append(np.flatnonzero(np.diff(scores)), scores.size - 1) if scores.size else np.zeros(0, int)
    tp = found[last].astype(np.int64)
    malignant = int(found[-1]) if found.size else 0
    return Sweep(scores[last], tp, last + 1 - tp, malignant, truth.size - malignant, unscored)


@dataclass(frozen=True)
class Curve:
    """x and y (m,) with the threshold of each point (m,); empty where not defined."""

    x: Floats
    y: Floats
    thresholds: Floats


NO_CURVE = Curve(np.zeros(0), np.zeros(0), np.zeros(0))


def roc_of(at: Sweep) -> Curve:
    """False-positive rate (x) against sensitivity (y), from (0, 0) at an infinite threshold to (1, 1)."""
    if at.problem is not None:
        return NO_CURVE
    start = np.zeros(1)
    x, up = np.append(start, at.fp / at.benign), np.append(start, at.tp / at.malignant)
    return Curve(x, up, np.append(np.inf, at.thresholds))


def auc_of(at: Sweep) -> float:
    """Area under the ROC curve: the chance that a malignant case scores above a benign one, ties half."""
    if at.problem is not None:
        return math.nan
    tp, fp = np.append(0, at.tp), np.append(0, at.fp)
    # Whole numbers up to the last division: exact.
    return float((np.diff(fp) * (tp[1:] + tp[:-1])).sum() / (2 * at.malignant * at.benign))


def pr_of(at: Sweep) -> Curve:
    """Sensitivity (x, recall) against positive predictive value (y, precision), highest score first."""
    if at.problem is not None:
        return NO_CURVE
    return Curve(at.tp / at.malignant, at.tp / (at.tp + at.fp), at.thresholds)


def average_precision_of(at: Sweep) -> float:
    """Area under the precision-recall steps, without interpolation."""
    curve = pr_of(at)
    return float((np.diff(curve.x, prepend=0.0) * curve.y).sum()) if curve.x.size else math.nan


def roc_curve(y: ArrayLike, p: ArrayLike) -> Curve:
    """See `roc_of`."""
    return roc_of(sweep(y, p))


def auc(y: ArrayLike, p: ArrayLike) -> float:
    """See `auc_of`."""
    return auc_of(sweep(y, p))


def pr_curve(y: ArrayLike, p: ArrayLike) -> Curve:
    """See `pr_of`."""
    return pr_of(sweep(y, p))


def average_precision(y: ArrayLike, p: ArrayLike) -> float:
    """See `average_precision_of`."""
    return average_precision_of(sweep(y, p))


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

"""From labels and scores to the numbers a clinician asks for. NumPy only; every function is pure.

Throughout, `y` is the truth (n,), bool, True for malignant; `p` the probability of malignancy (n,), 0 to 1;
a case is called malignant when `p >= threshold`. What is not defined (no cases, one class, a missing score)
comes back as NaN, or as an `Interval` that carries the reason as a sentence; nothing here raises on data.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.evaluation.intervals import Interval, Share, Undefined, undefined

Floats = NDArray[np.float64]


def truth_and_scores(y: ArrayLike, p: ArrayLike) -> tuple[NDArray[np.bool_], Floats]:
    """Truth as bool and scores as float64, both (n,). Raises ValueError when their lengths differ."""
    truth, scores = np.asarray(y, bool).ravel(), np.asarray(p, np.float64).ravel()
    if truth.shape != scores.shape:
        raise ValueError(f"{truth.size} labels but {scores.size} scores")
    return truth, scores


def two_class_problem(y: ArrayLike, p: ArrayLike) -> Undefined | None:
    """Why nothing that compares the two classes is defined for these cases; None when all is well."""
    truth, scores = truth_and_scores(y, p)
    if truth.size == 0:
        return Undefined.EMPTY
    if np.isnan(scores).any():
        return Undefined.UNSCORED
    if not truth.any():
        return Undefined.NO_MALIGNANT
    return Undefined.NO_BENIGN if truth.all() else None


def lesion_codes(groups: ArrayLike) -> tuple[NDArray[np.int64], int]:
    """The lesion of each case (n,) as an index, from anything that prints, and how many lesions there are."""
    names = np.asarray(groups)
    if names.dtype.kind in "iu" and names.size and names.min() >= 0 and names.max() < 2**24:
        # Codes already, perhaps with gaps: counting is faster than sorting.
        present = np.bincount(names) > 0
        return (np.cumsum(present) - 1)[names], int(present.sum())
    distinct, code = np.unique(names if names.dtype.kind in "iu" else names.astype(str), return_inverse=True)
    return code, distinct.size


# -- at one threshold ------------------------------------------------------------------------------


# The outcomes of a decision, in the order of `Confusion.pairs`.
TP, FP, TN, FN = range(4)
Pairs = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Confusion:
    """Cases by truth and decision at one threshold. Where some are `unscored`, no rate is defined.

    Attributes:
        pairs: (4, 4), ordered pairs of cases of one lesion by the outcome of the first and of the second, a case with
            itself included; what intervals by lesion need. None where every case is a lesion of its own.
    """

    tp: int
    fp: int
    tn: int
    fn: int
    unscored: int = 0
    pairs: Pairs | None = None

    @property
    def n(self) -> int:
        """All cases."""
        return self.tp + self.fp + self.tn + self.fn + self.unscored

    def share(self, hits: Sequence[int], of: Sequence[int]) -> Share:
        """Cases of some outcomes among those of others, the hits being among them."""
        counts = (self.tp, self.fp, self.tn, self.fn)
        pairs = self.pairs or [[count * (i == j) for j in range(4)] for i, count in enumerate(counts)]
        both, mixed, whole = (
            sum([pairs[i][j] for i in first for j in second])
            for first, second in ((hits, hits), (hits, of), (of, of))
        )
        return Share(sum([counts[i] for i in hits]), sum([counts[i] for i in of]), both, mixed, whole)

    def rate(self, hits: Sequence[int], of: Sequence[int], reason: Undefined) -> Interval:
        """A share of these cases with its interval by lesion, or why there is none."""
        return undefined(Undefined.UNSCORED) if self.unscored else self.share(hits, of).interval(reason)

    @property
    def sensitivity(self) -> Interval:
        """Malignant cases that are called malignant."""
        return self.rate((TP,), (TP, FN), Undefined.NO_MALIGNANT)

    @property
    def specificity(self) -> Interval:
        """Benign cases that are called benign."""
        return self.rate((TN,), (TN, FP), Undefined.NO_BENIGN)

    @property
    def ppv(self) -> Interval:
        """Cases called malignant that are, at the prevalence of these cases."""
        return self.rate((TP,), (TP, FP), Undefined.NONE_CALLED_MALIGNANT)

    @property
    def npv(self) -> Interval:
        """Cases called benign that are, at the prevalence of these cases."""
        return self.rate((TN,), (TN, FN), Undefined.NONE_CALLED_BENIGN)

    @property
    def accuracy(self) -> Interval:
        """Cases called what they are."""
        return self.rate((TP, TN), range(4), Undefined.EMPTY)

    @property
    def prevalence(self) -> Interval:
        """Malignant cases among all."""
        return self.rate((TP, FN), range(4), Undefined.EMPTY)

    @property
    def balanced_accuracy(self) -> float:
        """Mean of sensitivity and specificity; NaN where either is not defined."""
        return (self.sensitivity.value + self.specificity.value) / 2


def confusion(y: ArrayLike, p: ArrayLike, threshold: float, groups: ArrayLike | None = None) -> Confusion:
    """Count the four outcomes at a threshold.

    Args:
        groups: lesion of every case (n,), anything that prints; None where every case is a lesion of its own.
    """
    truth, scores = truth_and_scores(y, p)
    scored = ~np.isnan(scores)
    outcome = np.where(scores >= threshold, np.where(truth, TP, FP), np.where(truth, FN, TN))[scored]
    unscored = int(scored.size - scored.sum())
    if groups is None:
        return confusion_of_counts(np.bincount(outcome, minlength=4), unscored)
    return confusion_of_outcomes(outcome, np.asarray(groups)[scored], unscored)


def confusion_of_outcomes(outcome: NDArray[np.int64], groups: ArrayLike, unscored: int = 0) -> Confusion:
    """Count cases whose outcome (n,), TP to FN, is known already; see `confusion`."""
    lesion, lesions = lesion_codes(groups)
    counts = np.bincount(4 * lesion + outcome, minlength=4 * lesions).reshape(lesions, 4)
    return confusion_of_counts(counts.sum(axis=0), unscored, counts.T @ counts)


def confusion_of_counts(
    counts: NDArray[np.int64], unscored: int, pairs: NDArray[np.int64] | None = None
) -> Confusion:
    """The four outcomes from counts (4,) and pairs (4, 4)."""
    tp, fp, tn, fn = counts.tolist()
    return Confusion(
        tp, fp, tn, fn, unscored, None if pairs is None else tuple(tuple(row) for row in pairs.tolist())
    )


def confusions(y: ArrayLike, p: ArrayLike, thresholds: ArrayLike, groups: ArrayLike) -> list[Confusion]:
    """What `confusion` counts, at many thresholds (m,) that rise: the cases are sorted once.

    From the highest threshold down, one case after another is called malignant. A step e of its lesion's four counts v
    changes their products by v e' + e v' + e e', and e is one of two: a case is malignant or benign.
    """
    truth, scores = truth_and_scores(y, p)
    scored = ~np.isnan(scores)
    cuts = np.asarray(thresholds, np.float64)
    lesion, lesions = lesion_codes(np.asarray(groups)[scored])
    # How many of the thresholds call a case malignant.
    passed = np.searchsorted(cuts, scores[scored], "right")
    order = np.argsort(lesion * (cuts.size + 1) - passed, kind="stable")
    truth, lesion, passed = truth[scored][order], lesion[order], passed[order]
    size, malignant = np.bincount(lesion, minlength=lesions), np.bincount(lesion[truth], minlength=lesions)
    # What was called malignant of a case's lesion before its turn.
    begin = (np.cumsum(size) - size)[lesion]
    caught: NDArray[np.int64] = np.cumsum(truth) - truth
    tp: NDArray[np.int64] = caught - caught[begin]
    fp = np.arange(truth.size) - begin - tp

    def called(values: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
        """Sums of values (n,), or counts, of the benign and the malignant cases that each threshold calls: (m, 2)."""
        sums = np.bincount(2 * passed + truth, values, 2 * (cuts.size + 1)).reshape(-1, 2)
        return np.cumsum(sums[::-1], axis=0)[-2::-1].astype(np.int64)

    uncalled = np.stack((0 * size, 0 * size, size - malignant, malignant))
    steps = np.array([[0, 1, -1, 0], [1, 0, 0, -1]])
    number = called()
    before = np.stack(
        [called(one) for one in (tp, fp, uncalled[TN][lesion] - fp, malignant[lesion] - tp)], axis=-1
    )
    change = np.einsum("mka,kb->mab", before, steps)
    change += change.transpose(0, 2, 1) + np.einsum("mk,ka,kb->mab", number, steps, steps)
    unscored = int(scored.size - scored.sum())
    return [
        confusion_of_counts(counts, unscored, pairs)
        for counts, pairs in zip(
            uncalled.sum(axis=1) + number @ steps, uncalled @ uncalled.T + change, strict=True
        )
    ]


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
    truth, scores = truth_and_scores(y, p)
    if not truth.any() or np.isnan(scores).any():
        return math.nan
    malignant = np.sort(scores[truth])[::-1]
    # 0.07 * 100 is 7.000000000000001 in floating point, and still seven cases.
    needed = max(1, math.ceil(target * malignant.size - 1e-9))
    last = float(malignant[needed - 1])
    lower = scores[scores < last]
    return halfway(float(lower.max()), last) if lower.size else last


def halfway(low: float, high: float) -> float:
    """Halfway between two floats, above `low` and at most `high`: two neighbours have nothing between them."""
    half = (low + high) / 2
    return half if half > low else high


# -- over all thresholds ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Curve:
    """x and y (m,) with the threshold of each point (m,); empty where not defined."""

    x: Floats
    y: Floats
    thresholds: Floats


NO_CURVE = Curve(np.zeros(0), np.zeros(0), np.zeros(0))


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

    @property
    def roc(self) -> Curve:
        """False-positive rate (x) against sensitivity (y), from (0, 0) at an infinite threshold to (1, 1)."""
        if self.problem is not None:
            return NO_CURVE
        x, y = np.append(0.0, self.fp / self.benign), np.append(0.0, self.tp / self.malignant)
        return Curve(x, y, np.append(np.inf, self.thresholds))

    @property
    def auc(self) -> float:
        """Area under the ROC curve: the chance that a malignant case scores above a benign one, ties half; or NaN."""
        if self.problem is not None:
            return math.nan
        tp, fp = np.append(0, self.tp), np.append(0, self.fp)
        # Whole numbers up to the last division: exact.
        return float((np.diff(fp) * (tp[1:] + tp[:-1])).sum() / (2 * self.malignant * self.benign))

    @property
    def precision_recall(self) -> Curve:
        """Sensitivity (x, recall) against positive predictive value (y, precision), highest score first."""
        if self.problem is not None:
            return NO_CURVE
        return Curve(self.tp / self.malignant, self.tp / (self.tp + self.fp), self.thresholds)

    @property
    def average_precision(self) -> float:
        """Area under the precision-recall steps, without interpolation; or NaN."""
        curve = self.precision_recall
        return float((np.diff(curve.x, prepend=0.0) * curve.y).sum()) if curve.x.size else math.nan


def sweep_scores(y: ArrayLike, p: ArrayLike) -> Sweep:
    """Sort once and count at every distinct score: all curves and areas come from this."""
    truth, scores = truth_and_scores(y, p)
    scored = ~np.isnan(scores)
    unscored = int(scored.size - scored.sum())
    if unscored:
        truth, scores = truth[scored], scores[scored]
    order = np.argsort(-scores, kind="stable")
    scores, caught = scores[order], np.cumsum(truth[order])
    last = np.append(np.flatnonzero(np.diff(scores)), scores.size - 1) if scores.size else np.zeros(0, int)
    tp = caught[last].astype(np.int64)
    malignant = int(caught[-1]) if caught.size else 0
    return Sweep(scores[last], tp, last + 1 - tp, malignant, truth.size - malignant, unscored)


def auc(y: ArrayLike, p: ArrayLike) -> float:
    """See `Sweep.auc`."""
    return sweep_scores(y, p).auc


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

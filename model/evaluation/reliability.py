"""Whether probabilities mean what they say: observed shares by bin, expected calibration error, Brier score."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from model.evaluation.intervals import Interval
from model.evaluation.metrics import lesion_codes, truth_and_scores
from model.evaluation.shares import share_by_lesion


@dataclass(frozen=True)
class Bin:
    """Cases with a probability in [low, high): how many, their mean probability, the share malignant."""

    low: float
    high: float
    n: int
    predicted: float
    observed: Interval


def calibration_bins(y: ArrayLike, p: ArrayLike, groups: ArrayLike, bins: int = 10) -> tuple[Bin, ...]:
    """Bins of equal width that hold a case; the last one includes 1. None with a missing score.

    Args:
        groups: lesion of every case (n,), anything that prints.
    """
    truth, scores = truth_and_scores(y, p)
    lesion, _ = lesion_codes(groups)
    if np.isnan(scores).any():
        return ()
    index = np.clip((scores * bins).astype(np.int64), 0, bins - 1)
    cases = np.bincount(index, minlength=bins)
    mean = np.bincount(index, scores, bins) / np.maximum(cases, 1)
    return tuple(
        Bin(
            i / bins,
            (i + 1) / bins,
            int(cases[i]),
            float(mean[i]),
            share_by_lesion(truth[index == i], lesion[index == i]),
        )
        for i in np.flatnonzero(cases).tolist()
    )


def expected_calibration_error(y: ArrayLike, p: ArrayLike, bins: int = 10) -> float:
    """Mean distance of predicted from observed share over equal-width bins, weighted by cases; or NaN."""
    truth, scores = truth_and_scores(y, p)
    filled = calibration_bins(truth, scores, np.arange(truth.size), bins)
    return error_of_bins(filled)


def error_of_bins(bins: Sequence[Bin]) -> float:
    """See `expected_calibration_error`."""
    total = sum(one.n for one in bins)
    return sum(one.n * abs(one.predicted - one.observed.value) for one in bins) / total if total else math.nan


def brier(y: ArrayLike, p: ArrayLike) -> float:
    """Mean squared distance between probability and truth, 0 to 1, 0 is perfect; NaN if empty or unscored."""
    truth, scores = truth_and_scores(y, p)
    return float(np.mean((scores - truth) ** 2)) if truth.size else math.nan


@dataclass(frozen=True)
class Reliability:
    """Bins of one set of probabilities, and the two numbers that sum them up; NaN where not defined."""

    bins: tuple[Bin, ...]
    error: float
    brier: float

    @property
    def words(self) -> str:
        """Both numbers."""
        return f"ECE {self.error:.3f}, Brier {self.brier:.3f}"


def measure_reliability(y: ArrayLike, p: ArrayLike, groups: ArrayLike) -> Reliability:
    """Everything above."""
    bins = calibration_bins(y, p, groups)
    return Reliability(bins, error_of_bins(bins), brier(y, p))

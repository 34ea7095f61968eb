"""Curves beside the ROC curve: how sure it is, and whether acting on the model does more good than harm."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from model.metrics import Floats, arrays, counts_at, problem, rank, resamples

# Where a band is known: false-positive rates.
RATES: Floats = np.linspace(0, 1, 201)


@dataclass(frozen=True)
class Band:
    """Between `low` and `high` (m,) lie 95 % of the resampled curves at each x (m,); empty where not defined."""

    x: Floats
    low: Floats
    high: Floats


def bootstrap_roc(y: ArrayLike, p: ArrayLike, groups: ArrayLike, n: int = 1000, seed: int = 0) -> Band:
    """Pointwise 95 % band of the sensitivity at each false-positive rate, from `n` resamples of whole lesions.

    Args:
        groups: lesion of every case (n,), anything that prints.
    """
    truth, scores = arrays(y, p)
    if problem(truth, scores) is not None:
        return Band(np.zeros(0), np.zeros(0), np.zeros(0))
    ranked = rank(truth, scores, groups)
    caught = np.zeros(ranked.malignant.size + 1)
    found: list[Floats] = []
    for malignant, benign in resamples(ranked, n, seed):
        # Malignant cases rise with their index, so the alarms that come with catching from each one on fall.
        caught[:-1] = np.cumsum(malignant[::-1])[::-1]
        if not caught[0] or not benign[-1]:
            continue
        alarms = 1 - benign[ranked.below] / benign[-1]
        first = alarms.size - np.searchsorted(alarms[::-1], RATES + 1e-12, "right")
        found.append(caught[first] / caught[0])
    low, high = np.quantile(found, (0.025, 0.975), axis=0)
    return Band(RATES, low, high)


@dataclass(frozen=True)
class Benefit:
    """Net benefit (m,) of a model and of treating all at each threshold (m,); treating none always has 0."""

    thresholds: Floats
    model: Floats
    treat_all: Floats


def net_benefit(y: ArrayLike, p: ArrayLike, thresholds: ArrayLike) -> Benefit:
    """True positives, less false ones at the odds of the threshold, as a share of all cases (Vickers & Elkin 2006).

    Args:
        thresholds: (m,), at least 0 and below 1. Empty curves come back where the comparison is not defined.
    """
    truth, scores = arrays(y, p)
    if problem(truth, scores) is not None:
        return Benefit(np.zeros(0), np.zeros(0), np.zeros(0))
    cuts = np.asarray(thresholds, np.float64)
    odds = cuts / (1 - cuts)
    tp, fp = counts_at(truth, scores, cuts)
    malignant = int(truth.sum())
    everyone = malignant - (truth.size - malignant) * odds
    return Benefit(cuts, (tp - fp * odds) / truth.size, everyone / truth.size)

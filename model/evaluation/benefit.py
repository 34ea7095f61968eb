"""The decision curve: whether acting on a model does more good than harm."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from model.evaluation.metrics import Floats, Sweep


@dataclass(frozen=True)
class Benefit:
    """Net benefit (m,) of a model and of treating all at each threshold (m,); treating none always has 0."""

    thresholds: Floats
    model: Floats
    treat_all: Floats


def net_benefit(at: Sweep, thresholds: ArrayLike) -> Benefit:
    """True positives, less false ones at the odds of the threshold, as a share of all cases (Vickers & Elkin 2006).

    Args:
        thresholds: (m,), at least 0 and below 1. Empty curves come back where the comparison is not defined.
    """
    if at.problem is not None:
        return Benefit(np.zeros(0), np.zeros(0), np.zeros(0))
    cuts = np.asarray(thresholds, np.float64)
    odds = cuts / (1 - cuts)
    tp, fp = at.counts(cuts)
    n = at.malignant + at.benign
    return Benefit(cuts, (tp - fp * odds) / n, (at.malignant - at.benign * odds) / n)

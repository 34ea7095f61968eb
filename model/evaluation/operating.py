"""What one operating point is worth: the numbers that follow from its confusion, each with its 95 % interval."""

import math
from dataclasses import dataclass

from model.evaluation.intervals import Z95, Interval, Undefined, undefined
from model.evaluation.metrics import Confusion


def balanced_accuracy(at: Confusion) -> Interval:
    """Mean of sensitivity and specificity, the interval by squaring and adding Wilson's (Newcombe 1998, method 10)."""
    one, other = at.sensitivity, at.specificity
    reason = one.reason or other.reason
    if reason is not None:
        return undefined(reason)
    value = (one.value + other.value) / 2
    below = math.hypot(one.value - one.low, other.value - other.low) / 2
    above = math.hypot(one.high - one.value, other.high - other.value) / 2
    return Interval(value, max(0.0, value - below), min(1.0, value + above))


def f1(at: Confusion) -> Interval:
    """Harmonic mean of sensitivity and positive predictive value, at the prevalence of these cases.

    It rises with the share tp / (tp + fp + fn) alone, so Wilson's interval of that share carries over.
    """
    share = at.rate(at.tp, at.tp + at.fp + at.fn, Undefined.NOTHING_MALIGNANT)
    if not share.defined:
        return share
    value, low, high = (2 * one / (1 + one) for one in (share.value, share.low, share.high))
    return Interval(value, low, high)


def ratio(hits: int, of: int, other_hits: int, other_of: int) -> Interval:
    """(hits / of) / (other_hits / other_of) with its log-normal interval (Katz 1978, Simel 1991).

    A count of 0 has no logarithm: half a case is added to every count then, for the interval alone. All denominators
    are above 0; the value is infinite when `other_hits` is 0.
    """
    value = (hits / of) / (other_hits / other_of) if other_hits else math.inf
    a, m, c, b = float(hits), float(of), float(other_hits), float(other_of)
    if not hits or not other_hits:
        a, m, c, b = a + 0.5, m + 1, c + 0.5, b + 1
    centre = math.log((a / m) / (c / b))
    half = Z95 * math.sqrt(1 / a - 1 / m + 1 / c - 1 / b)
    low = 0.0 if not hits else math.exp(centre - half)
    return Interval(value, low, math.inf if not other_hits else math.exp(centre + half))


def two_classes(at: Confusion) -> Undefined | None:
    """Why nothing that needs sensitivity and specificity exists."""
    return at.sensitivity.reason or at.specificity.reason


def positive_ratio(at: Confusion) -> Interval:
    """Likelihood ratio of the decision "malignant": how much it raises the odds of cancer."""
    reason = two_classes(at) or (None if at.fp else Undefined.NO_FALSE_ALARM)
    return undefined(reason) if reason else ratio(at.tp, at.tp + at.fn, at.fp, at.fp + at.tn)


def negative_ratio(at: Confusion) -> Interval:
    """Likelihood ratio of the decision "benign": how much it lowers the odds of cancer."""
    reason = two_classes(at) or (None if at.tn else Undefined.NOTHING_LEFT_ALONE)
    return undefined(reason) if reason else ratio(at.fn, at.tp + at.fn, at.tn, at.fp + at.tn)


def ppv(at: Confusion, prevalence: float) -> Interval:
    """Share of cancers among the cases called malignant, where `prevalence` (0 to 1) of all cases are cancers.

    Prior odds times likelihood ratio, and so is its interval (Mercaldo 2007, logit method).
    """
    reason = two_classes(at) or (None if at.tp or at.fp else Undefined.NONE_CALLED_MALIGNANT)
    if reason:
        return undefined(reason)
    return posterior(prevalence, ratio(at.tp, at.tp + at.fn, at.fp, at.fp + at.tn))


def npv(at: Confusion, prevalence: float) -> Interval:
    """Share of harmless lesions among the cases called benign, at a prevalence; see `ppv`."""
    reason = two_classes(at) or (None if at.tn or at.fn else Undefined.NONE_CALLED_BENIGN)
    if reason:
        return undefined(reason)
    return posterior(1 - prevalence, ratio(at.tn, at.fp + at.tn, at.fn, at.tp + at.fn))


def posterior(prior: float, likelihood: Interval) -> Interval:
    """Probability after evidence, from the probability before it (0 to 1) and the likelihood ratio."""
    value, low, high = (after(prior, one) for one in (likelihood.value, likelihood.low, likelihood.high))
    return Interval(value, low, high)


def after(prior: float, times: float) -> float:
    """A probability whose odds were multiplied; 1 for infinitely many times."""
    if math.isinf(times):
        return 1.0 if prior > 0 else 0.0
    return prior * times / (prior * times + 1 - prior) if prior < 1 else 1.0


def needed_to_biopsy(at: Confusion, prevalence: float) -> Interval:
    """Lesions called malignant for one cancer among them, at a prevalence: one over the PPV."""
    found = ppv(at, prevalence)
    if not found.defined:
        return found
    if not found.value:
        return undefined(Undefined.NO_CANCER_CAUGHT)
    return Interval(1 / found.value, 1 / found.high, 1 / found.low)


@dataclass(frozen=True)
class Worth:
    """Everything above at one operating point and prevalence."""

    balanced_accuracy: Interval
    f1: Interval
    positive_ratio: Interval
    negative_ratio: Interval
    ppv: Interval
    npv: Interval
    needed_to_biopsy: Interval


def worth(at: Confusion, prevalence: float) -> Worth:
    """All numbers of an operating point at a prevalence, above 0 and below 1."""
    return Worth(
        balanced_accuracy(at),
        f1(at),
        positive_ratio(at),
        negative_ratio(at),
        ppv(at, prevalence),
        npv(at, prevalence),
        needed_to_biopsy(at, prevalence),
    )

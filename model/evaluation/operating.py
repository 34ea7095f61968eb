"""What one operating point is worth: the numbers that follow from its confusion, each with its 95 % interval.

All of them are made of shares, and their intervals of those shares' effective numbers of cases: they are by lesion.
"""

import math
from dataclasses import dataclass

from model.evaluation.intervals import Z95, Interval, Share, Undefined, undefined
from model.evaluation.metrics import FN, FP, TN, TP, Confusion
from model.evaluation.words import tenths


def balanced_accuracy(at: Confusion) -> Interval:
    """Mean of sensitivity and specificity, the interval by squaring and adding theirs (Newcombe 1998, method 10)."""
    reason = two_classes(at)
    if reason is not None:
        return undefined(reason)
    one, other = at.sensitivity, at.specificity
    value = (one.value + other.value) / 2
    below = math.hypot(one.value - one.low, other.value - other.low) / 2
    above = math.hypot(one.high - one.value, other.high - other.value) / 2
    return Interval(value, max(0.0, value - below), min(1.0, value + above))


def f1(at: Confusion) -> Interval:
    """Harmonic mean of sensitivity and positive predictive value, at the prevalence of these cases.

    It rises with the share tp / (tp + fp + fn) alone, so the interval of that share carries over.
    """
    share = at.rate((TP,), (TP, FP, FN), Undefined.NOTHING_MALIGNANT)
    if not share.defined:
        return share
    value, low, high = (2 * one / (1 + one) for one in (share.value, share.low, share.high))
    return Interval(value, low, high)


def likelihood_ratio(share: Share, other: Share) -> Interval:
    """The first share by the other with its log-normal interval (Katz 1978, Simel 1991) of effective counts.

    A count of 0 has no logarithm: half a case is added to every count then, for the interval alone. Both shares are of
    some cases; the value is infinite when the other one has no hit.
    """
    value = (share.hits / share.of) / (other.hits / other.of) if other.hits else math.inf
    a, m = share.hits / share.effect, share.of / share.effect
    c, b = other.hits / other.effect, other.of / other.effect
    if not share.hits or not other.hits:
        a, m, c, b = a + 0.5, m + 1, c + 0.5, b + 1
    centre = math.log((a / m) / (c / b))
    half = Z95 * math.sqrt(1 / a - 1 / m + 1 / c - 1 / b)
    low = 0.0 if not share.hits else math.exp(centre - half)
    return Interval(value, low, math.inf if not other.hits else math.exp(centre + half))


def two_classes(at: Confusion) -> Undefined | None:
    """Why nothing that needs sensitivity and specificity exists."""
    if at.unscored:
        return Undefined.UNSCORED
    if not at.tp + at.fn:
        return Undefined.NO_MALIGNANT
    return None if at.tn + at.fp else Undefined.NO_BENIGN


Pair = tuple[tuple[int, ...], tuple[int, ...]]
# Hits among cases: what is called malignant, and what is called benign, of each class.
CAUGHT, ALARMED = ((TP,), (TP, FN)), ((FP,), (FP, TN))
MISSED, LEFT_ALONE = ((FN,), (TP, FN)), ((TN,), (FP, TN))


def ratio_of_shares(at: Confusion, first: Pair, second: Pair, reason: Undefined | None) -> Interval:
    """Likelihood ratio of two shares; not defined, for `reason` or without one of the classes."""
    problem = two_classes(at) or reason
    return undefined(problem) if problem else likelihood_ratio(at.share(*first), at.share(*second))


def positive_ratio(at: Confusion) -> Interval:
    """Likelihood ratio of the decision "malignant": how much it raises the odds of cancer."""
    return ratio_of_shares(at, CAUGHT, ALARMED, None if at.fp else Undefined.NO_FALSE_ALARM)


def negative_ratio(at: Confusion) -> Interval:
    """Likelihood ratio of the decision "benign": how much it lowers the odds of cancer."""
    return ratio_of_shares(at, MISSED, LEFT_ALONE, None if at.tn else Undefined.NOTHING_LEFT_ALONE)


def odds_of_malignant(at: Confusion) -> Interval:
    """How many times "malignant" raises the odds of cancer; infinitely many without a false alarm."""
    return ratio_of_shares(at, CAUGHT, ALARMED, None if at.tp or at.fp else Undefined.NONE_CALLED_MALIGNANT)


def odds_of_benign(at: Confusion) -> Interval:
    """How many times "benign" raises the odds of a harmless lesion; infinitely many without a missed cancer."""
    return ratio_of_shares(at, LEFT_ALONE, MISSED, None if at.tn or at.fn else Undefined.NONE_CALLED_BENIGN)


def is_counted(at: Confusion, prevalence: float) -> bool:
    """Whether a prevalence is that of the cases, to a tenth of a per cent: predictive values are counted then."""
    return at.n > at.unscored == 0 and tenths((at.tp + at.fn) / at.n) == tenths(prevalence)


def ppv(at: Confusion, prevalence: float) -> Interval:
    """Share of cancers among the cases called malignant, where `prevalence` (0 to 1) of all cases are cancers.

    Counted at the prevalence of the cases. At another it is prior odds times likelihood ratio, and so is its interval
    (Mercaldo 2007, logit method).
    """
    return at.ppv if is_counted(at, prevalence) else posterior(prevalence, odds_of_malignant(at))


def npv(at: Confusion, prevalence: float) -> Interval:
    """Share of harmless lesions among the cases called benign, at a prevalence; see `ppv`."""
    return at.npv if is_counted(at, prevalence) else posterior(1 - prevalence, odds_of_benign(at))


def posterior(prior: float, likelihood: Interval) -> Interval:
    """Probability after evidence, from the probability before it (0 to 1) and the likelihood ratio, if there is one."""
    if not likelihood.defined:
        return likelihood
    value, low, high = (
        updated_probability(prior, one) for one in (likelihood.value, likelihood.low, likelihood.high)
    )
    return Interval(value, low, high)


def updated_probability(prior: float, times: float) -> float:
    """A probability whose odds were multiplied; 1 for infinitely many times."""
    if math.isinf(times):
        return 1.0 if prior > 0 else 0.0
    return prior * times / (prior * times + 1 - prior) if prior < 1 else 1.0


def needed_to_biopsy(at: Confusion, prevalence: float) -> Interval:
    """Lesions called malignant for one cancer among them, at a prevalence: one over the PPV."""
    share = ppv(at, prevalence)
    if not share.defined:
        return share
    if not share.value:
        return undefined(Undefined.NO_CANCER_CAUGHT)
    return Interval(1 / share.value, 1 / share.high, 1 / share.low)


def net_benefit_interval(at: Confusion, prevalence: float, threshold: float) -> Interval:
    """Cancers found less false alarms at the odds of the threshold, as a share of all lesions, at a prevalence.

    The interval is of its two parts, squared and added (Vickers & Elkin 2006; Newcombe 1998, method 10).
    """
    reason = two_classes(at)
    if reason is not None or threshold >= 1:
        return undefined(reason or Undefined.NOTHING_LEFT_ALONE)
    found, alone, odds = at.sensitivity, at.specificity, threshold / (1 - threshold)
    value = prevalence * found.value - (1 - prevalence) * odds * (1 - alone.value)
    below, above = (
        math.hypot(prevalence * one, (1 - prevalence) * odds * other)
        for one, other in (
            (found.value - found.low, alone.value - alone.low),
            (found.high - found.value, alone.high - alone.value),
        )
    )
    return Interval(value, value - below, value + above)


@dataclass(frozen=True)
class OperatingFigures:
    """Everything above at one operating point and prevalence."""

    balanced_accuracy: Interval
    f1: Interval
    positive_ratio: Interval
    negative_ratio: Interval
    ppv: Interval
    npv: Interval
    needed_to_biopsy: Interval


def operating_figures(at: Confusion, prevalence: float) -> OperatingFigures:
    """All numbers of an operating point at a prevalence, above 0 and below 1."""
    return OperatingFigures(
        balanced_accuracy(at),
        f1(at),
        positive_ratio(at),
        negative_ratio(at),
        ppv(at, prevalence),
        npv(at, prevalence),
        needed_to_biopsy(at, prevalence),
    )

"""How a model does on lesions whose truth became known afterwards, who of them gets verified included.

What looks malignant is excised and examined more often than what looks benign. Counting only verified lesions then
makes the sensitivity too high and the specificity too low (verification bias).
"""

import math
from dataclasses import dataclass

from model.evaluation.intervals import Z95, Interval, Undefined, undefined
from model.evaluation.metrics import Confusion


@dataclass(frozen=True)
class Live:
    """What happened here, positive meaning that the decision was not "benign".

    Attributes:
        verified: the lesions whose diagnosis was confirmed.
        positive, negative: all lesions by decision, verified or not.
    """

    verified: Confusion
    positive: int
    negative: int

    def __post_init__(self) -> None:
        counts = self.verified
        if counts.tp + counts.fp > self.positive or counts.tn + counts.fn > self.negative:
            raise ValueError("more lesions are verified than there are")

    @property
    def sensitivity(self) -> Interval:
        """Sensitivity among all lesions, see `corrected`."""
        if not self.verified.tp + self.verified.fn:
            return undefined(Undefined.NO_MALIGNANT)
        v = self.verified
        return corrected(self.positive, v.tp, v.fp, self.negative, v.fn, v.tn)

    @property
    def specificity(self) -> Interval:
        """Specificity among all lesions, see `corrected`."""
        if not self.verified.tn + self.verified.fp:
            return undefined(Undefined.NO_BENIGN)
        v = self.verified
        return corrected(self.negative, v.tn, v.fn, self.positive, v.fp, v.tp)


def corrected(right: int, hits: int, misses: int, wrong: int, lost: int, rest: int) -> Interval:
    """Begg and Greenes's correction for verification bias (1983), with its logit interval.

    It assumes that, among lesions with the same decision, who gets verified does not depend on the truth.

    Args:
        right, wrong: all lesions with the decision that counts as right, and with the other one.
        hits, misses: verified lesions with the right decision, for which it was right and was not.
        lost, rest: verified lesions with the other decision, for which the first would have been right and would not.
    """
    if hits + misses == 0 or (wrong and lost + rest == 0):
        # One decision was never checked: nothing is known about what it overlooks.
        return undefined(Undefined.ONE_SIDED)
    caught = right * hits / (hits + misses)
    overlooked = wrong * lost / (lost + rest) if wrong else 0.0
    if caught + overlooked == 0:
        return undefined(Undefined.ONE_SIDED)
    value = caught / (caught + overlooked)
    if not (hits and lost):
        # The logit has no interval at 0 and 1: the whole range below or above would be honest but of no use.
        return Interval(value, math.nan, math.nan)
    variance = (
        (right + wrong) / (right * wrong) + misses / (hits * (hits + misses)) + rest / (lost * (lost + rest))
    )
    logit, half = math.log(value / (1 - value)), Z95 * math.sqrt(variance)
    return Interval(value, expit(logit - half), expit(logit + half))


def expit(x: float) -> float:
    """The logistic function."""
    return 1 / (1 + math.exp(-x))

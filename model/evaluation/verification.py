"""How a model does on lesions whose truth became known afterwards, who of them gets verified included.

What looks malignant is excised and examined more often than what looks benign. Counting only verified lesions then
makes the sensitivity too high and the specificity too low (verification bias).

What counts as found and as left alone is what the evaluation takes for it (see `training.judge.point_figures`).
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from model.bundle import OperatingPoint
from model.evaluation.intervals import Z95, Interval, Undefined, undefined
from model.evaluation.metrics import FN, FP, TN, TP, Confusion, confusion_of_outcomes
from model.modality import Modality
from model.outcome import Outcome

if TYPE_CHECKING:
    import pandas as pd


def counts_as_found(outcome: str, close_up: bool) -> bool:
    """Whether a cancer with this outcome counts as found: what is not called benign has to be looked at.

    No close-up is ever called benign, so there it takes "malignant".
    """
    return outcome == Outcome.MALIGNANT if close_up else outcome != Outcome.BENIGN


def counts_as_left_alone(outcome: str, close_up: bool) -> bool:
    """Whether a harmless lesion with this outcome counts as left alone. A close-up without a result is neither."""
    return outcome == (Outcome.UNCERTAIN if close_up else Outcome.BENIGN)


@dataclass(frozen=True)
class Checked:
    """Photographs with one kind of outcome: all of them, and those whose diagnosis was confirmed."""

    photographs: int = 0
    malignant: int = 0
    benign: int = 0

    def __post_init__(self) -> None:
        if self.malignant + self.benign > self.photographs:
            raise ValueError("more photographs are confirmed than there are")

    def __add__(self, other: "Checked") -> "Checked":
        return Checked(
            self.photographs + other.photographs,
            self.malignant + other.malignant,
            self.benign + other.benign,
        )


@dataclass(frozen=True)
class Live:
    """What happened here to photographs of one modality.

    Attributes:
        found, left_alone, neither: see `counts_as_found` and `counts_as_left_alone`.
    """

    found: Checked
    left_alone: Checked
    neither: Checked = Checked()

    @property
    def verified(self) -> Confusion:
        """The confirmed photographs."""
        return Confusion(
            tp=self.found.malignant,
            fp=self.found.benign + self.neither.benign,
            tn=self.left_alone.benign,
            fn=self.left_alone.malignant + self.neither.malignant,
        )

    @property
    def sensitivity(self) -> Interval:
        """Sensitivity among all photographs, see `corrected_rate`."""
        right, wrong = self.found, self.left_alone + self.neither
        if not right.malignant + wrong.malignant:
            return undefined(Undefined.NO_MALIGNANT)
        return corrected_rate(
            *(right.photographs, right.malignant, right.benign),
            *(wrong.photographs, wrong.malignant, wrong.benign),
        )

    @property
    def specificity(self) -> Interval:
        """Specificity among all photographs, see `corrected_rate`."""
        right, wrong = self.left_alone, self.found + self.neither
        if not right.benign + wrong.benign:
            return undefined(Undefined.NO_BENIGN)
        return corrected_rate(
            *(right.photographs, right.benign, right.malignant),
            *(wrong.photographs, wrong.benign, wrong.malignant),
        )


def evaluated_rates(rows: "pd.DataFrame", point: OperatingPoint, close_up: bool) -> Confusion:
    """The same rates of a bundle's stored scores of one modality; those without a result count in the same way.

    Args:
        rows: with `malignant`, `probability`, `lesion_id` and, in newer bundles, `no_result`.
    """
    from model.evaluation.rows import lesion_of

    scored = rows[rows["probability"].notna()]
    truth, p = scored["malignant"].to_numpy(bool), scored["probability"].to_numpy()
    without = scored["no_result"].to_numpy(bool) if "no_result" in scored else np.zeros(len(scored), bool)
    cut = point.of(Modality.CLOSE_UP).malignant if close_up else point.threshold
    left_alone = (p < cut) & ~without
    caught = (p >= cut) & ~without if close_up else ~left_alone
    outcome = np.where(truth, np.where(caught, TP, FN), np.where(left_alone, TN, FP))
    return confusion_of_outcomes(outcome, lesion_of(scored)[0])


def corrected_rate(right: int, hits: int, misses: int, wrong: int, lost: int, rest: int) -> Interval:
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

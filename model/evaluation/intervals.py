"""A number with its uncertainty, or the reason why it does not exist."""

import math
from dataclasses import dataclass
from enum import StrEnum

Z95 = 1.959963984540054


class Undefined(StrEnum):
    """Why a number does not exist. The value ends the sentence "Not defined ..."."""

    EMPTY = "without cases"
    NO_MALIGNANT = "without malignant cases"
    NO_BENIGN = "without benign cases"
    NONE_CALLED_MALIGNANT = "when no case is called malignant"
    NONE_CALLED_BENIGN = "when no case is called benign"
    UNSCORED = "while cases have no score"
    NOTHING_MALIGNANT = "without malignant cases and without alarms"
    NO_FALSE_ALARM = "without a false alarm"
    NOTHING_LEFT_ALONE = "when no harmless lesion is left alone"
    SINGLE = "with fewer than two cases of a class"
    NO_CANCER_CAUGHT = "when no cancer is caught"
    ONE_SIDED = "while only one of the two decisions has been checked"

    @property
    def sentence(self) -> str:
        """The reason for a reader."""
        return f"Not defined {self.value}."


@dataclass(frozen=True)
class Interval:
    """A value with its 95 % interval; all three NaN, with a reason, where it is not defined."""

    value: float
    low: float
    high: float
    reason: Undefined | None = None

    @property
    def defined(self) -> bool:
        """Whether there is a value."""
        return self.reason is None


def undefined(reason: Undefined) -> Interval:
    """The interval of a number that does not exist."""
    return Interval(math.nan, math.nan, math.nan, reason)


def wilson(hits: int, of: int, reason: Undefined = Undefined.EMPTY) -> Interval:
    """The share `hits / of` with Wilson's 95 % score interval; not defined, for `reason`, when `of` is 0."""
    if of == 0:
        return undefined(reason)
    share = hits / of
    centre = share + Z95**2 / (2 * of)
    half = Z95 * math.sqrt(share * (1 - share) / of + Z95**2 / (4 * of**2))
    scale = 1 + Z95**2 / of
    # At the ends the formula gives exactly 0 and 1, but for rounding.
    low = 0.0 if hits == 0 else (centre - half) / scale
    high = 1.0 if hits == of else (centre + half) / scale
    return Interval(share, low, high)


def newcombe(area: float, malignant: int, benign: int) -> Interval:
    """An AUC with the 95 % score interval that needs no resample (Newcombe 2006, part 2, method 5).

    For areas of 1 (or 0): every resample of separated classes is separated too, which proves nothing about the next
    case. The interval holds every area whose own spread, that of Hanley & McNeil with the two counts levelled,
    reaches the one that was seen.
    """
    level = (malignant + benign) / 2 - 1

    def distance(true: float) -> float:
        spread = true * (1 - true) * (1 + level * ((1 - true) / (2 - true) + true / (1 + true)))
        return abs(area - true) - Z95 * math.sqrt(max(0.0, spread) / (malignant * benign))

    def edge(outside: float) -> float:
        inside = area
        for _ in range(60):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if distance(middle) <= 0 else (inside, middle)
        return inside

    return Interval(area, 0.0 if area == 0 else edge(0.0), 1.0 if area == 1 else edge(1.0))

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

    def as_json(self) -> dict[str, float] | None:
        """The three numbers as an object, None where they are not defined: JSON knows no NaN."""
        return {"value": self.value, "low": self.low, "high": self.high} if self.defined else None

    def fields(self, name: str) -> dict[str, float | None]:
        """The three numbers beside others: `name`, `name_low` and `name_high`, None where they are not defined."""
        numbers = {name: self.value, f"{name}_low": self.low, f"{name}_high": self.high}
        return {key: value if self.defined else None for key, value in numbers.items()}


def undefined(reason: Undefined) -> Interval:
    """The interval of a number that does not exist."""
    return Interval(math.nan, math.nan, math.nan, reason)


def wilson(hits: int, of: int, reason: Undefined = Undefined.EMPTY, effect: float = 1.0) -> Interval:
    """The share `hits / of` with Wilson's 95 % score interval; not defined, for `reason`, when `of` is 0.

    Args:
        effect: the design effect; as many cases as `of / effect` are independent.
    """
    if of == 0:
        return undefined(reason)
    share, n = hits / of, of / effect
    centre = share + Z95**2 / (2 * n)
    half = Z95 * math.sqrt(share * (1 - share) / n + Z95**2 / (4 * n**2))
    scale = 1 + Z95**2 / n
    # At the ends the formula gives exactly 0 and 1, but for rounding.
    low = 0.0 if hits == 0 else (centre - half) / scale
    high = 1.0 if hits == of else (centre + half) / scale
    return Interval(share, low, high)


@dataclass(frozen=True)
class Share:
    """Hits among cases, and how many of them are images of the same lesion: what every share is made of.

    Attributes:
        hits, of: hits, and all cases.
        hit_pairs, mixed_pairs, pairs: ordered pairs of cases of one lesion, a case with itself included: both hits,
            the first one a hit, any. Sums over lesions of hits squared, hits times cases, cases squared.
    """

    hits: int
    of: int
    hit_pairs: int
    mixed_pairs: int
    pairs: int

    @property
    def effect(self) -> float:
        """How many images are worth as much as one independent case, at least 1: the design effect.

        The variance of the share as a ratio of sums over lesions, by that of independent cases (Rao & Scott 1992,
        Biometrics 48:577-585, without the factor m / (m - 1), so that copies of every image change nothing). Where
        nothing varies, among none or all hits or in a single lesion, images of a lesion count as if they always
        agreed (Kish 1965): cases squared by `pairs` are independent.
        """
        misses = self.of - self.hits
        if not self.hits or not misses or self.pairs == self.of**2:
            return self.pairs / self.of if self.of else 1.0
        spread = self.of**2 * self.hit_pairs - 2 * self.of * self.hits * self.mixed_pairs
        spread += self.hits**2 * self.pairs
        return max(1.0, spread / (self.of * self.hits * misses))

    def interval(self, reason: Undefined = Undefined.EMPTY) -> Interval:
        """The share with its 95 % interval by lesion; not defined, for `reason`, without cases.

        Wilson's interval of the effective number of cases, as Dean & Pagano recommend (2015, Journal of Survey
        Statistics and Methodology 3:484-503). Where every case is a lesion of its own it is Wilson's.
        """
        return wilson(self.hits, self.of, reason, self.effect)


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

"""Two numbers in words: better, worse, as good as, or no difference shown. The interval of the difference decides."""

import math
from enum import StrEnum

from model.evaluation.delong import interval_of_difference
from model.evaluation.intervals import Interval

# Two numbers are as good as each other where the whole interval of their difference lies within so many points.
MARGIN = 0.05


class Standing(StrEnum):
    """How one number stands to another, in words."""

    BETTER = "better"
    WORSE = "worse"
    ALIKE = "as good as"
    UNSHOWN = "no difference shown"
    UNKNOWN = "too few to say"


def standing_of(difference: Interval, margin: float = MARGIN) -> Standing:
    """The words for a difference of which more is better.

    An interval without zero is said as better or worse, also where it lies within the margin.
    """
    if not difference.defined or math.isnan(difference.low):
        return Standing.UNKNOWN
    if difference.low > 0:
        return Standing.BETTER
    if difference.high < 0:
        return Standing.WORSE
    return Standing.ALIKE if -margin <= difference.low and difference.high <= margin else Standing.UNSHOWN


def difference_of(first: Interval, second: Interval) -> Interval:
    """The first number less the second one, as if they were independent; not defined where one is not."""
    for one in (first, second):
        if not one.defined:
            return one
    return interval_of_difference(first, second)

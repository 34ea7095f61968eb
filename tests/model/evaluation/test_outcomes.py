"""Truth by outcome, and two numbers in words, against counting by hand."""

import math

import numpy as np
import pytest

from model.evaluation.comparison import Standing, difference_of, standing_of
from model.evaluation.intervals import Interval, Undefined, undefined, wilson
from model.evaluation.outcomes import OUTCOME_ORDER, marks_of_hundred, outcome_codes, tally_outcomes
from model.outcome import Outcome


def test_outcomes_follow_the_two_thresholds_and_no_result_comes_first() -> None:
    deciding = np.array([0.1, 0.3, 0.69, 0.7, math.inf, math.nan])
    codes = outcome_codes(deciding, 0.3, 0.7)
    named = [OUTCOME_ORDER[code] if code < 4 else None for code in codes]
    assert named == ["benign", "uncertain", "uncertain", "malignant", "no_result", None]


def test_counts_and_shares_are_by_lesion() -> None:
    codes = np.array([0, 0, 3, 3, 1])
    alone = tally_outcomes(codes, np.arange(5))
    assert alone.counts == (2, 1, 0, 2)
    assert alone.count(Outcome.MALIGNANT, Outcome.UNCERTAIN) == 3
    share = alone.share([Outcome.BENIGN])
    assert (share.value, share.low) == pytest.approx((0.4, wilson(2, 5).low))
    # The same images in fewer lesions say less.
    together = tally_outcomes(codes, np.array([0, 0, 1, 1, 2])).share([Outcome.BENIGN])
    assert together.value == share.value
    assert together.low < share.low
    unscored = tally_outcomes(np.array([0, 4]), np.arange(2))
    assert unscored.share([Outcome.BENIGN]).reason is Undefined.UNSCORED


@pytest.mark.parametrize("counts", [(353, 1381, 37, 40), (1, 0, 0, 999), (1, 1, 1, 0), (5, 5, 5, 985)])
def test_a_hundred_marks_show_every_kind_that_was_counted(counts: tuple[int, ...]) -> None:
    marks = marks_of_hundred(counts)
    assert sum(marks) == 100
    for count, mark in zip(counts, marks, strict=True):
        assert (mark > 0) == (count > 0)
        assert abs(mark - 100 * count / sum(counts)) < 2
    assert marks_of_hundred((0, 0)) == (0, 0)


@pytest.mark.parametrize(
    ("low", "high", "standing"),
    [
        (-0.04, 0.05, Standing.ALIKE),
        (-0.06, 0.01, Standing.UNSHOWN),
        (-0.20, 0.30, Standing.UNSHOWN),
        (0.001, 0.2, Standing.BETTER),
        (-0.2, -0.001, Standing.WORSE),
        # Small, and still not by chance.
        (-0.04, -0.01, Standing.WORSE),
    ],
)
def test_the_interval_of_the_difference_decides_on_the_words(
    low: float, high: float, standing: Standing
) -> None:
    assert standing_of(Interval((low + high) / 2, low, high)) is standing


def test_what_is_not_defined_has_no_standing() -> None:
    none = undefined(Undefined.NO_MALIGNANT)
    assert standing_of(difference_of(none, wilson(3, 4))) is Standing.UNKNOWN
    assert difference_of(wilson(8, 10), wilson(5, 10)).value == pytest.approx(0.3)

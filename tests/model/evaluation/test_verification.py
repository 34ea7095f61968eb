"""Sensitivity and specificity of a model in use, against a published example."""

import math

import pandas as pd
import pytest

from model.bundle import OperatingPoint
from model.evaluation.intervals import Undefined
from model.evaluation.metrics import Confusion
from model.evaluation.shares import share_by_lesion
from model.evaluation.verification import (
    Checked,
    Live,
    counts_as_found,
    counts_as_left_alone,
    evaluated_rates,
)
from model.outcome import Outcome


def test_published_example() -> None:
    """Drum & Christacopoulos (1972), hepatic scintigraphy, as corrected by Begg & Greenes (1983)."""
    live = Live(Checked(429, 231, 32), Checked(221, 27, 54))
    assert live.verified.sensitivity.value == pytest.approx(0.895, abs=5e-4)
    assert live.verified.specificity.value == pytest.approx(0.628, abs=5e-4)
    assert live.sensitivity.value == pytest.approx(0.836, abs=1e-3)
    assert live.specificity.value == pytest.approx(0.738, abs=1e-3)
    # Standard errors by the delta method, 0.0253 and 0.0315 on the plain scale.
    for one in (live.sensitivity, live.specificity):
        assert one.low < one.value < one.high
        assert 0.03 < one.high - one.low < 0.16


def test_nothing_changes_when_everybody_is_verified() -> None:
    counts = Confusion(tp=40, fp=30, tn=100, fn=5)
    live = Live(Checked(70, 40, 30), Checked(105, 5, 100))
    assert live.verified == counts
    assert live.sensitivity.value == pytest.approx(counts.sensitivity.value)
    assert live.specificity.value == pytest.approx(counts.specificity.value)


def test_what_is_neither_found_nor_left_alone_counts_against_both() -> None:
    live = Live(Checked(6, 4, 2), Checked(8, 0, 8), Checked(3, 1, 2))
    assert live.verified == Confusion(tp=4, fp=4, tn=8, fn=1)
    assert live.sensitivity.value == pytest.approx(4 / 5)
    assert live.specificity.value == pytest.approx(8 / 12)


@pytest.mark.parametrize(
    ("close_up", "found", "left_alone"),
    [
        (False, {"uncertain", "malignant", "no_result"}, {"benign"}),
        (True, {"malignant"}, {"uncertain"}),
    ],
)
def test_outcomes_count_as_in_the_evaluation(close_up: bool, found: set[str], left_alone: set[str]) -> None:
    assert {one for one in Outcome if counts_as_found(one, close_up)} == found
    assert {one for one in Outcome if counts_as_left_alone(one, close_up)} == left_alone


def test_stored_scores_are_counted_by_the_same_rule() -> None:
    point = OperatingPoint("sensitivity-95", 0.95, 0.2, 0.6, 0.95, 0.9, close_up=0.5)
    scores = pd.DataFrame(
        {
            "malignant": [True, True, True, False, False, False, True],
            "probability": [0.1, 0.1, 0.7, 0.1, 0.1, 0.7, math.nan],
            "no_result": [False, True, False, False, True, False, False],
            "lesion_id": ["a", "a", "a", "b", "b", "b", "a"],
        }
    )

    def counts(scores: pd.DataFrame, close_up: bool) -> tuple[int, int, int, int]:
        found = evaluated_rates(scores, point, close_up)
        return found.tp, found.fp, found.tn, found.fn

    assert counts(scores, close_up=False) == (2, 2, 1, 1)
    assert counts(scores, close_up=True) == (1, 2, 1, 2)
    assert counts(scores.drop(columns="no_result"), close_up=False) == (1, 1, 2, 2)
    # Three images of one lesion are one case.
    found = evaluated_rates(scores, point, close_up=False).sensitivity
    assert found == share_by_lesion([False, True, True], [0, 0, 0]) and found.low < 0.1


def test_one_decision_never_checked_is_said() -> None:
    live = Live(Checked(20, 9, 4), Checked(200))
    assert live.sensitivity.reason is Undefined.ONE_SIDED
    assert live.specificity.reason is Undefined.ONE_SIDED
    assert "only one of the two decisions" in live.sensitivity.reason.sentence


def test_no_miss_has_no_interval() -> None:
    live = Live(Checked(20, 9, 4), Checked(200, 0, 12))
    assert live.sensitivity.value == 1 and math.isnan(live.sensitivity.low)


def test_what_has_no_cases_has_no_value() -> None:
    live = Live(Checked(3), Checked(4))
    assert live.sensitivity.reason is Undefined.NO_MALIGNANT
    assert live.specificity.reason is Undefined.NO_BENIGN
    with pytest.raises(ValueError, match="more photographs"):
        Checked(3, malignant=4)

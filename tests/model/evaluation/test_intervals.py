"""Newcombe's interval of an AUC: what it solves, and how it behaves at the ends."""

import math

import pytest

from model.evaluation.intervals import Z95, newcombe


@pytest.mark.parametrize(("area", "malignant", "benign"), [(0.9, 50, 50), (0.75, 10, 200), (0.5, 30, 20)])
def test_each_end_is_the_area_from_which_the_seen_one_is_just_possible(area, malignant, benign):
    found = newcombe(area, malignant, benign)
    level = (malignant + benign) / 2 - 1
    for end in (found.low, found.high):
        spread = (
            end * (1 - end) * (1 + level * ((1 - end) / (2 - end) + end / (1 + end))) / (malignant * benign)
        )
        assert abs(area - end) == pytest.approx(Z95 * math.sqrt(spread), abs=1e-9)
    assert found.low < area < found.high


def test_good_and_bad_areas_mirror_each_other():
    good, bad = newcombe(0.8, 12, 40), newcombe(0.2, 12, 40)
    assert (good.low, good.high) == pytest.approx((1 - bad.high, 1 - bad.low))


def test_separated_classes_are_surer_with_more_cases():
    found = [newcombe(1, n, n) for n in (1, 5, 50, 500)]
    assert all(one.high == 1 for one in found)
    assert [one.low for one in found] == sorted(one.low for one in found)
    assert found[-1].low > 0.99
    assert newcombe(0, 5, 5).low == 0

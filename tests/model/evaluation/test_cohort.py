"""Filters: every part is found by its name in an address, and together they leave exactly the cases in all of them."""

import numpy as np
import pandas as pd
import pytest

from model.evaluation.cohort import cases_inside, part_title, parts_by_variable, slug, usable_filter
from model.taxonomy import HAM10000, LESIONS
from tests.tiny import tiny_scores

TABLE = pd.DataFrame(
    {
        "age": [25.0, 45.0, np.nan, 70.0],
        "sex": ["male", None, "", "female"],
        "site": ["lower extremity", "back", "back", "face"],
        "label": ["nv", "mel", "mel", "scc"],
    }
)


def test_parts_are_counted_in_the_order_to_show():
    found = parts_by_variable(TABLE, LESIONS)
    assert found["age"] == {"under 30": 1, "30–49": 1, "70 and over": 1, "unknown": 1}
    assert found["sex"] == {"female": 1, "male": 1, "unknown": 2}
    assert list(found["site"]) == ["back", "face", "lower extremity"]
    assert found["diagnosis"] == {"mel": 2, "nv": 1, "scc": 1}
    assert list(found["diagnosis"]) == ["mel", "nv", "scc"]
    assert part_title("diagnosis", "scc", LESIONS) == "Squamous cell carcinoma"
    assert part_title("diagnosis", "scc", HAM10000) == "scc"
    assert "confirmation" not in found
    assert parts_by_variable(TABLE.head(0), LESIONS) == {}


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ((), [True, True, True, True]),
        ((("age", "30-49"),), [False, True, False, False]),
        ((("sex", "unknown"),), [False, True, True, False]),
        ((("site", "lower-extremity"),), [True, False, False, False]),
        ((("site", "back"), ("age", "unknown")), [False, False, True, False]),
        ((("site", "nowhere"),), [False] * 4),
        ((("confirmation", "histo"),), [False] * 4),
        ((("shoe", "40"),), [False] * 4),
    ],
)
def test_inside(where, expected):
    assert cases_inside(TABLE, where).tolist() == expected


def test_every_part_of_the_scores_can_be_named_and_together_they_are_all():
    table = tiny_scores(200, 1)
    for variable, found in parts_by_variable(table, LESIONS).items():
        assert sum(cases_inside(table, ((variable, slug(name)),)).sum() for name in found) == len(table)
        assert sum(found.values()) == len(table)


def test_what_the_cases_have_not_is_told_apart():
    wanted = (("sex", "male"), ("sex", "cat"), ("colour", "red"))
    assert usable_filter(wanted, parts_by_variable(TABLE, LESIONS)) == (
        (("sex", "male"),),
        (("sex", "cat"), ("colour", "red")),
    )

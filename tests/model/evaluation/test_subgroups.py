"""Subgroups against the metrics of the same rows, small and undefined ones, and scores that lack a column."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import recall_score, roc_auc_score

from model.evaluation.cohort import UNKNOWN, part_codes
from model.evaluation.intervals import Undefined
from model.evaluation.subgroups import subgroups
from tests.model.evaluation.test_metrics import cases


def described(n: int) -> pd.DataFrame:
    random = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "age": np.where(random.random(n) < 0.1, np.nan, random.integers(5, 90, n)),
            "sex": random.choice(["male", "female"], n),
            "site": random.choice(["back", "face", None], n, p=[0.6, 0.3, 0.1]),
            "confirmation": "histo",
        }
    )


def test_age_bands_begin_at_their_first_year():
    codes, names = part_codes(pd.DataFrame({"age": [0, 29, 30, 49, 50, 70, 95, np.nan]}), "age")
    assert [names[code] for code in codes] == [
        "under 30",
        "under 30",
        "30–49",
        "30–49",
        "50–69",
        "70 and over",
        "70 and over",
        UNKNOWN,
    ]


def test_numbers_are_those_of_the_rows_alone():
    y, p = cases(5)
    table = described(y.size)
    found = subgroups(y, p, np.arange(y.size), table, 0.4)
    by = {(one.variable, one.name): one for one in found}
    women, rows = by["Sex", "female"], (table["sex"] == "female").to_numpy()
    assert (women.n, women.malignant) == (rows.sum(), y[rows].sum())
    assert women.auc.value == pytest.approx(roc_auc_score(y[rows], p[rows]))
    assert women.sensitivity.value == pytest.approx(recall_score(y[rows], p[rows] >= 0.4))
    assert women.specificity.value == pytest.approx(recall_score(~y[rows], p[rows] < 0.4))
    assert [one.name for one in found if one.variable == "Site"] == ["back", "face", UNKNOWN]
    for variable in ("Age", "Sex", "Site", "Confirmation"):
        assert sum(one.n for one in found if one.variable == variable) == y.size


def test_small_and_undefined_groups_are_known_as_such():
    y, p = np.array([True, False] * 20), np.tile([0.8, 0.2], 20)
    sites = ["back"] * 35 + ["ear"] * 5
    sexes = np.where(y, "male", "female")
    found = subgroups(y, p, range(40), pd.DataFrame({"site": sites, "sex": sexes}), 0.5)
    by = {one.name: one for one in found}
    assert not by["back"].small
    assert by["ear"].small
    assert by["male"].auc.reason is Undefined.NO_BENIGN
    assert by["female"].sensitivity.reason is Undefined.NO_MALIGNANT
    assert by["female"].specificity.value == 1


def test_scores_without_descriptions_or_cases_have_no_subgroups():
    assert subgroups([True, False], [0.9, 0.1], ["a", "b"], pd.DataFrame(), 0.5) == ()
    assert subgroups([], [], [], described(0), 0.5) == ()


def test_parts_have_titles_that_people_read():
    table = described(200).assign(confirmation="follow_up")
    found = subgroups(np.arange(200) % 2 == 0, np.linspace(0, 1, 200), np.arange(200), table, 0.5)
    assert {one.title for one in found if one.variable == "Confirmation"} == {"Confirmation: follow-up"}

"""The cases behind a choice: exactly those, worst errors first."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from dashboard.performance import selection
from dashboard.performance.selection import DECISIONS, PER_PAGE, listed_cases, page_within, worst_first
from model.bundle import open_bundle
from model.evaluation import metrics
from model.evaluation.outcomes import OUTCOME_ORDER
from model.evaluation.review import evaluate_split
from model.evaluation.rows import evaluated_rows
from model.taxonomy import HAM10000

parse, chosen, say = (
    partial(one, taxonomy=HAM10000)
    for one in (selection.parse_selection, selection.selected_cases, selection.selection_words)
)
TABLE = pd.DataFrame(
    {
        "label": ["mel", "mel", "nv", "nv", "bcc", "nv"],
        "malignant": [True, True, False, False, True, False],
        "probability": [0.1, 0.9, 0.8, 0.2, np.nan, 0.3],
        "raw_probability": [0.6, 0.9, 0.2, 0.2, np.nan, 0.3],
        "sex": ["male", "female", "male", None, "male", "male"],
    }
)


def places(code: str, threshold: float = 0.3) -> list[int]:
    return np.flatnonzero(chosen(TABLE, parse(code), threshold)).tolist()


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("errors", [0, 2, 5]),
        ("fn", [0]),
        ("fp", [2, 5]),
        ("tp", [1]),
        ("tn", [3]),
        ("all", [0, 1, 2, 3, 4, 5]),
        ("score:0.1:0.3", [0, 3]),
        ("score:0.3:0.9", [2, 5]),
        ("score:0.9:1", [1]),
        ("score:0:1:malignant", [0, 1]),
        ("raw:0.5:1", [0, 1]),
        ("part:sex:male", [0, 2, 4, 5]),
        ("part:sex:unknown", [3]),
        ("part:diagnosis:mel", [0, 1]),
        ("part:age:30-49", []),
        # A model that tells no diagnoses has no such cell.
        ("cell:mel:nv", []),
    ],
)
def test_a_code_names_exactly_its_cases(code, expected):
    assert places(code) == expected
    assert parse(code).code == code


@pytest.mark.parametrize(
    "nonsense",
    [
        "",
        "fnord",
        "fn:mel",
        "cell:mel",
        "cell:mel:cat",
        "score:1:0",
        "score:a:b",
        "score:0:nan",
        "score:0:1:cat",
        "part:shoe:40",
        "part:sex:",
        "outcome:malignant",
        "labels:mel",
        "map:0,0;1,1",
        "map:0,0;1,x;1,1",
        "map:0,0;1,nan;1,1",
        "versus:other",
        "versus:other:third",
        "outcome:mel:benign",
        "outcome:malignant:maybe",
    ],
)
def test_what_is_no_code_is_none(nonsense):
    assert parse(nonsense) is None


def test_missed_cancers_come_before_false_alarms_and_each_begins_with_the_worst():
    truth = np.array([True, False, True, False, True, False, True])
    scores = np.array([0.2, 0.9, 0.05, 0.4, 0.6, 0.1, np.nan])
    assert worst_first(truth, scores, 0.3).tolist() == [2, 0, 1, 3, 4, 5, 6]


def test_cells_of_the_matrix_are_counted_as_it_counts(bundle_root):
    bundle = open_bundle(bundle_root / "tiny")
    table, matrix = evaluated_rows(bundle, "test"), evaluate_split(bundle, "test").matrix
    for i, true in enumerate(HAM10000.codes):
        for j, picked in enumerate(HAM10000.codes):
            assert chosen(table, parse(f"cell:{true}:{picked}"), 0.3).sum() == matrix[i, j]


def test_outcomes_and_bins_are_counted_as_the_figures_count(bundle_root):
    bundle = open_bundle(bundle_root / "tiny")
    table = evaluated_rows(bundle, "test")
    at = metrics.confusion(table["malignant"], table["probability"], 0.3)
    for name in ("tp", "fp", "fn", "tn"):
        assert chosen(table, parse(name), 0.3).sum() == getattr(at, name)
    for one in evaluate_split(bundle, "test").calibrated.bins:
        assert chosen(table, parse(f"score:{one.low}:{one.high}"), 0.3).sum() == one.n


def test_cases_of_an_outcome_are_those_that_its_cell_counts(bundle_root):
    bundle = open_bundle(bundle_root / "tiny")
    counted = evaluate_split(bundle, "test").outcomes(0.3)
    table = evaluated_rows(bundle, "test")
    for truth, counts in zip(("malignant", "benign"), counted, strict=True):
        for outcome in OUTCOME_ORDER:
            code = f"outcome:{truth}:{outcome}"
            found = listed_cases(bundle, "test", (), parse(code), 0.3)
            assert len(found) == counts.count(outcome)
            assert parse(code).code == code
    uncertain = table.iloc[listed_cases(bundle, "test", (), parse("outcome:malignant:uncertain"), 0.3)]
    assert uncertain["probability"].between(0.3, 0.7, inclusive="left").all()


def test_a_polygon_of_the_map_holds_the_points_inside():
    table = TABLE.assign(map_x=[0.5, 1.5, 0.9, -0.1, 0.5, 0.2], map_y=[0.5, 0.5, 0.1, 0.5, 1.1, 0.9])
    square = "0,0;1,0;1,1;0,1"
    assert np.flatnonzero(selection.in_polygon(table, square)).tolist() == [0, 2, 5]
    # A triangle below the diagonal.
    assert np.flatnonzero(selection.in_polygon(table, "0,0;1,0;1,0.9")).tolist() == [2]
    assert not selection.in_polygon(TABLE, square).any()


def test_labels_that_are_probably_wrong_are_listed_in_their_order(bundle_root):
    bundle = open_bundle(bundle_root / "tiny")
    table = evaluated_rows(bundle, "test")
    found = table.iloc[listed_cases(bundle, "test", (), parse("labels"), 0.3)]
    own = [row[f"p_{row['label']}"] for _, row in found.iterrows()]
    assert own == sorted(own)
    assert len(own) < len(table)


def test_a_list_holds_the_same_cases_in_their_order(bundle_root):
    bundle = open_bundle(bundle_root / "tiny")
    where = (("sex", "female"),)
    found = listed_cases(bundle, "test", where, parse("errors"), 0.3)
    table = evaluated_rows(bundle, "test", where).iloc[found]
    assert set(table["sex"]) == {"female"}
    missed = table[table["malignant"]]["probability"].tolist()
    alarms = table[~table["malignant"]]["probability"].tolist()
    assert missed == sorted(missed)
    assert alarms == sorted(alarms, reverse=True)
    assert table["malignant"].tolist() == [True] * len(missed) + [False] * len(alarms)


def test_every_selection_is_said():
    assert say(parse("fn"), 0.083) == "Cancers missed at a threshold of 8.3 %"
    assert say(parse("outcome:malignant:benign"), 0.3) == "Cancers called benign at a threshold of 30 %"
    assert say(parse("outcome:benign:no_result"), 0.3).startswith("Harmless lesions without a result")
    assert say(parse("cell:mel:nv"), 0.3) == "Melanoma taken for Melanocytic nevus"
    assert say(parse("cell:nv:nv"), 0.3) == "Melanocytic nevus, rightly recognised"
    assert say(parse("score:0.025:0.05:benign"), 0.3) == "Probability from 2.5 to 5 %, benign lesions"
    assert say(parse("part:age:30-49"), 0.3).startswith("Age: 30")
    assert all(say(parse(code), 0.5) for code in DECISIONS)


def test_pages_end_where_the_cases_end():
    assert page_within(0, 7) == (1, 1)
    assert page_within(PER_PAGE, 2) == (1, 1)
    assert page_within(PER_PAGE + 1, 2) == (2, 2)
    assert page_within(10 * PER_PAGE, -3) == (1, 10)

"""The address of the performance page: read strictly, written so that reading gives the same view again."""

from urllib.parse import parse_qs

import pytest

from dashboard.performance.selection import Selection
from dashboard.performance.view import MOST_MODELS, read_view, view_of_query, view_query
from model.bundle import open_bundle
from model.evaluation.cohort import slug
from tests.dashboard.performance.reading import rewritten
from tests.tiny import write_tiny_bundle


@pytest.fixture(name="models", scope="module")
def three_models(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    more = [write_tiny_bundle(root, name, seed, graph=False) for seed, name in enumerate(("a b", "mine"))]
    return [*more, rewritten(root, "outside", lambda rows: rows.assign(split="bcn20000"))]


def test_nothing_said_is_the_default(models):
    view, told = read_view({}, models, "mine")
    assert (view.model.name, view.split, view.others, view.where) == ("mine", "test", (), ())
    assert (view.threshold, view.prevalence, view.selection, view.page, view.runs) == (
        None,
        None,
        None,
        1,
        None,
    )
    assert view.position == 30.0
    assert told == ()
    assert view_query(view) == "?model=mine&split=test"
    assert read_view({}, models, "gone")[0].model.name == "a b"


def test_every_choice_is_in_the_address_and_comes_back(models):
    written = (
        "?model=a+b&compare=mine&compare=outside&split=validation&age=30-49&sex=female"
        "&threshold=12.5&prevalence=2&show=cell:mel:nv&page=3&run=first&run=second&colour=source"
    )
    view, told = read_view(parse_qs(written[1:]), models, "mine")
    assert told == ()
    assert view_query(view) == written
    assert view_of_query(written, models, "mine") == view
    assert [one.name for one in view.models] == ["a b", "mine", "outside"]
    assert view.where == (("age", "30-49"), ("sex", "female"))
    assert view.filtered == "age 30–49, sex female"
    assert view.selection == Selection("cell", ("mel", "nv"))


def test_every_part_of_every_variable_can_be_in_an_address(models):
    view, _ = read_view({}, models, "mine")
    for variable, found in view.parts.items():
        for name in found:
            chosen, told = read_view({variable: slug(name)}, models, "mine")
            assert chosen.where == ((variable, slug(name)),)
            assert not told


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"model": "<script>"}, "There is no model “<script>” here; this is mine."),
        ({"model": "x" * 99}, f"There is no model “{'x' * 40}…” here; this is mine."),
        ({"compare": "gone"}, "There is no model “gone” to compare with."),
        ({"split": "train"}, "mine was not evaluated on “train”; these are its test cases."),
        ({"sex": "cat"}, "No case here has the sex “cat”; it is left out."),
        ({"threshold": "high"}, "The threshold “high” is not a number from 0 to 100, in per cent"),
        ({"threshold": "101"}, "the model's own threshold is shown"),
        ({"threshold": "nan"}, "is not a number"),
        ({"prevalence": "inf"}, "that of the cases is taken"),
        ({"prevalence": "-5"}, "The prevalence can be set from 0.1 to 99.9 %; it is 0.1 % here."),
        ({"show": "cell:mel"}, "There is no list of cases “cell:mel”"),
        ({"page": "0"}, "The page “0” is not a number from 1; this is the first."),
        ({"page": "9" * 30}, "is not a number from 1"),
        ({"colour": "age"}, "The map cannot be coloured by “age”."),
        ({"model": ["mine", "a b"]}, "The address names “model” 2 times; the first counts."),
    ],
)
def test_what_cannot_be_used_is_said_and_replaced(models, query, said):
    view, told = read_view(query, models, "mine")
    assert (view.model.name, view.split, view.where, view.page) == ("mine", "test", (), 1)
    assert view.threshold is None
    assert len(told) == 1
    assert said in told[0]


def test_external_splits_are_found_and_tests_come_first(models):
    view, told = read_view({"model": "outside", "split": "bcn20000"}, models, "mine")
    assert (view.split, view.splits, told) == ("bcn20000", ("bcn20000",), ())


def test_a_model_is_not_compared_with_itself_nor_with_too_many(tmp_path):
    many = [write_tiny_bundle(tmp_path, f"m{i}", graph=False, cases=20) for i in range(MOST_MODELS + 2)]
    view, told = read_view({"compare": [one.name for one in many] * 2}, many, "m0")
    assert [one.name for one in view.others] == [f"m{i}" for i in range(1, MOST_MODELS)]
    assert told == (f"At most {MOST_MODELS} models are drawn together; the first ones are.",)


def test_a_bundle_without_scores_has_no_split(tmp_path, models):
    from model.bundle import write_bundle

    bare = write_bundle(tmp_path / "bare", models[0].card, {})
    assert open_bundle(bare.path) == bare
    view, told = read_view({"split": "test", "sex": "female"}, [bare], "bare")
    assert (view.split, view.where, view.parts) == ("", (), {})
    assert told[-1].startswith("No case here")

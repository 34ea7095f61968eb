"""What operating points are called, and what choosing one costs."""

from dataclasses import replace
from typing import Any

import pytest

from model.bundle import SHIPPED, Card, open_bundle
from model.points import of_hundred, point_cost, point_label, point_words
from tests.tiny import write_tiny_bundle

NAMES = ("sensitivity-90", "sensitivity-95", "sensitivity-97.5")


@pytest.fixture(scope="module")
def shipped() -> Card:
    """The card of the model that ships."""
    return open_bundle(SHIPPED / "dermanet").card


def with_results(card: Card, results: Any, *names: str) -> Card:
    """The card with other results and points of these names."""
    point = card.point()
    points = tuple(replace(point, name=name, sensitivity=place / 10) for place, name in enumerate(names, 1))
    return replace(card, operating_points=points, operating_point=names[0], results=results)


def test_the_shipped_points_are_chosen_by_what_they_cost(shipped: Card) -> None:
    labels = [point_label(point, shipped) for point in shipped.operating_points]
    titles = [label.partition(":")[0] for label in labels]
    assert titles == ["Fewer false alarms", "Balanced", "Misses fewest cancers"]
    cases = shipped.results["test"]["operating_points"]
    for name, label in zip(NAMES, labels, strict=True):
        cancers, harmless = cases[name]["cases"]["malignant"], cases[name]["cases"]["benign"]
        missed = 100 * cancers["benign"] / sum(cancers.values())
        sent_on = 100 - 100 * harmless["benign"] / sum(harmless.values())
        assert f"misses {missed:.0f} of 100 cancers" in label
        assert f"sends on {sent_on:.0f} of 100 harmless lesions" in label
        cost = point_cost(shipped, name)
        assert cost is not None and "dermoscopic test photographs" in cost.sentence
        assert f"{shipped.results['test']['images']:,}" in cost.sentence
        assert "Close-ups are never called benign" in cost.sentence
    costs = [point_cost(shipped, name) for name in NAMES]
    missed, sent_on = ([getattr(cost, name) for cost in costs] for name in ("missed", "sent_on"))
    assert missed == sorted(missed, reverse=True) and sent_on == sorted(sent_on)


def test_validation_counts_where_test_was_not_opened(shipped: Card) -> None:
    card = replace(shipped, results={"validation": shipped.results["validation"]})
    cost = point_cost(card, "sensitivity-95")
    assert cost is not None and "dermoscopic validation photographs" in cost.sentence


def test_a_model_without_close_ups_says_nothing_of_them(shipped: Card) -> None:
    figures = {name: value for name, value in shipped.results["test"].items() if name != "domains"}
    cost = point_cost(replace(shipped, results={"test": figures}), "sensitivity-95")
    assert cost is not None and "Close-ups" not in cost.sentence


@pytest.mark.parametrize(
    "results",
    [
        {},
        {"test": {}},
        {"test": {"operating_points": {}}},
        {"test": {"operating_points": {"sensitivity-95": {"sensitivity": {"value": 0.9}}}}},
        {"test": {"operating_points": {"sensitivity-95": {"cases": {"malignant": {}, "benign": {}}}}}},
        {"test": {"operating_points": {"sensitivity-95": {"cases": {"malignant": {"benign": "x"}}}}}},
        {"test": []},
        {"test": 0.9},
    ],
)
def test_a_card_without_figures_names_what_a_point_aims_at(shipped: Card, results: Any) -> None:
    card = with_results(shipped, results, *NAMES)
    assert point_cost(card, "sensitivity-95") is None
    assert point_label(card.operating_points[1], card) == "Balanced: 95 % sensitivity"


def test_points_of_other_names_promise_no_fewest(shipped: Card) -> None:
    card = with_results(shipped, {}, "sensitivity-97.5", "sensitivity-99")
    assert [point_label(one, card) for one in card.operating_points] == [
        "97.5 % sensitivity",
        "99 % sensitivity",
    ]
    counted = with_results(shipped, {"test": {"operating_points": {"clinic": shipped_cases()}}}, "clinic")
    assert point_label(counted.operating_points[0], counted).startswith("clinic: misses 10 of 100 cancers")
    nameless = with_results(shipped, {}, "")
    assert point_label(nameless.operating_points[0], nameless).startswith("malignant or uncertain from")


def shipped_cases() -> dict[str, Any]:
    """Of ten cancers one was missed, of ten harmless lesions four were sent on."""
    return {
        "cases": {
            "malignant": {"benign": 1, "uncertain": 5, "malignant": 4},
            "benign": {"benign": 6, "uncertain": 2, "malignant": 1, "no_result": 1},
        }
    }


def test_a_bundle_of_a_test_is_served(tmp_path: Any) -> None:
    card = write_tiny_bundle(tmp_path, "tiny").card
    assert all(point_label(point, card) for point in card.operating_points)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "0 of 100"),
        (0.2, "fewer than 1 of 100"),
        (2.4, "2 of 100"),
        (99.7, "more than 99 of 100"),
        (100, "100 of 100"),
    ],
)
def test_no_share_is_rounded_to_none_or_all(number: float, said: str) -> None:
    assert of_hundred(number) == said


def test_results_name_the_point_as_the_choice_does() -> None:
    assert point_words("sensitivity-95") == "Balanced (95 % sensitivity)"
    assert point_words("sensitivity-92.5") == "92.5 % sensitivity"
    assert point_words("") == ""

"""The address of the history: from text to a view and back."""

from datetime import UTC, date, datetime

import pytest

from dashboard.shell.browse import MAX_ADDRESS, Browse, browse, lenient, search_of_parameters, time_zone
from dashboard.store import OneOf, QueryError, Range, Search

FULL = (
    "?q=left+hand+%25_%22&outcome=benign&outcome=uncertain&diagnosis=mel&model=dermanet&site=back&tag=a%2C+b"
    "&review=open&lesion=P1-L2&from=2026-03-28&to=2026-03-29&zone=Europe%2FVienna&pmin=12.5&pmax=90"
    "&sort=review.desc&view=gallery"
)


def test_an_address_says_everything() -> None:
    found = browse(FULL)
    assert found.search() == FULL
    assert found.text == 'left hand %_"'
    assert found.choices["tag"] == ("a, b",)
    assert (found.low, found.high) == (0.125, 0.9)
    assert found.sort == ("review", "desc") and found.gallery and found.filtered


def test_filters_are_the_stores() -> None:
    filters = browse(FULL).filters()
    assert Search('left hand %_"') in filters
    assert OneOf("outcome", frozenset({"benign", "uncertain"})) in filters
    # The clocks go forward in Vienna in the night to the 29th: that day has 23 hours.
    low, high = datetime(2026, 3, 27, 23, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC)
    assert Range("created", low, high, open_high=True) in filters


@pytest.mark.parametrize("search", [None, "", "?", "?unknown=1", "?sort=created.desc", "?view=grid", "?q="])
def test_nothing_asked_is_everything_newest_first(search: str | None) -> None:
    assert browse(search) == Browse() and browse(search).search() == "" and not browse(search).filtered


def test_a_view_alone_filters_nothing() -> None:
    assert not browse("?view=gallery&sort=probability.asc&zone=UTC").filtered


@pytest.mark.parametrize(
    ("search", "sentence"),
    [
        ("?sort=sha256.desc", "cannot be used here"),
        ("?sort=created", "asc or desc"),
        ("?sort=created.down", "asc or desc"),
        ("?from=2026-11-02&to=2026-11-01", "lies after the last"),
        ("?from=yesterday", "2026-11-23"),
        ("?to=0001-01-01", "between the years"),
        ("?pmin=90&pmax=10", "lies above"),
        ("?pmin=nan", "0 to 100"),
        ("?pmax=101", "0 to 100"),
        ("?pmax=much", "0 to 100"),
        ("?review=maybe", "review is one of"),
        ("?q=%00", "character"),
        ("?q=" + "a" * 1001, "characters"),
        ("?q=" + "a" * MAX_ADDRESS, "too long"),
        ("?" + "&".join(["a=1"] * 600), "too many"),
        ("?" + "&".join(f"tag={n}" for n in range(101)), "At most"),
        (7, "unknown shape"),
    ],
)
def test_nonsense_is_said_in_a_sentence(search: object, sentence: str) -> None:
    with pytest.raises(QueryError, match=sentence):
        browse(search)
    view, said = lenient(search)
    assert view == Browse() and sentence in said


@pytest.mark.parametrize("name", [None, 5, "", "Mars/Olympus", "../../etc/passwd", "\0", "x" * 5000])
def test_an_unknown_time_zone_is_utc(name: object) -> None:
    assert time_zone(name) is UTC


@pytest.mark.parametrize(
    "text", ["%", "_", "'", '"', "\\", "' OR 1=1 --", "a" * 1000, "ä́ ß", "*", '"a" NEAR b']
)
def test_any_text_may_be_searched_for(text: str) -> None:
    given = Browse(text=text)
    assert browse(given.search()) == given and given.query().filters == (Search(text),)


def test_parameters_of_a_page_are_an_address() -> None:
    parameters = {"outcome": ["benign", "malignant"], "q": "a b", "other": "x", "sort": ""}
    assert search_of_parameters(parameters) == "?q=a+b&outcome=benign&outcome=malignant"
    assert browse(search_of_parameters({"from": "2026-01-01"})).first == date(2026, 1, 1)


def test_addresses_of_before_say_decision() -> None:
    old = browse("?q=decision%3Dx&decision=benign&sort=decision.asc")
    assert old == browse("?q=decision%3Dx&outcome=benign&sort=outcome.asc") and old.text == "decision=x"
    parameters = {"decision": "benign", "sort": "decision.asc"}
    assert search_of_parameters(parameters) == "?outcome=benign&sort=outcome.asc"

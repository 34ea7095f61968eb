"""Paging, sorting and filtering, and what is refused."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from dashboard.shell.browse import browse
from dashboard.store import OneOf, Query, QueryError, Range, Record, Store, Text
from dashboard.store.schema import predictions
from model.predictor import Decision

Add = Callable[..., Record]


def names(store: Store, **query: Any) -> list[str]:
    return [record.filename for record in store.page(Query(**query)).records]


@pytest.fixture
def five(add: Add) -> list[Record]:
    """Five predictions of one image, the last added the newest."""
    rows = [
        ("Zebra.jpg", 0.1, Decision.BENIGN, "nv", "a"),
        ("apple.jpg", 0.9, Decision.MALIGNANT, "mel", "b"),
        ("Äpfel 50%.jpg", 0.5, Decision.MALIGNANT, None, "b"),
        ("a_b.jpg", 0.5, Decision.BENIGN, "bkl", "a"),
        ("axb 'quoted\".jpg", 0.5, Decision.BENIGN, "nv", "a"),
    ]
    return [
        add(name, probability=p, decision=decision, diagnosis=code, model=model)
        for name, p, decision, code, model in rows
    ]


def test_newest_first_and_pages_neither_overlap_nor_miss(store: Store, five: list[Record]) -> None:
    expected = [record.id for record in reversed(five)]
    for sort, order in (((), expected), ((("probability", "asc"),), None)):
        pages = [store.page(Query(offset=offset, limit=2, sort=sort)) for offset in (0, 2, 4, 6)]
        seen = [record.id for page in pages for record in page.records]
        assert sorted(seen) == sorted(expected) and all(page.total == 5 for page in pages)
        assert order is None or seen == order


@pytest.mark.parametrize("column", ["created", "filename", "probability", "decision", "diagnosis", "model"])
def test_every_column_sorts_both_ways(store: Store, five: list[Record], column: str) -> None:
    def key(record: Record) -> tuple[bool, Any]:
        value = getattr(record, column)
        return value is None, value.casefold() if column == "filename" else value

    known = [record for record in five if getattr(record, column) is not None]
    missing = [record.id for record in five if getattr(record, column) is None]
    ordered = [record.id for record in sorted(known, key=lambda record: (key(record), record.id))]
    up = [record.id for record in store.page(Query(sort=((column, "asc"),))).records]
    down = [record.id for record in store.page(Query(sort=((column, "desc"),))).records]
    assert up == ordered + missing
    assert down == ordered[::-1] + missing


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (Text("filename", "APPLE"), {"apple.jpg"}),
        (Text("filename", "äpfel"), {"Äpfel 50%.jpg"}),
        (Text("filename", "a\u0308pfel"), {"Äpfel 50%.jpg"}),
        (Text("filename", "%"), {"Äpfel 50%.jpg"}),
        (Text("filename", "a_b"), {"a_b.jpg"}),
        (Text("filename", "\\"), set()),
        (Text("filename", "'quoted\""), {"axb 'quoted\".jpg"}),
        (Text("filename", "x' OR '1'='1"), set()),
        (Text("filename", "A_B.JPG", "equals"), {"a_b.jpg"}),
        (Range("probability", 0.5, 0.9), {"apple.jpg", "Äpfel 50%.jpg", "a_b.jpg", "axb 'quoted\".jpg"}),
        (Range("probability", 0.5, 0.9, open_low=True), {"apple.jpg"}),
        (Range("probability", high=0.5, open_high=True), {"Zebra.jpg"}),
        (OneOf("decision", frozenset({"malignant"})), {"apple.jpg", "Äpfel 50%.jpg"}),
        (OneOf("diagnosis", frozenset({"mel", "bkl"})), {"apple.jpg", "a_b.jpg"}),
        (OneOf("model", frozenset()), set()),
    ],
)
def test_filters(store: Store, five: list[Record], one: Any, expected: set[str]) -> None:
    page = store.page(Query(filters=(one,)))
    assert {record.filename for record in page.records} == expected
    assert page.total == len(expected)


def test_all_filters_hold_together(store: Store, five: list[Record]) -> None:
    both = (OneOf("model", frozenset({"a"})), Range("probability", 0.5))
    assert set(names(store, filters=both)) == {"a_b.jpg", "axb 'quoted\".jpg"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"sort": (("sha256; DROP TABLE predictions", "asc"),)},
        {"sort": (("filename_folded", "asc"),)},
        {"sort": (("created", "sideways"),)},
        {"sort": (("created", "asc"), ("created", "desc"))},
        {"offset": -1},
        {"offset": 2**63},
        {"limit": 0},
        {"limit": 501},
        {"filters": (Text("decision", "x"),)},
        {"filters": (Text("filename", "x", "like"),)},  # type: ignore[arg-type]
        {"filters": (Range("created", 1.0),)},
        {"filters": (Range("created", datetime(2026, 1, 1)),)},
        {"filters": (Range("probability", float("nan")),)},
        {"filters": (Range("filename", 1.0),)},
        {"filters": (OneOf("filename", frozenset({"x"})),)},
        {"filters": (OneOf("model", frozenset(map(str, range(101)))),)},
        {"filters": (OneOf("id", frozenset({"x"})),)},
    ],
)
def test_what_is_not_on_the_list_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(QueryError):
        Query(**wrong)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ("from=2026-10-25&to=2026-10-25", ["noon", "late"]),
        ("to=2026-10-24", ["before"]),
        ("to=2026-10-25", ["before", "noon", "late"]),
        ("from=2026-10-26", ["next"]),
        ("from=2026-10-25", ["noon", "late", "next"]),
        ("from=2026-10-24&to=2026-10-26", ["before", "noon", "late", "next"]),
    ],
)
def test_days_are_those_of_the_user(store: Store, add: Add, days: str, expected: Sequence[str]) -> None:
    # 25 October 2026 has 25 hours in Vienna: the day ends at 23:00 UTC and began at 22:00 UTC.
    moments = {"before": "24T21:59:59", "noon": "25T11:00:00", "late": "25T22:59:59", "next": "25T23:00:00"}
    for name, moment in moments.items():
        record = add(name)
        when = datetime.fromisoformat(f"2026-10-{moment}").replace(tzinfo=UTC)
        with store._engine.begin() as connection:
            connection.execute(predictions.update().where(predictions.c.id == record.id).values(created=when))
    page = store.page(browse(f"?{days}&zone=Europe/Vienna").query())
    assert {record.filename for record in page.records} == set(expected)

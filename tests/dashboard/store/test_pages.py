"""Whichever way a page is read, it is the one that a plain question to the database gives."""

import random
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.engine import URL

from dashboard.store import OneOf, Query, QueryError, Range, Search, Store, Text, database, pages
from dashboard.store.fields import CONTEXT
from dashboard.store.files import Files
from dashboard.store.pages import Pages, order_clauses
from dashboard.store.places import LocalFolder
from dashboard.store.query import ALWAYS_SORTABLE, SORTABLE
from dashboard.store.schema import predictions
from tests.benchmarks.history import question
from tests.benchmarks.history_rows import fill

ROWS = 3000
# The indexes with all columns.
EITHER = "(created|probability)"
BENIGN = OneOf("outcome", frozenset({"benign"}))


@pytest.fixture
def filled(url: URL, tmp_path: Path) -> Store:
    """A store with a few thousand predictions, as the benchmarks have them."""
    engine = database.database_engine(url)
    fill(engine, ROWS)
    return Store(engine, Files(LocalFolder(tmp_path)))


@pytest.fixture(params=["few", "many"])
def most(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many rows are counted: more than there are, or fewer than most filters leave."""
    if request.param == "many":
        count_up_to(40, monkeypatch)
    return pages.MOST


def count_up_to(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let few rows be many."""
    monkeypatch.setattr(pages, "MOST", most)


def questions() -> list[Query]:
    """Those of the benchmark, in every order, and for one reference."""
    asked = [question(random.Random(number), ROWS) for number in range(60)]
    orders = [
        Query(sort=((column, way),), filters=(BENIGN,))
        for column in sorted(SORTABLE)
        for way in ("asc", "desc")
    ]
    lesion = (Text("lesion", "l-0000007", "equals"), OneOf("tag", frozenset({"rare", "teaching"})))
    return [
        *asked,
        *orders,
        Query(filters=lesion),
        Query(filters=lesion[:1], sort=(("filename", "desc"),)),
        Query(filters=(Text("filename", "IMG_000"),), sort=(("lesion", "asc"), ("probability", "desc"))),
    ]


def plainly(store: Store, query: Query) -> list[str]:
    """The ids of all rows that match, from all rows sorted."""
    found = select(predictions.c.id).where(query.condition()).order_by(*order_clauses(query.order))
    with store._engine.connect() as connection:
        return list(connection.execute(found).scalars())


def test_a_page_has_the_rows_of_a_plain_question(filled: Store, most: int) -> None:
    refused = 0
    for query in questions():
        expected = plainly(filled, query)
        try:
            page = filled.page(query)
        except QueryError:
            assert (len(expected) > most and query.sort[0][0] not in ALWAYS_SORTABLE) or len(query.sort) > 1
            refused += 1
            continue
        assert [record.id for record in page.records] == expected[query.offset :][: query.limit], query
        assert (page.total, page.exact) == (min(len(expected), most), len(expected) <= most)
    assert bool(refused) is (most < ROWS)


def test_pages_follow_each_other_without_gap_or_overlap(filled: Store, most: int) -> None:
    for query in (one for one in questions() if not one.sort or one.sort[0][0] in ALWAYS_SORTABLE):
        expected, part, seen = plainly(filled, query)[:100], replace(query, offset=0, limit=30), list[str]()
        while len(seen) < len(expected):
            page = filled.page(part)
            seen += [record.id for record in page.records]
            if page.next is None:
                break
            part = replace(part, after=page.next)
        assert seen[: len(expected)] == expected, query


def test_a_stream_has_every_row_and_a_row_its_neighbours(filled: Store, most: int) -> None:
    for query in (Query(), Query(filters=(BENIGN,), sort=(("probability", "asc"),))):
        expected = plainly(filled, query)
        assert [record.id for record in filled.stream(query)] == expected
        for here in (0, 7, len(expected) - 1):
            before = expected[here - 1] if here else None
            after = expected[here + 1] if here + 1 < len(expected) else None
            assert filled.neighbours(expected[here], query) == (before, after)


def test_missing_values_have_neighbours(filled: Store) -> None:
    query = Query(sort=(("diagnosis", "desc"),))
    expected = plainly(filled, query)
    for here in range(len(expected) - 200, len(expected) - 1, 20):
        assert filled.neighbours(expected[here], query) == (expected[here - 1], expected[here + 1])


def test_a_column_without_an_index_sorts_few_rows(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    query = Query(sort=(("filename", "asc"),))
    assert filled.page(query).total == ROWS
    count_up_to(40, monkeypatch)
    for ask in (filled.page, lambda one: next(filled.stream(one))):
        with pytest.raises(QueryError, match=r"More than 40 predictions match\. Sort them by time"):
            ask(query)
    assert filled.page(replace(query, filters=(Text("lesion", "l-0000007", "equals"),))).exact


def test_a_short_text_is_looked_for_among_few_rows(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    short, rare = Search("g_"), OneOf("tag", frozenset({"rare"}))
    expected = filled.page(Query(filters=(short,))).total
    assert expected == len(plainly(filled, Query(filters=(short,)))) > 0
    count_up_to(200, monkeypatch)
    with pytest.raises(QueryError, match="at least 3 letters"):
        filled.page(Query(filters=(short,)))
    assert filled.page(Query(filters=(short, rare))).exact
    assert filled.page(Query(filters=(short, Search("img_")))).total
    # Without an index every text is looked for in every row.
    filled._indexed = False
    assert not filled.page(Query(filters=(short,))).exact


def plan(store: Store, query: Query, many: bool) -> str:
    """How SQLite reads a page."""
    with store._engine.connect() as connection:
        if connection.dialect.name != "sqlite":
            pytest.skip("plans are read from SQLite")
        way = Pages(connection, True).many if many else Pages(connection, True).few
        statement = way(query, None, False).compile(connection, compile_kwargs={"literal_binds": True})
        return " ".join(str(row) for row in connection.execute(text(f"EXPLAIN QUERY PLAN {statement}")))


@pytest.mark.parametrize(
    ("filters", "index"),
    [
        ((), r"\w+"),
        ((BENIGN,), "outcome"),
        ((OneOf("diagnosis", frozenset({"mel"})),), "diagnosis"),
        ((OneOf("review", frozenset({"missed"})),), "review"),
        ((OneOf("model", frozenset({"dermanet"})),), "version"),
        ((Range("probability", 0.2, 0.3),), "probability"),
        ((Text("lesion", "l-1", "equals"),), "lesion_folded"),
        ((OneOf("site", frozenset({"back"})),), "site"),
        ((OneOf("sex", frozenset({"female"})),), EITHER),
        ((OneOf("decision", frozenset({"benign"})),), EITHER),
        ((OneOf("bleeds", frozenset({"yes"})),), EITHER),
        ((OneOf("outcome_before", frozenset({"benign"})),), "outcome_before"),
        ((BENIGN, OneOf("site", frozenset({"back"})), Range("probability", 0.2)), EITHER),
    ],
)
def test_a_filter_is_read_off_one_index(store: Store, filters: Any, index: str) -> None:
    found = plan(store, Query(filters=filters), many=False)
    assert re.search(rf"COVERING INDEX ix_predictions_by_{index}\b", found), found


@pytest.mark.parametrize(
    "column", [field.name for field in CONTEXT if field.filter == "values" and not field.choices]
)
def test_the_values_of_a_text_are_read_off_an_index(column: str) -> None:
    assert any(index.columns.keys()[0] == column for index in predictions.indexes)


@pytest.mark.parametrize("column", ALWAYS_SORTABLE)
@pytest.mark.parametrize("filters", [(), (BENIGN,), (BENIGN, Range("probability", 0.2))])
def test_any_number_of_rows_is_walked_in_order(store: Store, column: Any, filters: Any) -> None:
    found = plan(store, Query(sort=((column, "desc"),), filters=filters), many=True)
    assert ("TEMP B-TREE" not in found and f"ix_predictions_by_{column}" in found) or filters == (BENIGN,), (
        found
    )


def test_a_row_deleted_between_two_statements_is_still_of_that_moment(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, gone = Pages.rows, list[str]()

    def overtaken(pages: Pages, numbers: Sequence[int]) -> list[Any]:
        monkeypatch.undo()
        with filled._engine.connect() as connection:
            wanted = select(predictions.c.id).where(predictions.c.seq == numbers[0])
            gone.append(connection.execute(wanted).scalar_one())
        filled.delete(gone)
        return rows(pages, numbers)

    monkeypatch.setattr(Pages, "rows", overtaken)
    page = filled.page(Query(limit=5))
    assert [record.id for record in page.records][:1] == gone and page.total == ROWS
    assert filled.page(Query(limit=5)).total == ROWS - 1

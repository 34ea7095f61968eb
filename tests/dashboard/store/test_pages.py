"""Whichever way a page is found, it is the one that a plain question to the database gives."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, inspect, select, text
from sqlalchemy.engine import URL

from dashboard.store import OneOf, Query, Range, Store, Text, database, words
from dashboard.store.files import Files
from dashboard.store.order import ordering
from dashboard.store.pages import Memory, Pages
from dashboard.store.places import LocalFolder
from dashboard.store.schema import predictions
from tests.benchmarks.history import question
from tests.benchmarks.history_rows import fill

ROWS = 3000
QUESTIONS = 60


@pytest.fixture
def filled(url: URL, tmp_path: Path) -> Store:
    """A store with a few thousand predictions, as the benchmarks have them."""
    engine = database.connect(url)
    fill(engine, ROWS)
    return Store(engine, Files(LocalFolder(tmp_path)))


def questions() -> list[Query]:
    """Those of the benchmark, and for one reference."""
    asked = [question(random.Random(number), ROWS) for number in range(QUESTIONS)]
    one = Query(
        filters=(Text("lesion", "l-0000007", "equals"), OneOf("tag", frozenset({"rare", "teaching"})))
    )
    return [*asked, one, replace(one, filters=one.filters[:1], sort=(("filename", "desc"),))]


def plainly(store: Store, query: Query) -> list[int]:
    """The row numbers of a page, from all rows sorted."""
    found = select(predictions.c.seq).where(query.condition()).order_by(*ordering(query.order))
    with store._engine.connect() as connection:
        return list(connection.execute(found.limit(query.limit).offset(query.offset)).scalars())


def test_gathered_and_walked_pages_are_the_same(filled: Store) -> None:
    gathered = 0
    for query in questions():
        expected = plainly(filled, query)
        with filled._engine.connect() as connection, connection.begin():
            pages = Pages(connection, filled._indexed, Memory())
            assert pages.walk(query, None, query.limit, query.offset, False) == expected, query
            for one in query.filters:
                if pages.candidates(one) is not None:
                    gathered += 1
                    assert (
                        pages.gather(one, query, None, query.limit, query.offset, False).numbers == expected
                    ), (
                        one,
                        query,
                    )
        page = filled.page(query)
        assert page.total >= query.offset + len(page.records)
    assert gathered > QUESTIONS


def test_pages_that_follow_a_row_are_the_same_both_ways(filled: Store) -> None:
    for number, query in enumerate(questions()[:20]):
        first = replace(query, offset=0, limit=20)
        expected = plainly(filled, replace(first, limit=60))
        found: list[int] = []
        with filled._engine.connect() as connection, connection.begin():
            pages = Pages(connection, filled._indexed, Memory())
            place = None
            for _ in range(3):
                driving = [one for one in query.filters if pages.candidates(one) is not None]
                if driving and number % 2:
                    some = pages.gather(driving[0], first, place, 20, 0, False).numbers
                else:
                    some = pages.walk(first, place, 20, 0, False)
                found += some
                if some:
                    place = pages.place(first, pages.rows(some)[-1])
        assert found[: len(expected)] == expected


def test_filters_that_exclude_each_other_are_not_walked_through(filled: Store) -> None:
    # Each is common; what has both is not.
    filters = (OneOf("decision", frozenset({"benign"})), Range("probability", 0.5, 1.0))
    query = Query(filters=filters)
    with filled._engine.connect() as connection, connection.begin():
        pages = Pages(connection, filled._indexed)
        shares = pages.shares(query)
        assert shares.all < 0.6 * shares.each[filters[0]] * shares.each[filters[1]]
        assert pages.narrowest(query, 100) == filters[1]
        # One of them alone fills a page after a few steps.
        alone = Query(sort=(("filename", "asc"),), filters=filters[:1])
        assert pages.narrowest(alone, 51) is None


def test_the_sample_is_read_off_its_index(store: Store, engine: Engine) -> None:
    with engine.connect() as connection:
        if connection.dialect.name != "sqlite":
            pytest.skip("plans are read from SQLite")
        asked = "SELECT count(*) FILTER (WHERE lesion_folded = 'x' AND age = 9) FROM predictions WHERE seq % 200 = 0"
        plan = " ".join(str(row) for row in connection.execute(text(f"EXPLAIN QUERY PLAN {asked}")))
    assert "USING COVERING INDEX ix_predictions_sampled" in plan


def test_estimates_are_remembered_for_a_while_and_told_as_such(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.store.pages.COUNTED", 100)
    query = Query(filters=(OneOf("decision", frozenset({"benign"})),), limit=20)
    page = filled.page(query)
    assert not page.exact and page.total >= 20
    assert set(filled._memory.shares) == {query.filters}
    # What came to an end, or was gathered, is counted.
    few = filled.page(Query(filters=(Text("lesion", "L-0000007", "equals"),)))
    assert few.exact and few.total == len(few.records)


def test_a_database_of_the_second_revision_gets_the_new_indexes(
    engine: Engine, reopen: Callable[[], Store]
) -> None:
    with engine.begin() as connection:
        kept = "predictions_words" if connection.dialect.name == "postgresql" else ""
        new = {"ix_predictions_sampled", "ix_predictions_by_version", "ix_predictions_known"}
        new.add("ix_predictions_by_photograph")
        for name in {*new, kept and f"{kept}_sampled"} - {""}:
            connection.execute(text(f"DROP INDEX {name}"))
        connection.execute(text("CREATE INDEX ix_predictions_sha256 ON predictions (sha256)"))
        for name in ("counted", "no_result", "close_up"):
            connection.execute(text(f"ALTER TABLE predictions DROP COLUMN {name}"))
        connection.execute(text("ALTER TABLE keys DROP COLUMN request"))
        connection.execute(text("ALTER TABLE store DROP COLUMN profiles_since"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0002'"))
    store = reopen()
    with store._engine.connect() as connection:
        assert "ix_predictions_sampled" in {
            one["name"] for one in inspect(connection).get_indexes("predictions")
        }
        assert store._indexed and words.indexed(connection)


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

"""How a page of predictions is read without looking at all of them.

Matching rows are counted up to MOST. If there are no more, they are sorted in any order and the page is cut out of
them. Otherwise an index in the order of the page is walked until the page is full: few steps, because many match.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CTE, Connection, FromClause, Select, func, select, text

from dashboard.store import words
from dashboard.store.errors import QueryError
from dashboard.store.filters import (
    Columns,
    Filter,
    OneOf,
    filter_condition,
    filter_needles,
    table_column,
    unindexed,
)
from dashboard.store.query import ALWAYS_SORTABLE, Query, order_clauses, rows_after
from dashboard.store.records import Page
from dashboard.store.rows import record_from_row
from dashboard.store.schema import BY_VALUE, LISTED, predictions, tags

# So many rows are counted, and sorted by any column.
MOST = 10_000
EVERYTHING = 2**62


@dataclass(frozen=True)
class Pages:
    """Finds pages on one connection.

    Attributes:
        indexed: whether text has an index.
    """

    connection: Connection
    indexed: bool

    def page(self, query: Query) -> Page:
        """The records of a page; QueryError as for `count` and `find`."""
        total = self.count(query.filters)
        numbers = self.find(query, query.limit + 1, total, query.place())
        rows = self.rows(numbers[: query.limit])
        after = query.cursor(rows[-1]) if len(numbers) > query.limit else None
        return Page(tuple(map(record_from_row, rows)), min(total, MOST), total <= MOST, after)

    def neighbours(self, seq: int, query: Query) -> tuple[str | None, str | None]:
        """The ids before and after a row in a query's order; QueryError as for `count` and `find`."""
        here = select(predictions).where(predictions.c.seq == seq, query.condition())
        row = self.connection.execute(here).mappings().first()
        if row is None:
            return None, None
        total, place = self.count(query.filters), [row[column.name] for column, _ in query.order]
        sides = [self.rows(self.find(query, 1, total, place, back)) for back in (True, False)]
        before, after = (rows[0]["id"] if rows else None for rows in sides)
        return before, after

    def count(self, filters: Sequence[Filter]) -> int:
        """How many rows match, MOST + 1 for more than MOST.

        Raises:
            QueryError: a text is too short for its index, and too many rows would have to be read for it.
        """
        too_short = self.indexed and any(map(filter_needles, filters)) and not long_needles(filters)
        if too_short and self.count(without_text(filters)) > MOST:
            raise QueryError(
                f"More than {MOST:,} predictions would have to be searched. Type at least {words.SHORTEST} "
                "letters, or filter first."
            )
        matching = self.matching(filters, ["seq"])
        return int(self.connection.execute(select(func.count()).select_from(matching)).scalar_one())

    def find(
        self, query: Query, count: int, total: int, place: Sequence[Any] | None = None, back: bool = False
    ) -> list[int]:
        """The numbers of `count` rows from the query's offset on, or behind a place in its order, or before it.

        Args:
            total: how many rows match, as `count` says.

        Raises:
            QueryError: too many rows match for this order.
        """
        listed = self.few(query, place, back) if total <= MOST else self.many(query, place, back)
        rows = self.connection.execute(listed.limit(count).offset(query.offset))
        return [row.seq for row in rows]

    def rows(self, numbers: Sequence[int]) -> list[Any]:
        """Whole rows by their numbers, in the same order."""
        whole = self.connection.execute(select(predictions).where(predictions.c.seq.in_(numbers))).mappings()
        by_number = {row["seq"]: row for row in whole}
        return [by_number[number] for number in numbers]

    def few(self, query: Query, place: Sequence[Any] | None, back: bool) -> Select[tuple[int]]:
        """The matching rows, sorted."""
        names = [column.name for column, _ in query.order]
        covered = {*names} <= {*LISTED}
        matching = self.matching(query.filters, names if covered else ["seq"])
        source: FromClause = matching
        columns: Columns = matching.c.__getitem__
        if not covered:
            source, columns = matching.join(predictions, predictions.c.seq == matching.c.seq), table_column
        listed = (
            select(matching.c.seq).select_from(source).order_by(*order_clauses(query.order, columns, back))
        )
        return listed if place is None else listed.where(rows_after(query.order, place, columns, back))

    def many(self, query: Query, place: Sequence[Any] | None, back: bool) -> Select[tuple[int]]:
        """The matching rows along the index of the order."""
        leading = query.order[0][0].name
        if leading not in ALWAYS_SORTABLE or len(query.sort) > 1:
            raise QueryError(
                f"More than {MOST:,} predictions match. Sort them by time, probability, decision or review, or "
                "filter first."
            )
        if self.connection.dialect.name == "postgresql":
            # Or it would sort what it believes to be few rows.
            self.connection.execute(text("SET LOCAL enable_sort = off"))
        # A value has an index that goes on by time. SQLite may use no other than that of the order.
        own = leading == "created" and len(query.filters) == 1 and is_value(query.filters[0])
        columns = table_column if own else self.columns_without_index(leading)
        listed = select(predictions.c.seq).where(
            *(filter_condition(asked, columns) for asked in query.filters)
        )
        listed = listed.order_by(*order_clauses(query.order, table_column, back))
        return listed if place is None else listed.where(rows_after(query.order, place, table_column, back))

    def matching(self, filters: Sequence[Filter], names: Sequence[str]) -> CTE:
        """These columns of at most MOST + 1 matching rows."""
        numbers = self.candidates(filters) if self.connection.dialect.name == "sqlite" else None
        source: FromClause = predictions
        columns: Columns = table_column
        if numbers is not None:
            some = numbers.limit(EVERYTHING).subquery()
            source = some.join(predictions, predictions.c.seq == some.c.seq)
            columns = self.columns_without_index()
        elif len(filters) > 1:
            # SQLite would choose one of their indexes by chance: it has to take the one with all of their columns.
            columns = self.columns_without_index("created", "lesion_folded")
        listed = select(*(predictions.c[name] for name in names)).select_from(source)
        listed = listed.where(*(filter_condition(asked, columns) for asked in filters)).limit(MOST + 1)
        return listed.cte().prefix_with("MATERIALIZED")

    def candidates(self, filters: Sequence[Filter]) -> Select[tuple[int]] | None:
        """Numbers of the rows that SQLite has to look at first, where it would not know by itself."""
        others = without_text(filters)
        if 0 < len(others) < len(filters) and self.count(others) <= MOST:
            return select(self.matching(others, ["seq"]).c.seq)
        if self.indexed and (long := long_needles(filters)):
            return words.rows_containing(long)
        for asked in filters:
            if isinstance(asked, OneOf) and asked.column == "tag":
                return select(tags.c.seq).distinct().where(tags.c.name.in_(filter(None, asked.values)))
        return None

    def columns_without_index(self, *besides: str) -> Columns:
        """The columns of the table, for which SQLite chooses no index besides these."""
        dialect = self.connection.dialect.name
        return lambda name: table_column(name) if name in besides else unindexed(table_column(name), dialect)


def without_text(filters: Sequence[Filter]) -> list[Filter]:
    """The filters that look for no text."""
    return [asked for asked in filters if not filter_needles(asked)]


def long_needles(filters: Sequence[Filter]) -> list[str]:
    """The texts that an index of trigrams knows."""
    return [needle for asked in filters for needle in filter_needles(asked) if len(needle) >= words.SHORTEST]


def is_value(asked: Filter) -> bool:
    """Whether a filter is for one value of a column that has an index by value and time."""
    return (
        isinstance(asked, OneOf)
        and asked.column in BY_VALUE
        and len(asked.values) == 1
        and None not in asked.values
    )

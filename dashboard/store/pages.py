"""How a page of predictions is read without looking at all of them.

Matching rows are counted up to MOST. If there are no more, they are sorted in any order and the page is cut out of
them. Otherwise an index in the order of the page is walked until the page is full: few steps, because many match.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    CTE,
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    UnaryExpression,
    and_,
    false,
    func,
    or_,
    select,
    text,
    tuple_,
)
from sqlalchemy.sql.operators import custom_op
from sqlalchemy.sql.visitors import replacement_traverse

from dashboard.store import text_index
from dashboard.store.errors import QueryError
from dashboard.store.query import ALWAYS_SORTABLE, Filter, OneOf, Order, Query
from dashboard.store.records import Page, record_from_row
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
        too_short = self.indexed and any(part.needles for part in filters) and not long_needles(filters)
        if too_short and self.count(without_text(filters)) > MOST:
            raise QueryError(
                f"More than {MOST:,} predictions would have to be searched. Type at least {text_index.SHORTEST} "
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
        order, names = query.order, [column.name for column, _ in query.order]
        covered = {*names} <= {*LISTED}
        matching = self.matching(query.filters, names if covered else ["seq"])
        source: FromClause = matching
        if covered:
            columns: Any = matching.c
            order = tuple((columns[column.name], up) for column, up in order)
        else:
            source = matching.join(predictions, predictions.c.seq == matching.c.seq)
        return in_order(select(matching.c.seq).select_from(source), order, place, back)

    def many(self, query: Query, place: Sequence[Any] | None, back: bool) -> Select[tuple[int]]:
        """The matching rows along the index of the order."""
        leading = query.order[0][0].name
        if leading not in ALWAYS_SORTABLE or len(query.sort) > 1:
            raise QueryError(
                f"More than {MOST:,} predictions match. Sort them by time, probability, outcome or review, or "
                "filter first."
            )
        if self.connection.dialect.name == "postgresql":
            # Or it would sort what it believes to be few rows.
            self.connection.execute(text("SET LOCAL enable_sort = off"))
        condition = query.condition()
        # A value has an index that goes on by time. SQLite may use no other than that of the order.
        if not (leading == "created" and len(query.filters) == 1 and is_value(query.filters[0])):
            condition = without_indexes(self.connection, condition, leading)
        return in_order(select(predictions.c.seq).where(condition), query.order, place, back)

    def matching(self, filters: Sequence[Filter], names: Sequence[str]) -> CTE:
        """These columns of at most MOST + 1 matching rows."""
        source: FromClause = predictions
        condition = and_(True, *(part.condition() for part in filters))
        if (numbers := self.candidates(filters)) is not None:
            some = numbers.limit(EVERYTHING).subquery()
            source = some.join(predictions, predictions.c.seq == some.c.seq)
            condition = without_indexes(self.connection, condition)
        elif len(filters) > 1:
            # SQLite would choose one of their indexes by chance: it has to take the one with all of their columns.
            condition = without_indexes(
                self.connection,
                condition,
                *("created", "lesion_folded", "patient_folded", "lesion_id", "outcome_before"),
            )
        listed = select(*(predictions.c[name] for name in names)).select_from(source).where(condition)
        return listed.limit(MOST + 1).cte().prefix_with("MATERIALIZED")

    def candidates(self, filters: Sequence[Filter]) -> Select[tuple[int]] | None:
        """Numbers of the rows that SQLite has to look at first, where it would not know by itself."""
        if self.connection.dialect.name != "sqlite":
            return None
        others = without_text(filters)
        if 0 < len(others) < len(filters) and self.count(others) <= MOST:
            return select(self.matching(others, ["seq"]).c.seq)
        if self.indexed and (long := long_needles(filters)):
            return text_index.rows_containing(long)
        for part in filters:
            if isinstance(part, OneOf) and part.column == "tag":
                return select(tags.c.seq).distinct().where(tags.c.name.in_(filter(None, part.values)))
        return None


def without_text(filters: Sequence[Filter]) -> list[Filter]:
    """The filters that look for no text."""
    return [part for part in filters if not part.needles]


def long_needles(filters: Sequence[Filter]) -> list[str]:
    """The texts that an index of trigrams knows."""
    return [needle for part in filters for needle in part.needles if len(needle) >= text_index.SHORTEST]


def is_value(part: Filter) -> bool:
    """Whether a filter is for one value of a column that has an index by value and time."""
    return (
        isinstance(part, OneOf)
        and part.column in BY_VALUE
        and len(part.values) == 1
        and None not in part.values
    )


def without_indexes(
    connection: Connection, condition: ColumnElement[bool], *besides: str
) -> ColumnElement[bool]:
    """A condition in a form for which SQLite uses no index of predictions but those of the columns `besides`."""

    def replacement(element: Any, **_: Any) -> ColumnElement[Any] | None:
        if isinstance(element, Column) and element.table is predictions and element.name not in besides:
            return unindexed(connection, element)
        return None

    return replacement_traverse(condition, {}, replacement)


def unindexed(connection: Connection, column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A column with a plus sign, for which SQLite uses no index; PostgreSQL chooses well by itself."""
    if connection.dialect.name != "sqlite":
        return column
    return UnaryExpression(column, operator=custom_op("+"), type_=column.type)


def in_order(
    rows: Select[tuple[int]], order: Order, place: Sequence[Any] | None, back: bool
) -> Select[tuple[int]]:
    """The rows in an order, or in that order from its end; behind a place in it, if there is one."""
    rows = rows.order_by(*order_clauses(order, back))
    return rows if place is None else rows.where(rows_after(order, place, back))


def order_clauses(order: Order, back: bool = False) -> list[ColumnElement[Any]]:
    """An order in SQL, or that order from its end. Missing values come last."""
    clauses: list[ColumnElement[Any]] = []
    for column, up in order:
        if column.nullable:
            clauses.append(column.is_not(None) if back else column.is_(None))
        clauses.append(column.asc() if up != back else column.desc())
    return clauses


def rows_after(order: Order, place: Sequence[Any], back: bool) -> ColumnElement[bool]:
    """Rows that come after the one whose sorted values these are, or before it."""
    if len({up for _, up in order}) == 1 and not any(column.nullable for column, _ in order):
        # One comparison of rows, which an index answers.
        row = tuple_(*(column for column, _ in order))
        values: Any = tuple_(*place, types=[column.type for column, _ in order])
        return row > values if order[0][1] != back else row < values
    ways, same = list[ColumnElement[bool]](), list[ColumnElement[bool]]()
    for (column, up), value in zip(order, place, strict=True):
        further: ColumnElement[bool]
        if value is None:
            further = column.is_not(None) if back else false()
        else:
            further = column > value if up != back else column < value
            if column.nullable and not back:
                further = or_(further, column.is_(None))
        ways.append(and_(*same, further))
        same.append(column.is_not_distinct_from(value))
    return or_(*ways)

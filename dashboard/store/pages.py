"""How a page of predictions is found without looking at all of them.

There are two ways. Where a filter leaves few rows, they are taken from its index and sorted (`gather`). Otherwise an
index in the order of the page is walked until the page is full (`walk`); every such index also holds the columns that
are filtered most. How many rows match is counted where that is cheap, and estimated from a sample otherwise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Subquery, UnaryExpression, and_, func, select
from sqlalchemy.sql.operators import custom_op

from dashboard.store import words
from dashboard.store.conditions import condition, needed, searched, storable, table_columns
from dashboard.store.filters import Filter, OneOf, Range, Search, Text
from dashboard.store.names import fold
from dashboard.store.order import Columns, Order, behind, ordering, stretches
from dashboard.store.query import Query
from dashboard.store.schema import SORTED, predictions, store, tags

# Rows that are gathered and sorted at most; looking at one costs some microseconds.
FEW = 20_000
# With no more rows than this, the matching ones are counted.
COUNTED = 50_000
# Where more, as many places in the order of arrival are looked at, as many rows each.
PLACES, ROWS = 40, 250
EVERYTHING = 2**62


@dataclass(frozen=True)
class Found:
    """Row numbers in order, and how many rows match in all, where finding them has told."""

    numbers: list[int]
    total: int | None = None


@dataclass(frozen=True)
class Pages:
    """Finds pages on one connection. `index`: whether free text has an index."""

    connection: Connection
    index: bool

    def page(self, query: Query) -> tuple[list[Any], bool, int, bool]:
        """The rows of a page, whether there is a next one, how many rows match, and whether that is exact."""
        found = self.find(query, query.place(), query.limit + 1, query.offset)
        more = len(found.numbers) > query.limit
        rows = self.rows(found.numbers[: query.limit])
        total, exact = self.total(query, found, more)
        return rows, more, total, exact

    def part(self, query: Query) -> tuple[list[Any], bool]:
        """The rows of a page, and whether there is a next one; nothing is counted."""
        found = self.find(query, query.place(), query.limit + 1, query.offset).numbers
        return self.rows(found[: query.limit]), len(found) > query.limit

    def next_to(self, query: Query, row: Any, back: bool) -> str | None:
        """The id of the row before or after one in the order of a query."""
        place = tuple(row[term.column.name] for term in query.order)
        found = self.find(query, place, 1, 0, back).numbers
        return self.rows(found)[0]["id"] if found else None

    def rows(self, numbers: Sequence[int]) -> list[Any]:
        """Whole rows by their numbers, in the same order."""
        if not numbers:
            return []
        found = self.connection.execute(select(predictions).where(predictions.c.seq.in_(numbers))).mappings()
        by_number = {row["seq"]: row for row in found}
        return [by_number[number] for number in numbers]

    def find(
        self, query: Query, place: Sequence[Any] | None, count: int, offset: int = 0, back: bool = False
    ) -> Found:
        """The numbers of `count` matching rows, from `offset` on, or behind a place in the order."""
        if not query.filters and place is None and not back:
            everything = self.everything()
            if everything // 2 < offset < everything:
                # Nearer to the end: come from there.
                least = min(count, everything - offset)
                return Found(self.walk(query, None, least, everything - offset - least, True)[::-1])
        few = self.narrowest(query.filters)
        if few is None:
            return Found(self.walk(query, place, count, offset, back))
        return self.gather(few, query, place, count, offset, back)

    def everything(self) -> int:
        """How many predictions there are."""
        return int(self.connection.execute(select(store.c.predictions)).scalar_one())

    def narrowest(self, filters: Sequence[Filter]) -> Select[Any] | None:
        """The row numbers that one of the filters leaves, if they are few: the least of them."""
        best, fewest = None, FEW
        for one in filters:
            numbers = self.candidates(one)
            if numbers is None:
                continue
            counted = select(func.count()).select_from(numbers.limit(fewest).subquery())
            number = self.connection.execute(counted).scalar_one()
            if number < fewest:
                best, fewest = numbers, number
        return best

    def candidates(self, one: Filter) -> Select[Any] | None:
        """Numbers of rows that may match a filter, read off an index; None where there is none for it."""
        number = predictions.c.seq
        match one:
            case OneOf(column="tag"):
                return select(tags.c.seq).distinct().where(tags.c.name.in_(sorted(filter(None, one.values))))
            case OneOf() if one.column in SORTED and (None not in one.values or one.values == {None}):
                return select(number).where(condition(one))
            case Range() if not one.negate and not (one.low is None and one.high is None):
                return select(number).where(condition(one))
            case Text(how="equals", column="filename" | "lesion", negate=False):
                return select(number).where(condition(one))
            case Search() | Text(negate=False) if self.index:
                parts = searched(one) if isinstance(one, Search) else (storable(fold(one.text)),)
                longest = max(parts, key=len, default="")
                if len(longest) >= words.SHORTEST:
                    return words.candidates(self.connection.dialect.name, longest)
        return None

    def gather(
        self,
        numbers: Select[Any],
        query: Query,
        place: Sequence[Any] | None,
        count: int,
        offset: int,
        back: bool,
    ) -> Found:
        """Matching rows among few, sorted; all of them are looked at, and so counted."""
        names = needed_columns(query)
        if numbers.get_final_froms() == [predictions]:
            few = numbers.with_only_columns(*(predictions.c[name] for name in names)).limit(FEW).subquery()
        else:
            short = numbers.limit(FEW).subquery()
            both = short.join(predictions, predictions.c.seq == short.c[0])
            few = select(*(predictions.c[name] for name in names)).select_from(both).subquery()
        filters = and_(True, *(condition(one, of(few)) for one in query.filters))
        matching = select(*few.c, func.count().over().label("total")).where(filters).subquery()
        listed = select(matching.c.seq, matching.c.total)
        if place is not None:
            listed = listed.where(behind(query.order, place, back, of(matching)))
        ordered = ordering(query.order, back, of(matching))
        rows = self.connection.execute(listed.order_by(*ordered).limit(count).offset(offset)).all()
        return Found([row.seq for row in rows], rows[0].total if rows else None)

    def walk(
        self, query: Query, place: Sequence[Any] | None, count: int, offset: int, back: bool
    ) -> list[int]:
        """Matching rows along the index of the order."""
        found: list[int] = []
        for order, where in stretches(query.order, place, back):
            listed = self.matching(query, order, where, back)
            found += self.connection.execute(listed.limit(count - len(found)).offset(offset)).scalars()
            if len(found) == count:
                break
            # The offset may lie in the next stretch: how much of it does this one take?
            if offset and not found:
                offset -= min(offset, self.count(listed))
            elif found:
                offset = 0
        return found

    def matching(self, query: Query, order: Order, where: ColumnElement[bool], back: bool) -> Select[Any]:
        """The numbers of matching rows in order, so put that the database walks along the index of the order."""
        if not query.filters:
            return select(predictions.c.seq).where(where).order_by(*ordering(order, back))
        leading = order[0].column.name
        bounds = [condition(one) for one in query.filters if needed(one) == {leading}]
        others = [one for one in query.filters if needed(one) != {leading}]
        if self.connection.dialect.name == "sqlite":
            # A plus sign keeps SQLite from choosing the index of a filter.
            plain = (condition(one, unindexed) for one in others)
            return select(predictions.c.seq).where(where, *bounds, *plain).order_by(*ordering(order, back))
        # PostgreSQL sorts what stands behind a limit first, and filters then.
        fence = (
            select(*(predictions.c[name] for name in needed_columns(query)))
            .where(where, *bounds)
            .order_by(*ordering(order, back))
            .limit(EVERYTHING)
            .subquery()
        )
        filters = (condition(one, of(fence)) for one in others)
        ordered = ordering(order, back, of(fence))
        return select(fence.c.seq).where(*filters).order_by(*ordered)

    def count(self, listed: Select[Any]) -> int:
        """How many rows a question has."""
        counted = select(func.count()).select_from(listed.order_by(None).subquery())
        return self.connection.execute(counted).scalar_one()

    def total(self, query: Query, found: Found, more: bool) -> tuple[int, bool]:
        """How many rows match, and whether that is exact."""
        everything = self.everything()
        if not query.filters:
            return everything, True
        if found.total is not None:
            return found.total, True
        seen = query.offset + len(found.numbers)
        if not more and query.after is None and (found.numbers or not query.offset):
            return seen, True
        if everything <= COUNTED:
            return self.count(select(predictions.c.seq).where(query.condition())), True
        return max(seen, self.estimate(query, everything)), False

    def estimate(self, query: Query, everything: int) -> int:
        """About how many rows match, from a sample that is spread over the order of arrival."""
        newest = self.connection.execute(select(func.max(predictions.c.seq))).scalar_one() or 0
        names = frozenset({"seq"}).union(*map(needed, query.filters))
        hits = seen = 0
        for place in range(PLACES):
            start = select(predictions.c.created).where(predictions.c.seq >= newest * place // PLACES)
            begins = start.order_by(predictions.c.seq).limit(1).scalar_subquery()
            some = (
                select(*(predictions.c[name] for name in sorted(names)))
                .where(predictions.c.created >= begins)
                .order_by(predictions.c.created, predictions.c.seq)
                .limit(ROWS)
                .subquery()
            )
            filters = and_(True, *(condition(one, of(some)) for one in query.filters))
            counts = self.connection.execute(
                select(func.count(), func.count().filter(filters)).select_from(some)
            ).one()
            seen, hits = seen + counts[0], hits + counts[1]
        return round(everything * hits / max(seen, 1))


def of(some: Subquery) -> Columns:
    """The columns of a subquery by their names."""
    return lambda name: some.c[name]


def unindexed(name: str) -> ColumnElement[Any]:
    """A column of the table in a form that SQLite finds no index for."""
    column = table_columns(name)
    return UnaryExpression(column, operator=custom_op("+"), type_=column.type)


def needed_columns(query: Query) -> list[str]:
    """The stored columns that a query filters and sorts by."""
    names = dict.fromkeys(term.column.name for term in query.order)
    return list(names | dict.fromkeys(sorted(frozenset[str]().union(*map(needed, query.filters)))))

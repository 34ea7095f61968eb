"""How a page of predictions is found without looking at all of them.

There are two ways. Where a filter leaves few rows, they are taken from its index and sorted (`gather`). Otherwise an
index in the order of the page is walked until the page is full (`walk`); every such index also holds the columns that
are filtered most. How many rows match is counted where that is cheap, and estimated from a sample otherwise.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Subquery,
    UnaryExpression,
    and_,
    bindparam,
    func,
    select,
    text,
)
from sqlalchemy.sql.operators import custom_op

from dashboard.store import words
from dashboard.store.conditions import TIMES, condition, needed, searched, storable, table_columns
from dashboard.store.filters import Filter, OneOf, Range, Search, Text
from dashboard.store.names import fold
from dashboard.store.order import Columns, Order, behind, ordering, stretches
from dashboard.store.query import Query
from dashboard.store.schema import COVERED, SORTED, predictions, store, tags

# Rows that a filter leaves are counted up to here.
MANY = 100_000
# What one row costs, in what a step along an index costs: to be taken from the index of a filter, to be looked up in
# the table besides, and to be sorted. Measured on SQLite.
TAKEN, LOOKED_UP, SORTED_IN = 1.5, 40, 6
# With no more rows than this, the matching ones are counted.
COUNTED = 50_000
# Where more, as many places in the order of arrival are looked at, as many rows each.
PLACES, ROWS = 16, 600
# Seconds for which counts and estimates are good enough to choose a way by, and to be shown as estimates.
REMEMBERED = 60.0
MOST_COUNTS, MOST_PLACES = 1000, 200
EVERYTHING = 2**62


@dataclass
class Memory:
    """What the pages of a process share.

    Attributes:
        counts: of a filter, or of all of a query's, with the time at which they were made.
        places: where pages ended, by order and filters, and then by offset; of the store after `change`.
    """

    counts: dict[Filter | tuple[Filter, ...], tuple[float, int]] = field(default_factory=dict)
    places: dict[Any, dict[int, Sequence[Any]]] = field(default_factory=dict)
    change: int = -1


@dataclass(frozen=True)
class Found:
    """Row numbers in order, and how many rows match in all, where finding them has told."""

    numbers: list[int]
    total: int | None = None


@dataclass(frozen=True)
class Pages:
    """Finds pages on one connection.

    Attributes:
        index: whether free text has an index.
    """

    connection: Connection
    index: bool
    memory: Memory = field(default_factory=Memory)

    def page(self, query: Query) -> tuple[list[Any], bool, int, bool]:
        """The rows of a page, whether there is a next one, how many rows match, and whether that is exact."""
        start, place = self.start(query)
        found = self.find(query, place, query.limit + 1, query.offset - start)
        more = len(found.numbers) > query.limit
        rows = self.rows(found.numbers[: query.limit])
        if more and query.after is None:
            self.reached(query)[query.offset + query.limit] = self.place(query, rows[-1])
        total, exact = self.total(query, found, more)
        return rows, more, total, exact

    def start(self, query: Query) -> tuple[int, Sequence[Any] | None]:
        """How many rows lie before the nearest place known that a page may start behind, and that place."""
        if query.after is not None:
            return 0, query.place()
        places = self.reached(query)
        known = max((offset for offset in places if offset <= query.offset), default=0)
        if not query.filters and self.everything() - query.offset < query.offset - known:
            # Nearer to the end: see `find`.
            return 0, None
        return known, places.get(known)

    def reached(self, query: Query) -> dict[int, Sequence[Any]]:
        """Where earlier pages of the same question ended, as long as nothing has changed: offset -> place."""
        change = self.connection.execute(select(store.c.turn)).scalar_one()
        if self.memory.change != change or len(self.memory.places) > MOST_PLACES:
            self.memory.change, self.memory.places = change, {}
        return self.memory.places.setdefault((query.sort, query.filters), {})

    def place(self, query: Query, row: Any) -> Sequence[Any]:
        """Where a row stands in the order of a query."""
        return tuple(row[term.column.name] for term in query.order)

    def part(self, query: Query) -> tuple[list[Any], bool]:
        """The rows of a page, and whether there is a next one; nothing is counted."""
        found = self.find(query, query.place(), query.limit + 1, query.offset).numbers
        return self.rows(found[: query.limit]), len(found) > query.limit

    def next_to(self, query: Query, row: Any, back: bool) -> str | None:
        """The id of the row before or after one in the order of a query."""
        found = self.find(query, self.place(query, row), 1, 0, back).numbers
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
        few = self.narrowest(query, count + offset)
        if few is None:
            return Found(self.walk(query, place, count, offset, back))
        return self.gather(few, query, place, count, offset, back)

    def everything(self) -> int:
        """How many predictions there are."""
        return int(self.connection.execute(select(store.c.predictions)).scalar_one())

    def narrowest(self, query: Query, count: int) -> Select[Any] | None:
        """The rows that one of the filters leaves, where gathering them costs less than walking to `count` rows."""
        everything = max(self.everything(), 1)
        best, fewest, share = None, MANY, 1.0
        for one in query.filters:
            numbers = self.candidates(one)
            if numbers is None:
                continue
            number = self.remembered(one, partial(self.up_to, numbers))
            share *= number / everything
            if number < fewest:
                best, fewest = numbers, number
        if best is None:
            return None
        covered = needed_columns(query) <= {*COVERED, query.order[0].column.name}
        step = 1 if covered else LOOKED_UP
        taken = TAKEN if covered and from_predictions(best) else LOOKED_UP
        walking = step * min(count / max(share, 1 / everything), everything)
        return best if fewest * taken + min(fewest, share * everything) * SORTED_IN < walking else None

    def counted(self, one: Filter) -> int | None:
        """How many rows a filter leaves by itself, where an index tells and it is not too many."""
        numbers = self.candidates(one)
        if numbers is None:
            return None
        number = self.remembered(one, partial(self.up_to, numbers))
        return number if number < MANY else None

    def up_to(self, numbers: Select[Any]) -> int:
        """How many row numbers there are, counted up to MANY."""
        counted = select(func.count()).select_from(numbers.limit(MANY).subquery())
        return int(self.connection.execute(counted).scalar_one())

    def remembered(self, of: Filter | tuple[Filter, ...], count: Callable[[], int]) -> int:
        """A count that is at most a minute old."""
        now = time.monotonic()
        when, found = self.memory.counts.get(of, (0.0, 0))
        if not when or now - when > REMEMBERED:
            if len(self.memory.counts) > MOST_COUNTS:
                self.memory.counts.clear()
            found = count()
            self.memory.counts[of] = now, found
        return found

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
        names = sorted(needed_columns(query))
        if from_predictions(numbers):
            few = numbers.with_only_columns(*(predictions.c[name] for name in names)).subquery()
        else:
            # Behind a limit, SQLite takes these first and looks for nothing else.
            short = numbers.limit(EVERYTHING).subquery()
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
        if self.connection.dialect.name == "postgresql":
            # Or PostgreSQL sorts what it believes to be few rows.
            self.connection.execute(text("SET LOCAL enable_sort = off"))
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
        if self.connection.dialect.name == "postgresql":
            self.connection.execute(text("SET LOCAL enable_sort = on"))
        return found

    def matching(self, query: Query, order: Order, where: ColumnElement[bool], back: bool) -> Select[Any]:
        """The numbers of matching rows in order, so put that the database walks along the index of the order."""
        if not query.filters:
            return select(predictions.c.seq).where(where).order_by(*ordering(order, back))
        indexed = self.indexed(query, order)
        # On SQLite a plus sign keeps the planner from choosing the index of a filter.
        others = unindexed if self.connection.dialect.name == "sqlite" else table_columns
        filters = (condition(one, table_columns if one in indexed else others) for one in query.filters)
        return select(predictions.c.seq).where(where, *filters).order_by(*ordering(order, back))

    def indexed(self, query: Query, order: Order) -> list[Filter]:
        """The filters that the index of the order answers, or an index that has both: a value, and then by time."""
        leading = order[0].column.name
        if leading == "created":
            values = [one for one in query.filters if isinstance(one, OneOf) and is_value(one)]
            if values:
                return [min(values, key=lambda one: self.counted(one) or MANY)]
        return [one for one in query.filters if needed(one) == {leading}]

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
        about = self.remembered(query.filters, partial(self.estimate, query, everything))
        return max(seen, about), False

    def estimate(self, query: Query, everything: int) -> int:
        """About how many rows match, from a sample that is spread over the order of arrival."""
        newest = self.connection.execute(select(func.max(predictions.c.seq))).scalar_one() or 0
        places = [newest * place // PLACES for place in range(PLACES)]
        at = select(predictions.c.created).where(predictions.c.seq >= bindparam("place"))
        at = at.order_by(predictions.c.seq).limit(1)
        # A stretch of time is in few of the places, or in none.
        counts = {
            one: self.counted(one) for one in query.filters if isinstance(one, Range) and one.column in TIMES
        }
        brief = {one: number for one, number in counts.items() if number is not None}
        sampled = [one for one in query.filters if one not in brief]
        for number in brief.values():
            everything = everything * number // max(self.everything(), 1)
        names = frozenset({"seq"}).union(*map(needed, sampled))
        some = (
            select(*(predictions.c[name] for name in sorted(names)))
            .where(predictions.c.created >= bindparam("begins", type_=predictions.c.created.type))
            .order_by(predictions.c.created, predictions.c.seq)
            .limit(ROWS)
            .subquery()
        )
        filters = and_(True, *(condition(one, of(some)) for one in sampled))
        counted = select(func.count(), func.count().filter(filters)).select_from(some)
        hits = seen = 0
        for place in places:
            begins = self.connection.execute(at, {"place": place}).scalar()
            if begins is not None:
                here = self.connection.execute(counted, {"begins": begins}).one()
                seen, hits = seen + here[0], hits + here[1]
        return round(everything * hits / max(seen, 1))


def is_value(one: OneOf) -> bool:
    """Whether a choice is one value of a column that has an index by value and time."""
    return one.column in SORTED and len(one.values) == 1 and None not in one.values


def of(some: Subquery) -> Columns:
    """The columns of a subquery by their names."""
    return lambda name: some.c[name]


def unindexed(name: str) -> ColumnElement[Any]:
    """A column of the table in a form that SQLite finds no index for."""
    column = table_columns(name)
    return UnaryExpression(column, operator=custom_op("+"), type_=column.type)


def from_predictions(numbers: Select[Any]) -> bool:
    """Whether row numbers are read from the table itself, and so from an index that has other columns, too."""
    return numbers.get_final_froms() == [predictions]


def needed_columns(query: Query) -> frozenset[str]:
    """The stored columns that a query filters and sorts by."""
    return frozenset(term.column.name for term in query.order).union(*map(needed, query.filters))

"""How a page of predictions is found without looking at all of them.

There are two ways. Where a filter leaves few rows, they are taken from its index and sorted (`gather`). Otherwise an
index in the order of the page is walked until the page is full (`walk`); every such index also holds the columns that
are filtered most. Which way is shorter, and about how many rows match, is told by a sample (see shares.py).
"""

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    and_,
    func,
    select,
    text,
)

from dashboard.store import words
from dashboard.store.conditions import condition, needed, storable, table_columns, unindexed
from dashboard.store.filters import Filter, OneOf, Range, Search, Text
from dashboard.store.names import fold
from dashboard.store.order import Columns, Order, behind, ordering, stretches
from dashboard.store.query import Query
from dashboard.store.schema import COVERED, SORTED, predictions, store
from dashboard.store.shares import Shares, apart, longest, measure, tagged

# What one row costs that is looked up in the index of tags, is sorted, or is looked up in the table, where one step
# along an index is 1. Measured; PostgreSQL copies the page of each row, which SQLite has mapped.
PROBED, SORTED_IN = 5, 3
LOOKED_UP = {"sqlite": 10, "postgresql": 40}
# With no more rows than this, the matching ones are counted.
COUNTED = 50_000
# Seconds for which shares are good enough to choose a way by, and to be shown as estimates.
REMEMBERED = 60.0
MOST_SHARES, MOST_PLACES = 1000, 200
EVERYTHING = 2**62


@dataclass
class Memory:
    """What the pages of a process share.

    Attributes:
        shares: of filters, with the time at which they were measured.
        places: where pages ended, by order and filters, and then by offset; of the store after `change`.
    """

    shares: dict[tuple[Filter, ...], tuple[float, Shares]] = field(
        default_factory=dict[tuple[Filter, ...], tuple[float, Shares]]
    )
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
        if not query.filters and self.everything - query.offset < query.offset - known:
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
            everything = self.everything
            if everything // 2 < offset < everything:
                # Nearer to the end: come from there.
                least = min(count, everything - offset)
                return Found(self.walk(query, None, least, everything - offset - least, True)[::-1])
        few = self.narrowest(query, count + offset)
        if few is None:
            return Found(self.walk(query, place, count, offset, back))
        return self.gather(few, query, place, count, offset, back)

    @cached_property
    def everything(self) -> int:
        """How many predictions there are."""
        return int(self.connection.execute(select(store.c.predictions)).scalar_one())

    @property
    def looked_up(self) -> int:
        """What it costs to look a row up in the table."""
        return LOOKED_UP[self.connection.dialect.name]

    def narrowest(self, query: Query, count: int) -> Filter | None:
        """The filter whose rows are best gathered; None where walking to `count` rows costs less."""
        if not query.filters:
            return None
        best, least = None, self.walking(query, count)
        for one in query.filters:
            numbers = self.candidates(one)
            cost = math.inf if numbers is None else self.gathering(one, numbers, query)
            if cost < least:
                best, least = one, cost
        return best

    def walking(self, query: Query, count: int) -> float:
        """What it costs to walk to `count` rows, in steps along an index."""
        shares, everything = self.shares(query), max(self.everything, 1)
        within = math.prod(shares.each[one] for one in self.indexed(query, query.order))
        steps = min(count / shares.all, everything) * within
        covered = needed_by(self.together(query)) <= {*COVERED, query.order[0].column.name}
        probes = min(shares.sampled / within, 1) * self.probe(query)
        return steps * ((1 if covered else self.looked_up) + probes)

    def gathering(self, one: Filter, numbers: Select[Any], query: Query) -> float:
        """What it costs to gather the rows of a filter, in steps along an index."""
        shares, everything = self.shares(query), max(self.everything, 1)
        number, close, matching = (
            everything * share for share in (shares.each[one], shares.sampled, shares.all)
        )
        if not self.covering(one, numbers):
            return number * self.looked_up + matching * SORTED_IN
        covered = needed_by((*self.together(query), one)) | {query.order[0].column.name} <= coverage(one)
        probes = min(number, close) * self.probe(query)
        return number + probes + matching * (SORTED_IN if covered else SORTED_IN + self.looked_up)

    def together(self, query: Query) -> list[Filter]:
        """The filters that are answered by columns of the indexes, as far as they have them."""
        return [one for one in query.filters if not apart(one, self.index)]

    def probe(self, query: Query) -> int:
        """What it costs to see whether one row meets the other filters."""
        others = [one for one in query.filters if apart(one, self.index)]
        return self.looked_up if any(isinstance(one, Search) for one in others) else PROBED * len(others)

    def covering(self, one: Filter, numbers: Select[Any]) -> bool:
        """Whether these row numbers come from an index that has other columns, too."""
        return is_reference(one) or (from_predictions(numbers) and isinstance(one, OneOf | Range))

    def shares(self, query: Query) -> Shares:
        """What the filters leave; at most a minute old."""
        now = time.monotonic()
        when, found = self.memory.shares.get(query.filters, (-math.inf, None))
        if found is None or now - when > REMEMBERED:
            if len(self.memory.shares) > MOST_SHARES:
                self.memory.shares.clear()
            found = measure(self.connection, query.filters, self.index, self.everything)
            self.memory.shares[query.filters] = now, found
        return found

    def candidates(self, one: Filter) -> Select[Any] | None:
        """Numbers of rows that may match a filter, read off an index; None where there is none for it."""
        number = predictions.c.seq
        match one:
            case OneOf(column="tag"):
                return tagged(one)
            case OneOf() if one.column in SORTED and (None not in one.values or one.values == {None}):
                return select(number).where(condition(one))
            case Range() if not one.negate and not (one.low is None and one.high is None):
                return select(number).where(condition(one))
            case Text() if is_reference(one):
                return select(number).where(condition(one))
            case Search() | Text(negate=False) if self.index:
                word = longest(one) if isinstance(one, Search) else storable(fold(one.text))
                if len(word) >= words.SHORTEST:
                    return words.candidates(self.connection.dialect.name, word)
        return None

    def gather(
        self, one: Filter, query: Query, place: Sequence[Any] | None, count: int, offset: int, back: bool
    ) -> Found:
        """Matching rows among those that one filter leaves, sorted; all of them are looked at, and so counted."""
        numbers = self.candidates(one)
        assert numbers is not None
        has = coverage(one) if self.covering(one, numbers) else frozenset(predictions.c.keys())
        near = [each for each in query.filters if needed(each) <= has]
        names = needed_columns(query)
        source: FromClause = predictions
        if numbers.whereclause is not None and from_predictions(numbers):
            # The index of this filter, and no other.
            others = (
                condition(each, self.aside) for each in near if each != one or not self.covering(one, numbers)
            )
            where = and_(numbers.whereclause, *others)
        else:
            # Behind a limit, SQLite takes these first and looks for nothing else.
            short = numbers.limit(EVERYTHING).subquery()
            source = short.join(predictions, predictions.c.seq == short.c[0])
            where = and_(
                True, *(condition(each) for each in near if each != one or not isinstance(one, OneOf))
            )
        kept = ["seq", *sorted(names - {"seq"})] if names <= has else ["seq"]
        some = (
            select(*(predictions.c[name] for name in kept))
            .select_from(source)
            .where(where)
            .cte("some")
            .prefix_with("MATERIALIZED")
        )
        whole = some if names <= has else some.join(predictions, predictions.c.seq == some.c.seq)
        columns = of(some) if names <= has else table_columns
        far = (condition(each, columns) for each in query.filters if not needed(each) <= has)
        matching = (
            select(*(columns(name).label(name) for name in sorted(names)), func.count().over().label("total"))
            .select_from(whole)
            .where(and_(True, *far))
            .subquery()
        )
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
        filters = (condition(one, table_columns if one in indexed else self.aside) for one in query.filters)
        return select(predictions.c.seq).where(where, *filters).order_by(*ordering(order, back))

    def aside(self, name: str) -> ColumnElement[Any]:
        """A column of the table whose index is not to be chosen."""
        return unindexed(table_columns(name), self.connection.dialect.name)

    def indexed(self, query: Query, order: Order) -> list[Filter]:
        """The filters that the index of the order answers, or an index that has both: a value, and then by time."""
        leading = order[0].column.name
        answered = [one for one in query.filters if needed(one) == {leading}]
        values = [one for one in query.filters if isinstance(one, OneOf) and is_value(one)]
        if leading == "created" and values:
            shares = self.shares(query)
            answered.append(min(values, key=lambda one: shares.each[one]))
        return answered

    def count(self, listed: Select[Any]) -> int:
        """How many rows a question has."""
        counted = select(func.count()).select_from(listed.order_by(None).subquery())
        return self.connection.execute(counted).scalar_one()

    def total(self, query: Query, found: Found, more: bool) -> tuple[int, bool]:
        """How many rows match, and whether that is exact."""
        everything = self.everything
        if not query.filters:
            return everything, True
        if found.total is not None:
            return found.total, True
        seen = query.offset + len(found.numbers)
        if not more and query.after is None and (found.numbers or not query.offset):
            return seen, True
        if everything <= COUNTED:
            return self.count(select(predictions.c.seq).where(query.condition())), True
        return max(seen, round(everything * self.shares(query).all)), False


def is_value(one: OneOf) -> bool:
    """Whether a choice is one value of a column that has an index by value and time."""
    return one.column in SORTED and len(one.values) == 1 and None not in one.values


def of(some: FromClause) -> Columns:
    """The columns of a subquery by their names."""
    return lambda name: some.c[name]


def from_predictions(numbers: Select[Any]) -> bool:
    """Whether row numbers are read from the table itself, and so from an index that has other columns, too."""
    return numbers.get_final_froms() == [predictions]


def is_reference(one: Filter) -> bool:
    """Whether a filter is for one file name or reference as a whole, which are sorted."""
    return isinstance(one, Text) and one.how == "equals" and not one.negate


def coverage(one: Filter) -> frozenset[str]:
    """The columns of the index that a filter is read off."""
    return frozenset(COVERED) | needed(one)


def needed_by(filters: Iterable[Filter]) -> frozenset[str]:
    """The stored columns that filters look at."""
    return frozenset[str]().union(*map(needed, filters))


def needed_columns(query: Query) -> frozenset[str]:
    """The stored columns that a query filters and sorts by."""
    return needed_by(query.filters).union(term.column.name for term in query.order)

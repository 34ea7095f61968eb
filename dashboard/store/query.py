"""Questions to the store: typed filters over a short list of columns, and nothing that is not on it."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Column, ColumnElement, Select, and_, or_, select

from dashboard.store.errors import QueryError
from dashboard.store.records import fold
from dashboard.store.schema import predictions

MAX_LIMIT = 500
MAX_VALUES = 100

TEXTS = frozenset({"filename"})
NUMBERS = frozenset({"probability"})
TIMES = frozenset({"created"})
CHOICES = frozenset({"decision", "diagnosis", "model"})
COLUMNS = TEXTS | NUMBERS | TIMES | CHOICES
# A column that is sorted and searched in another form than it is shown.
STORED = {"filename": predictions.c.filename_folded}

Direction = Literal["asc", "desc"]
Bound = float | datetime


@dataclass(frozen=True)
class Text:
    """`column` contains, starts with, ends with or equals `text`, in any case; `negate` turns it round."""

    column: str
    text: str
    how: Literal["contains", "starts", "ends", "equals"] = "contains"
    negate: bool = False


@dataclass(frozen=True)
class Range:
    """`low` <= `column` <= `high`; None leaves a side open, `open_low` and `open_high` exclude the bound."""

    column: str
    low: Bound | None = None
    high: Bound | None = None
    open_low: bool = False
    open_high: bool = False
    negate: bool = False


@dataclass(frozen=True)
class OneOf:
    """`column` has one of these values."""

    column: str
    values: frozenset[str]


@dataclass(frozen=True)
class AnyOf:
    """At least one of these filters holds."""

    filters: "tuple[Filter, ...]"


Filter = Text | Range | OneOf | AnyOf


@dataclass(frozen=True)
class Query:
    """Which records, in which order. All filters must hold; newest first unless `sort` says otherwise.

    Attributes:
        offset, limit: the part of the answer; limit 1 to 500.
        sort: (column, "asc" or "desc"), the most important first.
    """

    offset: int = 0
    limit: int = 100
    sort: tuple[tuple[str, Direction], ...] = ()
    filters: tuple[Filter, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.offset < 2**63 or not 1 <= self.limit <= MAX_LIMIT:
            raise QueryError(f"offset must not be negative, and limit must be between 1 and {MAX_LIMIT}.")
        names = [column for column, _ in self.sort]
        for column in names:
            allowed(column, COLUMNS)
        if len(set(names)) < len(names) or any(
            direction not in ("asc", "desc") for _, direction in self.sort
        ):
            raise QueryError("Each column is sorted once, by asc or desc.")
        # Compiling checks every filter, so that a query that exists can be answered.
        self.condition()

    def condition(self) -> ColumnElement[bool]:
        """All filters as one SQL expression."""
        return and_(True, *(compile_filter(one) for one in self.filters))

    def select(self) -> Select[Any]:
        """The rows asked for; the id breaks ties, so that pages neither overlap nor miss a row."""
        terms = self.sort or (("created", "desc"),)
        order = [(stored(column), direction) for column, direction in terms]
        order.append((predictions.c.id, terms[-1][1]))
        clauses: list[ColumnElement[Any]] = []
        for column, direction in order:
            if column.nullable:
                clauses.append(column.is_(None))
            clauses.append(column.asc() if direction == "asc" else column.desc())
        return (
            select(predictions)
            .where(self.condition())
            .order_by(*clauses)
            .offset(self.offset)
            .limit(self.limit)
        )


def allowed(column: str, columns: frozenset[str]) -> None:
    """Raise QueryError when a column is not one of these."""
    if column not in columns:
        raise QueryError(f"“{column}” cannot be used here; possible: {', '.join(sorted(columns))}.")


def stored(column: str) -> Column[Any]:
    """The column that answers for this name."""
    return STORED.get(column, predictions.c[column])


def compile_filter(one: Filter) -> ColumnElement[bool]:
    """A filter as SQL; values only ever travel as bound parameters."""
    match one:
        case Text():
            return compile_text(one)
        case Range():
            return compile_range(one)
        case OneOf():
            allowed(one.column, CHOICES)
            if len(one.values) > MAX_VALUES:
                raise QueryError(f"At most {MAX_VALUES} values for {one.column}.")
            return stored(one.column).in_(sorted(one.values))
        case AnyOf():
            return or_(False, *(compile_filter(part) for part in one.filters))


def compile_text(one: Text) -> ColumnElement[bool]:
    """A text filter as SQL; `%` and `_` stand for themselves."""
    allowed(one.column, TEXTS)
    column, text = stored(one.column), fold(one.text)
    if "\0" in text:
        raise QueryError("The text to search for has a character that no file name has.")
    # Lone surrogates cannot be encoded for the database, and no stored name has one.
    text = text.encode("utf-8", "replace").decode()
    hows: dict[str, Callable[[], ColumnElement[bool]]] = {
        "contains": lambda: column.contains(text, autoescape=True),
        "starts": lambda: column.startswith(text, autoescape=True),
        "ends": lambda: column.endswith(text, autoescape=True),
        "equals": lambda: column == text,
    }
    if one.how not in hows:
        raise QueryError(f"A text filter cannot be “{one.how}”.")
    condition = hows[one.how]()
    return ~condition if one.negate else condition


def compile_range(one: Range) -> ColumnElement[bool]:
    """A range as SQL."""
    allowed(one.column, NUMBERS | TIMES)
    for bound in (one.low, one.high):
        check_bound(one.column, bound)
    column, parts = stored(one.column), list[ColumnElement[bool]]()
    if one.low is not None:
        parts.append(column > one.low if one.open_low else column >= one.low)
    if one.high is not None:
        parts.append(column < one.high if one.open_high else column <= one.high)
    condition = and_(True, *parts)
    return ~condition if one.negate else condition


def check_bound(column: str, bound: Bound | None) -> None:
    """Raise QueryError when the bound is of the wrong kind for its column."""
    if bound is None:
        return
    if column in TIMES and not (isinstance(bound, datetime) and bound.tzinfo is not None):
        raise QueryError(f"{column} is compared with times that have a time zone.")
    if column in NUMBERS and (isinstance(bound, datetime | bool) or not math.isfinite(bound)):
        raise QueryError(f"{column} is compared with numbers.")

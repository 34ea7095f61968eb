"""Filters, and how a database is asked for them. Values only ever travel as bound parameters."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, UnaryExpression, and_, exists, or_, select
from sqlalchemy.sql.operators import custom_op

from dashboard.store.errors import QueryError
from dashboard.store.fields import CONTEXT
from dashboard.store.names import fold
from dashboard.store.records import REVIEW_STATES
from dashboard.store.schema import predictions, tags

MAX_VALUES = 100
MAX_SEARCH = 1000

TEXTS = frozenset({"filename", *(field.name for field in CONTEXT if field.filter == "text")})
NUMBERS = frozenset({"probability", *(field.name for field in CONTEXT if field.type is int)})
TIMES = frozenset({"created", "reviewed"})
CHOICES = frozenset(
    {
        *("decision", "diagnosis", "model", "operating_point", "confirmed", "confirmed_by", "review"),
        *(field.name for field in CONTEXT if field.filter == "values"),
    }
)
# Columns by which predictions can be sorted.
SORTABLE = (TEXTS | NUMBERS | TIMES | CHOICES) - {
    *("operating_point", "confirmed_by"),
    *(field.name for field in CONTEXT if not field.sortable),
}
# A column that is sorted and searched in another form than it is shown.
STORED = {"filename": "filename_folded", "tag": "seq"} | {field.name: field.folded for field in CONTEXT}

Bound = float | datetime
# Gives the column of a name.
Columns = Callable[[str], ColumnElement[Any]]


@dataclass(frozen=True)
class Text:
    """`column` contains or equals `text`, in any case."""

    column: str
    text: str
    how: Literal["contains", "equals"] = "contains"


@dataclass(frozen=True)
class Range:
    """`low` <= `column` <= `high`; None leaves a side open, `open_low` and `open_high` exclude the bound."""

    column: str
    low: Bound | None = None
    high: Bound | None = None
    open_low: bool = False
    open_high: bool = False


@dataclass(frozen=True)
class OneOf:
    """`column` has one of these values; of "tag", the prediction has at least one of them. None finds the missing."""

    column: str
    values: frozenset[str | None]


@dataclass(frozen=True)
class Search:
    """File name, lesion reference, note, tags or a note of a review contain every word of `text`, in any case."""

    text: str


Filter = Text | Range | OneOf | Search


def table_column(name: str) -> ColumnElement[Any]:
    """The column of the table."""
    return predictions.c[name]


def unindexed(column: ColumnElement[Any], dialect: str) -> ColumnElement[Any]:
    """A column in a form for which SQLite, with a plus sign, does not choose an index; PostgreSQL knows better."""
    if dialect != "sqlite":
        return column
    return UnaryExpression(column, operator=custom_op("+"), type_=column.type)


def stored_column(column: str) -> str:
    """The stored column that answers for this name."""
    return STORED.get(column, column)


def check_column(column: str, columns: frozenset[str]) -> None:
    """Raise QueryError when a column is not one of these."""
    if column not in columns:
        raise QueryError(f"“{column}” cannot be used here; possible: {', '.join(sorted(columns))}.")


def filter_condition(asked: Filter, columns: Columns = table_column) -> ColumnElement[bool]:
    """A filter as SQL. Raises QueryError for an unknown column, or a value of the wrong kind."""
    match asked:
        case Text():
            return text_condition(asked, columns)
        case Range():
            return range_condition(asked, columns)
        case OneOf():
            return choice_condition(asked, columns)
        case Search():
            return and_(True, *(words_contain(word, columns) for word in search_words(asked)))


def text_condition(asked: Text, columns: Columns) -> ColumnElement[bool]:
    """A text filter as SQL."""
    check_column(asked.column, TEXTS)
    column, needle = columns(stored_column(asked.column)), storable(fold(asked.text))
    if asked.how == "equals":
        return column == needle
    if asked.how == "contains":
        # The words hold every such text, and have an index.
        return and_(words_contain(needle, columns), column.contains(needle, autoescape=True))
    raise QueryError(f"A text filter cannot be “{asked.how}”.")


def words_contain(needle: str, columns: Columns) -> ColumnElement[bool]:
    """Whether a row contains a folded text; `%` and `_` stand for themselves."""
    return columns("words").contains(needle, autoescape=True)


def filter_needles(asked: Filter) -> tuple[str, ...]:
    """The folded texts that a filter looks for in the words of a row."""
    match asked:
        case Search():
            return search_words(asked)
        case Text(how="contains"):
            return (storable(fold(asked.text)),)
        case _:
            return ()


def choice_condition(asked: OneOf, columns: Columns) -> ColumnElement[bool]:
    """A choice as SQL."""
    check_column(asked.column, CHOICES | {"tag"})
    if len(asked.values) > MAX_VALUES:
        raise QueryError(f"At most {MAX_VALUES} values for {asked.column}.")
    values = sorted(storable(value) for value in asked.values if value is not None)
    column = columns(stored_column(asked.column))
    if asked.column == "tag":
        return exists(select(tags.c.seq).where(tags.c.name.in_(values), tags.c.seq == column))
    if asked.column == "review":
        if set(values) - set(REVIEW_STATES):
            raise QueryError(f"The review is one of {', '.join(REVIEW_STATES)}.")
        return column.in_([REVIEW_STATES.index(value) for value in values])
    return or_(column.in_(values), column.is_(None)) if None in asked.values else column.in_(values)


def range_condition(asked: Range, columns: Columns) -> ColumnElement[bool]:
    """A range as SQL."""
    check_column(asked.column, NUMBERS | TIMES)
    for bound in (asked.low, asked.high):
        check_bound(asked.column, bound)
    if asked.low is not None and asked.high is not None and asked.low > asked.high:  # type: ignore[operator]
        raise QueryError(f"The range of {asked.column} is the wrong way round: it starts after its end.")
    column, parts = columns(stored_column(asked.column)), list[ColumnElement[bool]]()
    if asked.low is not None:
        parts.append(column > asked.low if asked.open_low else column >= asked.low)
    if asked.high is not None:
        parts.append(column < asked.high if asked.open_high else column <= asked.high)
    return and_(True, *parts)


def check_bound(column: str, bound: Bound | None) -> None:
    """Raise QueryError when the bound is of the wrong kind for its column."""
    if bound is None:
        return
    if column in TIMES and not (isinstance(bound, datetime) and bound.tzinfo is not None):
        raise QueryError(f"{column} is compared with times that have a time zone.")
    if column in NUMBERS and (isinstance(bound, datetime | bool) or not math.isfinite(bound)):
        raise QueryError(f"{column} is compared with numbers.")


def search_words(asked: Search) -> tuple[str, ...]:
    """The words of a search, folded, each once."""
    if len(asked.text) > MAX_SEARCH:
        raise QueryError(f"A search has at most {MAX_SEARCH:,} characters.")
    return tuple(dict.fromkeys(storable(fold(asked.text)).split()))[:MAX_VALUES]


def storable(text: str) -> str:
    """A text that a database can compare; QueryError for one that no column has."""
    if not isinstance(text, str) or "\0" in text:
        raise QueryError("The text to search for has a character that nothing stored has.")
    # Lone surrogates cannot be encoded for the database, and no stored text has one.
    return text.encode("utf-8", "replace").decode()

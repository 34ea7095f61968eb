"""Filters as SQL. Values only ever travel as bound parameters."""

import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, UnaryExpression, and_, exists, or_, select
from sqlalchemy.sql.operators import custom_op

from dashboard.store.errors import QueryError
from dashboard.store.fields import CONTEXT
from dashboard.store.filters import Bound, Filter, OneOf, Range, Search, Text
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
        "decision",
        "diagnosis",
        "model",
        "operating_point",
        *(field.name for field in CONTEXT if field.filter == "values"),
        "confirmed",
        "confirmed_by",
        "review",
    }
)
# Columns that can be sorted; filters may also ask for "tag".
COLUMNS = (TEXTS | NUMBERS | TIMES | CHOICES) - {
    *("operating_point", "confirmed_by"),
    *(field.name for field in CONTEXT if not field.sortable),
}
# A column that is sorted and searched in another form than it is shown.
STORED = {"filename": "filename_folded", "tag": "seq"} | {field.name: field.folded for field in CONTEXT}

# Gives the column of a name: of the table, or of a subquery that has some of them.
Columns = Callable[[str], ColumnElement[Any]]


def table_columns(name: str) -> ColumnElement[Any]:
    """The columns of the table itself."""
    return predictions.c[name]


def unindexed(column: ColumnElement[Any], dialect: str) -> ColumnElement[Any]:
    """A column in a form for which SQLite, with a plus sign, does not choose an index; PostgreSQL knows better."""
    if dialect != "sqlite":
        return column
    return UnaryExpression(column, operator=custom_op("+"), type_=column.type)


def stored(column: str) -> str:
    """The stored column that answers for this name."""
    return STORED.get(column, column)


def allowed(column: str, columns: frozenset[str]) -> None:
    """Raise QueryError when a column is not one of these."""
    if column not in columns:
        raise QueryError(f"“{column}” cannot be used here; possible: {', '.join(sorted(columns))}.")


def needed(one: Filter) -> frozenset[str]:
    """The stored columns that a filter looks at."""
    match one:
        case Search():
            return frozenset({"words"})
        case _:
            return frozenset({stored(one.column)})


def condition(one: Filter, columns: Columns = table_columns) -> ColumnElement[bool]:
    """A filter as SQL. Raises QueryError for an unknown column, or a value of the wrong kind."""
    match one:
        case Text():
            return text_condition(one, columns)
        case Range():
            return range_condition(one, columns)
        case OneOf():
            return choice_condition(one, columns)
        case Search():
            return and_(True, *(columns("words").contains(word, autoescape=True) for word in searched(one)))


def text_condition(one: Text, columns: Columns) -> ColumnElement[bool]:
    """A text filter as SQL; `%` and `_` stand for themselves."""
    allowed(one.column, TEXTS)
    column, text = columns(stored(one.column)), storable(fold(one.text))
    hows: dict[str, Callable[[], ColumnElement[bool]]] = {
        "contains": lambda: column.contains(text, autoescape=True),
        "starts": lambda: column.startswith(text, autoescape=True),
        "ends": lambda: column.endswith(text, autoescape=True),
        "equals": lambda: column == text,
    }
    if one.how not in hows:
        raise QueryError(f"A text filter cannot be “{one.how}”.")
    found = hows[one.how]()
    return or_(~found, column.is_(None)) if one.negate else found


def choice_condition(one: OneOf, columns: Columns) -> ColumnElement[bool]:
    """A choice as SQL."""
    allowed(one.column, CHOICES | {"tag"})
    if len(one.values) > MAX_VALUES:
        raise QueryError(f"At most {MAX_VALUES} values for {one.column}.")
    values = sorted(storable(value) for value in one.values if value is not None)
    column = columns(stored(one.column))
    if one.column == "tag":
        return exists(select(tags.c.seq).where(tags.c.name.in_(values), tags.c.seq == column))
    if one.column == "review":
        if set(values) - set(REVIEW_STATES):
            raise QueryError(f"The review is one of {', '.join(REVIEW_STATES)}.")
        return column.in_([REVIEW_STATES.index(value) for value in values])
    return or_(column.in_(values), column.is_(None)) if None in one.values else column.in_(values)


def range_condition(one: Range, columns: Columns) -> ColumnElement[bool]:
    """A range as SQL."""
    allowed(one.column, NUMBERS | TIMES)
    for bound in (one.low, one.high):
        check_bound(one.column, bound)
    if one.low is not None and one.high is not None and one.low > one.high:  # type: ignore[operator]
        raise QueryError(f"The range of {one.column} is the wrong way round: it starts after its end.")
    column, parts = columns(stored(one.column)), list[ColumnElement[bool]]()
    if one.low is not None:
        parts.append(column > one.low if one.open_low else column >= one.low)
    if one.high is not None:
        parts.append(column < one.high if one.open_high else column <= one.high)
    found = and_(True, *parts)
    return ~found if one.negate else found


def check_bound(column: str, bound: Bound | None) -> None:
    """Raise QueryError when the bound is of the wrong kind for its column."""
    if bound is None:
        return
    if column in TIMES and not (isinstance(bound, datetime) and bound.tzinfo is not None):
        raise QueryError(f"{column} is compared with times that have a time zone.")
    if column in NUMBERS and (isinstance(bound, datetime | bool) or not math.isfinite(bound)):
        raise QueryError(f"{column} is compared with numbers.")


def searched(one: Search) -> tuple[str, ...]:
    """The words of a search, folded, each once."""
    if len(one.text) > MAX_SEARCH:
        raise QueryError(f"A search has at most {MAX_SEARCH:,} characters.")
    return tuple(dict.fromkeys(storable(fold(one.text)).split()))[:MAX_VALUES]


def storable(text: str) -> str:
    """A text that a database can compare; QueryError for one that no column has."""
    if not isinstance(text, str) or "\0" in text:
        raise QueryError("The text to search for has a character that nothing stored has.")
    # Lone surrogates cannot be encoded for the database, and no stored text has one.
    return text.encode("utf-8", "replace").decode()

"""Questions to the store: typed filters over a short list of columns, and nothing that is not on it."""

import base64
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Column, ColumnElement, Select, and_, or_, select

from dashboard.store.errors import QueryError
from dashboard.store.names import fold
from dashboard.store.records import REVIEW_STATES
from dashboard.store.schema import predictions, tags

MAX_LIMIT = 500
MAX_VALUES = 100

MAX_SEARCH = 1000

TEXTS = frozenset({"filename", "lesion"})
NUMBERS = frozenset({"probability", "age"})
TIMES = frozenset({"created", "reviewed"})
CHOICES = frozenset(
    {
        "decision",
        "diagnosis",
        "model",
        "operating_point",
        "site",
        "sex",
        "confirmed",
        "confirmed_by",
        "review",
    }
)
# Columns that can be sorted; filters may also ask for "tag".
COLUMNS = (TEXTS | NUMBERS | TIMES | CHOICES) - {"operating_point", "sex", "confirmed_by"}
# A column that is sorted and searched in another form than it is shown.
STORED = {"filename": predictions.c.filename_folded, "lesion": predictions.c.lesion_folded}

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
    """`column` has one of these values; of "tag", the prediction has at least one of them. None finds the missing."""

    column: str
    values: frozenset[str | None]


@dataclass(frozen=True)
class Search:
    """File name, lesion reference, note, tags or a note of a review contain every word of `text`, in any case."""

    text: str


@dataclass(frozen=True)
class AnyOf:
    """At least one of these filters holds."""

    filters: "tuple[Filter, ...]"


Filter = Text | Range | OneOf | Search | AnyOf


@dataclass(frozen=True)
class Query:
    """Which records, in which order. All filters must hold; newest first unless `sort` says otherwise.

    Attributes:
        offset, limit: the part of the answer; limit 1 to 500.
        sort: (column, "asc" or "desc"), the most important first. Missing values come last either way.
        after: `Page.next` of the page before, instead of an offset; it stays right when rows come and go meanwhile.
    """

    offset: int = 0
    limit: int = 100
    sort: tuple[tuple[str, Direction], ...] = ()
    filters: tuple[Filter, ...] = ()
    after: str | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.offset < 2**63 or not 1 <= self.limit <= MAX_LIMIT:
            raise QueryError(f"offset must not be negative, and limit must be between 1 and {MAX_LIMIT}.")
        if self.offset and self.after is not None:
            raise QueryError("A page starts at an offset or after a row, not both.")
        names = [column for column, _ in self.sort]
        for column in names:
            allowed(column, COLUMNS)
        if len(set(names)) < len(names) or any(
            direction not in ("asc", "desc") for _, direction in self.sort
        ):
            raise QueryError("Each column is sorted once, by asc or desc.")
        # Compiling checks every filter, so that a query that exists can be answered.
        self.condition()
        self.place()

    @property
    def order(self) -> "Order":
        """The stored columns that are sorted by; the row number breaks ties, so that pages neither overlap nor miss."""
        terms = self.sort or (("created", "desc"),)
        return (*((stored(column), way) for column, way in terms), (predictions.c.seq, terms[-1][1]))

    def condition(self) -> ColumnElement[bool]:
        """All filters as one SQL expression."""
        return and_(True, *(compile_filter(one) for one in self.filters))

    def place(self) -> tuple[Any, ...] | None:
        """The values by which the row before the page is sorted; QueryError when `after` is none of ours."""
        return None if self.after is None else read_cursor(self.after, self.order)

    def cursor(self, row: Mapping[Any, Any]) -> str:
        """What `after` has to be for the page that follows this row."""
        values = [row[column.name] for column, _ in self.order]
        plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
        return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")

    def select(self) -> Select[Any]:
        """The rows asked for."""
        place = self.place()
        beyond = and_(True) if place is None else behind(self.order, place)
        return (
            select(predictions)
            .where(self.condition(), beyond)
            .order_by(*ordering(self.order))
            .offset(self.offset)
            .limit(self.limit)
        )

    def around(self, row: Mapping[Any, Any]) -> tuple[Select[Any], Select[Any]]:
        """The rows before this one, the nearest first, and those after it."""
        place = tuple(row[column.name] for column, _ in self.order)
        both = [
            select(predictions)
            .where(self.condition(), behind(self.order, place, back))
            .order_by(*ordering(self.order, back))
            for back in (True, False)
        ]
        return both[0], both[1]


Order = tuple[tuple[Column[Any], Direction], ...]


def ordering(order: Order, back: bool = False) -> list[ColumnElement[Any]]:
    """An order in SQL, or that order from its end; missing values are last in it."""
    clauses: list[ColumnElement[Any]] = []
    for column, direction in order:
        if column.nullable:
            clauses.append(column.is_not(None) if back else column.is_(None))
        clauses.append(column.asc() if (direction == "asc") != back else column.desc())
    return clauses


def behind(order: Order, place: tuple[Any, ...], back: bool = False) -> ColumnElement[bool]:
    """Rows that come after the one whose sorted values these are, or before it."""
    (column, direction), value = order[0], place[0]
    same = column.is_(None) if value is None else column == value
    if value is None:
        further = column.is_not(None) if back else or_(False)
    else:
        further = column > value if (direction == "asc") != back else column < value
        if column.nullable and not back:
            further = or_(further, column.is_(None))
    return or_(further, and_(same, behind(order[1:], place[1:], back))) if len(order) > 1 else further


def read_cursor(text: str, order: Order) -> tuple[Any, ...]:
    """The values in a cursor, each of the kind that its column holds; QueryError otherwise."""
    try:
        values = json.loads(base64.urlsafe_b64decode(text[:4000] + "=" * (-len(text) % 4)))
        if not isinstance(values, list) or len(values) != len(order):
            raise ValueError
        return tuple(cursor_value(column, value) for (column, _), value in zip(order, values, strict=True))
    except (ValueError, TypeError) as error:
        raise QueryError(
            "This page does not follow another one in this order. Start at the first page."
        ) from error


def cursor_value(column: Column[Any], value: Any) -> Any:
    """One value of a cursor; ValueError or TypeError when it cannot stand in this column."""
    if value is None and column.nullable:
        return None
    kind = column.type.python_type
    if kind is datetime:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError
        return moment
    if kind is float and type(value) in (int, float) and math.isfinite(value):
        return float(value)
    if kind is int and type(value) is int and abs(value) < 2**63:
        return value
    if kind is str and type(value) is str and "\0" not in value:
        return value.encode("utf-8", "replace").decode()
    raise ValueError


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
            return compile_choice(one)
        case Search():
            return compile_search(one)
        case AnyOf():
            return or_(False, *(compile_filter(part) for part in one.filters))


def compile_choice(one: OneOf) -> ColumnElement[bool]:
    """A choice as SQL."""
    allowed(one.column, CHOICES | {"tag"})
    if len(one.values) > MAX_VALUES:
        raise QueryError(f"At most {MAX_VALUES} values for {one.column}.")
    values = sorted(storable(value) for value in one.values if value is not None)
    if one.column == "tag":
        return predictions.c.seq.in_(select(tags.c.seq).where(tags.c.name.in_(values)))
    if one.column == "review":
        if set(values) - set(REVIEW_STATES):
            raise QueryError(f"The review is one of {', '.join(REVIEW_STATES)}.")
        return predictions.c.review.in_([REVIEW_STATES.index(value) for value in values])
    column = stored(one.column)
    return or_(column.in_(values), column.is_(None)) if None in one.values else column.in_(values)


def compile_search(one: Search) -> ColumnElement[bool]:
    """Free text as SQL."""
    if len(one.text) > MAX_SEARCH:
        raise QueryError(f"A search has at most {MAX_SEARCH:,} characters.")
    found = storable(fold(one.text)).split()
    return and_(True, *(predictions.c.words.contains(word, autoescape=True) for word in found[:MAX_VALUES]))


def storable(text: str) -> str:
    """A text that a database can compare; QueryError for one that no column has."""
    if not isinstance(text, str) or "\0" in text:
        raise QueryError("The text to search for has a character that nothing stored has.")
    # Lone surrogates cannot be encoded for the database, and no stored text has one.
    return text.encode("utf-8", "replace").decode()


def compile_text(one: Text) -> ColumnElement[bool]:
    """A text filter as SQL; `%` and `_` stand for themselves."""
    allowed(one.column, TEXTS)
    column, text = stored(one.column), storable(fold(one.text))
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
    if one.low is not None and one.high is not None and one.low > one.high:  # type: ignore[operator]
        raise QueryError(f"The range of {one.column} is the wrong way round: it starts after its end.")
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

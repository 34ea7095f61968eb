"""Questions to the store: filters over a short list of columns, an order, and a place in it.

Values only ever travel as bound parameters.
"""

import base64
import json
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Column, ColumnElement, and_, exists, false, func, or_

from dashboard.store.errors import QueryError
from dashboard.store.fields import CONTEXT
from dashboard.store.names import fold
from dashboard.store.records import RANKED_OUTCOMES, REVIEW_STATES
from dashboard.store.schema import predictions, tags

MAX_LIMIT = 500
MAX_VALUES = 100
MAX_SEARCH = 1000

TEXTS = frozenset({"filename", *(field.name for field in CONTEXT if field.filter == "text")})
NUMBERS = frozenset({"probability", *(field.name for field in CONTEXT if field.type is int)})
TIMES = frozenset({"created", "reviewed"})
# Texts that are times.
MOMENTS = frozenset(field.name for field in CONTEXT if field.moment)
CHOICES = frozenset(
    {
        *("outcome", "outcome_before", "decision", "diagnosis", "model", "operating_point"),
        *("confirmed", "confirmed_by", "review", "lesion_id"),
        *(field.name for field in CONTEXT if field.filter == "values"),
    }
)
# Columns by which predictions can be sorted.
SORTABLE = (TEXTS | NUMBERS | TIMES | MOMENTS | CHOICES) - {
    *("operating_point", "confirmed_by", "outcome_before", "lesion_id"),
    *(field.name for field in CONTEXT if not field.sortable),
}
# The columns with an index in their order, by which any number of predictions can be sorted.
ALWAYS_SORTABLE = ("created", "probability", "outcome", "review")
# A column that is sorted and searched in another form than it is shown.
STORED = {"filename": "filename_folded"} | {field.name: field.folded for field in CONTEXT}
# Columns whose values are stored as their places in these lists, in the order that people sort by.
RANKED: Mapping[str, Sequence[str]] = {
    "review": REVIEW_STATES,
    "outcome": RANKED_OUTCOMES,
    "outcome_before": RANKED_OUTCOMES,
}

Direction = Literal["asc", "desc"]
# Stored columns and whether each goes up, the most important first; the last column is unique.
Order = tuple[tuple[Column[Any], bool], ...]


class Filter(ABC):
    """What has to hold for a prediction."""

    @abstractmethod
    def condition(self) -> ColumnElement[bool]:
        """The filter as SQL. Raises QueryError for an unknown column, or a value of the wrong kind."""

    @property
    def needles(self) -> tuple[str, ...]:
        """The folded texts that the words of a prediction have to contain."""
        return ()


@dataclass(frozen=True)
class Text(Filter):
    """`column` contains or equals `text`, in any case."""

    column: str
    text: str
    how: Literal["contains", "equals"] = "contains"

    @property
    def needles(self) -> tuple[str, ...]:
        return (storable(fold(self.text)),) if self.how == "contains" else ()

    def condition(self) -> ColumnElement[bool]:
        column, needle = stored_column(self.column, TEXTS), storable(fold(self.text))
        if self.how == "equals":
            return column == needle
        if self.how == "contains":
            # The words hold every such text, and have an index.
            return words_contain(needle) & column.contains(needle, autoescape=True)
        raise QueryError(f"A text filter cannot be “{self.how}”.")


@dataclass(frozen=True)
class Range(Filter):
    """`low` <= `column` <= `high`; None leaves a side open, `open_low` and `open_high` exclude the bound."""

    column: str
    low: float | datetime | None = None
    high: float | datetime | None = None
    open_low: bool = False
    open_high: bool = False

    def condition(self) -> ColumnElement[bool]:
        column = stored_column(self.column, NUMBERS | TIMES)
        for bound in (self.low, self.high):
            if bound is None:
                continue
            if self.column in TIMES and not (isinstance(bound, datetime) and bound.tzinfo is not None):
                raise QueryError(f"{self.column} is compared with times that have a time zone.")
            if self.column in NUMBERS and (isinstance(bound, datetime | bool) or not math.isfinite(bound)):
                raise QueryError(f"{self.column} is compared with numbers.")
        if self.low is not None and self.high is not None and self.low > self.high:  # type: ignore[operator]
            raise QueryError(f"The range of {self.column} is the wrong way round: it starts after its end.")
        parts = list[ColumnElement[bool]]()
        if self.low is not None:
            parts.append(column > self.low if self.open_low else column >= self.low)
        if self.high is not None:
            parts.append(column < self.high if self.open_high else column <= self.high)
        return and_(True, *parts)


@dataclass(frozen=True)
class OneOf(Filter):
    """`column` has one of these values; of "tag", the prediction has at least one of them. None finds the missing."""

    column: str
    values: frozenset[str | None]

    def condition(self) -> ColumnElement[bool]:
        if len(self.values) > MAX_VALUES:
            raise QueryError(f"At most {MAX_VALUES} values for {self.column}.")
        values = sorted(storable(value) for value in self.values if value is not None)
        if self.column == "tag":
            return exists().where(tags.c.name.in_(values), tags.c.seq == predictions.c.seq)
        column = stored_column(self.column, CHOICES | {"tag"})
        if (ranked := RANKED.get(self.column)) is not None:
            if set(values) - set(ranked):
                raise QueryError(f"{self.column} is one of {', '.join(ranked)}.")
            return column.in_([ranked.index(value) for value in values])
        return or_(column.in_(values), column.is_(None)) if None in self.values else column.in_(values)


# What somebody can wait for -> the column with its day.
DUE = {"histology": "histology_due", "follow-up": "follow_up_due"}


@dataclass(frozen=True)
class WaitedFor(Filter):
    """Histology was expected by a day and has not come, or a lesion should have been seen again by then and was not."""

    kinds: frozenset[str]
    day: date

    def condition(self) -> ColumnElement[bool]:
        if unknown := self.kinds - set(DUE):
            raise QueryError(f"“{min(unknown)}” is never due; possible: {', '.join(DUE)}.")
        columns, later = predictions.c, predictions.alias("later")
        seen_again = exists().where(
            later.c.lesion_id == columns.lesion_id,
            func.substr(later.c.taken, 1, 10) > func.substr(columns.taken, 1, 10),
        )
        waited_for = {
            "histology": columns.confirmed_by.is_distinct_from("histology"),
            "follow-up": ~seen_again,
        }
        after = (self.day + timedelta(days=1)).isoformat()
        return or_(
            false(), *(and_(columns[DUE[kind]] < after, waited_for[kind]) for kind in sorted(self.kinds))
        )


@dataclass(frozen=True)
class Search(Filter):
    """File name, lesion reference, note, tags or a note of a review contain every word of `text`, in any case."""

    text: str

    @property
    def needles(self) -> tuple[str, ...]:
        if len(self.text) > MAX_SEARCH:
            raise QueryError(f"A search has at most {MAX_SEARCH:,} characters.")
        return tuple(dict.fromkeys(storable(fold(self.text)).split()))[:MAX_VALUES]

    def condition(self) -> ColumnElement[bool]:
        return and_(True, *map(words_contain, self.needles))


def words_contain(needle: str) -> ColumnElement[bool]:
    """Whether a prediction contains a folded text; `%` and `_` stand for themselves."""
    return predictions.c.words.contains(needle, autoescape=True)


def stored_column(name: str, allowed: frozenset[str]) -> Column[Any]:
    """The column that is compared for a name. Raises QueryError for a name that is not allowed."""
    if name not in allowed:
        raise QueryError(f"“{name}” cannot be used here; possible: {', '.join(sorted(allowed))}.")
    return predictions.c[STORED.get(name, name)]


def storable(text: str) -> str:
    """A text that a database can compare; QueryError for one that no column has."""
    if not isinstance(text, str) or "\0" in text:
        raise QueryError("The text to search for has a character that nothing stored has.")
    # Lone surrogates cannot be encoded for the database, and no stored text has one.
    return text.encode("utf-8", "replace").decode()


@dataclass(frozen=True)
class Query:
    """Which records, in which order. All filters must hold; newest first unless `sort` says otherwise.

    Attributes:
        offset, limit: the part of the answer; limit 1 to 500.
        sort: (column, "asc" or "desc"), the most important first. Missing values come last either way.
        after: `Page.next` of the page before, instead of an offset; it stays right when rows come and go meanwhile.

    Raises:
        QueryError: an unknown column, or a value of the wrong kind.
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
        if len(dict(self.sort)) < len(self.sort) or not {way for _, way in self.sort} <= {"asc", "desc"}:
            raise QueryError("Each column is sorted once, by asc or desc.")
        # A query that exists can be answered.
        self.condition()
        self.place()

    @property
    def order(self) -> Order:
        """The stored columns that are sorted by.

        Time and row number break ties, so that pages neither overlap nor miss a row.
        """
        terms = self.sort or (("created", "desc"),)
        order = {stored_column(name, SORTABLE): direction == "asc" for name, direction in terms}
        for column in (predictions.c.created, predictions.c.seq):
            order.setdefault(column, terms[-1][1] == "asc")
        return tuple(order.items())

    def condition(self) -> ColumnElement[bool]:
        """All filters as one SQL expression."""
        return and_(True, *(part.condition() for part in self.filters))

    def place(self) -> tuple[Any, ...] | None:
        """The values by which the row before the page is sorted; QueryError when `after` is none of ours."""
        order = self.order
        if self.after is None:
            return None
        try:
            values = json.loads(base64.urlsafe_b64decode(self.after[:4000] + "=" * (-len(self.after) % 4)))
            return tuple(
                cursor_value(column, value) for (column, _), value in zip(order, values, strict=True)
            )
        except (ValueError, TypeError) as error:
            raise QueryError(
                "This page does not follow another one in this order. Start at the first page."
            ) from error

    def cursor(self, row: Mapping[Any, Any]) -> str:
        """What `after` has to be for the page that follows this row."""
        values = [row[column.name] for column, _ in self.order]
        plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
        return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


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
    if kind is str and type(value) is str:
        return storable(value)
    raise ValueError

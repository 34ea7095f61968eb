"""Questions to the store: filters over a short list of columns, an order, and a place in it."""

import base64
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Column, ColumnElement, and_, false, or_, tuple_

from dashboard.store.errors import QueryError
from dashboard.store.filters import SORTABLE, Columns, Filter, check_column, filter_condition, stored_column
from dashboard.store.schema import predictions

MAX_LIMIT = 500
# The columns with an index in their order, by which any number of predictions can be sorted.
ALWAYS_SORTABLE = ("created", "probability", "decision", "review")

Direction = Literal["asc", "desc"]
# Stored columns and whether each goes up, the most important first; the last column is unique.
Order = tuple[tuple[Column[Any], bool], ...]


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
            check_column(column, SORTABLE)
        if len(set(names)) < len(names) or any(
            direction not in ("asc", "desc") for _, direction in self.sort
        ):
            raise QueryError("Each column is sorted once, by asc or desc.")
        # Compiling checks every filter, so that a query that exists can be answered.
        self.condition()
        self.place()

    @property
    def order(self) -> Order:
        """The stored columns that are sorted by.

        Time and row number break ties, so that pages neither overlap nor miss a row.
        """
        terms = self.sort or (("created", "desc"),)
        named = {stored_column(column): direction == "asc" for column, direction in terms}
        ties = {name: terms[-1][1] == "asc" for name in ("created", "seq") if name not in named}
        return tuple((predictions.c[name], up) for name, up in (named | ties).items())

    def condition(self) -> ColumnElement[bool]:
        """All filters as one SQL expression."""
        return and_(True, *map(filter_condition, self.filters))

    def place(self) -> tuple[Any, ...] | None:
        """The values by which the row before the page is sorted; QueryError when `after` is none of ours."""
        return None if self.after is None else read_cursor(self.after, self.order)

    def cursor(self, row: Mapping[Any, Any]) -> str:
        """What `after` has to be for the page that follows this row."""
        values = [row[column.name] for column, _ in self.order]
        plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
        return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


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


def order_clauses(order: Order, columns: Columns, back: bool = False) -> list[ColumnElement[Any]]:
    """An order in SQL, or that order from its end. Missing values come last."""
    clauses: list[ColumnElement[Any]] = []
    for key, up in order:
        column = columns(key.name)
        if key.nullable:
            clauses.append(column.is_not(None) if back else column.is_(None))
        clauses.append(column.asc() if up != back else column.desc())
    return clauses


def rows_after(
    order: Order, place: Sequence[Any], columns: Columns, back: bool = False
) -> ColumnElement[bool]:
    """Rows that come after the one whose sorted values these are, or before it."""
    if len({up for _, up in order}) == 1 and not any(column.nullable for column, _ in order):
        # One comparison of rows, which an index answers.
        row = tuple_(*(columns(column.name) for column, _ in order))
        values: Any = tuple_(*place, types=[column.type for column, _ in order])
        return row > values if order[0][1] != back else row < values
    ways, same = list[ColumnElement[bool]](), list[ColumnElement[bool]]()
    for (key, up), value in zip(order, place, strict=True):
        column = columns(key.name)
        further: ColumnElement[bool]
        if value is None:
            further = column.is_not(None) if back else false()
        else:
            further = column > value if up != back else column < value
            if key.nullable and not back:
                further = or_(further, column.is_(None))
        ways.append(and_(*same, further))
        same.append(column.is_not_distinct_from(value))
    return or_(*ways)

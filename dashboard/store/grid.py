"""What AG Grid's infinite row model asks for, as a Query. It comes from outside: nothing in it is trusted."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Literal, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dashboard.store.errors import QueryError
from dashboard.store.query import (
    CHOICES,
    MAX_LIMIT,
    MAX_VALUES,
    NUMBERS,
    TEXTS,
    TIMES,
    AnyOf,
    Bound,
    Filter,
    OneOf,
    Query,
    Range,
    Search,
    Text,
)

TEXT_HOW: dict[str, tuple[Literal["contains", "starts", "ends", "equals"], bool]] = {
    "contains": ("contains", False),
    "notContains": ("contains", True),
    "equals": ("equals", False),
    "notEqual": ("equals", True),
    "startsWith": ("starts", False),
    "endsWith": ("ends", False),
}


def zone(name: object) -> tzinfo:
    """The time zone of this IANA name, such as Europe/Vienna; UTC for one that is not known here."""
    try:
        return ZoneInfo(name) if isinstance(name, str) else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def grid_query(request: object, where: tzinfo = UTC) -> Query:
    """AG Grid's `getRowsRequest` as a Query.

    Args:
        request: a mapping with startRow, endRow, sortModel and filterModel. Beyond the columns of `Query`, the filters
            may name "tag" and "search" (free text).
        where: the time zone in which the user thinks of dates.

    Raises:
        QueryError: it has any other shape, column, kind of filter or value.
    """
    given = mapping(request)
    start, end = whole(given.get("startRow", 0)), whole(given.get("endRow", 100))
    sort = [mapping(one) for one in sequence(given.get("sortModel"))]
    filters = mapping(given.get("filterModel") or {}).items()
    return Query(
        offset=start,
        limit=min(max(end - start, 1), MAX_LIMIT),
        sort=tuple(
            (text(one.get("colId")), cast(Literal["asc", "desc"], text(one.get("sort")))) for one in sort
        ),
        filters=tuple(
            part for column, model in filters for part in column_filters(column, mapping(model), where)
        ),
    )


def column_filters(column: str, model: Mapping[str, Any], where: tzinfo) -> tuple[Filter, ...]:
    """The filter that the grid has on one column; all of what is returned must hold."""
    if "conditions" not in model:
        return (one_filter(column, model, where),)
    conditions = sequence(model["conditions"])
    if len(conditions) > MAX_VALUES:
        raise QueryError("Too many conditions on one column.")
    parts = tuple(one_filter(column, mapping(one), where) for one in conditions)
    if model.get("operator") == "AND":
        return parts
    if model.get("operator") == "OR":
        return (AnyOf(parts),)
    raise QueryError("Conditions are joined by AND or OR.")


def one_filter(column: str, model: Mapping[str, Any], where: tzinfo) -> Filter:
    """One condition on one column."""
    kind = text(model.get("type"))
    if column == "search":
        return Search(text(model.get("filter")))
    if column in CHOICES | {"tag"} and kind in ("equals", "blank"):
        return OneOf(column, frozenset({None if kind == "blank" else text(model.get("filter"))}))
    if column in TEXTS and kind in TEXT_HOW:
        how, negate = TEXT_HOW[kind]
        return Text(column, text(model.get("filter")), how, negate)
    if column in NUMBERS:
        return number_range(column, kind, number(model.get("filter")), model.get("filterTo"))
    if column in TIMES:
        return day_range(column, kind, day(model.get("dateFrom")), model.get("dateTo"), where)
    raise QueryError(f"“{column}” cannot be filtered by “{kind}”.")


def number_range(column: str, kind: str, low: float, to: object) -> Range:
    """AG Grid's comparison with a number; its range includes both ends."""
    kinds: dict[str, Callable[[], Range]] = {
        "equals": lambda: Range(column, low, low),
        "notEqual": lambda: Range(column, low, low, negate=True),
        "lessThan": lambda: Range(column, None, low, open_high=True),
        "lessThanOrEqual": lambda: Range(column, None, low),
        "greaterThan": lambda: Range(column, low, None, open_low=True),
        "greaterThanOrEqual": lambda: Range(column, low, None),
        "inRange": lambda: Range(column, low, number(to)),
    }
    return choose(kinds, kind, column)


def day_range(column: str, kind: str, first: date, to: object, where: tzinfo) -> Range:
    """AG Grid's comparison with a day, which is a whole day where the user is."""
    start, after = midnight(first, where), midnight(first + timedelta(days=1), where)
    kinds: dict[str, Callable[[], Range]] = {
        "equals": lambda: until(column, start, after),
        "notEqual": lambda: Range(column, start, after, open_high=True, negate=True),
        "lessThan": lambda: until(column, None, start),
        "lessThanOrEqual": lambda: until(column, None, after),
        "greaterThan": lambda: Range(column, after),
        "greaterThanOrEqual": lambda: Range(column, start),
        "inRange": lambda: until(column, start, midnight(day(to) + timedelta(days=1), where)),
    }
    return choose(kinds, kind, column)


def until(column: str, low: Bound | None, before: Bound) -> Range:
    """From `low` on, and before `before`."""
    return Range(column, low, before, open_high=True)


def choose(kinds: Mapping[str, Callable[[], Range]], kind: str, column: str) -> Range:
    """The range of this kind, or QueryError."""
    if kind not in kinds:
        raise QueryError(f"“{column}” cannot be filtered by “{kind}”.")
    return kinds[kind]()


def midnight(when: date, where: tzinfo) -> datetime:
    """The moment at which a day begins, in UTC."""
    return datetime.combine(when, time(), where).astimezone(UTC)


def day(value: object) -> date:
    """The day of AG Grid's "2026-11-23 00:00:00", within the years that every database can hold."""
    try:
        parsed = date.fromisoformat(text(value)[:10])
    except ValueError as error:
        raise QueryError("A date is written as 2026-11-23.") from error
    if not 1900 <= parsed.year <= 9000:
        raise QueryError("A date lies between the years 1900 and 9000.")
    return parsed


def mapping(value: object) -> Mapping[str, Any]:
    """The value if it is a mapping with text keys, else QueryError."""
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise QueryError("The question to the history has an unknown shape.")
    return value


def sequence(value: object) -> list[Any]:
    """The value if it is a list; nothing for None; else QueryError."""
    if value is not None and not isinstance(value, list):
        raise QueryError("The question to the history has an unknown shape.")
    return value or []


def text(value: object) -> str:
    """The value if it is a text of a sensible length, else QueryError."""
    if not isinstance(value, str) or len(value) > 1000:
        raise QueryError("A text of at most 1,000 characters is needed here.")
    return value


def number(value: object) -> float:
    """The value if it is a number, else QueryError."""
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e15:
        raise QueryError("A number is needed here.")
    return float(value)


def whole(value: object) -> int:
    """The value if it is a whole number, else QueryError."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise QueryError("A whole number is needed here.")
    return value

"""Orders of rows: how SQL sorts by them, and which rows lie behind another one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Column, ColumnElement, and_, or_, tuple_


@dataclass(frozen=True)
class Term:
    """A column that rows are sorted by, up or down; rows that lack a value come last either way."""

    column: Column[Any]
    up: bool
    nullable: bool


# The most important first; the last one is unique.
Order = tuple[Term, ...]
Columns = Callable[[str], ColumnElement[Any]]


def ordering(order: Order, back: bool = False, columns: Columns | None = None) -> list[ColumnElement[Any]]:
    """An order in SQL, or that order from its end."""
    clauses: list[ColumnElement[Any]] = []
    for term in order:
        column = shown(term, columns)
        if term.nullable:
            clauses.append(column.is_not(None) if back else column.is_(None))
        clauses.append(column.asc() if term.up != back else column.desc())
    return clauses


def behind(
    order: Order, place: Sequence[Any], back: bool = False, columns: Columns | None = None
) -> ColumnElement[bool]:
    """Rows that come after the one whose sorted values these are, or before it."""
    if len({term.up for term in order}) == 1 and not any(term.nullable for term in order):
        # One comparison of rows, which an index answers.
        row = tuple_(*(shown(term, columns) for term in order))
        values: Any = tuple_(*place, types=[term.column.type for term in order])
        return row > values if order[0].up != back else row < values
    first, value, column = order[0], place[0], shown(order[0], columns)
    same = column.is_(None) if value is None else column == value
    if value is None:
        further = column.is_not(None) if back else or_(False)
    else:
        further = column > value if first.up != back else column < value
        if first.nullable and not back:
            further = or_(further, column.is_(None))
    return (
        or_(further, and_(same, behind(order[1:], place[1:], back, columns))) if len(order) > 1 else further
    )


def shown(term: Term, columns: Columns | None) -> ColumnElement[Any]:
    """The column of a term in the table, or in a subquery."""
    return term.column if columns is None else columns(term.column.name)


def stretches(
    order: Order, place: Sequence[Any] | None, back: bool
) -> list[tuple[Order, ColumnElement[bool]]]:
    """An order as stretches that an index holds one after the other: the rows without a value are one of their own.

    Args:
        place: only what lies behind it; None for everything.

    Returns:
        For each stretch the order within it, and which rows are in it.
    """
    first, rest = order[0], order[1:]
    if not first.nullable:
        return [(order, and_(True) if place is None else behind(order, place, back))]
    known = (replace(first, nullable=False), *rest)
    having, lacking = (known, first.column.is_not(None)), (rest, first.column.is_(None))
    if place is None:
        return [lacking, having] if back else [having, lacking]
    if place[0] is not None:
        reached = (known, and_(first.column.is_not(None), behind(known, place, back)))
        return [reached] if back else [reached, lacking]
    reached = (rest, and_(first.column.is_(None), behind(rest, place[1:], back)))
    return [reached, having] if back else [reached]

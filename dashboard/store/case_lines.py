"""Cases as lines of JSON, each with everything that belongs to it: out of the database, and back into it.

Backups and the bin hold them. `backup_rows` says what a line may have.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any

from sqlalchemy import Column, Connection, Table, insert, select

from dashboard.diagnoses import KnownDiagnoses
from dashboard.store.backup_rows import AuditRow, BackupCase, case_row
from dashboard.store.counted import recount_photographs
from dashboard.store.database import in_batches
from dashboard.store.holds import insert_holds
from dashboard.store.placing import place_again
from dashboard.store.schema import audit, holds, predictions, reviews, tags

# Columns that a row has by its place in this store, or that follow from the rest of it.
WORKED_OUT = frozenset({"seq", "counted", "close_up"})
NO_PLACES: Mapping[str, int] = MappingProxyType({})


def case_lines(connection: Connection, rows: Sequence[Any]) -> Iterator[dict[str, Any]]:
    """Rows of `predictions`, at most CHUNK, each with its reviews, audit lines and hold, ready for JSON."""
    ids = [row["id"] for row in rows]
    reviewed = json_rows_by(connection, reviews, reviews.c.seq, [row["seq"] for row in rows], {"seq"})
    for row, others in zip(rows, lines_by_id(connection, ids), strict=True):
        yield {
            "prediction": json_row(predictions, row, WORKED_OUT),
            "reviews": reviewed.get(row["seq"], []),
            **others,
        }


def lines_by_id(connection: Connection, ids: Sequence[str]) -> Iterator[dict[str, Any]]:
    """What belongs to cases by their ids, at most CHUNK, wherever they are: audit lines, and the hold."""
    audited = json_rows_by(connection, audit, audit.c.prediction_id, ids)
    held = json_rows_by(connection, holds, holds.c.prediction_id, ids, {"prediction_id"})
    for one in ids:
        yield {"audit": audited.get(one, []), "hold": next(iter(held.get(one, ())), None)}


def json_rows_by(
    connection: Connection,
    table: Table,
    column: Column[Any],
    values: Sequence[Any],
    without: Set[str] = frozenset(),
) -> dict[Any, list[dict[str, Any]]]:
    """The rows of a table, in the order of their keys, by their value in a column."""
    by_value: dict[Any, list[dict[str, Any]]] = {}
    wanted = select(table).where(column.in_(values)).order_by(*table.primary_key.columns)
    for row in connection.execute(wanted).mappings():
        by_value.setdefault(row[column.name], []).append(json_row(table, row, without))
    return by_value


def json_row(table: Table, row: Any, without: Set[str] = frozenset()) -> dict[str, Any]:
    """A row in a form that JSON has, without some of its columns."""
    names = [column.name for column in table.columns if column.name not in without]
    return {name: row[name].isoformat() if isinstance(row[name], datetime) else row[name] for name in names}


def insert_cases(
    connection: Connection,
    cases: Sequence[BackupCase],
    known: KnownDiagnoses,
    places: Mapping[str, int] = NO_PLACES,
) -> list[dict[str, Any]]:
    """Insert at most CHUNK predictions with everything that belongs to them.

    Args:
        places: id -> the free number of a row that it takes; the others come last.

    Returns:
        The rows of `predictions`.
    """
    rows = [case_row(case, known, partial(place_again, connection)) | {"counted": False} for case in cases]
    placed = [row | {"seq": places[row["id"]]} for row in rows if row["id"] in places]
    for part in (placed, [row for row in rows if row["id"] not in places]):
        if part:
            connection.execute(insert(predictions), part)
    recount_photographs(connection, [row["sha256"] for row in rows])
    insert_reviews(connection, cases)
    insert_audit(connection, [line for case in cases for line in case.audit])
    insert_holds(connection, {case.prediction.id: case.hold for case in cases if case.hold})
    return rows


def insert_reviews(connection: Connection, cases: Sequence[BackupCase]) -> None:
    """Insert reviews and tags of inserted predictions."""
    ids = [case.prediction.id for case in cases]
    numbers = select(predictions.c.id, predictions.c.seq).where(predictions.c.id.in_(ids))
    seq = {row.id: row.seq for row in connection.execute(numbers)}
    reviewed = [
        review.model_dump() | {"seq": seq[case.prediction.id]} for case in cases for review in case.reviews
    ]
    if reviewed:
        connection.execute(insert(reviews), reviewed)
    labels = [
        {"name": name, "seq": seq[case.prediction.id]}
        for case in cases
        if case.reviews
        for name in dict.fromkeys(case.reviews[-1].tags)
    ]
    if labels:
        connection.execute(insert(tags), labels)


def insert_audit(connection: Connection, lines: Sequence[AuditRow]) -> None:
    """Insert audit lines, except those that the store has already."""
    known: set[str] = set()
    for ids in in_batches([line.id for line in lines]):
        known.update(connection.execute(select(audit.c.id).where(audit.c.id.in_(ids))).scalars())
    new = {line.id: line.model_dump() for line in lines if line.id not in known}
    if new:
        connection.execute(insert(audit), list(new.values()))

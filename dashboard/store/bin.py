"""The bin: deleted cases, each whole, for 30 days. Then they are deleted for good.

A case in the bin has left the table of predictions, and with it every list, count, search, export and index. Its files
stay until it is deleted for good: the row first, then the files, so that a crash leaves at worst files without a row.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, func, insert, select

from dashboard.diagnoses import KnownDiagnoses
from dashboard.store.backup_rows import BackupCase, parse_row
from dashboard.store.case_lines import case_lines, insert_cases
from dashboard.store.changes import audit_row, check_revision, redact_audit
from dashboard.store.counted import recount_photographs
from dashboard.store.database import CHUNK, in_batches
from dashboard.store.errors import StoreError
from dashboard.store.files import ID
from dashboard.store.holds import Hold, find_holds, is_held, refuse_held
from dashboard.store.names import MAX_NAME, clean_line
from dashboard.store.records import Action, Record, record_from_row
from dashboard.store.schema import audit, binned, keys, predictions, reviews, tags, utc_now

if TYPE_CHECKING:
    from dashboard.store.repository import Store

KEPT = timedelta(days=30)
# So many cases are shown at once; the others follow when these are gone.
MOST_SHOWN = 500
# Who deletes what is old.
RETENTION = "retention"
# What the audit trail keeps of a case that is deleted for good: nothing that could identify a person.
LAST_WORDS = ("model", "model_version", "operating_point", "probability", "decision", "created", "confirmed")


@dataclass(frozen=True)
class BinnedCase:
    """A case in the bin.

    Attributes:
        record: as it was.
        binned, who: when it was deleted, and by whom as far as that is known.
        hold: why it is not deleted for good, whatever its age.
    """

    record: Record
    binned: datetime
    who: str
    hold: Hold | None

    @property
    def ends(self) -> datetime:
        """When it is deleted for good."""
        return self.binned + KEPT


class CaseBin:
    """The bin of a store. Safe to use from several threads and processes."""

    def __init__(self, store: "Store", clock: Callable[[], datetime] = utc_now) -> None:
        self.store, self.clock = store, clock

    def put(self, ids: Iterable[str], who: str = "", revision: int | None = None) -> tuple[str, ...]:
        """Put cases into the bin, with their reviews and pictures. Unknown ids are passed over.

        Args:
            revision: the one that the user has seen, of each of them.

        Returns:
            The ids of those that were there.

        Raises:
            Conflict: somebody changed one of them meanwhile, or it is on legal hold; all stay then.
        """
        name = clean_line(who, MAX_NAME, "The name")
        with self.store.writing() as connection:
            refuse_held(connection, ids := list(ids))
            return tuple(move_to_bin(connection, ids, name, self.clock(), revision))

    def put_back(self, ids: Iterable[str], who: str = "") -> tuple[str, ...]:
        """Take cases out of the bin: each is what it was. Returns the ids of those that were in it.

        Raises:
            StoreError: one of them is damaged; all stay then.
        """
        name = clean_line(who, MAX_NAME, "The name")
        with self.store.writing() as connection:
            return tuple(take_out_of_bin(connection, list(ids), name, self.store.known))

    def delete(self, ids: Iterable[str], who: str = "") -> tuple[str, ...]:
        """Delete cases for good that are in the bin. Returns the ids of those that were in it.

        Raises:
            Held: somebody has put one of them on legal hold; none is deleted then.
        """
        name = clean_line(who, MAX_NAME, "The name")
        with self.store.writing(quiet=True) as connection:
            refuse_held(connection, ids := list(ids))
            deleted = delete_binned(connection, ids, name)
        self.store.remove_files(deleted)
        return tuple(deleted)

    def cases(self) -> tuple[tuple[BinnedCase, ...], int]:
        """The cases in the bin, those that were deleted last first and at most MOST_SHOWN, and how many there are."""
        newest = select(binned).order_by(binned.c.binned.desc(), binned.c.id.desc()).limit(MOST_SHOWN)
        with self.store.reading() as connection:
            rows = connection.execute(newest).all()
            held = find_holds(connection, [row.id for row in rows])
            every = connection.execute(select(func.count()).select_from(binned)).scalar_one()
            cases = (
                BinnedCase(record_of_line(row.line), row.binned, row.who, held.get(row.id)) for row in rows
            )
            return tuple(cases), int(every)

    def retire(self, age: timedelta) -> tuple[str, ...]:
        """Put every case into the bin that is older and not held. Returns their ids."""
        moved: list[str] = []
        while True:
            with self.store.writing() as connection:
                now = self.clock()
                old = (
                    select(predictions.c.id)
                    .where(predictions.c.created < now - age, ~is_held(predictions.c.id))
                    .order_by(predictions.c.created)
                    .limit(CHUNK)
                )
                ids = connection.execute(old).scalars().all()
                moved += move_to_bin(connection, ids, RETENTION, now)
            if len(ids) < CHUNK:
                return tuple(moved)

    def expire(self) -> tuple[str, ...]:
        """Delete every case for good that is in the bin for 30 days and not held. Returns their ids.

        A clock that was set back deletes nothing early, and two processes at it nothing twice.
        """
        gone: list[str] = []
        while True:
            with self.store.writing(quiet=True) as connection:
                old = (
                    select(binned.c.id)
                    .where(binned.c.binned <= self.clock() - KEPT, ~is_held(binned.c.id))
                    .limit(CHUNK)
                )
                ids = connection.execute(old).scalars().all()
                deleted = delete_binned(connection, ids, RETENTION)
            self.store.remove_files(deleted)
            gone += deleted
            if len(ids) < CHUNK:
                return tuple(gone)


def move_to_bin(
    connection: Connection, ids: Iterable[str], who: str, moment: datetime, revision: int | None = None
) -> list[str]:
    """Put cases into the bin; see `CaseBin.put`. Whether they are held was looked at before."""
    moved: list[str] = []
    for part in in_batches(dict.fromkeys(filter(ID.fullmatch, ids))):
        wanted = select(predictions).where(predictions.c.id.in_(part)).order_by(predictions.c.seq)
        rows = connection.execute(wanted).mappings().all()
        if not rows:
            continue
        for row in rows:
            check_revision(connection, record_from_row(row), revision)
        lines = zip(rows, case_lines(connection, rows), strict=True)
        connection.execute(insert(binned), [binned_row(row, line, who, moment) for row, line in lines])
        numbers = [row["seq"] for row in rows]
        for table in (reviews, tags, predictions):
            connection.execute(delete(table).where(table.c.seq.in_(numbers)))
        recount_photographs(connection, [row["sha256"] for row in rows])
        write_audit(connection, "binned", who, {row["id"]: row["revision"] for row in rows})
        moved += [row["id"] for row in rows]
    return moved


def binned_row(row: Any, line: Mapping[str, Any], who: str, moment: datetime) -> dict[str, Any]:
    """A row of `predictions` as one of the bin. Its audit lines and its hold stay where they are."""
    plain = {name: row[name] for name in ("id", "seq", "sha256", "lesion", "lesion_id")}
    kept = {name: line[name] for name in ("prediction", "reviews")}
    return plain | {"binned": moment, "who": who, "line": kept | {"audit": []}}


def take_out_of_bin(connection: Connection, ids: Iterable[str], who: str, known: KnownDiagnoses) -> list[str]:
    """Put cases back; see `CaseBin.put_back`."""
    back: list[str] = []
    for part in in_batches(dict.fromkeys(filter(ID.fullmatch, ids))):
        rows = connection.execute(select(binned).where(binned.c.id.in_(part)).order_by(binned.c.seq)).all()
        if not rows:
            continue
        try:
            cases = [parse_row(BackupCase, json.dumps(row.line).encode()) for row in rows]
        except ValueError as error:
            raise StoreError(f"The case is damaged and stays in the bin: {error}.") from error
        places = {row.id: row.seq for row in rows if row.seq is not None}
        # SQLite gives the number of its last row to the next one.
        there = select(predictions.c.seq).where(predictions.c.seq.in_(places.values()))
        taken = set(connection.execute(there).scalars())
        insert_cases(connection, cases, known, {k: seq for k, seq in places.items() if seq not in taken})
        connection.execute(delete(binned).where(binned.c.id.in_(part)))
        revisions = {case.prediction.id: case.prediction.revision for case in cases}
        write_audit(connection, "put back", who, revisions)
        back += revisions
    return back


def delete_for_good(connection: Connection, ids: Sequence[str], who: str) -> dict[str, str]:
    """Delete cases in the list or in the bin; see `Store.delete`. Returns id -> SHA-256 of those that were there."""
    refuse_held(connection, ids)
    move_to_bin(connection, ids, who, utc_now())
    return delete_binned(connection, ids, who)


def delete_binned(connection: Connection, ids: Iterable[str], who: str) -> dict[str, str]:
    """Delete cases in the bin and everything of them but their audit lines; files are removed afterwards."""
    deleted: dict[str, str] = {}
    for part in in_batches(dict.fromkeys(filter(ID.fullmatch, ids))):
        rows = connection.execute(select(binned).where(binned.c.id.in_(part))).all()
        connection.execute(delete(keys).where(keys.c.prediction_id.in_(part)))
        connection.execute(delete(binned).where(binned.c.id.in_(part)))
        redact_audit(connection, [row.id for row in rows])
        for row in rows:
            before = row.line["prediction"]
            last = {name: before[name] for name in LAST_WORDS}
            write_audit(connection, "deleted", who, {row.id: before["revision"]}, last)
        deleted |= {row.id: row.sha256 for row in rows}
    return deleted


def write_audit(
    connection: Connection,
    action: Action,
    who: str,
    revisions: Mapping[str, int],
    detail: Mapping[str, Any] | None = None,
) -> None:
    """An audit line for each of these cases, by their ids."""
    lines = [audit_row(one, revision, action, who, detail or {}) for one, revision in revisions.items()]
    connection.execute(insert(audit), lines)


def record_of_line(line: Mapping[str, Any]) -> Record:
    """The record of a case in the bin, also of one that a version before put there."""
    row = dict.fromkeys(column.name for column in predictions.columns) | line["prediction"]
    times = {name: row[name] and datetime.fromisoformat(row[name]) for name in ("created", "reviewed")}
    return record_from_row(row | times)

"""Reading a backup into a store with any kind of database, empty or not.

The file is read at constant memory and not trusted: digests and rows are checked, and sizes are limited. When anything
is wrong, the database stays as it was.
"""

import gzip
import hashlib
import json
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, Table, insert, select
from sqlalchemy.exc import IntegrityError

from dashboard.store import backup
from dashboard.store.backup import (
    BIN,
    DIGEST,
    FORMATS,
    HEAD,
    PEOPLE,
    ROWS,
    TABLES,
    TRAIL,
    Counts,
    files_of_row,
    forget_members,
)
from dashboard.store.backup_rows import (
    AuditRow,
    BackupCase,
    BinRow,
    LesionRow,
    PatientRow,
    R,
    Row,
    TokenRow,
    TrailRow,
    UserRow,
    parse_row,
)
from dashboard.store.bin import KEPT
from dashboard.store.case_lines import insert_audit, insert_cases
from dashboard.store.database import CHUNK
from dashboard.store.errors import StoreError
from dashboard.store.files import HEATMAP, IMAGE
from dashboard.store.holds import insert_holds
from dashboard.store.placing import place_again
from dashboard.store.records import record_from_row
from dashboard.store.repository import Store
from dashboard.store.schema import audit, binned, lesions, patients, predictions
from dashboard.store.user_tables import users

ROWS_OF_TABLES: dict[str, type[Row]] = dict(
    zip((*PEOPLE, *TABLES), (PatientRow, LesionRow, UserRow, TokenRow, TrailRow), strict=True)
)
DAMAGED = (tarfile.TarError, EOFError, ValueError, zlib.error, gzip.BadGzipFile)
NOT_OURS = "{} is no backup of Dermaboard, or only a part of one, or damaged: {}."
# What is done to patients and lesions.
OF_PEOPLE = ("corrected", "moved", "merged", "merge undone", "exported")
# Bytes. More than the longest trail of a case, and than the largest photograph without loss.
LONGEST, LARGEST = 1 << 24, 1 << 28


def restore_backup(target: Store, path: Path) -> Counts:
    """Read a backup into an empty store, with users, tokens, audit trail and bin; all of the rows or none.

    Raises:
        StoreError: the store is not empty, or the file is no backup or damaged.
    """
    with target.reading() as connection:
        tables = (predictions, binned, audit, *PEOPLE.values(), *TABLES.values())
        if any(connection.execute(select(table).limit(1)).first() for table in tables):
            raise StoreError(
                "The store is not empty: it has predictions or users, or remembers deleted ones. Restore into an empty "
                "data folder, or use import."
            )
    return import_backup(target, path, everything=True)


def import_backup(target: Store, path: Path, everything: bool = False) -> Counts:
    """Read the predictions of a whole or partial backup into a store, beside what it has.

    Predictions that the store has already, by their ids, are left as they are; those that were deleted stay deleted.

    Args:
        everything: bin, users, tokens and audit trail, too; for an empty store.

    Raises:
        StoreError: the file is no backup or damaged, or the store cannot be written.
    """
    try:
        counts = read_backup(target, path, everything)
    except StoreError:
        # Its pictures came before the fault.
        target.sweep()
        raise
    if counts.deleted or (counts.binned and not everything):
        target.sweep()
    return counts


def backup_times(path: Path) -> tuple[datetime, datetime]:
    """When a backup was written, and when it has to be deleted: 30 days later. It was read before, and is one."""
    with tarfile.open(path, mode="r:") as archive:
        entry = archive.next()
        assert entry is not None
        written = datetime.fromisoformat(read_head(archive, entry)["created"])
    return written, written + KEPT


def read_backup(target: Store, path: Path, everything: bool) -> Counts:
    """Read everything of a backup in one transaction."""
    try:
        with path.open("rb") as file, target.writing() as connection:
            try:
                with tarfile.open(fileobj=file, mode="r:") as archive:
                    return read_entries(archive, target, connection, everything)
            except DAMAGED as error:
                raise StoreError(NOT_OURS.format(path, error)) from error
            except IntegrityError as error:
                raise StoreError(NOT_OURS.format(path, "an id of it stands for something else")) from error
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror or error}.") from error


def read_entries(archive: tarfile.TarFile, target: Store, connection: Connection, everything: bool) -> Counts:
    """Read everything of an open archive. Raises one of DAMAGED for an archive that is no backup."""
    entry = archive.next()
    head = read_head(archive, entry) if entry is not None and entry.name == HEAD else {}
    if head.get("format") not in FORMATS:
        raise ValueError("it starts with something else")
    counts, left = Counts(), parts_of_backup(head)
    while (entry := archive.next()) is not None:
        forget_members(archive)
        if not entry.isreg() or entry.issparse():
            raise ValueError(f"{entry.name!r} has no place there")
        if head["format"] > 1 and DIGEST not in entry.pax_headers:
            raise ValueError(f"{entry.name!r} has no digest")
        if left and entry.name == left[0]:
            file = checked_file(archive, entry)
            counts += read_part(connection, target, left.pop(0), file, everything)
        elif not {ROWS, BIN} & {*left}:
            raise ValueError(f"{entry.name!r} has no place there")
        else:
            counts += Counts(files=restore_picture(target, archive, entry))
    if left:
        raise ValueError("its end is missing")
    return counts


def parts_of_backup(head: dict[str, Any]) -> list[str]:
    """The names of the lines that a backup has, in their order; pictures stand before those of their cases."""
    if not head.get("whole"):
        return [ROWS]
    return {
        1: [ROWS, TRAIL],
        2: [ROWS, TRAIL],
        3: [ROWS, BIN, *TABLES, TRAIL],
        4: [*PEOPLE, ROWS, BIN, *TABLES, TRAIL],
    }[head["format"]]


def read_part(connection: Connection, target: Store, name: str, file: IO[bytes], everything: bool) -> Counts:
    """Read the lines of one name; what an import leaves out is checked all the same."""
    counts = Counts()
    match name:
        case backup.ROWS:
            for cases in read_batches(file, BackupCase):
                counts += insert_new_cases(connection, target, cases)
        case backup.BIN:
            for rows in read_batches(file, BinRow):
                counts += Counts(binned=len(rows))
                if everything:
                    insert_binned(connection, rows)
        case backup.TRAIL:
            read_trail(connection, file)
        case _:
            table = (PEOPLE | TABLES)[name]
            for lines in read_batches(file, ROWS_OF_TABLES[name]):
                new = lines if everything else new_people(connection, table, lines)
                if new:
                    connection.execute(insert(table), [line.model_dump() for line in new])
                    counts += Counts(users=len(new) if table is users else 0)
    return counts


def new_people(connection: Connection, table: Table, lines: Sequence[Any]) -> list[Any]:
    """The patients or lesions among these that an import adds: what has a name, and is neither here nor was erased.

    The cases of the others find their lesion by its name. Of other tables nothing is added.
    """
    if table not in PEOPLE.values():
        return []
    ids = {line.id for line in lines}
    gone = select(audit.c.prediction_id).where(audit.c.prediction_id.in_(ids), audit.c.action == "deleted")
    there = {*connection.execute(gone).scalars()}
    there.update(connection.execute(select(table.c.id).where(table.c.id.in_(ids))).scalars())
    # What was merged has no cases of its own.
    new = [line for line in lines if line.id not in there and line.merged_into is None]
    if table is patients:
        folded = [line.identifier_folded for line in new]
        same = select(patients.c.identifier_folded).where(patients.c.identifier_folded.in_(folded))
        known = {None, *connection.execute(same).scalars()}
        return [line for line in new if line.identifier_folded not in known]
    owners = {line.patient_id for line in new}
    here = set(connection.execute(select(patients.c.id).where(patients.c.id.in_(owners))).scalars())
    names = select(lesions.c.patient_id, lesions.c.name_folded).where(lesions.c.patient_id.in_(owners))
    taken = {(row.patient_id, row.name_folded) for row in connection.execute(names)}
    return [
        line for line in new if line.patient_id in here and (line.patient_id, line.name_folded) not in taken
    ]


def checked_file(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> IO[bytes]:
    """A file of an archive. Raises ValueError when its digest is not the one in its header."""
    file = archive.extractfile(entry)
    assert file is not None
    digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    if entry.pax_headers.get(DIGEST, digest) != digest:
        raise ValueError(f"{entry.name!r} is not what was written")
    file.seek(0)
    return file


def read_head(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> dict[str, Any]:
    """The description at the start of an archive; empty where there is none."""
    if not entry.isreg():
        return {}
    head = json.loads(checked_file(archive, entry).read(10_000))
    return head if isinstance(head, dict) else {}


def restore_picture(target: Store, archive: tarfile.TarFile, entry: tarfile.TarInfo) -> int:
    """Write a picture under its name; 1 if it is new, 0 otherwise. Raises ValueError for a name that no picture has."""
    folder, _, last = entry.name.partition("/")
    named = IMAGE.fullmatch(last.removeprefix(last[:2] + "/")) if folder == "images" else None
    if named is None and not (folder == "heatmaps" and HEATMAP.fullmatch(last)):
        raise ValueError(f"{entry.name!r} has no place there")
    if not 0 < entry.size <= LARGEST:
        raise ValueError(f"{entry.name!r} is empty, or too large")
    place = target.files.place
    if place.has(entry.name):
        return 0
    place.stage({entry.name: checked_file(archive, entry).read()}).commit()
    return 1


def read_batches(file: IO[bytes], kind: type[R]) -> Iterator[list[R]]:
    """The parsed lines of a compressed file, in lists of at most CHUNK lines and about LONGEST bytes."""
    some: list[R] = []
    size = 0
    with gzip.open(file) as lines:
        for number, line in enumerate(iter(lambda: lines.readline(LONGEST + 1), b""), 1):
            if len(line) > LONGEST:
                raise ValueError(f"line {number:,} of its rows is too long")
            try:
                some.append(parse_row(kind, line))
            except ValueError as error:
                raise ValueError(f"line {number:,} of its rows is wrong, {error}") from error
            size += len(line)
            if len(some) == CHUNK or size > LONGEST:
                yield some
                some, size = [], 0
    if some:
        yield some


def insert_new_cases(connection: Connection, target: Store, cases: list[BackupCase]) -> Counts:
    """Insert at most CHUNK predictions with their reviews, tags and audit lines."""
    wanted = {case.prediction.id: case for case in cases}
    by_id = select(predictions.c.id).where(predictions.c.id.in_(wanted))
    known = set(connection.execute(by_id).scalars())
    trail = select(audit.c.prediction_id).where(
        audit.c.prediction_id.in_(wanted), audit.c.action == "deleted"
    )
    in_bin = select(binned.c.id).where(binned.c.id.in_(wanted))
    deleted = {*connection.execute(trail).scalars(), *connection.execute(in_bin).scalars()} - known
    new = [case for case_id, case in wanted.items() if case_id not in known | deleted]
    missing = 0
    if new:
        rows = insert_cases(connection, new, target.known)
        missing = sum(not target.files.place.has(name) for row in rows for name in files_of_row(target, row))
    return Counts(len(new), missing=missing, known=len(known), deleted=len(deleted))


def read_trail(connection: Connection, file: IO[bytes]) -> None:
    """Read the audit lines of predictions deleted where the backup was written, except those of predictions here.

    Lines of patients and lesions come with these.
    """
    for lines in read_batches(file, AuditRow):
        ids = {line.prediction_id for line in lines}
        here = set[str]()
        for column in (predictions.c.id, binned.c.id):
            here.update(connection.execute(select(column).where(column.in_(ids))).scalars())
        people = set[str]()
        for table in PEOPLE.values():
            people.update(connection.execute(select(table.c.id).where(table.c.id.in_(ids))).scalars())
        told = (line for line in lines if line.prediction_id not in here)
        insert_audit(
            connection,
            [line for line in told if line.action not in OF_PEOPLE or line.prediction_id in people],
        )


def insert_binned(connection: Connection, rows: Sequence[BinRow]) -> None:
    """Insert cases into an empty bin, with their audit lines and holds."""
    values = []
    for row in rows:
        case = row.case
        line = case.model_dump(mode="json", include={"prediction", "reviews"}) | {"audit": []}
        plain = {name: getattr(case.prediction, name) for name in ("id", "sha256", "lesion")}
        plain["lesion_id"] = place_again(connection, record_from_row(case.prediction.model_dump())).lesion_id
        values.append(plain | {"seq": None, "binned": row.binned, "who": row.who, "line": line})
    connection.execute(insert(binned), values)
    insert_audit(connection, [line for row in rows for line in row.case.audit])
    insert_holds(connection, {row.case.prediction.id: row.case.hold for row in rows if row.case.hold})

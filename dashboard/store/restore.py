"""Reading a backup into a store with any kind of database, empty or not.

The file is read at constant memory and not trusted: digests and rows are checked, and sizes are limited. When anything
is wrong, the database stays as it was.
"""

import gzip
import hashlib
import json
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from dashboard.store.backup import DIGEST, FORMATS, HEAD, ROWS, TRAIL, Counts, files_of_row, forget_members
from dashboard.store.backup_rows import AuditRow, BackupCase, R, case_row, parse_row
from dashboard.store.counted import recount_photographs
from dashboard.store.database import CHUNK, in_batches
from dashboard.store.errors import StoreError
from dashboard.store.files import HEATMAP, IMAGE
from dashboard.store.repository import Store
from dashboard.store.schema import audit, predictions, reviews, tags

DAMAGED = (tarfile.TarError, EOFError, ValueError, zlib.error, gzip.BadGzipFile)
NOT_OURS = "{} is no backup of Dermaboard, or only a part of one, or damaged: {}."
# Bytes. More than the longest trail of a case, and than the largest photograph without loss.
LONGEST, LARGEST = 1 << 24, 1 << 28


def restore_backup(target: Store, path: Path) -> Counts:
    """Read a backup into an empty store; all of the rows or none.

    Raises:
        StoreError: the store is not empty, or the file is no backup or damaged.
    """
    with target.reading() as connection:
        if any(connection.execute(select(table.c.id).limit(1)).first() for table in (predictions, audit)):
            raise StoreError(
                "The store is not empty: it has predictions, or remembers deleted ones. Restore into an empty data "
                "folder, or use import."
            )
    return import_backup(target, path)


def import_backup(target: Store, path: Path) -> Counts:
    """Read a whole or partial backup into a store, beside what it has.

    Predictions that the store has already, by their ids, are left as they are; those that were deleted stay deleted.

    Raises:
        StoreError: the file is no backup or damaged, or the store cannot be written.
    """
    try:
        counts = read_backup(target, path)
    except StoreError:
        # Its pictures came before the fault.
        target.sweep()
        raise
    if counts.deleted:
        target.sweep()
    return counts


def read_backup(target: Store, path: Path) -> Counts:
    """Read everything of a backup in one transaction."""
    try:
        with path.open("rb") as file, target.writing() as connection:
            try:
                with tarfile.open(fileobj=file, mode="r:") as archive:
                    return read_entries(archive, target, connection)
            except DAMAGED as error:
                raise StoreError(NOT_OURS.format(path, error)) from error
            except IntegrityError as error:
                raise StoreError(NOT_OURS.format(path, "an id of it stands for something else")) from error
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror or error}.") from error


def read_entries(archive: tarfile.TarFile, target: Store, connection: Connection) -> Counts:
    """Read everything of an open archive. Raises one of DAMAGED for an archive that is no backup."""
    entry = archive.next()
    head = read_head(archive, entry) if entry is not None and entry.name == HEAD else {}
    if head.get("format") not in FORMATS:
        raise ValueError("it starts with something else")
    files, counts, whole = 0, None, not head.get("whole")
    while (entry := archive.next()) is not None:
        forget_members(archive)
        if not entry.isreg() or entry.issparse() or (counts is not None and entry.name != TRAIL):
            raise ValueError(f"{entry.name!r} has no place there")
        if head["format"] > 1 and DIGEST not in entry.pax_headers:
            raise ValueError(f"{entry.name!r} has no digest")
        if entry.name == ROWS:
            counts = read_rows(connection, target, checked_file(archive, entry))
        elif entry.name == TRAIL:
            read_trail(connection, checked_file(archive, entry))
            whole = True
        else:
            files += restore_picture(target, archive, entry)
    if counts is None or not whole:
        raise ValueError("its end is missing")
    return counts + Counts(files=files)


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
    file = archive.extractfile(entry)
    head = None if file is None else json.loads(file.read(10_000))
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


def read_rows(connection: Connection, target: Store, file: IO[bytes]) -> Counts:
    """Read the rows of a backup into the database."""
    counts = Counts()
    for cases in read_batches(file, BackupCase):
        counts += insert_cases(connection, target, cases)
    return counts


def insert_cases(connection: Connection, target: Store, cases: list[BackupCase]) -> Counts:
    """Insert at most CHUNK predictions with their reviews, tags and audit lines."""
    wanted = {case.prediction.id: case for case in cases}
    by_id = select(predictions.c.id).where(predictions.c.id.in_(wanted))
    known = set(connection.execute(by_id).scalars())
    trail = select(audit.c.prediction_id).where(
        audit.c.prediction_id.in_(wanted), audit.c.action == "deleted"
    )
    deleted = set(connection.execute(trail).scalars()) - known
    new = [case for case_id, case in wanted.items() if case_id not in known | deleted]
    missing = 0
    if new:
        rows = [case_row(case, target.known) for case in new]
        connection.execute(insert(predictions), [row | {"counted": False} for row in rows])
        recount_photographs(connection, [row["sha256"] for row in rows])
        missing = sum(not target.files.place.has(name) for row in rows for name in files_of_row(target, row))
        insert_others(connection, new)
    return Counts(len(new), missing=missing, known=len(known), deleted=len(deleted))


def insert_others(connection: Connection, cases: list[BackupCase]) -> None:
    """Insert reviews, tags and audit lines of inserted predictions."""
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
    insert_audit(connection, [line for case in cases for line in case.audit])


def read_trail(connection: Connection, file: IO[bytes]) -> None:
    """Read the audit lines of predictions deleted where the backup was written, except those of predictions here."""
    for lines in read_batches(file, AuditRow):
        ids = select(predictions.c.id).where(predictions.c.id.in_({line.prediction_id for line in lines}))
        here = set(connection.execute(ids).scalars())
        insert_audit(connection, [line for line in lines if line.prediction_id not in here])


def insert_audit(connection: Connection, lines: list[AuditRow]) -> None:
    """Insert audit lines, except those that the store has already."""
    known: set[str] = set()
    for ids in in_batches([line.id for line in lines]):
        known.update(connection.execute(select(audit.c.id).where(audit.c.id.in_(ids))).scalars())
    new = {line.id: line.model_dump() for line in lines if line.id not in known}
    if new:
        connection.execute(insert(audit), list(new.values()))

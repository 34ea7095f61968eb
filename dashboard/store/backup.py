"""Writing a whole store, or a part of it, to one file, which `restore` reads into any kind of database.

The file is a TAR archive. It starts with a description of itself; photographs and heatmaps follow, and at the end the
rows as JSON lines. So an interrupted restoration may leave files without a row, and never a row without its files. Each
entry has its SHA-256 in its header. The store is read once, at constant memory.
"""

import gzip
import hashlib
import io
import json
import tarfile
import tempfile
from collections.abc import Iterator, Sequence, Set
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Column, Connection, Table, select

from dashboard.store.database import CHUNK, in_batches
from dashboard.store.places import new_file
from dashboard.store.query import Query
from dashboard.store.repository import Store
from dashboard.store.schema import audit, predictions, reviews

# The first one had no digests.
FORMATS = (1, 2)
HEAD, ROWS, TRAIL = "dermaboard.json", "predictions.jsonl.gz", "audit.jsonl.gz"
DIGEST = "DERMABOARD.sha256"
# Columns that a row has by its place in this store, or that follow from the rest of it.
WORKED_OUT = frozenset({"seq", "counted", "close_up"})


@dataclass(frozen=True)
class Counts:
    """What was written or read.

    Attributes:
        predictions: rows.
        files: photographs, thumbnails and heatmaps.
        missing: files that rows name and that were not there.
        known: predictions that the store had already; they were left as they are.
        deleted: predictions that were deleted in the store before; they stay so.
    """

    predictions: int = 0
    files: int = 0
    missing: int = 0
    known: int = 0
    deleted: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*map(sum, zip(astuple(self), astuple(other), strict=True)))


def write_backup(source: Store, path: Path, query: Query | None = None) -> Counts:
    """Write the whole store as it is at one moment, or what a query asks for, to a new file.

    The file appears complete or not at all. Predictions that are deleted meanwhile are left out.

    Raises:
        StoreError: the file exists already or cannot be written.
    """
    with (
        new_file(path) as file,
        tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        return write_entries(source, archive, query, path.parent)


def write_entries(source: Store, archive: tarfile.TarFile, query: Query | None, folder: Path) -> Counts:
    """Write everything into an open archive; temporary files go into `folder`."""
    written, deleted = set[str](), list[str]()
    rows = files = missing = 0
    head = {"format": FORMATS[-1], "created": datetime.now(UTC).isoformat(), "whole": query is None}
    add_file(archive, HEAD, io.BytesIO(json.dumps(head).encode()))
    with tempfile.TemporaryFile(dir=folder) as spool, source.reading() as connection:
        with gzip.open(spool, "wb", compresslevel=5) as lines:
            for batch in in_batches(rows_to_back_up(source, connection, query)):
                whole = []
                for row in batch:
                    pictures = {
                        name: file_contents(source, name)
                        for name in files_of_row(source, row)
                        if name not in written
                    }
                    if None in pictures.values() and is_deleted(source, row["id"]):
                        deleted.append(row["id"])
                        continue
                    whole.append(row)
                    for name, data in pictures.items():
                        if data is None:
                            missing += 1
                            continue
                        add_file(archive, name, io.BytesIO(data))
                        files += 1
                        if name.startswith("images/"):
                            written.add(name)
                for line in rows_with_history(connection, whole):
                    lines.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
                    rows += 1
        add_file(archive, ROWS, spool)
        if query is None:
            with tempfile.TemporaryFile(dir=folder) as trail:
                with gzip.open(trail, "wb", compresslevel=5) as lines:
                    for row in (*audit_of_deleted(connection), *audit_of_just_deleted(source, deleted)):
                        lines.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
                add_file(archive, TRAIL, trail)
    return Counts(rows, files, missing)


def is_deleted(source: Store, record_id: str) -> bool:
    """Whether a prediction was deleted, with its pictures, since the backup began."""
    with source.reading() as connection:
        return (
            connection.execute(select(predictions.c.id).where(predictions.c.id == record_id)).first() is None
        )


def audit_of_just_deleted(source: Store, ids: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The audit lines of predictions that were deleted while the backup was written."""
    for batch in in_batches(ids):
        with source.reading() as connection:
            trail = select(audit).where(audit.c.prediction_id.in_(batch)).order_by(audit.c.id)
            lines = [json_row(audit, row) for row in connection.execute(trail).mappings()]
        yield from lines


def rows_to_back_up(source: Store, connection: Connection, query: Query | None) -> Iterator[Any]:
    """The rows to write, in the order of their arrival, or as a query sorts them."""
    if query is not None:
        for record in source.stream(query):
            by_id = select(predictions).where(predictions.c.id == record.id)
            row = connection.execute(by_id).mappings().first()
            # Predictions that were added since the backup began are left out.
            if row is not None:
                yield row
        return
    last = 0
    while True:
        part = select(predictions).where(predictions.c.seq > last).order_by(predictions.c.seq).limit(CHUNK)
        rows = connection.execute(part).mappings().all()
        if not rows:
            return
        yield from rows
        last = rows[-1]["seq"]


def files_of_row(source: Store, row: Any) -> tuple[str, str, str]:
    """The files that a row names."""
    files = source.files
    return files.image(row["sha256"]), files.thumbnail(row["sha256"]), files.heatmap(row["id"])


def file_contents(source: Store, name: str) -> bytes | None:
    """The bytes of a file; None when it is gone."""
    try:
        return source.files.place.read(name)
    except FileNotFoundError:
        return None


def rows_with_history(connection: Connection, rows: Sequence[Any]) -> Iterator[dict[str, Any]]:
    """Each row with its reviews and audit lines, ready for JSON."""
    reviewed = json_rows_by(connection, reviews, reviews.c.seq, [row["seq"] for row in rows], {"seq"})
    audited = json_rows_by(connection, audit, audit.c.prediction_id, [row["id"] for row in rows])
    for row in rows:
        yield {
            "prediction": json_row(predictions, row, WORKED_OUT),
            "reviews": reviewed.get(row["seq"], []),
            "audit": audited.get(row["id"], []),
        }


def json_rows_by(
    connection: Connection,
    table: Table,
    column: Column[Any],
    values: Sequence[Any],
    without: Set[str] = frozenset(),
) -> dict[Any, list[dict[str, Any]]]:
    """The rows of a table, in the order of their ids, by their value in a column."""
    by_value: dict[Any, list[dict[str, Any]]] = {}
    wanted = select(table).where(column.in_(values)).order_by(table.c.id)
    for row in connection.execute(wanted).mappings():
        by_value.setdefault(row[column.name], []).append(json_row(table, row, without))
    return by_value


def audit_of_deleted(connection: Connection) -> Iterator[dict[str, Any]]:
    """The audit lines of deleted predictions."""
    exists = select(predictions.c.seq).where(predictions.c.id == audit.c.prediction_id).exists()
    for row in connection.execute(select(audit).where(~exists).order_by(audit.c.id)).mappings():
        yield json_row(audit, row)


def json_row(table: Table, row: Any, without: Set[str] = frozenset()) -> dict[str, Any]:
    """A row in a form that JSON has, without some of its columns."""
    names = [column.name for column in table.columns if column.name not in without]
    return {name: row[name].isoformat() if isinstance(row[name], datetime) else row[name] for name in names}


def add_file(archive: tarfile.TarFile, name: str, file: IO[bytes]) -> None:
    """Add a file of any size to an archive, with its digest."""
    entry = tarfile.TarInfo(name)
    entry.size = file.seek(0, io.SEEK_END)
    file.seek(0)
    entry.pax_headers = {DIGEST: hashlib.file_digest(file, "sha256").hexdigest()}  # type: ignore[arg-type]
    file.seek(0)
    archive.addfile(entry, file)
    forget_members(archive)


def forget_members(archive: tarfile.TarFile) -> None:
    """Empty an archive's list of entries, which would grow with every entry."""
    archive.members = []  # type: ignore[attr-defined]

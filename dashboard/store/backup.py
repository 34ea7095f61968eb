"""Writing a whole store, or a part of it, to one file, which `restore` reads into any kind of database.

The file is a TAR archive. It starts with a manifest; photographs follow, and behind them the rows as JSON
lines, those of the bin, of users, tokens and the audit trail, too. So an interrupted restoration may leave files
without a row, and never a row without its files. Each entry has its SHA-256 in its header. The store is read once, at
constant memory.
"""

import gzip
import hashlib
import io
import json
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from itertools import chain
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, Table, exists, or_, select

from dashboard.store.bin import KEPT
from dashboard.store.case_lines import case_lines, json_row, lines_by_id
from dashboard.store.database import CHUNK, in_batches
from dashboard.store.places import new_file
from dashboard.store.query import Query
from dashboard.store.repository import Store
from dashboard.store.schema import audit, binned, lesions, patients, predictions, utc_now
from dashboard.store.user_tables import api_tokens, trail, users

# The first one had no digests, the second neither bin nor users, the third no patients.
FORMATS = (1, 2, 3, 4)
HEAD, ROWS, TRAIL = "dermaboard.json", "predictions.jsonl.gz", "audit.jsonl.gz"
BIN = "bin.jsonl.gz"
# What a whole backup has of patients and lesions, before their cases, and of users: each table as it is.
PEOPLE: dict[str, Table] = {"patients.jsonl.gz": patients, "lesions.jsonl.gz": lesions}
TABLES: dict[str, Table] = {
    "users.jsonl.gz": users,
    "tokens.jsonl.gz": api_tokens,
    "trail.jsonl.gz": trail,
}
LEFT_OUT = {
    "sessions": "Everybody logs in again.",
    "readers": "Whoever judged before the result was shown switches that on again.",
    "cookie key": "The restored server makes a new one.",
    "models": "Which models are in use and which are retired is said anew, under Administration.",
    "idempotency keys": "A request that is sent again after the restoration is a new one.",
}
DIGEST = "DERMABOARD.sha256"


@dataclass(frozen=True)
class Counts:
    """What was written or read.

    Attributes:
        predictions: rows.
        files: photographs, and heatmaps of earlier versions.
        missing: files that rows name and that were not there.
        known: predictions that the store had already; they were left as they are.
        deleted: predictions that were deleted in the store before; they stay so.
        binned: cases in the bin; an import leaves them out.
        users: accounts.
    """

    predictions: int = 0
    files: int = 0
    missing: int = 0
    known: int = 0
    deleted: int = 0
    binned: int = 0
    users: int = 0

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
    add_file(archive, HEAD, io.BytesIO(json.dumps(manifest(query is None)).encode()))
    with source.reading() as connection:
        writer = BackupWriter(source, archive, folder, connection)
        if query is None:
            for name, table in PEOPLE.items():
                writer.add_table(name, table)
        rows = writer.add_lines(ROWS, writer.cases(query))
        found = Counts(rows)
        if query is None:
            found += Counts(binned=writer.add_lines(BIN, writer.binned_cases()))
            for name, table in TABLES.items():
                number = writer.add_table(name, table)
                found += Counts(users=number if table is users else 0)
            # Last: what was deleted while all of that was written is known by now.
            gone = chain(audit_of_deleted(connection), audit_of_just_deleted(source, writer.deleted))
            writer.add_lines(TRAIL, gone)
    return found + Counts(files=writer.files, missing=writer.missing)


def manifest(whole: bool) -> dict[str, Any]:
    """What an archive says of itself: when it was written, until when it may be kept, and what it has not."""
    now = utc_now()
    return {
        "format": FORMATS[-1],
        "created": now.isoformat(),
        # Longer than the bin, it would keep what was deleted for good.
        "delete_after": (now + KEPT).isoformat(),
        "whole": whole,
        "left_out": LEFT_OUT,
    }


@dataclass
class BackupWriter:
    """Writes a store into an archive, as it is at the moment of a connection's transaction.

    Attributes:
        written: names of the photographs that are in the archive.
        deleted: ids of cases that were deleted for good meanwhile.
        files, missing: see `Counts`.
    """

    source: Store
    archive: tarfile.TarFile
    folder: Path
    connection: Connection
    written: set[str] = field(default_factory=set[str])
    deleted: list[str] = field(default_factory=list[str])
    files: int = 0
    missing: int = 0

    def add_lines(self, name: str, lines: Iterable[Mapping[str, Any]]) -> int:
        """Add compressed lines of JSON under a name; whatever yields them may add files first. Returns how many."""
        number = 0
        with tempfile.TemporaryFile(dir=self.folder) as spool:
            with gzip.open(spool, "wb", compresslevel=5) as packed:
                for line in lines:
                    packed.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
                    number += 1
            add_file(self.archive, name, spool)
        return number

    def add_table(self, name: str, table: Table) -> int:
        """Add every row of a table. Returns how many."""
        every = self.connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
        return self.add_lines(name, (json_row(table, row) for row in every))

    def cases(self, query: Query | None) -> Iterator[dict[str, Any]]:
        """The listed cases, after their pictures."""
        for batch in in_batches(rows_to_back_up(self.source, self.connection, query)):
            yield from case_lines(self.connection, [row for row in batch if self.add_pictures(row)])

    def binned_cases(self) -> Iterator[dict[str, Any]]:
        """The cases in the bin, after their pictures."""
        last = ""
        while True:
            part = select(binned).where(binned.c.id > last).order_by(binned.c.id).limit(CHUNK)
            rows = self.connection.execute(part).mappings().all()
            if not rows:
                return
            whole = [row for row in rows if self.add_pictures(row)]
            others = lines_by_id(self.connection, [row["id"] for row in whole])
            for row, more in zip(whole, others, strict=True):
                yield {"binned": row["binned"].isoformat(), "who": row["who"], "case": row["line"] | more}
            last = rows[-1]["id"]

    def add_pictures(self, row: Any) -> bool:
        """Add the files of a case that are not there yet; False for one that was deleted for good meanwhile."""
        names = [name for name in files_of_row(self.source, row) if name not in self.written]
        pictures = {name: file_contents(self.source, name) for name in names}
        if None in pictures.values() and is_deleted(self.source, row["id"]):
            self.deleted.append(row["id"])
            return False
        for name, data in pictures.items():
            if data is None:
                self.missing += 1
                continue
            add_file(self.archive, name, io.BytesIO(data))
            self.files += 1
            if name.startswith("images/"):
                self.written.add(name)
        return True


def is_deleted(source: Store, record_id: str) -> bool:
    """Whether a case was deleted for good, with its pictures, since the backup began."""
    with source.reading() as connection:
        return not any(
            connection.execute(select(column).where(column == record_id)).first()
            for column in (predictions.c.id, binned.c.id)
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


def files_of_row(source: Store, row: Any) -> tuple[str, ...]:
    """The files that a row, of the list or of the bin, cannot do without; a thumbnail is made again."""
    files, prediction = source.files, row["line"]["prediction"] if "line" in row else row
    image = files.image(row["sha256"])
    return (image,) if prediction.get("evidence") is not None else (image, files.heatmap(row["id"]))


def file_contents(source: Store, name: str) -> bytes | None:
    """The bytes of a file; None when it is gone."""
    try:
        return source.files.place.read(name)
    except FileNotFoundError:
        return None


def audit_of_deleted(connection: Connection) -> Iterator[dict[str, Any]]:
    """The audit lines of cases that were deleted for good."""
    there = [exists().where(column == audit.c.prediction_id) for column in (predictions.c.id, binned.c.id)]
    for row in connection.execute(select(audit).where(~or_(*there)).order_by(audit.c.id)).mappings():
        yield json_row(audit, row)


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

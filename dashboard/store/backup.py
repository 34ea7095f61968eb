"""A whole store, or a part of it, in one file; and back again, into this kind of database or the other.

The file is a TAR: first what it is, then photographs and heatmaps, at the end the rows that name them as JSON lines, so
that an interrupted restoration leaves files that nobody names and never a row without its files. Writing and reading go
through it once, at constant memory.
"""

import gzip
import io
import json
import tarfile
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, Table, func, insert, select, update

from dashboard.store.errors import StoreError
from dashboard.store.files import HEATMAP, IMAGE
from dashboard.store.query import Query
from dashboard.store.repository import Store
from dashboard.store.schema import UtcDateTime, audit, predictions, reviews, store, tags
from dashboard.store.sweep import CHUNK, batches

FORMAT = 1
HEAD, ROWS, TRAIL = "dermaboard.json", "predictions.jsonl.gz", "audit.jsonl.gz"
DAMAGED = (tarfile.TarError, EOFError, KeyError, TypeError, ValueError, zlib.error)
NOT_OURS = "{} is no backup of Dermaboard, or only a part of one: {}."


@dataclass(frozen=True)
class Counts:
    """What was written or read.

    Attributes:
        predictions: rows.
        files: photographs, thumbnails and heatmaps.
        missing: files that rows name and that were not there.
        known: predictions that the store had already; they were left as they are.
    """

    predictions: int = 0
    files: int = 0
    missing: int = 0
    known: int = 0


def write_backup(source: Store, path: Path, query: Query | None = None) -> Counts:
    """Write the whole store as it is at one moment, or what a query asks for, to a new file.

    The file appears complete or not at all. Predictions that are deleted meanwhile are left out.

    Raises:
        StoreError: the file exists already or cannot be written.
    """
    if path.exists():
        raise StoreError(f"{path} exists already. Choose another name.")
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(partial, "w", format=tarfile.PAX_FORMAT) as archive:
            counts = write_entries(source, archive, query)
        partial.replace(path)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        partial.unlink(missing_ok=True)
    return counts


def write_entries(source: Store, archive: tarfile.TarFile, query: Query | None) -> Counts:
    """Everything, into an open archive."""
    written = set[str]()
    rows = files = missing = 0
    head = {"format": FORMAT, "created": datetime.now(UTC).isoformat(), "whole": query is None}
    put(archive, HEAD, json.dumps(head).encode())
    with tempfile.TemporaryFile() as spool, source.reading() as connection:
        with gzip.open(spool, "wb", compresslevel=5) as lines:
            for some in batches(asked(source, connection, query), CHUNK):
                for row in some:
                    names = names_of(source, row)
                    for name in names:
                        if name in written:
                            continue
                        data = contents(source, name)
                        if data is None:
                            missing += 1
                            continue
                        put(archive, name, data)
                        files += 1
                        if name.startswith("images/"):
                            written.add(name)
                for line in with_others(connection, some):
                    lines.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
                    rows += 1
        copy(archive, ROWS, spool)
        if query is None:
            with tempfile.TemporaryFile() as trail:
                with gzip.open(trail, "wb", compresslevel=5) as lines:
                    for row in bereft(connection):
                        lines.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
                copy(archive, TRAIL, trail)
    return Counts(rows, files, missing)


def asked(source: Store, connection: Connection, query: Query | None) -> Iterator[Any]:
    """The rows to be written, in the order in which they came, or as a query sorts them."""
    if query is not None:
        for record in source.stream(query):
            yield (
                connection.execute(select(predictions).where(predictions.c.id == record.id)).mappings().one()
            )
        return
    last = 0
    while True:
        some = select(predictions).where(predictions.c.seq > last).order_by(predictions.c.seq).limit(CHUNK)
        rows = connection.execute(some).mappings().all()
        if not rows:
            return
        yield from rows
        last = rows[-1]["seq"]


def names_of(source: Store, row: Any) -> tuple[str, str, str]:
    """The files that a row names."""
    files = source.files
    return files.image(row["sha256"]), files.thumbnail(row["sha256"]), files.heatmap(row["id"])


def contents(source: Store, name: str) -> bytes | None:
    """The bytes of a file; None when it is gone."""
    try:
        return source.files.place.read(name)
    except FileNotFoundError:
        return None


def with_others(connection: Connection, rows: Sequence[Any]) -> Iterator[dict[str, Any]]:
    """Each row with its reviews and audit lines, ready for JSON."""
    reviewed: dict[int, list[Any]] = {}
    found = select(reviews).where(reviews.c.seq.in_([row["seq"] for row in rows])).order_by(reviews.c.id)
    for one in connection.execute(found).mappings():
        reviewed.setdefault(one["seq"], []).append(plain(reviews, one, {"seq"}))
    audited: dict[str, list[Any]] = {}
    lines = select(audit).where(audit.c.prediction_id.in_([row["id"] for row in rows])).order_by(audit.c.id)
    for one in connection.execute(lines).mappings():
        audited.setdefault(one["prediction_id"], []).append(plain(audit, one))
    for row in rows:
        yield {
            "prediction": plain(predictions, row, {"seq"}),
            "reviews": reviewed.get(row["seq"], []),
            "audit": audited.get(row["id"], []),
        }


def bereft(connection: Connection) -> Iterator[dict[str, Any]]:
    """The audit lines of predictions that are gone."""
    there = select(predictions.c.seq).where(predictions.c.id == audit.c.prediction_id).exists()
    for row in connection.execute(select(audit).where(~there).order_by(audit.c.id)).mappings():
        yield plain(audit, row)


def plain(table: Table, row: Any, without: Iterable[str] = ()) -> dict[str, Any]:
    """A row as JSON takes it."""
    names = [column.name for column in table.columns if column.name not in set(without)]
    return {name: row[name].isoformat() if isinstance(row[name], datetime) else row[name] for name in names}


def typed(table: Table, values: dict[str, Any]) -> dict[str, Any]:
    """What `plain` gave, as the table takes it. Raises KeyError or ValueError when it is something else."""
    names = {column.name for column in table.columns} - {"seq"}
    if set(values) != names:
        raise KeyError(f"{table.name} has other columns")
    moments = {column.name for column in table.columns if isinstance(column.type, UtcDateTime)}
    return {
        name: datetime.fromisoformat(value) if name in moments and value is not None else value
        for name, value in values.items()
    }


def put(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    """One file into an archive."""
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    archive.addfile(entry, io.BytesIO(data))
    forget(archive)


def copy(archive: tarfile.TarFile, name: str, file: IO[bytes]) -> None:
    """A file of any size into an archive."""
    entry = tarfile.TarInfo(name)
    entry.size = file.seek(0, io.SEEK_END)
    file.seek(0)
    archive.addfile(entry, file)


def restore_backup(target: Store, path: Path) -> Counts:
    """Put everything of a backup into an empty store; all of the rows or none.

    Raises:
        StoreError: the store is not empty, or the file is no backup or damaged.
    """
    if target.latest().id is not None:
        raise StoreError("The store is not empty. Restore into an empty data folder, or use import.")
    return import_backup(target, path)


def import_backup(target: Store, path: Path) -> Counts:
    """Put what a backup or an export has into a store; what is there already by its id is left as it is.

    Raises:
        StoreError: the file is no backup or damaged, or the store cannot be written.
    """
    try:
        with tarfile.open(path, "r|") as archive, target.writing() as connection:
            try:
                return read_entries(archive, target, connection)
            except (*DAMAGED, OSError) as error:
                if isinstance(error, OSError) and not isinstance(error, gzip.BadGzipFile):
                    raise
                raise StoreError(NOT_OURS.format(path, error)) from error
    except tarfile.TarError as error:
        raise StoreError(NOT_OURS.format(path, error)) from error
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror or error}.") from error


def read_entries(archive: tarfile.TarFile, target: Store, connection: Connection) -> Counts:
    """Everything of an open archive. Raises ValueError or another of DAMAGED when it is not what it should be."""
    head = archive.next()
    told = read_head(archive, head) if head is not None and head.name == HEAD else {}
    if told.get("format") != FORMAT:
        raise ValueError("it starts with something else")
    files, counts, whole = 0, None, not told.get("whole")
    while (entry := archive.next()) is not None:
        forget(archive)
        file = archive.extractfile(entry)
        if file is None or (counts is not None and entry.name != TRAIL):
            raise ValueError(f"{entry.name!r} has no place there")
        if entry.name == ROWS:
            counts = read_rows(connection, target, file)
        elif entry.name == TRAIL:
            insert_lines(connection, file)
            whole = True
        else:
            files += keep(target, entry.name, file)
    if counts is None or not whole:
        raise ValueError("its end is missing")
    return Counts(counts.predictions, files, counts.missing, counts.known)


def forget(archive: tarfile.TarFile) -> None:
    """It would remember every entry, and grow with them."""
    archive.members = []  # type: ignore[attr-defined]


def read_head(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> dict[str, Any]:
    """What an archive says of itself."""
    file = archive.extractfile(entry)
    told = None if file is None else json.loads(file.read(10_000))
    return told if isinstance(told, dict) else {}


def keep(target: Store, name: str, file: IO[bytes]) -> int:
    """Keep one picture under its name, if it has a name of ours and is not there; 1 if it was kept."""
    folder, _, last = name.partition("/")
    named = IMAGE.fullmatch(last.removeprefix(last[:2] + "/")) if folder == "images" else None
    if named is None and not (folder == "heatmaps" and HEATMAP.fullmatch(last)):
        raise ValueError(f"{name!r} has no place there")
    place = target.files.place
    if place.has(name):
        return 0
    place.stage({name: file.read()}).commit()
    return 1


def read_rows(connection: Connection, target: Store, file: IO[bytes]) -> Counts:
    """The rows of a backup into the database."""
    counts = Counts()
    with gzip.open(file) as lines:
        for some in batches((json.loads(line) for line in lines), CHUNK):
            counts = insert_rows(connection, target, some, counts)
    fresh = select(func.count()).select_from(predictions).scalar_subquery()
    connection.execute(update(store).values(predictions=fresh))
    return counts


def insert_rows(connection: Connection, target: Store, lines: list[dict[str, Any]], counts: Counts) -> Counts:
    """At most CHUNK predictions with what belongs to them."""
    wanted = {line["prediction"]["id"]: line for line in lines}
    by_id = select(predictions.c.id).where(predictions.c.id.in_(list(wanted)))
    known = set(connection.execute(by_id).scalars())
    new = [line for one, line in wanted.items() if one not in known]
    missing = 0
    if new:
        rows = [typed(predictions, line["prediction"]) for line in new]
        connection.execute(insert(predictions), rows)
        missing = sum(not target.files.place.has(name) for row in rows for name in names_of(target, row))
        numbers = select(predictions.c.id, predictions.c.seq).where(
            predictions.c.id.in_([row["id"] for row in rows])
        )
        seq = {row.id: row.seq for row in connection.execute(numbers)}
        reviewed = [
            typed(reviews, one) | {"seq": seq[line["prediction"]["id"]]}
            for line in new
            for one in line["reviews"]
        ]
        if reviewed:
            connection.execute(insert(reviews), reviewed)
        labels = [{"name": name, "seq": seq[row["id"]]} for row in rows for name in row["tags"]]
        if labels:
            connection.execute(insert(tags), labels)
        insert_audit(connection, [typed(audit, one) for line in new for one in line["audit"]])
    return Counts(counts.predictions + len(new), 0, counts.missing + missing, counts.known + len(known))


def insert_lines(connection: Connection, file: IO[bytes]) -> None:
    """Audit lines of predictions that are gone."""
    with gzip.open(file) as lines:
        for some in batches((json.loads(line) for line in lines), CHUNK):
            insert_audit(connection, [typed(audit, one) for one in some])


def insert_audit(connection: Connection, lines: list[dict[str, Any]]) -> None:
    """Audit lines that are not there yet."""
    ids = select(audit.c.id).where(audit.c.id.in_([line["id"] for line in lines]))
    known = set(connection.execute(ids).scalars())
    new = [line for line in lines if line["id"] not in known]
    if new:
        connection.execute(insert(audit), new)

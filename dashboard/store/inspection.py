"""Whether everything that a store should have is there and can be read: `python -m dashboard check`."""

import io
import json
from collections.abc import Iterator
from typing import Any

from PIL import Image
from sqlalchemy import Connection, select

from dashboard.store.backup import files_of_row, is_deleted, rows_to_back_up
from dashboard.store.backup_rows import BackupCase, case_row, parse_row
from dashboard.store.case_lines import case_lines
from dashboard.store.counted import count_miscounted
from dashboard.store.database import in_batches
from dashboard.store.placing import count_misplaced
from dashboard.store.repository import Store
from dashboard.store.schema import binned


def store_problems(source: Store) -> Iterator[str]:
    """A sentence for each thing that is wrong, at constant memory; nothing is changed."""
    with source.reading() as connection:
        yield from database_damage(connection)
        if wrong := count_miscounted(connection):
            yield f"Of {wrong:,} predictions it is wrong whether monitoring counts them."
        if wrong := count_misplaced(connection):
            yield f"{wrong:,} predictions do not agree with their lesion and patient."
        for rows in in_batches(rows_to_back_up(source, connection, None)):
            for row, line in zip(rows, case_lines(connection, rows), strict=True):
                yield from (
                    f"Prediction {row['id']}: {fault}." for fault in prediction_faults(source, row, line)
                )
        for row in connection.execute(select(binned).order_by(binned.c.id)).mappings():
            yield from (f"Case {row['id']} in the bin: {fault}." for fault in binned_faults(source, row))


def database_damage(connection: Connection) -> Iterator[str]:
    """What SQLite finds wrong with its file; PostgreSQL looks after its own."""
    if connection.dialect.name == "sqlite":
        for message in connection.exec_driver_sql("PRAGMA integrity_check(10)").scalars():
            if message != "ok":
                yield f"The database is damaged: {message}. Restore a backup."


def prediction_faults(source: Store, row: Any, line: dict[str, Any]) -> Iterator[str]:
    """What is wrong with a prediction and its files."""
    try:
        case = parse_row(BackupCase, json.dumps(line).encode())
    except ValueError as error:
        yield f"its row cannot be right, {error}"
        return
    if wrong := [name for name, value in case_row(case, source.known).items() if row[name] != value]:
        yield f"{', '.join(wrong)} do not agree with its reviews and texts"
    yield from file_faults(source, row)


def binned_faults(source: Store, row: Any) -> Iterator[str]:
    """What is wrong with a case in the bin and its files."""
    try:
        parse_row(BackupCase, json.dumps(row["line"]).encode())
    except ValueError as error:
        yield f"it cannot be put back, {error}"
    yield from file_faults(source, row)


def file_faults(source: Store, row: Any) -> Iterator[str]:
    """What is wrong with the files of a case."""
    thumbnail = source.files.thumbnail(row["sha256"])
    kept = (thumbnail,) if source.files.place.has(thumbnail) else ()
    for name in (*files_of_row(source, row), *kept):
        fault = picture_fault(source, name)
        if fault and not is_deleted(source, row["id"]):
            yield fault


def picture_fault(source: Store, name: str) -> str:
    """Why a picture cannot be shown; empty for one that can."""
    try:
        data = source.files.place.read(name)
    except FileNotFoundError:
        return f"{name} is missing or empty"
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as image:
            image.load()
    # Pillow's decoders raise nearly anything on damaged input.
    except Exception:
        return f"{name} is damaged"
    return ""

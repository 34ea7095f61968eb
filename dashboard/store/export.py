"""Exports of predictions: tables, images, and a dataset to train on.

Every function takes records, from `Store.stream` or a list, and yields the bytes of one file at constant memory.
"""

import csv
import io
import json
import zipfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, astuple
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from dashboard.store.changes import audit_row
from dashboard.store.database import in_batches
from dashboard.store.errors import NotFound, StoreError
from dashboard.store.fields import CONTEXT, LESION_SITES, SITES
from dashboard.store.files import image_ending
from dashboard.store.names import new_id
from dashboard.store.opinions import ReaderJudgement
from dashboard.store.places import new_file
from dashboard.store.query import Query
from dashboard.store.records import Record
from dashboard.store.repository import Store
from dashboard.store.schema import audit, lesions, patients
from dashboard.store.summary import predicted_codes
from model.outcome import OUTCOME_RULE
from model.tables import spreadsheet_safe

ROW_GROUP = 10_000
# A ZIP knows no earlier date, and equal exports shall have equal bytes.
LONG_AGO = (1980, 1, 1, 0, 0, 0)

# Before and after the probabilities of the diagnoses.
FIRST: dict[str, type] = {
    **dict.fromkeys(("id", "created", "filename", "sha256"), str),
    **dict.fromkeys(("width", "height"), int),
    **dict.fromkeys(("model", "model_version", "model_sha256", "operating_point"), str),
    **dict.fromkeys(("threshold", "malignant_from", "probability"), float),
    "outcome": str,
    "outcome_rule": int,
    "decision": str,
    "diagnosis": str,
}
LAST: dict[str, type] = {
    "novelty": float,
    "warnings": str,
    "milliseconds": float,
    **{field.name: int if field.type is int else str for field in CONTEXT},
    **dict.fromkeys(("review", "confirmed", "confirmed_by", "reviewed", "tags"), str),
    "revision": int,
    **dict.fromkeys(("crop", "replaces", "judgements"), str),
}
# How HAM10000 calls the ways in which a diagnosis was confirmed.
DX_TYPES = {"histology": "histo", "follow-up": "follow_up", "expert": "consensus"}
DATASET = (
    *("lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization"),
    *("patient_id", "export"),
)
LEFT_OUT = "left-out.txt"


class Drain(io.RawIOBase):
    """A file that is read while it is written: what was written can be taken away at once."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.position = 0

    def writable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """How many bytes were written."""
        return self.position

    def write(self, data: object) -> int:
        """Keep the bytes until they are taken."""
        part = bytes(data)  # type: ignore[call-overload]
        self.parts.append(part)
        self.position += len(part)
        return len(part)

    def take(self) -> bytes:
        """What was written since the last time."""
        data = b"".join(self.parts)
        self.parts.clear()
        return data


def export_columns(store: Store) -> dict[str, type]:
    """Names and types of a table's columns; each diagnosis that any stored prediction knows has one."""
    return FIRST | dict.fromkeys((f"p_{code}" for code in predicted_codes(store)), float) | LAST


def export_row(record: Record, columns: Mapping[str, type]) -> dict[str, Any]:
    """A record as one row of a table: times as ISO 8601 in UTC, lists joined by semicolons."""
    values = {
        "created": record.created.isoformat(),
        "outcome": str(record.outcome),
        "outcome_rule": OUTCOME_RULE,
        "decision": str(record.decision),
        "warnings": "; ".join(caution.code or caution.text for caution in record.cautions),
        "reviewed": None if record.reviewed is None else record.reviewed.isoformat(),
        "tags": "; ".join(record.tags),
        "judgements": "; ".join(map(judgement_cell, record.judgements)),
        "crop": None if record.crop is None else "; ".join(map(str, astuple(record.crop))),
        **{f"p_{code}": value for code, value in record.probabilities.items()},
        **asdict(record.context),
    }
    return {name: values[name] if name in values else getattr(record, name, None) for name in columns}


def judgement_cell(one: ReaderJudgement) -> str:
    """One of the judgements in a cell: when, by whom, before or after the result was seen, and what."""
    when = f"{one.created.isoformat()} {'after' if one.seen else 'before'} the result"
    return " ".join(filter(None, (when, f"by {one.who or one.reader}:", one.opinion, one.diagnosis)))


def csv_table(store: Store, records: Iterable[Record]) -> Iterator[bytes]:
    """A CSV file in UTF-8; no cell is taken for a formula by a spreadsheet."""
    text, columns = io.StringIO(), export_columns(store)
    table = csv.DictWriter(text, list(columns))
    table.writeheader()
    for number, record in enumerate(records, 1):
        table.writerow({name: spreadsheet_safe(value) for name, value in export_row(record, columns).items()})
        if number % 500 == 0:
            yield drain_text(text)
    yield drain_text(text)


def drain_text(text: io.StringIO) -> bytes:
    """The text that was written so far, as bytes; the text is empty afterwards."""
    data = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return data


def json_lines(_store: Store, records: Iterable[Record]) -> Iterator[bytes]:
    """JSON lines with everything that is stored of a prediction."""
    for record in records:
        more = {"outcome": record.outcome, "outcome_rule": OUTCOME_RULE}
        # JSON has no form for times.
        line = json.dumps(asdict(record) | more, default=datetime.isoformat, ensure_ascii=False)
        yield line.encode() + b"\n"


def parquet_table(store: Store, records: Iterable[Record]) -> Iterator[bytes]:
    """A Parquet file, a row group for every 10,000 predictions."""
    # Slow to import.
    import pyarrow as pa
    from pyarrow import parquet

    columns = export_columns(store)
    kinds = {str: pa.string(), float: pa.float64(), int: pa.int64()}
    schema = pa.schema([(name, kinds[kind]) for name, kind in columns.items()])
    drain, left = Drain(), iter(records)
    with parquet.ParquetWriter(drain, schema) as writer:
        while group := [export_row(record, columns) for record in islice(left, ROW_GROUP)]:
            writer.write_table(pa.Table.from_pylist(group, schema))
            yield drain.take()
    yield drain.take()


def images_zip(store: Store, records: Iterable[Record]) -> Iterator[bytes]:
    """A ZIP with each photograph once, named by its digest, and the table of predictions that names them."""
    drain, table = Drain(), io.BytesIO()
    seen = set[str]()
    with zipfile.ZipFile(drain, "w", zipfile.ZIP_STORED) as archive:

        def with_photographs(some: Iterable[Record]) -> Iterator[Record]:
            for record in some:
                if record.sha256 not in seen and add_photograph(
                    archive, store, record, f"images/{record.sha256}"
                ):
                    seen.add(record.sha256)
                yield record

        for part in csv_table(store, with_photographs(records)):
            table.write(part)
            yield drain.take()
        archive.writestr(zip_entry("predictions.csv"), table.getvalue(), zipfile.ZIP_DEFLATED)
    yield drain.take()


def dataset_zip(store: Store, records: Iterable[Record]) -> Iterator[bytes]:
    """The confirmed cases among the records as a dataset to train on, which `python -m training prepare` reads.

    Only of patients who consent to training. `metadata.csv` has the columns of HAM10000's, whose patient it is, which
    stays on one side of the split, and the id of this export, which the card of a bundle keeps that is trained on it.
    The trail of each patient has it, too. Of an image that was predicted several times, the case that was reviewed last
    counts.
    """
    drain, export, people, left_out = Drain(), new_id(), set[str](), 0
    with zipfile.ZipFile(drain, "w", zipfile.ZIP_STORED) as archive:
        table = io.StringIO()
        metadata = csv.DictWriter(table, DATASET)
        metadata.writeheader()
        for record in latest_confirmed(store, records):
            patient = consenting_patient(store, record)
            if patient is None:
                left_out += 1
            elif add_photograph(archive, store, record, f"images/{record.id}"):
                people.add(patient)
                metadata.writerow(dataset_row(record, patient, export))
                yield drain.take()
        # Before the table is there without which nobody can train.
        note_export(store, people, export)
        archive.writestr(zip_entry("metadata.csv"), table.getvalue(), zipfile.ZIP_DEFLATED)
        told = f"{left_out:,} confirmed photographs are left out: their patients, if any, do not consent to training."
        archive.writestr(zip_entry(LEFT_OUT), told if left_out else "Nothing is left out.")
    yield drain.take()


def consenting_patient(store: Store, record: Record) -> str | None:
    """The id of the patient of a case, who consents to the training of models; None where there is no such patient."""
    owner = (
        select(patients.c.id)
        .join(lesions, lesions.c.patient_id == patients.c.id)
        .where(lesions.c.id == record.lesion_id, patients.c.consent_training.is_not(None))
    )
    with store.reading() as connection:
        return None if record.lesion_id is None else connection.execute(owner).scalar()


def note_export(store: Store, people: Collection[str], export: str) -> None:
    """Write into each patient's trail that photographs went out to train on."""
    with store.writing() as connection:
        for batch in in_batches(sorted(people)):
            there = connection.execute(
                select(patients.c.id, patients.c.revision).where(patients.c.id.in_(batch))
            )
            lines = [audit_row(row.id, row.revision, "exported", "", {"export": export}) for row in there]
            connection.execute(insert(audit), lines)


def latest_confirmed(store: Store, records: Iterable[Record]) -> Iterator[Record]:
    """Of each image with a confirmed diagnosis, the record that was reviewed last."""
    last: dict[str, tuple[datetime, str]] = {}
    for record in records:
        if record.confirmed is not None and record.reviewed is not None:
            reviewed = (record.reviewed, record.id)
            last[record.sha256] = max(reviewed, last.get(record.sha256, reviewed))
    for _, record_id in last.values():
        # Deleted meanwhile, or no longer confirmed.
        with suppress(NotFound):
            record = store.get(record_id)
            if record.confirmed is not None:
                yield record


def dataset_row(record: Record, patient: str, export: str) -> Mapping[str, Any]:
    """A confirmed case of a patient as a row of HAM10000's metadata, with the export's id."""
    context = record.context
    return {
        # What nobody has assigned to a lesion stands for itself.
        "lesion_id": record.lesion_id if context.lesion else record.id,
        "patient_id": patient,
        "export": export,
        "image_id": record.id,
        "dx": record.confirmed,
        "dx_type": DX_TYPES.get(record.confirmed_by or "", "unknown"),
        "age": context.age,
        "sex": context.sex or "unknown",
        # What somebody typed may say whose lesion it is.
        "localization": context.site if context.site in (*LESION_SITES, *SITES) else "unknown",
    }


def add_photograph(archive: zipfile.ZipFile, store: Store, record: Record, name: str) -> bool:
    """Put a record's photograph into a ZIP, under a name without its ending; False when it is gone."""
    try:
        data = store.picture(record)
    except NotFound:
        return False
    archive.writestr(zip_entry(name + image_ending(data)), data)
    return True


def zip_entry(name: str) -> zipfile.ZipInfo:
    """A file in a ZIP, always of the same date."""
    entry = zipfile.ZipInfo(name, LONG_AGO)
    entry.external_attr = 0o644 << 16
    return entry


# File name -> its media type, and what yields its bytes.
EXPORTS: dict[str, tuple[str, Callable[[Store, Iterable[Record]], Iterator[bytes]]]] = {
    "predictions.csv": ("text/csv; charset=utf-8", csv_table),
    "predictions.parquet": ("application/vnd.apache.parquet", parquet_table),
    "predictions.jsonl": ("application/jsonl", json_lines),
    "images.zip": ("application/zip", images_zip),
    "dataset.zip": ("application/zip", dataset_zip),
}


def write_export(store: Store, query: Query, path: Path) -> None:
    """Write what a query asks for to a new file, of the kind that its ending names.

    Raises:
        StoreError: the ending is unknown, the file exists already or cannot be written.
    """
    name = {"zip": "dataset.zip"}.get(path.suffix[1:], f"predictions{path.suffix}")
    if name not in EXPORTS:
        raise StoreError(f"{path}: the ending must be .csv, .parquet, .jsonl or .zip.")
    with new_file(path) as file:
        file.writelines(EXPORTS[name][1](store, store.stream(query)))

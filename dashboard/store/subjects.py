"""All that the store has of a patient, or of a lesion, in the list and in the bin: as one file, and to be erased."""

import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, delete, insert, select

from dashboard.store.bin import delete_for_good, record_of_line
from dashboard.store.case_lines import case_lines, json_row, json_rows_by, lines_by_id
from dashboard.store.changes import audit_row, redact_audit
from dashboard.store.database import in_batches
from dashboard.store.export import Drain, add_photograph, zip_entry
from dashboard.store.placing import find_patient, lesion_by_name, patient_by_name
from dashboard.store.schema import audit, binned, lesions, patients, predictions, utc_now

if TYPE_CHECKING:
    from dashboard.store.repository import Store

CASES = "cases.json"


@dataclass(frozen=True)
class Subject:
    """Whose data are meant: a patient, one lesion of a patient, or a lesion of nobody who is named.

    Attributes:
        patient: the identifier, in upper or lower case.
        lesion: the reference; without a patient, exactly as it was given.
        patient_id: of a patient who is not named, instead of all that.
    """

    patient: str | None = None
    lesion: str | None = None
    patient_id: str | None = None

    def __str__(self) -> str:
        parts = (("patient", self.patient), ("lesion", self.lesion))
        return ", ".join(f"{word} “{name}”" for word, name in parts if name) or "patient"


@dataclass(frozen=True)
class SubjectRows:
    """The ids of the records of a subject, with those that were merged into them."""

    patients: tuple[str, ...]
    lesions: tuple[str, ...]


def rows_of_subject(connection: Connection, subject: Subject) -> SubjectRows:
    """The records of a subject; empty where there are none."""
    patient = patient_by_name(connection, subject.patient) if subject.patient else None
    if subject.patient and patient is None:
        return SubjectRows((), ())
    if subject.lesion:
        lesion = lesion_by_name(connection, patient, subject.lesion)
        if lesion is None:
            return SubjectRows((), ())
        found = with_merged(connection, lesions, [lesion.id])
        # A patient who is not named is there for his lesions alone.
        others = select(lesions.c.id).where(
            lesions.c.patient_id == lesion.patient_id, lesions.c.id.not_in(found)
        )
        alone = patient is None and connection.execute(others.limit(1)).first() is None
        owner = [lesion.patient_id] if alone and is_nobody(connection, lesion.patient_id) else []
        return SubjectRows(with_merged(connection, patients, owner), found)
    start = patient.id if patient else subject.patient_id
    people = with_merged(connection, patients, [start] if start else [])
    theirs = select(lesions.c.id).where(lesions.c.patient_id.in_(people))
    return SubjectRows(people, with_merged(connection, lesions, connection.execute(theirs).scalars().all()))


def is_nobody(connection: Connection, patient_id: str) -> bool:
    """Whether a patient is not named."""
    return find_patient(connection, patient_id).details.identifier is None


def with_merged(connection: Connection, table: Any, ids: Sequence[str]) -> tuple[str, ...]:
    """Ids of patients or lesions with those of all that were merged into them."""
    found, new = list(ids), list(ids)
    while new:
        into = select(table.c.id).where(table.c.merged_into.in_(new), table.c.id.not_in(found))
        new = list(connection.execute(into).scalars())
        found += new
    return tuple(found)


def ids_of_subject(store: "Store", subject: Subject) -> tuple[str, ...]:
    """The cases of a subject, in the list and in the bin, the oldest first."""
    with store.reading() as connection:
        return ids_of_lesions(connection, rows_of_subject(connection, subject).lesions)


def ids_of_same_lesion(store: "Store", lesion_id: str) -> tuple[str, ...]:
    """The cases of a lesion, in the list and in the bin, the oldest first."""
    with store.reading() as connection:
        return ids_of_lesions(connection, with_merged(connection, lesions, [lesion_id]))


def ids_of_lesions(connection: Connection, lesion_ids: Sequence[str]) -> tuple[str, ...]:
    """The cases of lesions, in the list and in the bin, the oldest first."""
    found: list[str] = []
    for part in in_batches(lesion_ids):
        for table in (predictions, binned):
            found += connection.execute(select(table.c.id).where(table.c.lesion_id.in_(part))).scalars()
    # Ids sort by time.
    return tuple(sorted(found))


def erase_rows_of_subject(store: "Store", subject: Subject, who: str = "") -> tuple[str, ...]:
    """Delete every case of a subject for good, with photographs and records; also those that come in meanwhile.

    Returns:
        The ids of the cases, the lesions and the patients.

    Raises:
        Held: a case is on legal hold; nothing is deleted then.
    """
    erased: list[str] = []
    deleted: dict[str, str] = {}
    with store.writing() as connection:
        rows = rows_of_subject(connection, subject)
        for part in in_batches(ids_of_lesions(connection, rows.lesions)):
            deleted |= delete_for_good(connection, part, who)
        for table, ids in ((lesions, rows.lesions), (patients, rows.patients)):
            delete_records(connection, table, ids, who)
            erased += ids
    store.remove_files(deleted)
    return (*sorted(deleted), *erased)


def delete_records(connection: Connection, table: Any, ids: Sequence[str], who: str) -> None:
    """Delete patients or lesions; of each stays that it was there, and who deleted it."""
    for part in in_batches(ids):
        redact_audit(connection, part)
        rows = connection.execute(select(table.c.id, table.c.revision).where(table.c.id.in_(part))).all()
        lines = [audit_row(row.id, row.revision, "deleted", who, {}) for row in rows]
        if lines:
            connection.execute(insert(audit), lines)
        connection.execute(delete(table).where(table.c.id.in_(part)))


def subject_zip(
    store: "Store", subject: Subject, trail: Mapping[str, Sequence[Mapping[str, Any]]]
) -> Iterator[bytes]:
    """Everything that is stored of a subject as a ZIP: the photographs, and the rest as JSON.

    Args:
        trail: id -> who saw, took or deleted it.
    """
    drain = Drain()
    with zipfile.ZipFile(drain, "w", zipfile.ZIP_STORED) as archive:
        cases = []
        with store.reading() as connection:
            rows = rows_of_subject(connection, subject)
            records = {
                table.name: records_with_history(connection, table, table.c.id.in_(ids))
                for table, ids in ((patients, rows.patients), (lesions, rows.lesions))
            }
            for line in lines_of_cases(connection, ids_of_lesions(connection, rows.lesions)):
                record = record_of_line(line)
                there = add_photograph(archive, store, record, f"photographs/{record.id}")
                photograph = archive.namelist()[-1] if there else None
                cases.append(line | {"photograph": photograph, "trail": trail.get(record.id, [])})
                yield drain.take()
        head = {"patient": subject.patient, "lesion": subject.lesion, "created": utc_now().isoformat()}
        text = json.dumps(head | records | {"cases": cases}, ensure_ascii=False, indent=1)
        archive.writestr(zip_entry(CASES), text, zipfile.ZIP_DEFLATED)
    yield drain.take()


def records_with_history(
    connection: Connection, table: Any, condition: ColumnElement[bool]
) -> list[dict[str, Any]]:
    """Rows of patients or lesions, each with its lines of the audit trail."""
    rows = connection.execute(select(table).where(condition).order_by(table.c.id)).mappings().all()
    history = json_rows_by(connection, audit, audit.c.prediction_id, [row["id"] for row in rows])
    return [json_row(table, row) | {"audit": history.get(row["id"], [])} for row in rows]


def lines_of_cases(connection: Connection, ids: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Everything that belongs to these cases, as a line of a backup has it."""
    for part in in_batches(ids):
        rows = connection.execute(select(predictions).where(predictions.c.id.in_(part))).mappings().all()
        for line in case_lines(connection, rows):
            yield line | {"deleted": None, "deleted_by": None}
        there = connection.execute(select(binned).where(binned.c.id.in_(part))).all()
        for row, others in zip(there, lines_by_id(connection, [row.id for row in there]), strict=True):
            yield row.line | others | {"deleted": row.binned.isoformat(), "deleted_by": row.who}

"""Patients and their lesions: found as you type, read with their cases, and changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, func, select

from dashboard.store import patient_changes
from dashboard.store.changes import audit_trail
from dashboard.store.errors import QueryError
from dashboard.store.names import MAX_NAME, clean_line, fold
from dashboard.store.placing import (
    Lesion,
    Patient,
    find_lesion,
    find_patient,
    patient_by_name,
    patient_of_row,
)
from dashboard.store.query import MAX_LIMIT, storable
from dashboard.store.records import AuditLine, Record, record_from_row
from dashboard.store.schema import audit, lesions, patients, predictions
from dashboard.store.subjects import with_merged

if TYPE_CHECKING:
    from dashboard.store.repository import Store

# What comes after every text.
LAST = "\U0010ffff"


@dataclass(frozen=True)
class LesionSummary:
    """A lesion and its photographs.

    Attributes:
        predictions: how many there are.
        undated: of how many nobody knows when they were taken.
        first_taken, last_taken: of the others; None without one.
    """

    lesion: Lesion
    predictions: int
    undated: int
    first_taken: str | None
    last_taken: str | None


class Patients:
    """The patients of a store. Safe to use from several threads and processes."""

    def __init__(self, store: "Store") -> None:
        self.store = store

    def get(self, patient_id: str) -> Patient:
        """The patient with this id; NoPatient when there is none."""
        with self.store.reading() as connection:
            return find_patient(connection, patient_id)

    def lesion(self, lesion_id: str) -> Lesion:
        """The lesion with this id; NoPatient when there is none."""
        with self.store.reading() as connection:
            return find_lesion(connection, lesion_id)

    def called(self, identifier: str) -> Patient | None:
        """The patient with this identifier, in upper or lower case; None where nobody has it."""
        with self.store.reading() as connection:
            return patient_by_name(connection, storable(clean_line(identifier, 128, "The identifier")))

    def find(self, start: str = "", after: str = "", limit: int = 50) -> tuple[Patient, ...]:
        """Named patients whose identifier starts so, in upper or lower case, in its order.

        Args:
            after: the identifier of the last one of the page before.

        Raises:
            QueryError: the limit does not fit, or a text cannot be asked for.
        """
        if not 1 <= limit <= MAX_LIMIT:
            raise QueryError(f"limit must be between 1 and {MAX_LIMIT}.")
        column, begin = patients.c.identifier_folded, storable(fold(start))
        wanted = select(patients).where(column >= begin, column < begin + LAST)
        if after:
            wanted = wanted.where(column > storable(fold(after)))
        with self.store.reading() as connection:
            rows = connection.execute(wanted.order_by(column).limit(limit)).mappings()
            return tuple(map(patient_of_row, rows))

    def lesions(self, patient_id: str) -> tuple[LesionSummary, ...]:
        """The lesions of a patient, by name, each with what its photographs come to."""
        with self.store.reading() as connection:
            return summaries(connection, patient_changes.lesions_of_patient(connection, patient_id))

    def summary(self, lesion: Lesion) -> LesionSummary:
        """A lesion with what its photographs come to."""
        with self.store.reading() as connection:
            return summaries(connection, [lesion])[0]

    def cases_of_patient(self, patient_id: str) -> tuple[Record, ...]:
        """The cases of all lesions of a patient, as `cases_of_lesion`."""
        theirs = select(lesions.c.id).where(lesions.c.patient_id == patient_id)
        return self._cases(predictions.c.lesion_id.in_(theirs))

    def cases_of_lesion(self, lesion_id: str | None) -> tuple[Record, ...]:
        """The cases of a lesion by the day on which they were taken, at most 500; undated ones come last."""
        return self._cases(predictions.c.lesion_id == lesion_id) if lesion_id else ()

    def _cases(self, condition: ColumnElement[bool]) -> tuple[Record, ...]:
        order = (predictions.c.taken.is_(None), predictions.c.taken, predictions.c.created, predictions.c.seq)
        with self.store.reading() as connection:
            rows = connection.execute(
                select(predictions).where(condition).order_by(*order).limit(MAX_LIMIT)
            ).mappings()
            return tuple(map(record_from_row, rows))

    def history(self, subject: str) -> tuple[AuditLine, ...]:
        """What was done to a patient or a lesion, oldest first."""
        with self.store.reading() as connection:
            return audit_trail(connection, subject)

    def exports(self, patient_id: str) -> frozenset[str]:
        """Ids of the exports for training that had photographs of this patient, or of one who was merged into him."""
        with self.store.reading() as connection:
            people = with_merged(connection, patients, [patient_id])
            lines = select(audit.c.detail).where(
                audit.c.prediction_id.in_(people), audit.c.action == "exported"
            )
            return frozenset(detail["export"] for detail in connection.execute(lines).scalars())

    def correct(
        self, patient_id: str, fields: Mapping[str, Any], who: str = "", revision: int | None = None
    ) -> Patient:
        """Change what is known of a patient; the others of his fields stay as they are at that moment.

        Args:
            fields: of `PatientDetails`, by their names.
            revision: the one that the user has seen, None for any.

        Raises:
            Conflict: somebody changed the patient meanwhile, or another one has the identifier.
            InputError: a value does not fit.
            NoPatient: there is no such patient.
        """
        with self.store.writing() as connection:
            return patient_changes.correct_patient(
                connection, patient_id, revision, fields, changer_name(who)
            )

    def correct_lesion(
        self, lesion_id: str, fields: Mapping[str, Any], who: str = "", revision: int | None = None
    ) -> Lesion:
        """Change what is known of a lesion, or move it to another patient.

        Args:
            fields: of `LesionDetails`, by their names; "patient", the identifier of whose it is, made where it is new.
            revision: the one that the user has seen, None for any.

        Raises:
            Conflict: somebody changed the lesion meanwhile, or another one has the name.
            InputError: a value does not fit.
            NoPatient: there is no such lesion.
        """
        with self.store.writing() as connection:
            return patient_changes.correct_lesion(connection, lesion_id, revision, fields, changer_name(who))

    def merge(self, patient_id: str, into: str, who: str = "") -> Patient:
        """Have a patient be another: the other one has the lesions of both. Returns the other one.

        Lesions of one name stay two; the one that comes is called by where it comes from, too.

        Raises:
            Conflict: one of them is merged already.
            InputError: they are one, or one of them would be photographed before birth.
            NoPatient: one of them is not there.
        """
        with self.store.writing() as connection:
            return patient_changes.merge_patients(connection, patient_id, into, changer_name(who))

    def undo_merge(self, patient_id: str, who: str = "") -> Patient:
        """Have a merged patient be one again, with the lesions that he had. Conflict where he is not merged."""
        with self.store.writing() as connection:
            return patient_changes.part_patients(connection, patient_id, changer_name(who))

    def merge_lesion(self, lesion_id: str, into: str, who: str = "") -> Lesion:
        """Have a lesion be another of the same patient: the other one has the photographs of both; see `merge`."""
        with self.store.writing() as connection:
            return patient_changes.merge_lesions(connection, lesion_id, into, changer_name(who))

    def undo_lesion_merge(self, lesion_id: str, who: str = "") -> Lesion:
        """Have a merged lesion be one again, with the photographs that it had. Conflict where it is not merged."""
        with self.store.writing() as connection:
            return patient_changes.part_lesions(connection, lesion_id, changer_name(who))


def summaries(connection: Connection, some: Sequence[Lesion]) -> tuple[LesionSummary, ...]:
    """Lesions with what their photographs come to."""
    taken = predictions.c.taken
    sums = (
        select(
            predictions.c.lesion_id,
            func.count().label("number"),
            func.count(taken).label("dated"),
            func.min(taken).label("first"),
            func.max(taken).label("last"),
        )
        .where(predictions.c.lesion_id.in_([lesion.id for lesion in some]))
        .group_by(predictions.c.lesion_id)
    )
    found = {row.lesion_id: row for row in connection.execute(sums)}
    return tuple(
        LesionSummary(lesion, row.number, row.number - row.dated, row.first, row.last)
        if (row := found.get(lesion.id))
        else LesionSummary(lesion, 0, 0, None, None)
        for lesion in some
    )


def changer_name(who: str) -> str:
    """The name of whoever changes something."""
    return clean_line(who, MAX_NAME, "The name")

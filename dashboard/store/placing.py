"""Which lesion of which patient a case belongs to, by the names that people give."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, func, insert, or_, select

from dashboard.store.errors import InputError, NoPatient
from dashboard.store.fields import LESION, PATIENT, LesionDetails, PatientDetails
from dashboard.store.files import ID
from dashboard.store.names import fold, new_id
from dashboard.store.records import Record, is_ahead
from dashboard.store.schema import lesions, patients, predictions, utc_now

NO_PATIENT = "There is no patient under this address. The record may have been erased."
NO_LESION = "There is no lesion under this address. It may have been erased."


@dataclass(frozen=True)
class Patient:
    """Who has lesions.

    Attributes:
        details: without an identifier, a patient who is not named.
        merged_into: id of the patient that this one turned out to be.
        revision: grows by one with every change.
    """

    id: str
    created: datetime
    details: PatientDetails
    merged_into: str | None = None
    revision: int = 0


@dataclass(frozen=True)
class Lesion:
    """What photographs of a patient show.

    Attributes:
        details: without a name, what nobody has assigned to a lesion.
        merged_into: id of the lesion that this one turned out to be.
        revision: grows by one with every change.
    """

    id: str
    created: datetime
    patient_id: str
    details: LesionDetails
    merged_into: str | None = None
    revision: int = 0


def find_patient(connection: Connection, patient_id: str) -> Patient:
    """The patient with an id; NoPatient when there is none."""
    row = row_of_id(connection, patients, patient_id)
    if row is None:
        raise NoPatient(NO_PATIENT)
    return patient_of_row(row)


def find_lesion(connection: Connection, lesion_id: str) -> Lesion:
    """The lesion with an id; NoPatient when there is none."""
    row = row_of_id(connection, lesions, lesion_id)
    if row is None:
        raise NoPatient(NO_LESION)
    return lesion_of_row(row)


def row_of_id(connection: Connection, table: Table, row_id: str) -> Any:
    """A row by its id, None when there is none."""
    # A database may choke on what no id looks like.
    if not ID.fullmatch(row_id):
        return None
    return connection.execute(select(table).where(table.c.id == row_id)).mappings().first()


def patient_of_row(row: Any) -> Patient:
    """A row of `patients`."""
    details = PatientDetails(**{field.name: row[field.name] for field in PATIENT})
    return Patient(row["id"], row["created"], details, row["merged_into"], row["revision"])


def lesion_of_row(row: Any) -> Lesion:
    """A row of `lesions`."""
    details = LesionDetails(**{field.name: row[field.name] for field in LESION})
    return Lesion(row["id"], row["created"], row["patient_id"], details, row["merged_into"], row["revision"])


def row_of_details(details: PatientDetails | LesionDetails) -> dict[str, Any]:
    """The details as column values."""
    values = asdict(details)
    parts = PATIENT if isinstance(details, PatientDetails) else LESION
    folded = {field.folded: values[field.name] for field in parts if field.folded != field.name}
    return values | {name: text and fold(text) for name, text in folded.items()}


def remaining_patient(connection: Connection, patient: Patient) -> Patient:
    """The patient that this one turned out to be, itself where it was not merged."""
    while patient.merged_into is not None:
        patient = find_patient(connection, patient.merged_into)
    return patient


def remaining_lesion(connection: Connection, lesion: Lesion) -> Lesion:
    """The lesion that this one turned out to be, itself where it was not merged."""
    while lesion.merged_into is not None:
        lesion = find_lesion(connection, lesion.merged_into)
    return lesion


def patient_by_name(connection: Connection, identifier: str) -> Patient | None:
    """The patient with an identifier, in upper or lower case."""
    named = select(patients).where(patients.c.identifier_folded == fold(identifier))
    row = connection.execute(named).mappings().first()
    return None if row is None else remaining_patient(connection, patient_of_row(row))


def lesion_by_name(connection: Connection, patient: Patient | None, name: str | None) -> Lesion | None:
    """The lesion of a patient by its name in upper or lower case; without a patient, by exactly its name."""
    condition: ColumnElement[bool]
    if patient is None:
        nobody = select(patients.c.id).where(
            patients.c.id == lesions.c.patient_id, patients.c.identifier.is_(None)
        )
        condition = (lesions.c.name == name) & nobody.exists()
    elif name is None:
        condition = (lesions.c.patient_id == patient.id) & lesions.c.name.is_(None)
    else:
        condition = (lesions.c.patient_id == patient.id) & (lesions.c.name_folded == fold(name))
    # Of several, the one that is still there.
    found = select(lesions).where(condition).order_by(lesions.c.merged_into.is_not(None), lesions.c.id)
    row = connection.execute(found.limit(1)).mappings().first()
    return None if row is None else remaining_lesion(connection, lesion_of_row(row))


def make_patient(connection: Connection, details: PatientDetails) -> Patient:
    """A new patient."""
    patient = Patient(new_id(), utc_now(), details)
    row = {"id": patient.id, "created": patient.created, "revision": 0}
    connection.execute(insert(patients).values(row | row_of_details(details)))
    return patient


def make_lesion(connection: Connection, patient_id: str, details: LesionDetails) -> Lesion:
    """A new lesion of a patient."""
    lesion = Lesion(new_id(), utc_now(), patient_id, details)
    row = {"id": lesion.id, "created": lesion.created, "patient_id": patient_id, "revision": 0}
    connection.execute(insert(lesions).values(row | row_of_details(details)))
    return lesion


def named_patient(connection: Connection, identifier: str) -> Patient:
    """The patient with an identifier, made where it is new."""
    found = patient_by_name(connection, identifier)
    return found or make_patient(connection, PatientDetails(identifier=identifier))


def place_case(connection: Connection, record: Record, by_hand: bool = True) -> Record:
    """A case as it belongs to the lesion that its context names, which is made where it is new.

    Args:
        by_hand: somebody gave the date; a camera's impossible one is dropped.

    Raises:
        InputError: it would be taken in the future, or before the patient was born.
    """
    context = record.context
    if context.taken is not None and is_ahead(context.taken):
        raise InputError("The date taken lies in the future.")
    if context.patient is None and context.lesion is None:
        return replace(record, lesion_id=None)
    patient = named_patient(connection, context.patient) if context.patient else None
    lesion = lesion_by_name(connection, patient, context.lesion)
    if lesion is None:
        patient = patient or make_patient(connection, PatientDetails())
        lesion = make_lesion(connection, patient.id, LesionDetails(name=context.lesion))
    patient = find_patient(connection, lesion.patient_id)
    if context.taken is not None and is_before_birth(context.taken, patient.details):
        if by_hand:
            raise InputError(before_birth(patient.details))
        context = replace(context, taken=None)
    return belonging_to(replace(record, context=context), patient, lesion)


def place_again(connection: Connection, record: Record) -> Record:
    """A case from a backup or the bin as it belongs to its lesion, with the names of now."""
    row = row_of_id(connection, lesions, record.lesion_id or "")
    if row is not None:
        lesion = remaining_lesion(connection, lesion_of_row(row))
        return belonging_to(record, find_patient(connection, lesion.patient_id), lesion)
    context = record.context
    # When it was taken was looked at before it was stored.
    placed = place_case(connection, replace(record, context=replace(context, taken=None)))
    return replace(placed, context=replace(placed.context, taken=context.taken))


def belonging_to(record: Record, patient: Patient, lesion: Lesion, left: Lesion | None = None) -> Record:
    """A case of a lesion, with its names and site.

    Args:
        left: the lesion that it belonged to.
    """
    own = own_site(record.context.site, left)
    named = replace(
        record.context,
        patient=patient.details.identifier,
        lesion=lesion.details.name,
        site=lesion_site(lesion) or own,
    )
    return replace(record, context=named, lesion_id=lesion.id)


def lesion_site(lesion: Lesion) -> str | None:
    """The site that the cases of a lesion have; None where nobody has said it, and each case has its own.

    What nobody has assigned to a lesion may lie anywhere.
    """
    return lesion.details.site if lesion.details.name is not None else None


def own_site(site: str | None, left: Lesion | None) -> str | None:
    """The site of a case that leaves a lesion: what it has from that stays there."""
    return None if left is not None and site == lesion_site(left) else site


def is_before_birth(taken: str, details: PatientDetails) -> bool:
    """Whether a photograph would be taken before the patient was born."""
    return details.birth_year is not None and int(taken[:4]) < details.birth_year


def before_birth(details: PatientDetails) -> str:
    """The sentence about a photograph from before a patient's birth."""
    return f"The date taken lies before the year of birth, {details.birth_year}."


def count_misplaced(connection: Connection) -> int:
    """How many predictions do not show the names and the site of their lesion and patient."""
    columns = predictions.c
    joined = predictions.outerjoin(lesions, lesions.c.id == columns.lesion_id).outerjoin(
        patients, patients.c.id == lesions.c.patient_id
    )
    wrong = or_(
        columns.lesion_id.is_not(None) & patients.c.id.is_(None),
        columns.lesion.is_distinct_from(lesions.c.name),
        columns.patient.is_distinct_from(patients.c.identifier),
        lesions.c.merged_into.is_not(None),
        lesions.c.site.is_not(None)
        & lesions.c.name.is_not(None)
        & columns.site.is_distinct_from(lesions.c.site),
    )
    counted = select(func.count()).select_from(joined).where(wrong)
    return int(connection.execute(counted).scalar_one())

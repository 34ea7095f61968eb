"""How people change patients and lesions: correct, move, merge, undo a merge, each with a line in the audit trail.

What cases show of them, and are searched by, follows in the same transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Table, func, insert, select, update

from dashboard.store.changes import audit_row, audit_trail, write_change
from dashboard.store.database import in_batches
from dashboard.store.errors import Conflict, InputError
from dashboard.store.names import fold
from dashboard.store.placing import (
    Lesion,
    Patient,
    before_birth,
    belonging_to,
    find_lesion,
    find_patient,
    is_before_birth,
    lesion_of_row,
    named_patient,
    remaining_lesion,
    remaining_patient,
    row_of_details,
)
from dashboard.store.records import record_from_row
from dashboard.store.schema import audit, lesions, patients, predictions, utc_now

LONGEST_NAME = 128
UNASSIGNED = "not assigned"


def correct_patient(
    connection: Connection, patient_id: str, revision: int | None, fields: Mapping[str, Any], who: str
) -> Patient:
    """Change fields of `PatientDetails`; see `Patients.correct`."""
    before = find_patient(connection, patient_id)
    check_seen(connection, before, revision)
    details = replace(before.details, **fields)
    if details == before.details:
        return before
    if details.identifier is None and before.details.identifier is not None:
        raise InputError("A patient keeps an identifier.")
    if details.identifier is not None:
        same = select(patients.c.id).where(
            patients.c.identifier_folded == fold(details.identifier), patients.c.id != patient_id
        )
        if connection.execute(same).first():
            raise Conflict(
                f"There is a patient {details.identifier} already. If both are one person, merge the two."
            )
    after = replace(before, details=details, revision=before.revision + 1)
    check_births(connection, after)
    write_row(connection, patients, after, "corrected", who, differences(before.details, details))
    if details.identifier != before.details.identifier:
        rename_cases(connection, after, who)
    return after


def correct_lesion(
    connection: Connection, lesion_id: str, revision: int | None, fields: Mapping[str, Any], who: str
) -> Lesion:
    """Change fields of `LesionDetails`, or whose lesion it is by "patient"; see `Patients.correct_lesion`."""
    before = find_lesion(connection, lesion_id)
    check_seen(connection, before, revision)
    if before.merged_into is not None:
        raise Conflict("This lesion was merged with another one. Undo that first, or change the other one.")
    owner = find_patient(connection, before.patient_id)
    wanted = fields.get("patient", owner.details.identifier)
    if wanted is None and "patient" in fields:
        raise InputError("Name the patient that the lesion belongs to.")
    details = replace(before.details, **{name: one for name, one in fields.items() if name != "patient"})
    if details.name is None and before.details.name is not None:
        raise InputError("A lesion keeps a name.")
    target = owner if wanted in (None, owner.details.identifier) else named_patient(connection, wanted)
    after = replace(before, patient_id=target.id, details=details, revision=before.revision + 1)
    if (target, details) == (owner, before.details):
        return before
    if (target.id, details.name) != (owner.id, before.details.name):
        refuse_same_name(connection, target, after)
    changed = differences(before.details, details)
    if target.id != owner.id:
        changed["patient"] = [owner.details.identifier, target.details.identifier]
    write_row(connection, lesions, after, "corrected" if target.id == owner.id else "moved", who, changed)
    check_births(connection, target)
    move_cases(connection, predictions.c.lesion_id == after.id, target, after, who, before)
    return after


def give_site(connection: Connection, lesion: Lesion, site: str | None, who: str, but: str) -> None:
    """Have a lesion, and its cases, be at a site; `but` is the case that is about to be written itself."""
    patient = find_patient(connection, lesion.patient_id)
    said: Any = {"site": site}
    details = replace(lesion.details, **said)
    after = replace(lesion, details=details, revision=lesion.revision + 1)
    write_row(connection, lesions, after, "corrected", who, differences(lesion.details, details))
    others = (predictions.c.lesion_id == lesion.id) & (predictions.c.id != but)
    move_cases(connection, others, patient, after, who, lesion)


def merge_patients(connection: Connection, patient_id: str, into: str, who: str) -> Patient:
    """Have one patient be another; see `Patients.merge`."""
    before, target = find_patient(connection, patient_id), find_patient(connection, into)
    refuse_merged(before, target)
    moved: list[list[str | None]] = []
    for lesion in lesions_of_patient(connection, before.id):
        moved.append([lesion.id, lesion.details.name])
        name = free_lesion_name(connection, target, lesion, before)
        give_lesion(connection, lesion, target.id, name)
    after = replace(before, merged_into=target.id, revision=before.revision + 1)
    line = {"merged_into": target.id, "patient": target.details.identifier, "lesions": moved}
    write_row(connection, patients, after, "merged", who, line)
    check_births(connection, target)
    rename_cases(connection, target, who)
    return target


def part_patients(connection: Connection, patient_id: str, who: str) -> Patient:
    """Undo the merge of a patient with another; see `Patients.undo_merge`."""
    before = find_patient(connection, patient_id)
    detail = last_merge(connection, before)
    target = remaining_patient(connection, before)
    after = replace(before, merged_into=None, revision=before.revision + 1)
    for lesion_id, name in detail["lesions"]:
        lesion = find_lesion(connection, lesion_id)
        if lesion.patient_id == target.id:
            # A name that somebody has corrected since stays.
            given = {taken_name(before, name, number) for number in range(1, 10)} | {name}
            give_lesion(
                connection, lesion, after.id, name if lesion.details.name in given else lesion.details.name
            )
    write_row(connection, patients, after, "merge undone", who, {"patient": target.details.identifier})
    check_births(connection, after)
    rename_cases(connection, after, who)
    return after


def merge_lesions(connection: Connection, lesion_id: str, into: str, who: str) -> Lesion:
    """Have one lesion be another; see `Patients.merge_lesion`."""
    before, target = find_lesion(connection, lesion_id), find_lesion(connection, into)
    refuse_merged(before, target)
    owner = find_patient(connection, before.patient_id)
    if owner.id != target.patient_id and owner.details.identifier is not None:
        raise InputError("They are lesions of two patients. Move one of them to the other patient first.")
    patient = find_patient(connection, target.patient_id)
    moved = move_cases(connection, predictions.c.lesion_id == before.id, patient, target, who, before)
    after = replace(before, merged_into=target.id, revision=before.revision + 1)
    line = {"merged_into": target.id, "name": target.details.name, "cases": moved}
    write_row(connection, lesions, after, "merged", who, line)
    check_births(connection, patient)
    return target


def part_lesions(connection: Connection, lesion_id: str, who: str) -> Lesion:
    """Undo the merge of a lesion with another; see `Patients.undo_lesion_merge`."""
    before = find_lesion(connection, lesion_id)
    detail = last_merge(connection, before)
    target = remaining_lesion(connection, before)
    after = replace(before, merged_into=None, revision=before.revision + 1)
    owner = remaining_patient(connection, find_patient(connection, before.patient_id))
    after = replace(after, patient_id=owner.id)
    write_row(connection, lesions, after, "merge undone", who, {"name": target.details.name})
    for ids in in_batches(detail["cases"]):
        still = (predictions.c.lesion_id == target.id) & predictions.c.id.in_(ids)
        move_cases(connection, still, owner, after, who, target)
    return after


def check_seen(connection: Connection, record: Patient | Lesion, revision: int | None) -> None:
    """Raise Conflict when a patient or lesion was changed since the revision that the user has seen."""
    if revision is None or revision == record.revision:
        return
    lines = [line for line in audit_trail(connection, record.id) if line.revision > revision]
    names = ", ".join(sorted({line.who for line in lines if line.who}))
    raise Conflict(
        f"The record was changed meanwhile{' by ' + names if names else ''}. Nothing of yours was written: look at it "
        "again, then decide.",
        changes=tuple(lines),
    )


def refuse_merged(one: Patient | Lesion, other: Patient | Lesion) -> None:
    """Raise where two records cannot be merged."""
    if one.id == other.id:
        raise InputError("Choose another one to merge it with.")
    if one.merged_into is not None or other.merged_into is not None:
        raise Conflict("One of them was merged already. Undo that first, or choose the one that remains.")


def last_merge(connection: Connection, record: Patient | Lesion) -> Mapping[str, Any]:
    """What was written when a record was merged with the one that it is merged with now."""
    if record.merged_into is None:
        raise Conflict("It is not merged with another one.")
    lines = audit_trail(connection, record.id)
    return next(line.detail for line in reversed(lines) if line.action == "merged")


def refuse_same_name(connection: Connection, patient: Patient, lesion: Lesion) -> None:
    """Raise Conflict where a patient has another lesion of that name."""
    if name_is_taken(connection, patient, lesion.details.name, lesion.id):
        whose = patient.details.identifier or "no named patient"
        raise Conflict(
            f"There is a lesion {lesion.details.name or UNASSIGNED} of {whose} already. Give this one another name. If "
            "both are one, merge the two then."
        )


def name_is_taken(connection: Connection, patient: Patient, name: str | None, but: str) -> bool:
    """Whether another lesion of a patient, or of any patient who is not named, has this name."""
    column = lesions.c.name_folded
    same = column.is_(None) if name is None else column == fold(name)
    if patient.details.identifier is None:
        nobody = select(patients.c.id).where(patients.c.identifier.is_(None))
        same = (lesions.c.name == name) & lesions.c.patient_id.in_(nobody)
    else:
        same &= lesions.c.patient_id == patient.id
    there = select(lesions.c.id).where(same, lesions.c.id != but, lesions.c.merged_into.is_(None))
    return connection.execute(there.limit(1)).first() is not None


def free_lesion_name(connection: Connection, patient: Patient, lesion: Lesion, before: Patient) -> str | None:
    """The name of a lesion that comes to a patient, with where it comes from where that name is taken."""
    if not name_is_taken(connection, patient, lesion.details.name, lesion.id):
        return lesion.details.name
    names = (taken_name(before, lesion.details.name, number) for number in range(1, 10))
    free = (name for name in names if not name_is_taken(connection, patient, name, lesion.id))
    return next(free, lesion.id)


def taken_name(before: Patient, name: str | None, number: int) -> str:
    """What a lesion is called whose name another one has."""
    end = f" ({before.details.identifier or 'not named'}{f', {number}' if number > 1 else ''})"
    return (name or UNASSIGNED)[: LONGEST_NAME - len(end)] + end[:LONGEST_NAME]


def give_lesion(connection: Connection, lesion: Lesion, patient_id: str, name: str | None) -> None:
    """Have a lesion be another patient's, under a name; the patients' trail says so."""
    details = replace(lesion.details, name=name)
    values = {"patient_id": patient_id, "revision": lesion.revision + 1} | row_of_details(details)
    connection.execute(update(lesions).where(lesions.c.id == lesion.id).values(values))


def lesions_of_patient(connection: Connection, patient_id: str) -> list[Lesion]:
    """The lesions of a patient that are not merged into others, by name; what nobody has assigned comes last."""
    theirs = (
        select(lesions)
        .where(lesions.c.patient_id == patient_id, lesions.c.merged_into.is_(None))
        .order_by(lesions.c.name_folded.is_(None), lesions.c.name_folded, lesions.c.id)
    )
    return [lesion_of_row(row) for row in connection.execute(theirs).mappings()]


def differences(before: Any, after: Any) -> dict[str, Any]:
    """What differs between two values of a dataclass: field -> [before, after]."""
    now = asdict(after)
    return {name: [value, now[name]] for name, value in asdict(before).items() if value != now[name]}


def write_row(
    connection: Connection,
    table: Table,
    after: Patient | Lesion,
    action: Literal["corrected", "moved", "merged", "merge undone"],
    who: str,
    detail: Mapping[str, Any],
) -> None:
    """Write a patient or lesion as it is now, with a line of the audit trail."""
    values = {"merged_into": after.merged_into, "revision": after.revision} | row_of_details(after.details)
    if isinstance(after, Lesion):
        values["patient_id"] = after.patient_id
    connection.execute(update(table).where(table.c.id == after.id).values(values))
    line = audit_row(after.id, after.revision, action, who, detail)
    connection.execute(insert(audit).values(line))


def check_births(connection: Connection, patient: Patient) -> None:
    """Raise InputError where a patient is born in the future, or after a photograph of a lesion was taken."""
    year = patient.details.birth_year
    if year is None:
        return
    if year > utc_now().year:
        raise InputError("The year of birth lies in the future.")
    theirs = select(lesions.c.id).where(lesions.c.patient_id == patient.id)
    first = select(func.min(predictions.c.taken)).where(predictions.c.lesion_id.in_(theirs))
    taken = connection.execute(first).scalar()
    if taken is not None and is_before_birth(taken, patient.details):
        raise InputError(
            f"A photograph of this patient was taken in {taken[:4]}. {before_birth(patient.details)}"
        )


def move_cases(
    connection: Connection,
    condition: ColumnElement[bool],
    patient: Patient,
    lesion: Lesion,
    who: str,
    left: Lesion | None = None,
) -> list[str]:
    """Have cases belong to a lesion, with its names of now, and a line in the trail of each. Returns their ids.

    Args:
        left: the lesion that they belonged to, or this one as it was.
    """
    rows: Sequence[Any] = connection.execute(select(predictions).where(condition)).mappings().all()
    for row in rows:
        before = record_from_row(row)
        after = belonging_to(before, patient, lesion, left)
        if after != before:
            write_change(connection, row["seq"], before, after, "described", who)
    return [row["id"] for row in rows]


def rename_cases(connection: Connection, patient: Patient, who: str) -> None:
    """Have the cases of a patient show the names of now."""
    for lesion in lesions_of_patient(connection, patient.id):
        move_cases(connection, predictions.c.lesion_id == lesion.id, patient, lesion, who)

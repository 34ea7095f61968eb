"""What can be done with patients and lesions, and by whom: look, correct, move, merge, take along, erase.

Pages, API and command line call this; what an actor may do is checked here.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from dashboard.cases import Actor, write_trail
from dashboard.services import Services
from dashboard.store.errors import NoPatient
from dashboard.store.patients import Patients
from dashboard.store.placing import Lesion, Patient
from dashboard.store.subjects import Subject, erase_rows_of_subject, ids_of_subject, subject_zip
from dashboard.users.roles import Permission
from dashboard.users.trail import Sought, Trail
from model.bundle import Bundle

# Of the audit trail, about one case.
MOST_LINES = 100_000


def change_patient(
    actor: Actor, services: Services, patient_id: str, fields: Mapping[str, Any], revision: int | None = None
) -> Patient:
    """Change what is known of a patient; see `Patients.correct`."""
    actor.require(Permission.REVIEW)
    changed = Patients(services.store).correct(patient_id, fields, actor.name, revision)
    write_trail(services, actor.name, "corrected", [patient_id])
    return changed


def trained_bundles(services: Services, patient_id: str) -> tuple[str, ...]:
    """Names and versions of the bundles that were trained on photographs of a patient, as far as they are here.

    An export for training writes its id into the trail of each patient, and a bundle's card has the ids of the exports
    that it learned from.
    """
    exports = Patients(services.store).exports(patient_id)
    return tuple(
        f"{bundle.name} {bundle.card.version}"
        for bundle in services.bundles
        if isinstance(bundle, Bundle) and exports & set(bundle.card.training.get("exports", ()))
    )


def change_lesion(
    actor: Actor, services: Services, lesion_id: str, fields: Mapping[str, Any], revision: int | None = None
) -> Lesion:
    """Change what is known of a lesion, or move it to another patient; see `Patients.correct_lesion`."""
    actor.require(Permission.REVIEW)
    changed = Patients(services.store).correct_lesion(lesion_id, fields, actor.name, revision)
    write_trail(services, actor.name, "corrected", [lesion_id])
    return changed


def merge_patient(actor: Actor, services: Services, patient_id: str, into: str) -> Patient:
    """Have a patient be another; returns the other one. See `Patients.merge`."""
    actor.require(Permission.REVIEW)
    remaining = Patients(services.store).merge(patient_id, into, actor.name)
    write_trail(services, actor.name, "merged", [patient_id])
    return remaining


def undo_patient_merge(actor: Actor, services: Services, patient_id: str) -> Patient:
    """Have a merged patient be one again."""
    actor.require(Permission.REVIEW)
    parted = Patients(services.store).undo_merge(patient_id, actor.name)
    write_trail(services, actor.name, "merge undone", [patient_id])
    return parted


def merge_lesion(actor: Actor, services: Services, lesion_id: str, into: str) -> Lesion:
    """Have a lesion be another of the same patient; returns the other one. See `Patients.merge_lesion`."""
    actor.require(Permission.REVIEW)
    remaining = Patients(services.store).merge_lesion(lesion_id, into, actor.name)
    write_trail(services, actor.name, "merged", [lesion_id])
    return remaining


def undo_lesion_merge(actor: Actor, services: Services, lesion_id: str) -> Lesion:
    """Have a merged lesion be one again."""
    actor.require(Permission.REVIEW)
    parted = Patients(services.store).undo_lesion_merge(lesion_id, actor.name)
    write_trail(services, actor.name, "merge undone", [lesion_id])
    return parted


def erase_subject(actor: Actor, services: Services, subject: Subject) -> tuple[str, ...]:
    """Delete everything of a subject for good: cases with their photographs, records, what the audit trail quotes.

    Returns:
        The ids of the cases and records.

    Raises:
        Held: a case is on legal hold; nothing is deleted then.
        NoPatient: there is nothing.
    """
    actor.require(Permission.ADMINISTER)
    erased = erase_rows_of_subject(services.store, subject, actor.name)
    if not erased:
        raise NoPatient(f"There is nothing of the {subject}.")
    for record_id in erased:
        Trail(services.store).erase_texts(record_id)
    # A patient's lesion may have a name like "1", which says nothing by itself.
    if quoted := subject.lesion if subject.patient is None else None if subject.lesion else subject.patient:
        Trail(services.store).erase_quotes(quoted)
    write_trail(services, actor.name, "erased", erased)
    return erased


def subject_file(actor: Actor, services: Services, subject: Subject) -> Iterator[bytes]:
    """Everything that is stored of a subject as one ZIP. Raises NoPatient where there are no cases."""
    actor.require(Permission.ADMINISTER)
    ids = ids_of_subject(services.store, subject)
    if not ids:
        raise NoPatient(f"There is no case of the {subject}.")
    trail = {
        one: [
            {"created": line.created.isoformat(), "who": line.who, "action": line.action, "text": line.text}
            for line in Trail(services.store).lines(Sought(subject=one), limit=MOST_LINES)
        ]
        for one in ids
    }
    write_trail(services, actor.name, "taken as one file", ids)
    return subject_zip(services.store, subject, trail)

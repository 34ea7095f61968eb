"""What gives a lesion to another patient and back: the form on the lesion's page, and what it does."""

from collections.abc import Sequence
from typing import NamedTuple

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.cases import Actor
from dashboard.patient.merging import folded_form, other_patient_field, press
from dashboard.patients import change_lesion
from dashboard.services import Services
from dashboard.shell.review_form import form_field
from dashboard.store import InputError
from dashboard.store.patients import Patients
from dashboard.store.placing import Lesion
from dashboard.store.records import AuditLine


class Origin(NamedTuple):
    """Whose lesion it was before it was moved last, and what it was called there."""

    patient: str
    name: str | None


def origin_of_lesion(lesion: Lesion, history: Sequence[AuditLine]) -> Origin | None:
    """Where a lesion was moved from last; None where it was not, or from a patient who is not named.

    Args:
        history: of the lesion, oldest first.
    """
    moved = next((line.detail for line in reversed(history) if line.action == "moved"), None)
    if moved is None or not moved["patient"][0]:
        return None
    before, then = moved.get("name", [lesion.details.name] * 2)
    # A name that somebody has corrected since stays.
    return Origin(moved["patient"][0], before if lesion.details.name == then else lesion.details.name)


def lesion_move_form(lesion: Lesion | None, origin: Origin | None) -> list[Component]:
    """What moves a lesion to another patient, and back to the one before; None for the page of no lesion."""
    back = f"Move back to {origin.patient}" if origin else "Move back"
    name = lesion.details.name if lesion else None
    return [
        html.Div(press("lesion-move-back", back, "btn btn-outline-secondary"), hidden=origin is None),
        folded_form(
            "Move to another patient",
            "For a lesion that was taken for somebody else's. Its photographs go with it; this can be undone.",
            *other_patient_field("lesion-owner", "lesion-owner-offers"),
            form_field(
                "Name of the lesion there",
                dcc.Input(
                    id="lesion-name-there", type="text", value=name or "", maxLength=128,
                    className="review-text", autoComplete="off",
                ),
                "lesion-name-there",
            ),
            press("lesion-move", "Move"),
            hidden=lesion is None or lesion.merged_into is not None,
        ),
        html.Div(id="lesion-move-problem", role="alert"),
    ]  # fmt: skip


def move_form_of_lesion(services: Services, lesion: Lesion) -> list[Component]:
    """What moves this lesion."""
    return lesion_move_form(lesion, origin_of_lesion(lesion, Patients(services.store).history(lesion.id)))


def move_lesion(
    actor: Actor, services: Services, lesion_id: str, patient: str | None, name: str | None, seen: int
) -> str:
    """Have a lesion be another patient's, who is made where nobody has the identifier. Returns what was done.

    Args:
        name: of the lesion from then on; as it is where there is none.
        seen: the revision that the user has seen.

    Raises:
        Conflict: somebody changed the lesion meanwhile, or the patient has one of that name.
        InputError: no other patient is named, or a photograph would be from before the birth.
    """
    wanted, called = (patient or "").strip(), (name or "").strip()
    if not wanted:
        raise InputError("Say which patient it is.")
    people = Patients(services.store)
    there = people.called(wanted)
    if there is not None and there.id == people.lesion(lesion_id).patient_id:
        raise InputError("That is the patient whose lesion it is. Name another one.")
    change_lesion(
        actor, services, lesion_id, {"patient": wanted} | ({"name": called} if called else {}), seen
    )
    return f"Moved to {wanted}." if there else f"Moved to {wanted}, a new patient."


def move_lesion_back(actor: Actor, services: Services, lesion_id: str, seen: int) -> str:
    """Have a lesion be the patient's again from whom it was moved last. Returns what was done; see `move_lesion`."""
    people = Patients(services.store)
    origin = origin_of_lesion(people.lesion(lesion_id), people.history(lesion_id))
    if origin is None or people.called(origin.patient) is None:
        raise InputError("The patient from whom it was moved is no longer here under that identifier.")
    return move_lesion(actor, services, lesion_id, origin.patient, origin.name, seen)

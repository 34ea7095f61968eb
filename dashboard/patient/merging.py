"""What makes one record of two, and two of one: the forms on the pages of a patient and a lesion, and what they do."""

from collections.abc import Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from dashboard.addresses import local_address
from dashboard.cases import Actor, change_cases
from dashboard.patient.parts import lesion_name
from dashboard.patient.visits import one_a_photograph
from dashboard.services import Services
from dashboard.shell.review_form import NOTHING, form_field
from dashboard.shell.text import taken_words
from dashboard.store import InputError, Record
from dashboard.store.names import fold
from dashboard.store.patients import Patients
from dashboard.store.placing import Lesion, Patient

MOST_OFFERED = 10


def patient_merge_form(patient: Patient | None) -> list[Component]:
    """What merges a patient with another, or undoes that; None for the page of nobody."""
    merged = patient is not None and patient.merged_into is not None
    return [
        press_to_undo("patient", merged),
        folded_form(
            "Merge with another patient",
            "For one person with two records. The lesions move to the other record; this can be undone.",
            *other_patient_field("patient-into", "patient-offers"),
            press("patient-merge", "Merge"),
            hidden=merged,
        ),
        html.Div(id="patient-merge-problem", role="alert"),
    ]


def other_patient_field(component_id: str, offers: str) -> list[Component]:
    """Where another patient is named; `offers` is the id of those that are found meanwhile."""
    name = dcc.Input(
        id=component_id, type="text", value="", maxLength=128, list=offers,
        className="review-text", autoComplete="off",
    )  # fmt: skip
    return [form_field("Identifier of the other patient", name, component_id), html.Datalist(id=offers)]


def lesion_merge_form(
    lesion: Lesion | None, others: Sequence[Lesion], records: Sequence[Record]
) -> list[Component]:
    """What merges a lesion with another of the patient, undoes that, or splits photographs off.

    Args:
        lesion: None for the page of none.
        others: the lesions of the same patient.
        records: the predictions of the lesion.
    """
    merged = lesion is not None and lesion.merged_into is not None
    options = [
        {"label": "–", "value": NOTHING},
        *(
            {"label": lesion_name(one), "value": one.id}
            for one in others
            if lesion is not None and one.id != lesion.id and one.merged_into is None
        ),
    ]
    shown = one_a_photograph(records)
    photographs = [{"label": f"{taken_words(one)} · {one.filename}", "value": one.id} for one in shown]
    return [
        press_to_undo("lesion", merged),
        folded_form(
            "Merge with another lesion",
            "For one lesion with two records. The photographs move to the other record; this can be undone.",
            form_field(
                "The other lesion",
                dbc.Select(id="lesion-into", options=options, value=NOTHING),
                "lesion-into",
            ),
            press("lesion-merge", "Merge"),
            hidden=merged or len(options) == 1,
        ),
        folded_form(
            "Split",
            "For photographs of another lesion. They move to the one that you name, which is made where it is new.",
            dbc.Checklist(id="lesion-photographs", options=photographs, value=[], className="review-wide"),
            form_field(
                "Name of their lesion",
                dcc.Input(id="lesion-other", type="text", value="", maxLength=128, className="review-text"),
                "lesion-other",
            ),
            press("lesion-split", "Split off"),
            hidden=merged or not photographs,
        ),
        html.Div(id="lesion-merge-problem", role="alert"),
    ]


def press_to_undo(kind: str, merged: bool) -> html.Div:
    """The button that undoes a merge, where there was one."""
    return html.Div(press(f"{kind}-part", "Undo the merge", "btn btn-outline-secondary"), hidden=not merged)


def press(name: str, words: str, look: str = "btn btn-primary") -> html.Div:
    """A button at the end of a form."""
    return html.Div(html.Button(words, id=name, type="button", className=look), className="review-end")


def folded_form(title: str, sentence: str, *fields: Component, hidden: bool) -> html.Details:
    """A form that is closed at first."""
    return html.Details(
        [
            html.Summary(title, className="btn btn-outline-secondary"),
            html.Div(
                [html.P(sentence, className="note review-wide"), *fields], className="review-form card-box"
            ),
        ],
        className="record-form",
        hidden=hidden,
    )


def offered_patients(services: Services, start: str | None) -> list[html.Option]:
    """Patients whose identifier begins so, a few."""
    if not start:
        return []
    found = Patients(services.store).find(start.strip(), limit=MOST_OFFERED)
    return [html.Option(value=one.details.identifier) for one in found]


def patient_called(services: Services, identifier: str | None) -> Patient:
    """The patient with an identifier. Raises InputError where there is none."""
    wanted = (identifier or "").strip()
    if not wanted:
        raise InputError("Say which patient it is.")
    found = Patients(services.store).called(wanted)
    if found is None:
        raise InputError(f"There is no patient {wanted}.")
    return found


def split_lesion(
    actor: Actor, services: Services, lesion_id: str, chosen: Sequence[str], name: str | None
) -> Component:
    """Move photographs of a lesion, with all predictions of them, to another of the patient; says where they are.

    Args:
        chosen: the id of a prediction of each photograph.
        name: of the other lesion, made where it is new.

    Raises:
        InputError: nothing is chosen, the name is missing, or it is the name of this lesion.
    """
    people = Patients(services.store)
    wanted, own = (name or "").strip(), people.lesion(lesion_id).details.name
    records = people.cases_of_lesion(lesion_id)
    pictures = {(one.sha256, one.crop) for one in records if one.id in chosen}
    if not pictures:
        raise InputError("Choose the photographs of the other lesion.")
    if not wanted:
        raise InputError("Name the lesion that they show.")
    if own is not None and fold(own) == fold(wanted):
        raise InputError("That is the name of this lesion. Name another one.")
    seen: dict[str, int | None] = {
        one.id: one.revision for one in records if (one.sha256, one.crop) in pictures
    }
    moved = change_cases(actor, services, seen, {"lesion": wanted})
    link = dcc.Link(f"lesion {wanted}", href=local_address(f"/lesions/{moved[0].lesion_id}"))
    return done_note(["Split off: the photographs are with ", link, ". Merge it with this one to undo that."])


def done_note(words: Any) -> html.P:
    """What was done, said aloud."""
    return html.P(words, className="note", role="status")

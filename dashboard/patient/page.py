"""`/patients/<patient_id>`: who it is, what is due, the lesions, and the visits in time."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import dash
from dash import Input, Output, State, callback, ctx, dcc, html, no_update

from dashboard.addresses import local_address
from dashboard.cases import current_actor
from dashboard.judging import as_read
from dashboard.patient import parts
from dashboard.patient.merging import done_note, offered_patients, patient_called, patient_merge_form
from dashboard.patient.visits import lesion_stories, patient_visits, what_is_due
from dashboard.patients import change_patient, merge_patient, trained_bundles, undo_patient_merge
from dashboard.services import Services, is_there
from dashboard.shell.attributes import attributes
from dashboard.shell.boxes import dead_end_page
from dashboard.shell.review_form import review_problem
from dashboard.store import Conflict, InputError, NotFound, StoreError
from dashboard.store.fields import PATIENT, PatientDetails
from dashboard.store.patients import Patients
from dashboard.store.placing import Patient


def patient_is_here(patient_id: str) -> bool:
    """Whether there is such a patient; the pages of unknown ones are answered with the status 404."""
    return is_there(Patients(Services.current().store).get, patient_id)


dash.register_page(  # type: ignore[no-untyped-call]
    __name__,
    path_template="/patients/<patient_id>",
    title="Patient · Dermaboard",
    name="Patient",
    exists=patient_is_here,
)


def layout(patient_id: str | None = None, **_: Any) -> html.Div:
    """The patient's page, or what to do when there is none."""
    try:
        patient = Patients(Services.current().store).get(patient_id or "none")
    except NotFound:
        return dead_end_page(
            "This patient is not here",
            "The record was erased, or there is a typing error in the address.",
            # Dash asks for the page of no patient, to learn which components its callbacks will find.
            html.Div(
                [
                    patient_form(PatientDetails()),
                    html.Div(id="patient-sections"),
                    html.Div(patient_merge_form(None), id="patient-merging", className="case"),
                ],
                hidden=True,
            ),
            *patient_stores("", 0),
        )
    return html.Div(
        [
            html.Nav(
                dcc.Link("← History", href=local_address("/history"), className="action"),
                **attributes(aria_label="Way back"),
            ),
            html.Div(patient_sections(patient), id="patient-sections", className="case"),
            html.Div(patient_form(patient.details)),
            html.Div(patient_merge_form(patient), id="patient-merging", className="case"),
            *patient_stores(patient.id, patient.revision),
        ],
        className="case",
    )


def patient_stores(patient_id: str, revision: int) -> list[dcc.Store]:
    """What the callbacks have to know: whose page it is, and which revision was seen."""
    return [dcc.Store(id="patient-id", data=patient_id), dcc.Store(id="patient-seen", data=revision)]


def patient_form(details: PatientDetails) -> html.Details:
    """The form that corrects a patient."""
    return parts.record_form("patient", PATIENT, details, "Change")


def patient_sections(patient: Patient) -> list[Any]:
    """Everything of the page but the form."""
    services, today = Services.current(), date.today()
    people = Patients(services.store)
    records = as_read(services, people.cases_of_patient(patient.id))
    stories = lesion_stories([found.lesion for found in people.lesions(patient.id)], records)
    return [
        html.Div(
            [
                html.H1(html.Bdi(parts.patient_name(patient))),
                html.P(parts.patient_facts(patient, today), className="lead"),
                html.P(
                    parts.consent_words(patient.details, trained_bundles(services, patient.id)),
                    className="note patient-consent",
                ),
                merged_words(patient),
                html.P(patient.details.note, className="patient-note") if patient.details.note else None,
                dcc.Link("New photographs", href=local_address("/"), className="btn btn-primary to-predict"),
            ],
            className="patient-head",
        ),
        html.Div(
            [parts.due_list(what_is_due(stories, today)), parts.lesion_list(stories)],
            className="case-columns",
        ),
        parts.visit_list(patient_visits(records)),
    ]


def merged_words(patient: Patient) -> html.P | None:
    """Who a merged patient turned out to be."""
    if patient.merged_into is None:
        return None
    link = dcc.Link("another patient", href=local_address(f"/patients/{patient.merged_into}"))
    return html.P(["This record was merged with ", link, ", who has the lesions of both."], className="note")


@callback(
    Output("patient-sections", "children"),
    Output("patient-seen", "data"),
    Output("patient-problem", "children"),
    Input("patient-save", "n_clicks"),
    State("patient-id", "data"),
    State("patient-seen", "data"),
    *(State(f"patient-{part.name}", "value") for part in PATIENT),
    prevent_initial_call=True,
)
def save_patient(clicks: int | None, patient_id: str, seen: int, *values: Any) -> tuple[Any, ...]:
    """Correct the patient, unless somebody was faster."""
    if not clicks:
        return (no_update,) * 3
    fields: Mapping[str, Any] = parts.form_values(PATIENT, values)
    try:
        patient = change_patient(current_actor(), Services.current(), patient_id, fields, seen)
    except (Conflict, InputError, NotFound, StoreError) as error:
        return no_update, no_update, review_problem(str(error))
    return patient_sections(patient), patient.revision, html.P("Saved.", className="note", role="status")


@callback(Output("patient-offers", "children"), Input("patient-into", "value"), prevent_initial_call=True)
def offer_patients(start: str | None) -> list[html.Option]:
    """Patients to merge with, found while the identifier is typed."""
    return offered_patients(Services.current(), start)


@callback(
    Output("patient-sections", "children", allow_duplicate=True),
    Output("patient-seen", "data", allow_duplicate=True),
    Output("patient-merging", "children"),
    Output("patient-merge-problem", "children"),
    Input("patient-merge", "n_clicks"),
    Input("patient-part", "n_clicks"),
    State("patient-id", "data"),
    State("patient-into", "value"),
    prevent_initial_call=True,
)
def merge_or_part_patient(
    merging: int | None, parting: int | None, patient_id: str, into: str | None
) -> tuple[Any, ...]:
    """Have the patient be another, or one again."""
    if not (merging or parting):
        return (no_update,) * 4
    actor, services = current_actor(), Services.current()
    try:
        if ctx.triggered_id == "patient-part":
            undo_patient_merge(actor, services, patient_id)
        else:
            merge_patient(actor, services, patient_id, patient_called(services, into).id)
        patient = Patients(services.store).get(patient_id)
    except (Conflict, InputError, NotFound, StoreError) as error:
        return no_update, no_update, no_update, review_problem(str(error))
    said = done_note("Merged." if patient.merged_into else "The merge is undone.")
    return patient_sections(patient), patient.revision, [*patient_merge_form(patient), said], no_update

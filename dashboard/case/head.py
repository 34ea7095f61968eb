"""The head of a case: patient, lesion, body site and date taken, with the ways to the patient and the lesion."""

from dataclasses import replace

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.addresses import local_address
from dashboard.services import Services
from dashboard.shell.text import head_words
from dashboard.store import NotFound, Record
from dashboard.store.patients import Patients


def head_of_case(record: Record) -> Component:
    """Patient, lesion, site and date taken."""
    try:
        people = Patients(Services.current().store)
        patient_id = record.lesion_id and people.lesion(record.lesion_id).patient_id
    except NotFound:
        return case_head(replace(record, lesion_id=None), None)
    return case_head(record, patient_id)


def case_head(record: Record, patient_id: str | None) -> html.Dl:
    """Whose lesion it is, where, and when it was photographed, with the ways to the patient and the lesion.

    Args:
        patient_id: whose lesion it is; None for nobody's.
    """
    pages = {
        "Patient": patient_id and f"/patients/{patient_id}",
        "Lesion": record.lesion_id and f"/lesions/{record.lesion_id}",
    }
    return html.Dl(
        [
            html.Div([html.Dt(name), html.Dd(linked_words(words, pages.get(name)))])
            for name, words in head_words(record).items()
        ],
        className="case-head",
    )


def linked_words(words: str, address: str | None) -> Component:
    """Words that people have typed, with the way to their page where there is one."""
    typed = html.Bdi(words)
    return dcc.Link(typed, href=local_address(address), className="action") if address else typed

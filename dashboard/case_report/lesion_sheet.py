"""`/lesion-report/<lesion_id>`: a lesion over time as a sheet to print, by the days on which it was photographed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import dash
from dash import dcc, html

from dashboard.addresses import local_address
from dashboard.case_report.content import SIGNED, confirmation_words, time_with_zone
from dashboard.judging import as_read
from dashboard.services import Services, is_there
from dashboard.shell.attributes import attributes
from dashboard.shell.boxes import dead_end_page
from dashboard.shell.templates import rendered
from dashboard.shell.text import DISCLAIMER, NOT_A_DEVICE, WITHOUT_CHANCE, percent, taken_words
from dashboard.store import NotFound, Record, Review
from dashboard.store.patients import Patients
from dashboard.store.placing import Lesion, Patient
from dashboard.store.schema import utc_now
from model.taxonomy import Taxonomy


@dataclass(frozen=True)
class SheetVisit:
    """A photograph of the lesion.

    Attributes:
        taken: its day in words.
        lines: chance and model, cautions, what was confirmed.
    """

    record: Record
    taken: str
    lines: tuple[str, ...]


dash.register_page(  # type: ignore[no-untyped-call]
    __name__,
    path_template="/lesion-report/<lesion_id>",
    title="Report · Dermaboard",
    name="Lesion report",
    exists=lambda lesion_id: is_there(Patients(Services.current().store).lesion, lesion_id),
)


def layout(lesion_id: str | None = None, **_: str) -> html.Div:
    """The sheet, or what to do when there is no such lesion; report.js shows it as it does that of a case."""
    services = Services.current()
    people = Patients(services.store)
    try:
        lesion = people.lesion(lesion_id or "none")
    except NotFound:
        return dead_end_page("This lesion is not here", "The record was erased, or there is a typing error.")
    records = as_read(services, people.cases_of_lesion(lesion.id))
    visits = [
        sheet_visit(
            record,
            services.store.reviews(record.id) if record.confirmed else (),
            services.known.of(record.model_sha256),
        )
        for record in records
    ]
    actions = [
        html.Button("Print", type="button", className="btn btn-primary", **attributes(data_print="page")),
        dcc.Link(
            "Open the lesion",
            href=local_address(f"/lesions/{lesion.id}"),
            className="btn btn-outline-secondary",
        ),
    ]
    return html.Div(
        [
            html.Div(actions, className="actions report-actions"),
            html.Div(id="report-sheet"),
            dcc.Store(
                id="report-html", data=lesion_sheet(lesion, people.get(lesion.patient_id), visits, utc_now())
            ),
        ],
        className="report",
    )


def sheet_visit(record: Record, reviews: Sequence[Review], taxonomy: Taxonomy) -> SheetVisit:
    """A photograph as the sheet shows it; without a result, or before its reader has judged, there is no chance."""
    model = f"{record.model} {record.model_version}"
    shown = record.outcome not in WITHOUT_CHANCE
    lines = (
        f"{percent(record.probability)} chance of cancer or a precursor, by {model}"
        if shown
        else f"By {model}",
        " ".join(caution.text for caution in record.cautions),
        f"Confirmed: {confirmed}" if (confirmed := confirmation_words(record, reviews, taxonomy)) else "",
    )
    return SheetVisit(record, taken_words(record), tuple(filter(None, lines)))


def lesion_sheet(lesion: Lesion, patient: Patient, visits: Sequence[SheetVisit], now: datetime) -> str:
    """The whole sheet, as HTML."""
    details = lesion.details
    dated = [visit.taken for visit in visits if visit.record.day is not None]
    head = (
        ("Patient", patient.details.identifier or "not named"),
        ("Lesion", details.name or "not assigned"),
        ("Body site", ", ".join(filter(None, (details.site, details.laterality))) or "not said"),
        (
            "Photographs",
            f"{len(visits)}, {dated[0]} to {dated[-1]}" if dated else f"{len(visits)}, without a date",
        ),
    )
    models = {(visit.record.model, visit.record.model_version) for visit in visits}
    notes = (
        ("Numbers of two model versions mean different things: do not compare them.",)
        if len(models) > 1
        else ()
    )
    return rendered(
        "lesion_sheet.html",
        title=f"{head[0][1]}, lesion {head[1][1]}",
        head=head,
        visits=visits,
        notes=notes,
        signed=SIGNED,
        disclaimer=f"{NOT_A_DEVICE} {DISCLAIMER}",
        now=now,
        when=time_with_zone(now),
    )

"""`/report/<case_id>`: a stored prediction as one page of A4 to print, and the way to the same as a PDF."""

import dash
from dash import ClientsideFunction, Input, Output, clientside_callback, dcc, html

from dashboard import examples
from dashboard.addresses import local_address
from dashboard.case_report.sheet import sheet
from dashboard.judging import read_one
from dashboard.services import Services
from dashboard.shell.attempts import attempts_as_read
from dashboard.shell.attributes import attributes
from dashboard.shell.boxes import judged_first, missing_prediction
from dashboard.shell.known_cases import pictured_cases
from dashboard.shell.outline import why_no_outline
from dashboard.shell.pictures import prediction_url
from dashboard.store import NotFound
from dashboard.store.judgements import HIDDEN

dash.register_page(  # type: ignore[no-untyped-call]
    __name__,
    path_template="/report/<case_id>",
    title="Report · Dermaboard",
    name="Report",
    exists=lambda case_id: Services.current().holds(case_id),
)


def layout(case_id: str | None = None, **_: str) -> html.Div:
    """The report, or what to do when there is no such prediction."""
    if case_id is None or case_id == "none":
        # Dash asks for the page of no case, to learn which components its callbacks will find.
        return html.Div([html.Div(id="report-sheet"), dcc.Store(id="report-html")])
    try:
        services = Services.current()
        record = services.store.get(case_id)
    except NotFound:
        return missing_prediction()
    if read_one(services, record).outcome == HIDDEN:
        return judged_first(record.id)
    actions = [
        html.Button("Print", type="button", className="btn btn-primary", **attributes(data_print="page")),
        html.A(
            "Download PDF",
            href=prediction_url(record.id, "report"),
            download=f"dermaboard-{record.id}.pdf",
            className="btn btn-outline-secondary",
        ),
        dcc.Link(
            "Open in history",
            href=local_address(f"/history/{record.id}"),
            className="btn btn-outline-secondary",
        ),
    ]
    shown = sheet(
        record,
        services.known.of(record.model_sha256),
        examples.is_drawn(record.sha256),
        why_no_outline(services, record),
        services.prevalence(record),
        attempts_as_read(services, record),
        pictured_cases(record),
        services.store.reviews(record.id),
    )
    return html.Div(
        [
            html.Div(actions, className="actions report-actions"),
            html.Div(id="report-sheet"),
            dcc.Store(id="report-html", data=shown),
        ],
        className="report",
    )


clientside_callback(
    ClientsideFunction("report", "show"), Output("report-sheet", "title"), Input("report-html", "data")
)

"""`/compare?cases=ID,ID`: up to four photographs side by side, which are enlarged and moved together.

The address holds the filters of the history, too, so that one finds the way back. assets/compare.js moves the pictures.
"""

from collections.abc import Sequence
from typing import Any

import dash
from dash import ClientsideFunction, Input, Output, clientside_callback, dcc, html
from dash.development.base_component import Component

from dashboard.addresses import local_address
from dashboard.judging import as_read
from dashboard.services import Services
from dashboard.shell.boxes import missing_prediction
from dashboard.shell.browse import search_of_parameters
from dashboard.shell.predict_again import answered_by
from dashboard.shell.review_form import local_time
from dashboard.shell.side_by_side import photograph_pane, zoom_bar
from dashboard.shell.text import WITHOUT_CHANCE, diagnosis_words, signs_in_short
from dashboard.shell.verdict import verdict_and_chance
from dashboard.store import Record

MOST_CASES = 4

dash.register_page(__name__, path="/compare", title="Side by side · Dermaboard", name="Side by side")  # type: ignore[no-untyped-call]


def layout(cases: str | None = None, **parameters: Any) -> html.Div:
    """The photographs of the cases that are there, each with what is known of it."""
    ids = list(dict.fromkeys((cases or "").split(",")))[:MOST_CASES]
    found = Services.current().store.get_many(ids)
    records = as_read(Services.current(), [found[one] for one in ids if one in found])
    if not records:
        return html.Div(
            [missing_prediction(), html.Div(id="side-by-side", hidden=True), dcc.Store(id="panes-times")]
        )
    search = search_of_parameters(parameters)
    return html.Div(
        [
            html.P(dcc.Link("← History", href=local_address(f"/history{search}"), className="action")),
            html.H1("Side by side" if len(records) > 1 else "Photograph"),
            html.Div(
                [
                    zoom_bar(len(records)),
                    html.Ul(
                        [pane(record, search) for record in records], className=f"panes panes-{len(records)}"
                    ),
                ],
                id="side-by-side",
            ),
            dcc.Store(id="panes-times"),
        ],
        className="case",
    )


clientside_callback(
    ClientsideFunction("history", "times"),
    # Without an output Dash would not call it when the page opens.
    Output("panes-times", "data"),
    Input("side-by-side", "children"),
)


def pane(record: Record, search: str) -> html.Li:
    """One photograph, and what is known of it."""
    taxonomy = Services.current().known.of(record.model_sha256)
    context = record.context
    lines: Sequence[Component | str | None] = (
        html.Span(verdict_and_chance(record), className="answer"),
        html.Span(signs_in_short(context), className="history-signs"),
        html.Span(diagnosis_words(record.diagnosis, taxonomy))
        if record.outcome not in WITHOUT_CHANCE
        else None,
        html.Span(
            [f"{context.site} · " if context.site else "", local_time(record.created)], className="note"
        ),
        html.Span(answered_by(record), className="note"),
    )
    name = context.lesion or record.filename
    return html.Li(
        [
            photograph_pane(record, name),
            dcc.Link(
                html.Bdi(name, className="filename"),
                href=local_address(f"/history/{record.id}{search}"),
                className="action",
            ),
            *lines,
        ],
        className="pane-case",
    )

"""`/history/<case_id>`: one prediction with everything that is known of it."""

from datetime import UTC, datetime
from typing import Any

import dash
from dash import ClientsideFunction, Input, Output, State, callback, clientside_callback, dcc, html, no_update
from dash.development.base_component import Component

from dashboard import examples
from dashboard.components.history import confirmation
from dashboard.components.result import result_card
from dashboard.services import Services
from dashboard.store import NotFound, Record, StoreError

dash.register_page(  # type: ignore[no-untyped-call]
    __name__, path_template="/history/<case_id>", title="Prediction · Dermaboard", name="Prediction"
)


def layout(case_id: str | None = None, **_: str) -> html.Div:
    """The prediction's page, or what to do when there is none."""
    if case_id is None or case_id == "none":
        # Dash asks for the page of no case, to learn which components its callbacks will find.
        return html.Div([missing(), html.Div(controls("", moment(datetime.now(UTC))), hidden=True)])
    try:
        record = Services.current().store.get(case_id)
    except NotFound:
        return missing()
    return html.Div(
        [
            html.P(dcc.Link("← History", href="/history", className="action"), className="case-back"),
            html.H1("Prediction"),
            result_card(record, drawn=examples.is_drawn(record.sha256), link=False),
            facts(record),
            html.Div(controls(record.id)),
        ],
        className="case",
    )


def controls(case_id: str, *more: Component) -> list[Component]:
    """What callbacks work with."""
    return [
        html.Button(
            "Delete this prediction", id="case-delete", type="button", className="btn btn-outline-secondary"
        ),
        confirmation("case-dialog"),
        dcc.Store(id="case-id", data=case_id),
        dcc.Store(id="case-gone"),
        *more,
    ]


def missing() -> html.Div:
    """No such prediction."""
    return html.Div(
        [
            html.H1("This prediction is not here"),
            html.P("It may have been deleted, or the address has a typing error.", className="lead"),
            html.P(
                [
                    dcc.Link("Look in the history", href="/history", className="btn btn-primary"),
                    dcc.Link("Check a photograph", href="/", className="btn btn-outline-secondary"),
                ],
                className="actions",
            ),
        ],
        className="not-found",
    )


def facts(record: Record) -> html.Section:
    """What the prediction was made from and by."""
    lines: list[tuple[str, Any]] = [
        ("Checked", moment(record.created)),
        ("File", html.Bdi(record.filename, className="filename")),
        ("Image size", f"{record.width:,} × {record.height:,} pixels"),
        ("Model", f"{record.model}, version {record.model_version}"),
        ("Model's SHA-256", html.Code(record.model_sha256)),
        ("File's SHA-256", html.Code(record.sha256)),
    ]
    pairs = [html.Div([html.Dt(name), html.Dd(value)]) for name, value in lines]
    return html.Section(
        [html.H2("Facts"), html.Dl(pairs, className="facts")], className="card-box case-facts"
    )


def moment(when: datetime) -> html.Time:
    """A time in UTC, which the browser turns into the user's own."""
    utc = f"{when:%d %b %Y, %H:%M} UTC"
    return html.Time(utc, id="case-time", dateTime=when.isoformat(), title=utc)


@callback(
    Output("case-gone", "data"),
    Output("case-dialog-error", "children", allow_duplicate=True),
    Input("case-dialog-confirm", "n_clicks"),
    State("case-id", "data"),
    prevent_initial_call=True,
)
def delete(clicks: int | None, case_id: str) -> tuple[Any, Any]:
    """Delete the prediction; the browser then goes back to the history."""
    if not clicks:
        return no_update, no_update
    try:
        Services.current().store.delete([str(case_id)])
    except StoreError as error:
        return no_update, str(error)
    return True, ""


clientside_callback(
    ClientsideFunction("history", "local"), Output("case-time", "children"), Input("case-time", "dateTime")
)
clientside_callback(
    ClientsideFunction("history", "ask"),
    Output("case-dialog", "is_open"),
    Output("case-dialog-error", "children"),
    Input("case-delete", "n_clicks"),
    Input("case-dialog-cancel", "n_clicks"),
    prevent_initial_call=True,
)
clientside_callback(
    ClientsideFunction("history", "leave"), Input("case-gone", "data"), prevent_initial_call=True
)

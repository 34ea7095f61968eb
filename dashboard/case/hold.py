"""The legal hold on a case: what stands on its page, and the form that sets and releases it."""

from typing import Any

import dash_bootstrap_components as dbc
from dash import Input, Output, State, callback, ctx, html, no_update
from dash.development.base_component import Component

from dashboard.cases import current_actor, hold_cases, hold_on, release_cases
from dashboard.services import Services
from dashboard.shell.review_form import form_field, local_time
from dashboard.store import InputError, NotFound, Record, StoreError
from dashboard.store.holds import Hold
from dashboard.store.names import MAX_NOTE


def hold_box(record: Record) -> html.Details:
    """Whether a case is held, and the form to change that."""
    hold, lesion = hold_on(Services.current(), record.id), record.context.lesion
    button: dict[str, Any] = {"type": "button", "className": "btn btn-outline-secondary"}
    parts: list[Component] = [
        html.Summary("Legal hold"),
        html.Div(hold_words(hold), id="hold-words"),
        html.Div(
            [
                form_field(
                    "Why nobody may delete it",
                    dbc.Textarea(id="hold-reason", rows=2, maxlength=MAX_NOTE, value=""),
                    "hold-reason",
                    wide=True,
                ),
                html.Button("Set legal hold", id="hold-set", **button),
            ],
            id="hold-form",
            className="hold-change",
            hidden=hold is not None,
        ),
        html.Div(
            html.Button("Release legal hold", id="hold-release", **button),
            id="hold-end",
            className="hold-change",
            hidden=hold is None,
        ),
        html.Div(
            dbc.Checkbox(id="hold-lesion", label="The same for every case of this lesion", value=False),
            className="hold-change",
            hidden=not lesion,
        ),
        html.P(id="hold-problem", className="history-error", role="alert"),
    ]
    return html.Details(parts, id="case-hold", open=hold is not None, className="card-box case-box")


def hold_words(hold: Hold | None) -> list[Component]:
    """Whether a case is held, since when, by whom and why."""
    if hold is None:
        return [html.P("There is none: the case can be deleted.", className="note")]
    by = f", set by {hold.who}" if hold.who else ""
    return [
        html.P(["Nobody can delete this case since ", local_time(hold.created), f"{by}."]),
        html.P(hold.reason, className="review-note"),
    ]


def register() -> None:
    """Add the callback to the application that is being made."""
    callback(
        Output("hold-words", "children"),
        Output("hold-form", "hidden"),
        Output("hold-end", "hidden"),
        Output("hold-reason", "value"),
        Output("hold-problem", "children"),
        Input("hold-set", "n_clicks"),
        Input("hold-release", "n_clicks"),
        State("case-id", "data"),
        State("hold-reason", "value"),
        State("hold-lesion", "value"),
        State("reviewer", "value"),
        prevent_initial_call=True,
    )(change_hold)


def change_hold(
    setting: int | None,
    releasing: int | None,
    case_id: str,
    reason: str | None,
    whole_lesion: bool | None,
    who: str | None,
) -> tuple[Any, ...]:
    """Set the hold, or release it."""
    if not (setting or releasing):
        return (no_update,) * 5
    actor, services = current_actor(who), Services.current()
    try:
        if ctx.triggered_id == "hold-set":
            hold_cases(actor, services, case_id, reason or "", bool(whole_lesion))
        else:
            release_cases(actor, services, case_id, bool(whole_lesion))
    except NotFound:
        return (*(no_update,) * 4, "This prediction was deleted meanwhile. Nothing was changed.")
    except (InputError, StoreError) as error:
        return (*(no_update,) * 4, str(error))
    hold = hold_on(services, case_id)
    return hold_words(hold), hold is not None, hold is None, "", ""

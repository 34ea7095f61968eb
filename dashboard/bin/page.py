"""`/bin`: deleted cases, to be put back within 30 days, or deleted for good at once."""

from collections.abc import Callable, Sequence
from typing import Any

import dash
import dash_bootstrap_components as dbc
from dash import ClientsideFunction, Input, Output, State, callback, clientside_callback, dcc, html, no_update
from dash.development.base_component import Component

from dashboard.addresses import local_address
from dashboard.cases import Actor, binned_cases, current_actor, delete_binned_cases, put_back_cases
from dashboard.judging import read_one
from dashboard.services import Services
from dashboard.shell.attributes import attributes
from dashboard.shell.boxes import confirmation
from dashboard.shell.review_form import local_time
from dashboard.shell.verdict import verdict_and_chance
from dashboard.store import Conflict, StoreError
from dashboard.store.bin import KEPT, BinnedCase

dash.register_page(__name__, path="/bin", title="Bin · Dermaboard", name="Bin")  # type: ignore[no-untyped-call]


def layout(**_: Any) -> html.Div:
    """The cases in the bin, and what can be done with them."""
    button: dict[str, Any] = {"type": "button", "className": "btn btn-outline-secondary btn-sm"}
    cases, every = binned_cases(current_actor(), Services.current())
    return html.Div(
        [
            html.Nav(
                dcc.Link("← History", href=local_address("/history"), className="action"),
                **attributes(aria_label="Way back"),
            ),
            html.H1("Bin"),
            html.P(
                f"Deleted cases stay here for {KEPT.days} days. Then they are deleted for good, with their "
                "photographs.",
                className="lead",
            ),
            html.P(id="bin-told", role="status", className="bin-told"),
            html.Div(
                [
                    html.Button("Select all", id="bin-all", type="button", className="link"),
                    html.Span("", id="bin-selected", role="status"),
                    html.Button("Put back", id="bin-back", **button),
                    html.Button("Delete for good", id="bin-delete", **button),
                ],
                id="bin-actions",
                className="history-actions",
                hidden=not cases,
            ),
            html.P(bin_sentence(len(cases), every), id="bin-count", className="note"),
            dbc.Checklist(id="bin-chosen", options=bin_options(cases), value=[], className="bin-cases"),
            confirmation("bin-dialog", for_good=True),
            dcc.Store(id="bin-times"),
        ],
        className="history bin",
    )


def bin_options(cases: Sequence[BinnedCase]) -> list[dict[str, Any]]:
    """A box to tick for each case."""
    return [{"label": case_words(case), "value": case.record.id} for case in cases]


def bin_sentence(shown: int, every: int) -> str:
    """How many cases are in the bin, and how many of them are shown."""
    if not every:
        return "The bin is empty."
    what = "1 case is" if every == 1 else f"{every:,} cases are"
    return f"{what} in the bin." + (
        f" The {shown:,} that were deleted last are shown." if shown < every else ""
    )


def case_words(case: BinnedCase) -> html.Span:
    """What a case was, who deleted it, and until when it stays."""
    record = read_one(Services.current(), case.record)
    by = f" by {case.who}" if case.who else ""
    stays: list[Component | str] = ["Deleted for good after ", local_time(case.ends)]
    if case.hold is not None:
        stays = [f"On legal hold: {case.hold.reason}"]
    lesion = [f" · lesion {record.context.lesion}"] if record.context.lesion else []
    return html.Span(
        [
            html.Span([*verdict_and_chance(record), " "], className="bin-result"),
            html.Bdi(record.filename, className="filename"),
            *lesion,
            html.Span([" · checked ", local_time(record.created)], className="note"),
            html.Span(
                [f"Deleted{by} ", local_time(case.binned), ". ", *stays, "."], className="note bin-until"
            ),
        ]
    )


@callback(
    Output("bin-chosen", "value", allow_duplicate=True),
    Input("bin-all", "n_clicks"),
    State("bin-chosen", "options"),
    prevent_initial_call=True,
)
def choose_all_binned(_clicks: int | None, options: Sequence[dict[str, Any]] | None) -> list[str]:
    """Tick every box."""
    return [one["value"] for one in options or ()]


@callback(
    Output("bin-selected", "children"),
    Output("bin-back", "disabled"),
    Output("bin-delete", "disabled"),
    Output("bin-dialog-title", "children"),
    Input("bin-chosen", "value"),
)
def count_chosen(chosen: Sequence[str] | None) -> tuple[str, bool, bool, str]:
    """How many are ticked, and whether there is anything to do."""
    number = len(chosen or ())
    what = "this case" if number == 1 else f"{number:,} cases"
    return (f"{number:,} selected" if number else "", not number, not number, f"Delete {what} for good?")


@callback(
    Output("bin-chosen", "options"),
    Output("bin-chosen", "value"),
    Output("bin-actions", "hidden"),
    Output("bin-count", "children"),
    Output("bin-told", "children"),
    Input("bin-back", "n_clicks"),
    State("bin-chosen", "value"),
    prevent_initial_call=True,
)
def put_back_chosen(clicks: int | None, chosen: Sequence[str] | None) -> tuple[Any, ...]:
    """Put the chosen cases back."""
    if not (clicks and chosen):
        return (no_update,) * 5
    try:
        return after_work(put_back_cases, chosen, "back in the history")
    except StoreError as error:
        return (*(no_update,) * 4, str(error))


@callback(
    Output("bin-chosen", "options", allow_duplicate=True),
    Output("bin-chosen", "value", allow_duplicate=True),
    Output("bin-actions", "hidden", allow_duplicate=True),
    Output("bin-count", "children", allow_duplicate=True),
    Output("bin-told", "children", allow_duplicate=True),
    Output("bin-dialog", "is_open", allow_duplicate=True),
    Output("bin-dialog-error", "children", allow_duplicate=True),
    Input("bin-dialog-confirm", "n_clicks"),
    State("bin-chosen", "value"),
    prevent_initial_call=True,
)
def delete_chosen_for_good(clicks: int | None, chosen: Sequence[str] | None) -> tuple[Any, ...]:
    """Delete the chosen cases for good."""
    if not (clicks and chosen):
        return (no_update,) * 7
    try:
        return (*after_work(delete_binned_cases, chosen, "deleted for good"), False, "")
    except (Conflict, StoreError) as error:
        return (*(no_update,) * 6, str(error))


def after_work(
    work: Callable[[Actor, Services, Sequence[str]], Sequence[str]], chosen: Sequence[str], done: str
) -> tuple[Any, ...]:
    """Do something with cases; the bin as it is then, and how many it was done with."""
    actor, services = current_actor(), Services.current()
    number = len(work(actor, services, chosen))
    cases, every = binned_cases(actor, services)
    told = f"{number:,} {'case is' if number == 1 else 'cases are'} {done}."
    if others := len(set(chosen)) - number:
        told += f" {others:,} {'was' if others == 1 else 'were'} no longer in the bin."
    return bin_options(cases), [], not cases, bin_sentence(len(cases), every), told


clientside_callback(
    ClientsideFunction("history", "ask"),
    Output("bin-dialog", "is_open"),
    Output("bin-dialog-error", "children"),
    Input("bin-delete", "n_clicks"),
    Input("bin-dialog-cancel", "n_clicks"),
    prevent_initial_call=True,
)
clientside_callback(
    ClientsideFunction("history", "times"),
    # Without an output Dash would not call it when the page opens.
    Output("bin-times", "data"),
    Input("bin-chosen", "options"),
)

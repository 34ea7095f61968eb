"""`/`: drop photographs, get an answer for each. Files travel to the REST API by assets/upload.js."""

from typing import Any

import dash
from dash import MATCH, ClientsideFunction, Input, Output, Patch, callback, clientside_callback, dcc, html

from dashboard import examples
from dashboard.components.intake import drop_zone, example_buttons, model_choice, no_model, slot
from dashboard.components.result import result_card
from dashboard.services import LIMITS, Services
from dashboard.store import NotFound
from model.bundle import Damaged

dash.register_page(__name__, path="/", title="Predict · Dermaboard", name="Predict")  # type: ignore[no-untyped-call]


def layout(**_: str) -> html.Div:
    """The page before any file: what to do, the limits, and examples to try."""
    services = Services.current()
    return html.Div(
        [
            html.H1("Check a skin lesion"),
            html.P(
                "Add photographs with the lesion in the middle. Each gets its own answer, kept in the history.",
                className="lead",
            ),
            None if services.runnable else no_model(problems(services)),
            html.Div(intake(services), hidden=not services.runnable),
            html.Div([], id="results", className="results"),
            html.Button(
                "Clear the list", id="clear", type="button", className="btn btn-outline-secondary clear"
            ),
            html.Div(id="announcer", className="visually-hidden", role="status"),
            dcc.Store(id="batch"),
        ],
        className="predict",
    )


def intake(services: Services) -> list[Any]:
    """Everything that takes files in."""
    return [
        drop_zone(LIMITS),
        model_choice(services.runnable, services.default_model),
        example_buttons(examples.names()),
    ]


def problems(services: Services) -> list[str]:
    """A sentence for each bundle that is there and cannot be used."""
    return [f"{one.name}: {one.problem}" for one in services.bundles if isinstance(one, Damaged)]


@callback(Output("results", "children"), Input("batch", "data"), prevent_initial_call=True)
def add_slots(batch: list[dict[str, str]]) -> Patch:
    """A place for every file, in the order of the files, after those that are there."""
    children = Patch()
    children.extend([slot(item["key"], item["name"]) for item in batch])
    return children


@callback(
    Output({"type": "answer", "key": MATCH}, "children"),
    Input({"type": "stored", "key": MATCH}, "data"),
    prevent_initial_call=True,
)
def show(record_id: str) -> html.Div | html.P:
    """The card of a prediction that the API has just stored."""
    try:
        record = Services.current().store.get(record_id)
    except NotFound:
        return html.P("This prediction was deleted.", className="slot-head")
    return result_card(record, drawn=examples.is_drawn(record.sha256))


clientside_callback(
    ClientsideFunction("upload", "ready"), Output("drop-zone", "title"), Input("drop-zone", "id")
)
clientside_callback(
    ClientsideFunction("upload", "start"),
    Output("batch", "clear_data"),
    Input("results", "children"),
    prevent_initial_call=True,
)
clientside_callback(
    ClientsideFunction("upload", "model"), Output("model", "className"), Input("model", "value")
)
clientside_callback(
    ClientsideFunction("upload", "clear"),
    Output("results", "children", allow_duplicate=True),
    Input("clear", "n_clicks"),
    prevent_initial_call=True,
)

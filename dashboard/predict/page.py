"""`/`: drop photographs, get a result for each. Files travel to the REST API by assets/upload.js."""

from datetime import UTC, datetime
from typing import Any

import dash
from dash import ClientsideFunction, Input, Output, callback, clientside_callback, html

from dashboard import examples
from dashboard.judging import read_one
from dashboard.predict.assigning import assign_table
from dashboard.predict.batch import batch_csv, batch_table, batch_toolbar, sending_bar
from dashboard.predict.parts import (
    camera_dialog,
    choices_line,
    drop_zone,
    model_choices,
    new_context_form,
    no_model,
    slow_line,
)
from dashboard.predict.welcome import acknowledgement, welcome
from dashboard.services import LIMITS, NOT_IN_USE, Services
from dashboard.store import NotFound, Record
from model.bundle import Damaged

dash.register_page(__name__, path="/", title="Predict · Dermaboard", name="Predict")  # type: ignore[no-untyped-call]


def layout(**_: str) -> html.Div:
    """The page before any file: what to do, the limits, and examples to try."""
    services = Services.current()
    return html.Div(
        [
            html.H1("Check a skin lesion"),
            html.P(
                "Add photographs with the lesion in the middle. You get a result for each, and the history keeps it.",
                className="lead",
            ),
            acknowledgement(),
            None if services.in_use else no_model(damaged_bundle_lines(services)),
            html.Div(intake(services), className="intake", hidden=not services.in_use),
            html.P(id="intake-notice", className="intake-notice", role="alert"),
            batch_toolbar(),
            batch_table(),
            assign_table(),
            html.Div(id="results", className="results"),
            html.Div(id="announcer", className="visually-hidden", role="status"),
            welcome(examples.example_names()) if services.in_use else None,
            sending_bar(),
        ],
        id="predict",
        className="predict",
    )


def intake(services: Services) -> list[Any]:
    """Everything that takes files in."""
    return [
        drop_zone(LIMITS),
        camera_dialog(),
        choices_line(),
        slow_line(),
        html.Div(
            [
                model_choices(services.in_use, services.default_model),
                new_context_form(),
            ],
            id="intake-more",
            className="intake-more",
        ),
    ]


def damaged_bundle_lines(services: Services) -> list[str]:
    """A sentence for each bundle that is there and cannot be used, and for models of which none is in use."""
    damaged = [f"{one.name}: {one.problem}" for one in services.bundles if isinstance(one, Damaged)]
    return [*damaged, *([NOT_IN_USE] if services.runnable else [])]


@callback(Output("batch-file", "data"), Input("batch-list", "data"), prevent_initial_call=True)
def download_list(files: list[dict[str, Any]]) -> dict[str, Any]:
    """The list as a CSV file, those that failed with their errors."""
    entries = [
        (str(one["name"]), str(one["error"]), stored_prediction(one["id"]) if one["id"] else None)
        for one in files
    ]
    name = f"dermaboard-{datetime.now(UTC):%Y-%m-%d-%H%M}.csv"
    # The mark at the beginning tells Excel that this is UTF-8.
    return {
        "content": "\ufeff" + batch_csv(entries, Services.current().known),
        "filename": name,
        "type": "text/csv",
    }


def stored_prediction(record_id: str) -> Record | None:
    """A stored prediction; None when it was deleted meanwhile."""
    try:
        services = Services.current()
        return read_one(services, services.store.get(str(record_id)))
    except NotFound:
        return None


# Functions of assets/intake.js and upload.js.
clientside_callback(
    ClientsideFunction("intake", "ready"), Output("drop-zone", "title"), Input("drop-zone", "id")
)
clientside_callback(
    ClientsideFunction("upload", "opened"), Output("results", "title"), Input("results", "id")
)
clientside_callback(
    ClientsideFunction("upload", "list"),
    Output("batch-list", "data"),
    Input("batch-download", "n_clicks"),
    prevent_initial_call=True,
)

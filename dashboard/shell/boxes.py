"""Boxes of a page, dialogs over it, and what stands there when there is nothing to show."""

from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from dashboard.addresses import local_address


def box(title: str, *children: Any, name: str = "", note: str = "") -> html.Section:
    """A part of the page."""
    head: list[Component] = [html.H2(title)]
    if note:
        head.append(html.P(note, className="note"))
    options: dict[str, Any] = {"id": name} if name else {}
    return html.Section([*head, *children], className="card-box case-box", **options)


def dialog(name: str, title: str, body: list[Component], buttons: list[Component]) -> dbc.Modal:
    """A question, or a form, over the page; the id of its title is NAME-title."""
    return dbc.Modal(
        [html.H2(title, id=f"{name}-title"), *body, html.Div(buttons, className="actions")],
        id=name,
        is_open=False,
        centered=True,
        scrollable=False,
        content_class_name="history-dialog",
        labelledby=f"{name}-title",
    )


# The store in which a window keeps the ids that it has deleted last.
BINNED = "history-binned"
TO_THE_BIN = (
    "It goes to the bin with its photograph and reviews, and can be put back for 30 days. Then it is deleted "
    "for good."
)
FOR_GOOD = (
    "Photograph, heatmap, result and reviews are removed for good. This cannot be undone. A line of the audit trail "
    "stays, without image or name."
)


def confirmation(name: str, for_good: bool = False) -> dbc.Modal:
    """The question before something is deleted; the ids of its parts are NAME-title, -error, -cancel and -confirm."""
    return dialog(
        name,
        "Delete this prediction?",
        [
            html.P(FOR_GOOD if for_good else TO_THE_BIN),
            html.P(id=f"{name}-error", className="history-error", role="alert"),
        ],
        [
            html.Button("Keep", id=f"{name}-cancel", type="button", className="btn btn-outline-secondary"),
            html.Button(
                "Delete for good" if for_good else "Delete",
                id=f"{name}-confirm",
                type="button",
                className="btn btn-delete",
            ),
        ],
    )


def dead_end_page(title: str, sentence: str, *more: Component) -> html.Div:
    """A page that has nothing to show: why, and where to go instead."""
    return html.Div(
        [
            html.H1(title),
            html.P(sentence, className="lead"),
            html.P(
                [
                    dcc.Link(
                        "Look in the history", href=local_address("/history"), className="btn btn-primary"
                    ),
                    dcc.Link(
                        "Check a photograph",
                        href=local_address("/"),
                        className="btn btn-outline-secondary to-predict",
                    ),
                ],
                className="actions",
            ),
            *more,
        ],
        className="not-found",
    )


def missing_prediction(*more: Component) -> html.Div:
    """There is no prediction at this address."""
    return dead_end_page(
        "This prediction is not here", "It was deleted, or there is a typing error in the address.", *more
    )


def judged_first(record_id: str) -> html.Div:
    """There is a result that its reader sees after having judged."""
    return html.Div(
        [
            html.H1("Say what you see first"),
            html.P("The result is hidden until you have judged the photograph.", className="lead"),
            html.P(
                dcc.Link(
                    "Judge the photograph",
                    href=local_address(f"/history/{record_id}"),
                    className="btn btn-primary",
                ),
                className="actions",
            ),
        ],
        className="not-found",
    )

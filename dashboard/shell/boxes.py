"""Boxes of a page, and dialogs over it."""

from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component


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


def confirmation(name: str) -> dbc.Modal:
    """The question before something is deleted; the ids of its parts are NAME-title, -error, -cancel and -confirm."""
    return dialog(
        name,
        "Delete this prediction?",
        [
            html.P(
                "Photograph, heatmap, answer and reviews are removed for good. This cannot be undone. "
                "A line of the audit trail stays, without image or name."
            ),
            html.P(id=f"{name}-error", className="history-error", role="alert"),
        ],
        [
            html.Button("Keep", id=f"{name}-cancel", type="button", className="btn btn-outline-secondary"),
            html.Button("Delete", id=f"{name}-confirm", type="button", className="btn btn-delete"),
        ],
    )

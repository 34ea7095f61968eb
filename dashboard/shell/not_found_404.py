"""The page for unknown addresses."""

import dash
from dash import dcc, html

from dashboard.addresses import local_address

dash.register_page(__name__, path="/not-found-404", title="Page not found · Dermaboard")  # type: ignore[no-untyped-call]


def layout(**_: str) -> html.Div:
    """What happened and where to go."""
    return html.Div(
        [
            html.H1("There is no page at this address"),
            html.P("It may have been moved or deleted, or the address has a typing error.", className="lead"),
            html.P(
                [
                    dcc.Link("Check a photograph", href=local_address("/"), className="btn btn-primary"),
                    dcc.Link(
                        "Look in the history",
                        href=local_address("/history"),
                        className="btn btn-outline-secondary",
                    ),
                ],
                className="actions",
            ),
        ],
        className="not-found",
    )

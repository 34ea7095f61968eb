"""The page for unknown addresses."""

import dash
from dash import html

from dashboard.shell.boxes import dead_end_page

dash.register_page(__name__, path="/not-found-404", title="Page not found · Dermaboard")  # type: ignore[no-untyped-call]


def layout(**_: str) -> html.Div:
    """What happened and where to go."""
    return dead_end_page(
        "There is no page at this address",
        "It was moved or deleted, or there is a typing error in the address.",
    )

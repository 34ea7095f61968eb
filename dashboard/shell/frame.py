"""The frame around every page: skip link, bar, content, footer."""

from collections.abc import Iterable

import dash
from dash import dcc, html

from dashboard.addresses import local_address
from dashboard.shell.attributes import attributes
from dashboard.shell.text import DISCLAIMER, terms

LINKS = (
    ("Predict", "/"),
    ("Performance", "/performance"),
    ("History", "/history"),
    ("Monitoring", "/monitoring"),
)


def shell(version: str, licences: Iterable[tuple[str, str]]) -> html.Div:
    """The application's layout; `theme` is a store that holds "light" or "dark" for figures to follow.

    Args:
        version: the program's.
        licences: each model's name and the licence that its card states.
    """
    return html.Div(
        [
            html.A("Skip to content", href="#content", className="skip-link"),
            dcc.Store(id="theme", data="light"),
            navigation(),
            html.Main(dash.page_container, id="content", className="content", tabIndex=-1),
            html.Footer(
                [
                    html.P(DISCLAIMER),
                    html.P(f"Dermaboard {version}. {terms(licences)}".rstrip(), className="note"),
                ],
                className="site-footer",
            ),
        ],
        className="shell",
    )


def navigation() -> html.Header:
    """Brand, the three pages and the theme switch."""
    links = [html.Li(dcc.Link(word, href=local_address(href), className="nav-item")) for word, href in LINKS]
    return html.Header(
        html.Div(
            [
                dcc.Link(
                    [
                        html.Img(src=local_address("/assets/favicon.svg"), alt="", width=24, height=24),
                        html.Span("Dermaboard"),
                    ],
                    href=local_address("/"),
                    className="brand",
                ),
                html.Nav(html.Ul(links), id="navigation", **attributes(aria_label="Pages")),
                html.Button(
                    html.Span(className="switch-icon", **attributes(aria_hidden="true")),
                    id="theme-switch",
                    className="theme-switch",
                    title="Switch between light and dark",
                    type="button",
                    **attributes(aria_label="Dark theme", aria_pressed="false"),
                ),
            ],
            className="bar",
        ),
        className="site-header",
    )

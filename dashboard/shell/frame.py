"""The frame around every page: skip link, bar, content, footer."""

from collections.abc import Iterable

import dash
from dash import dcc, html

from dashboard.addresses import local_address
from dashboard.shell.attributes import attributes
from dashboard.shell.text import DISCLAIMER, NOT_A_DEVICE, terms
from dashboard.users.credentials import Visitor
from dashboard.users.roles import Permission
from dashboard.users.visitors import current_visitor, may

LINKS = (
    ("Predict", "/", Permission.PREDICT),
    ("Performance", "/performance", Permission.PERFORMANCE),
    ("History", "/history", Permission.SEE),
    ("Monitoring", "/monitoring", Permission.MONITOR),
)
# Where nobody signs in, in the footer.
ADMINISTRATION = ("Administration", "/administration", Permission.ADMINISTER)
ACCOUNT = "/account"


def shell(version: str, licences: Iterable[tuple[str, str]]) -> html.Div:
    """The application's layout for whoever asks; `theme` is a store that holds "light" or "dark" for figures to follow.

    Args:
        version: the program's.
        licences: each model's name and the licence that its card states.
    """
    visitor = current_visitor()
    # What a role may not do is not offered: users.css.
    allowed = attributes(data_may=" ".join(sorted(visitor.permissions))) if visitor else {}
    return html.Div(
        [
            html.A("Skip to content", href="#content", className="skip-link"),
            dcc.Store(id="theme", data="light"),
            navigation(visitor),
            connection_banner(),
            coming_page(),
            html.Main(dash.page_container, id="content", className="content", tabIndex=-1),
            html.Footer(
                [
                    html.P(f"{NOT_A_DEVICE} {DISCLAIMER}"),
                    html.P(f"Dermaboard {version}. {terms(licences)}".rstrip(), className="note"),
                    None if visitor else administration_link(),
                ],
                className="site-footer",
            ),
        ],
        className="shell",
        **allowed,
    )


def connection_banner() -> html.Div:
    """Says that the server does not answer; assets/connection.js fills and shows it."""
    return html.Div(
        [
            html.Span(id="connection-words", role="alert"),
            html.Span(id="connection-next", **attributes(aria_hidden="true")),
            html.Button(
                "Try now", id="connection-now", type="button", className="btn btn-sm btn-outline-secondary"
            ),
        ],
        id="connection",
        className="connection",
    )


def coming_page() -> html.Div:
    """What stands in the place of a page that was asked for and is not there yet."""
    return html.Div(
        [
            html.P(id="coming-words", role="status"),
            html.Button("Try again", id="coming-again", type="button", className="btn btn-primary"),
        ],
        id="coming",
        className="content coming",
    )


def navigation(visitor: Visitor | None) -> html.Header:
    """Brand, the pages, the theme switch, and who is logged in."""
    offered = [*LINKS, ADMINISTRATION] if visitor else LINKS
    pages = [(word, local_address(href)) for word, href, takes in offered if may(takes)]
    links = [html.Li(dcc.Link(word, href=href, className="nav-item")) for word, href in pages]
    return html.Header(
        html.Div(
            [
                dcc.Link(
                    [
                        html.Img(src=local_address("/assets/favicon.svg"), alt="", width=24, height=24),
                        html.Span("Dermaboard"),
                    ],
                    # Somebody who has to choose a password first may see no page.
                    href=pages[0][1] if pages else local_address(ACCOUNT),
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
                *([account(visitor)] if visitor else []),
            ],
            className="bar",
        ),
        className="site-header",
    )


def administration_link() -> html.P:
    """The way to models and jobs, for the one who sits at this computer."""
    word, href, _ = ADMINISTRATION
    return html.P(dcc.Link(word, href=local_address(href), className="action"))


def account(visitor: Visitor) -> html.Form:
    """Who is logged in, and the way out."""
    return html.Form(
        [
            dcc.Link(
                visitor.name,
                href=local_address(ACCOUNT),
                className="account-name",
                title=f"Your account. Signed in as {visitor.role}",
            ),
            # session.js writes what it has to hold when it is sent.
            dcc.Input(type="hidden", name="csrf_token", value=""),
            html.Button("Sign out", type="submit", className="btn btn-outline-secondary btn-sm"),
        ],
        method="post",
        action=local_address("/logout"),
        className="account",
    )

"""`/administration`: users, their sessions and tokens, models, jobs and the audit trail. A module for each part."""

from typing import Any

import dash
from dash import Input, Output, callback, dcc, html, no_update

from dashboard.admin import jobs, models, sessions, tokens, trail, users
from dashboard.admin.parts import part_head
from dashboard.shell.attributes import attributes
from dashboard.users.visitors import asks_who

dash.register_page(  # type: ignore[no-untyped-call]
    __name__, path="/administration", title="Administration · Dermaboard", name="Administration"
)

# Modules with TITLE, NAME (its id), layout() and register().
PARTS = (users, sessions, tokens, models, jobs, trail)
# Those that are there without users, too.
WITHOUT_USERS = (models, jobs)
FIRST_STEPS = """python -m dashboard user add anna --role administrator
DERMABOARD_AUTH=local python -m dashboard"""


def layout(**_: Any) -> html.Div:
    """All parts, with the way to each."""
    if not asks_who():
        return no_users()
    links = [html.Li(html.A(one.TITLE, href=f"#{one.NAME}")) for one in PARTS]
    return html.Div(
        [
            html.H1("Administration"),
            html.P("Who may do what, who is signed in, and what was done.", className="lead"),
            html.Div(
                [
                    html.Nav(html.Ul(links), className="page-parts", **attributes(aria_label="On this page")),
                    html.Div(
                        [html.Div(id="admin-said"), *(one.layout() for one in PARTS)], className="parts"
                    ),
                ],
                className="with-parts",
            ),
            dcc.Store(id="admin-changed"),
            dcc.Location(id="admin-leave", refresh=True),
        ],
        className="admin",
    )


def no_users() -> html.Div:
    """What stands here where nobody has to sign in."""
    return html.Div(
        [
            html.H1("Administration"),
            html.P(
                "There are no users: nobody has to sign in, and Dermaboard can be reached from this computer only.",
                className="lead",
            ),
            html.Div(
                [
                    html.Div(id="admin-said"),
                    *(one.layout() for one in WITHOUT_USERS),
                    first_steps(),
                ],
                className="parts",
            ),
            dcc.Store(id="admin-changed"),
        ],
        className="admin",
    )


def first_steps() -> html.Section:
    """How people can be let in."""
    return html.Section(
        [
            part_head("Users"),
            html.Div(
                [
                    html.P(
                        "To let people sign in, make the first administrator and start Dermaboard with a log-in:"
                    ),
                    html.Pre(FIRST_STEPS),
                    html.P(
                        "dashboard/README.md has the rest: how others reach it, and other ways to sign in.",
                        className="note",
                    ),
                ],
                className="card-box no-model",
            ),
        ]
    )


@callback(
    Output("admin-users", "children"),
    Output("admin-sessions", "children"),
    Output("admin-tokens", "children"),
    Output("admin-token-user", "options"),
    Input("admin-changed", "data"),
    prevent_initial_call=True,
)
def refresh_lists(_changed: str | None) -> tuple[Any, ...]:
    """Users, sessions and tokens as they are now."""
    if not asks_who():
        return (no_update,) * 4
    return (
        users.user_list(),
        sessions.everybodys_sessions(),
        tokens.everybodys_tokens(),
        tokens.owner_options(),
    )


for _part in PARTS:
    _part.register()

"""The audit trail: who did, saw and took what."""

import re
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any

import dash_bootstrap_components as dbc
from dash import Input, Output, State, callback, ctx, dcc, html, no_update
from dash.development.base_component import Component

from dashboard.addresses import local_address
from dashboard.admin.parts import (
    action_button,
    failure_note,
    labelled_field,
    line_input,
    listing_table,
    part_head,
    success_note,
)
from dashboard.services import Services
from dashboard.shell.review_form import local_time
from dashboard.store import StoreError
from dashboard.users.trail import Sought, Trail, TrailLine, trail_problems

TITLE, NAME = "Audit trail", "trail"
NOTE = "Who signed in, saw, took, deleted and changed what. Nobody can change it unseen."
PAGE, MOST_PROBLEMS = 50, 20
ANY = "any"
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def layout() -> html.Section:
    """The part of the page."""
    actions = [{"label": "Anything", "value": ANY}]
    actions += [{"label": action.capitalize(), "value": action} for action in store_trail().actions()]
    return html.Section(
        [
            part_head(TITLE, NOTE, action_button("Verify", "admin-verify", "outline-secondary")),
            html.Div(id="admin-verified"),
            html.Div(
                [
                    labelled_field("User", line_input("admin-trail-user", maxlength=128)),
                    labelled_field("What", dbc.Select(id="admin-trail-action", options=actions, value=ANY)),
                    labelled_field("Case", line_input("admin-trail-case", maxlength=500)),
                    labelled_field("From", dbc.Input(id="admin-trail-from", type="date")),
                    labelled_field("To", dbc.Input(id="admin-trail-to", type="date")),
                    action_button("Search", "admin-trail-search", "outline-secondary"),
                ],
                className="field-row",
                role="search",
            ),
            html.Div(id="admin-trail-lines"),
            html.Div(
                [
                    action_button("Older", "admin-trail-older", "outline-secondary"),
                    action_button("Newest", "admin-trail-newest", "outline-secondary"),
                ],
                className="actions",
            ),
            dcc.Store(id="admin-trail-before"),
        ],
        id=NAME,
    )


def store_trail() -> Trail:
    """The trail of the running application's store."""
    return Trail(Services.current().store)


def sought_lines(
    user: str | None, action: str | None, case: str | None, first: str | None, last: str | None
) -> Sought:
    """What somebody looks for.

    Args:
        case: its id, or an address that holds it.
        first, last: days in UTC, both included.

    Raises:
        ValueError: a day is none.
    """
    found = ID.search(case or "")
    days = [date.fromisoformat(one) if one else None for one in (first, last)]
    since, until = (datetime.combine(one, time(), UTC) if one else None for one in days)
    return Sought(
        (user or "").strip(),
        "" if action in (None, ANY) else str(action),
        found[0] if found else (case or "").strip(),
        since,
        until + timedelta(days=1) if until else None,
    )


def line_list(lines: list[TrailLine]) -> Component:
    """Lines of the trail, the newest first."""
    return listing_table(
        TITLE,
        ("Time", "Who", "What", "About", "Note"),
        [
            (
                local_time(line.created),
                line.who or "Nobody",
                line.action.capitalize(),
                subject_link(line.subject),
                html.Span("Erased" if line.text is None else line.text, className="note"),
            )
            for line in lines
        ],
        "No line of the audit trail fits.",
    )


def subject_link(subject: str) -> Component | str:
    """What a line is about; a case with the way to it."""
    if not ID.fullmatch(subject):
        return subject
    return dcc.Link(f"Case {subject[:13]}…", href=local_address(f"/history/{subject}"), title=subject)


def show_lines(
    _searches: int | None,
    _older: int | None,
    _newest: int | None,
    _submits: int | None,
    _case_submits: int | None,
    _changed: str | None,
    user: str | None,
    action: str | None,
    case: str | None,
    first: str | None,
    last: str | None,
    before: int | None,
) -> tuple[Any, ...]:
    """The newest lines that are looked for, or those before the ones that are there."""
    older = ctx.triggered_id == "admin-trail-older"
    try:
        sought = sought_lines(user, action, case, first, last)
        lines = list(store_trail().lines(sought, before if older else None, PAGE + 1))
    except (ValueError, OverflowError):
        return failure_note("Write days like 2026-01-31."), None, True, True
    except StoreError as error:
        return failure_note(error), None, True, True
    shown = lines[:PAGE]
    return line_list(shown), shown[-1].seq if shown else None, len(lines) <= PAGE, not older


def verify_trail(clicks: int | None) -> Component | Any:
    """Whether the trail is as it was written."""
    if not clicks:
        return no_update
    number, digest = store_trail().newest()
    try:
        problems = list(islice(trail_problems(Services.current().store), MOST_PROBLEMS))
    except StoreError as error:
        return failure_note(error)
    if problems:
        return html.Div(
            [failure_note("The audit trail is not whole."), html.Ul(list(map(html.Li, problems)))]
        )
    if not number:
        return success_note("There is no line yet.")
    sentence = (
        f"Lines 1 to {number:,} are as they were written. Where the server's log tells of line {number:,}, it has to "
        "have this digest:"
    )
    return html.Div(
        [html.P(sentence), html.Code(digest, className="secret")], className="done", role="status"
    )


def register() -> None:
    """Add the callbacks; Dash forgets them with every application."""
    callback(
        Output("admin-trail-lines", "children"),
        Output("admin-trail-before", "data"),
        Output("admin-trail-older", "hidden"),
        Output("admin-trail-newest", "hidden"),
        Input("admin-trail-search", "n_clicks"),
        Input("admin-trail-older", "n_clicks"),
        Input("admin-trail-newest", "n_clicks"),
        Input("admin-trail-user", "n_submit"),
        Input("admin-trail-case", "n_submit"),
        Input("admin-changed", "data"),
        State("admin-trail-user", "value"),
        State("admin-trail-action", "value"),
        State("admin-trail-case", "value"),
        State("admin-trail-from", "value"),
        State("admin-trail-to", "value"),
        State("admin-trail-before", "data"),
    )(show_lines)
    callback(
        Output("admin-verified", "children"), Input("admin-verify", "n_clicks"), prevent_initial_call=True
    )(verify_trail)

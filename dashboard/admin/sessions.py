"""Sessions: who is signed in."""

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.admin.acting import acting_credentials, acting_visitor, sign_in_kind
from dashboard.admin.parts import (
    act_on_pressed,
    action_button,
    listing_table,
    part_head,
    register_press,
    time_or_never,
)
from dashboard.users.credentials import Credential

TITLE, NAME = "Sessions", "sessions"
END = "admin-session-end"
NOTE = (
    "A session ends after an hour without a request, and after 12 hours. Change, above, ends all of a user's."
)
BY_PROXY = "The proxy says who asks, with every request: there are no sessions here."


def layout() -> html.Section:
    """The part of the page."""
    note = BY_PROXY if sign_in_kind() == "proxy" else NOTE
    return html.Section(
        [part_head(TITLE, note), html.Div(everybodys_sessions(), id="admin-sessions")], id=NAME
    )


def everybodys_sessions() -> Component:
    """Who is signed in, with a way to end it."""
    credentials = acting_credentials()
    return session_list(credentials.sessions(), credentials.session_id(acting_visitor().session), END)


def session_list(sessions: Sequence[Credential], here: str, kind: str) -> Component:
    """Sessions, each with a way to end it but for the one of this browser.

    Args:
        here: id of this browser's.
        kind: type of the buttons' ids.
    """
    return listing_table(
        TITLE,
        ("User name", "Signed in since", "Last seen", "Ends at the latest", ""),
        [
            (
                one.user,
                time_or_never(one.created),
                time_or_never(one.used),
                time_or_never(one.ends),
                "This browser"
                if one.id == here
                else action_button("End", {"type": kind, "id": one.id}, says=f"End a session of {one.user}"),
            )
            for one in sessions
        ],
        "Nobody is signed in.",
    )


def end_listed_session(_clicks: Sequence[int | None]) -> tuple[Any, Any]:
    """End one session."""

    def end(session_id: str) -> str:
        ended = acting_credentials().end_sessions(None, only=session_id)
        return "The session ended." if ended else "The session had ended already."

    return act_on_pressed(END, end)


def register() -> None:
    """Add the callback; Dash forgets it with every application."""
    register_press(END, end_listed_session)

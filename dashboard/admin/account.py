"""`/account`: what a user sees and does of their own account. Nobody else's name is taken from the browser."""

from collections.abc import Sequence
from typing import Any

import dash
import dash_bootstrap_components as dbc
from dash import ALL, Input, Output, State, callback, ctx, dcc, html, no_update
from dash.development.base_component import Component

from dashboard.addresses import local_address
from dashboard.admin.acting import acting_accounts, acting_credentials, acting_visitor, sign_in_kind
from dashboard.admin.parts import (
    PERMISSION_WORDS,
    act_on_pressed,
    action_button,
    failure_note,
    labelled_field,
    part_head,
    pressed_id,
    success_note,
    time_stamp,
)
from dashboard.admin.sessions import BY_PROXY, session_list
from dashboard.admin.tokens import NOTE, new_token, revoked_words, token_dialog, token_list
from dashboard.shell.judge_switch import JUDGE_FIRST, judge_switch
from dashboard.store import StoreError
from dashboard.users.accounts import UserError
from dashboard.users.credentials import Visitor
from dashboard.users.roles import ROLES, Permission
from dashboard.users.visitors import asks_who

dash.register_page(__name__, path="/account", title="Your account · Dermaboard", name="Your account")  # type: ignore[no-untyped-call]

REVOKE, END = "account-token-revoke", "account-session-end"
CHOOSE = "Whoever gave you your password knows it. Choose another one; until then you can do nothing else."
PASSWORDS = (
    ("Password now", "account-old", "current-password"),
    ("New password", "account-new", "new-password"),
    ("The new one once more", "account-again", "new-password"),
)
KNOWN = "A token cannot do this: sign in."


def layout(**_: Any) -> html.Div:
    """Name, role, password, sessions and tokens of whoever asks."""
    if not asks_who():
        return html.Div(
            [
                html.H1("Your account"),
                html.P("Nobody has to sign in here: there are no accounts.", className="lead"),
                html.Div(judging_part(), className="parts"),
            ],
            className="admin",
        )
    visitor = acting_visitor()
    once = has_to_choose(visitor)
    parts = [password_part(once)] if sign_in_kind() == "local" else []
    if not once:
        parts += [judging_part()] if Permission.REVIEW in visitor.permissions else []
        parts += [own_sessions_part(), own_tokens_part(visitor)]
    may = ", ".join(word.lower() for one, word in PERMISSION_WORDS.items() if one in ROLES[visitor.role])
    return html.Div(
        [
            html.H1("Your account"),
            html.P([html.Strong(visitor.name), f", {visitor.role}. You may: {may}."], className="lead"),
            html.Div(id="account-said"),
            html.Div(parts, className="parts"),
            dcc.Location(id="account-leave", refresh=True),
            dcc.Store(id="account-changed"),
        ],
        className="admin",
    )


def password_part(once: bool) -> html.Section:
    """The form for another password."""
    fields = [
        labelled_field(
            label, dbc.Input(id=name, type="password", value="", autocomplete=hint, maxlength=1000)
        )
        for label, name, hint in PASSWORDS
    ]
    return html.Section(
        [
            part_head("Choose a password of your own" if once else "Password"),
            html.P(CHOOSE if once else "Your other sessions end with it.", className="note"),
            html.Div(
                [*fields, action_button("Change password", "account-change", "primary")],
                className="field-row",
            ),
            html.Div(id="account-password-said"),
        ],
        id="password",
    )


def judging_part() -> html.Section:
    """The switch to judge a photograph before its result is shown."""
    return html.Section(
        [part_head("Judge first", "", judge_switch()), html.P(JUDGE_FIRST, className="note")], id="judging"
    )


def own_sessions_part() -> html.Section:
    """Where the user is signed in."""
    if sign_in_kind() == "proxy":
        return html.Section(part_head("Sessions", BY_PROXY))
    end = action_button("End all others", "account-end-others", "outline-secondary")
    return html.Section(
        [part_head("Sessions", "", end), html.Div(own_sessions(), id="account-sessions")], id="sessions"
    )


def own_sessions() -> Component:
    """The user's sessions."""
    visitor, credentials = acting_visitor(), acting_credentials()
    return session_list(credentials.sessions(visitor.name), credentials.session_id(visitor.session), END)


def own_tokens_part(visitor: Visitor) -> html.Section:
    """The user's tokens."""
    return html.Section(
        [
            part_head(
                "Tokens", NOTE, action_button("Make a token", "account-token-open", "outline-secondary")
            ),
            html.Div(own_tokens(), id="account-tokens"),
            token_dialog("account-token", ROLES[visitor.role]),
        ],
        id="tokens",
    )


def own_tokens() -> Component:
    """The user's tokens, as a list."""
    return token_list(acting_credentials().tokens(acting_visitor().name), REVOKE)


def has_to_choose(visitor: Visitor) -> bool:
    """Whether somebody else knows the user's password."""
    return visitor.permissions == {Permission.ENTER}


def settled_visitor() -> Visitor:
    """Who asks. Raises UserError for a program, and for somebody who has to choose a password first."""
    visitor = acting_visitor()
    if visitor.by_token:
        raise UserError(KNOWN)
    if has_to_choose(visitor):
        raise UserError(CHOOSE)
    return visitor


@callback(
    Output("account-sessions", "children"),
    Input("account-changed", "data"),
    prevent_initial_call=True,
)
def refresh_own_sessions(_changed: str | None) -> Component:
    """The user's sessions as they are now, or why they are not shown."""
    try:
        return own_sessions()
    except UserError as error:
        return html.P(str(error))


@callback(
    Output("account-tokens", "children"),
    Input("account-changed", "data"),
    prevent_initial_call=True,
)
def refresh_own_tokens(_changed: str | None) -> Component:
    """The user's tokens as they are now, or why they are not shown."""
    try:
        return own_tokens()
    except UserError as error:
        return html.P(str(error))


@callback(
    Output("account-password-said", "children"),
    Output("account-old", "value"),
    Output("account-new", "value"),
    Output("account-again", "value"),
    Output("account-leave", "href"),
    Output("account-changed", "data", allow_duplicate=True),
    Input("account-change", "n_clicks"),
    Input("account-again", "n_submit"),
    State("account-old", "value"),
    State("account-new", "value"),
    State("account-again", "value"),
    prevent_initial_call=True,
)
def change_own_password(
    clicks: int | None, submits: int | None, old: str | None, new: str | None, again: str | None
) -> tuple[Any, ...]:
    """Another password for whoever asks; somebody who had to choose one goes on to the pages."""
    if not (clicks or submits):
        return (no_update,) * 6
    try:
        visitor = acting_visitor()
        if visitor.by_token:
            raise UserError(KNOWN)
        if new != again:
            raise UserError("The two new passwords differ.")
        here = acting_credentials().session_id(visitor.session)
        acting_accounts().replace_password(visitor.name, old or "", new or "", here)
    except (UserError, StoreError) as error:
        return failure_note(error), *(no_update,) * 5
    if has_to_choose(visitor):
        return *(no_update,) * 4, local_address("/"), no_update
    return (
        success_note("Your password is changed. Your other sessions have ended."),
        "",
        "",
        "",
        no_update,
        time_stamp(),
    )


@callback(
    Output("account-said", "children", allow_duplicate=True),
    Output("account-changed", "data", allow_duplicate=True),
    Input("account-end-others", "n_clicks"),
    Input({"type": END, "id": ALL}, "n_clicks"),
    prevent_initial_call=True,
)
def end_own_session(_others: int | None, _clicks: Sequence[int | None]) -> tuple[Any, Any]:
    """End one of the user's sessions, or all but this one."""
    session_id = pressed_id(END)
    if session_id is None and ctx.triggered_id != "account-end-others":
        return no_update, no_update
    try:
        visitor, credentials = settled_visitor(), acting_credentials()
        here = credentials.session_id(visitor.session)
        count = credentials.end_sessions(visitor.name, session_id, keep=here)
    except (UserError, StoreError) as error:
        return failure_note(error), no_update
    return success_note(f"{count} session{'' if count == 1 else 's'} ended."), time_stamp()


@callback(
    Output("account-token", "is_open"),
    Output("account-token-said", "children"),
    Output("account-token-name", "value"),
    Output("account-changed", "data", allow_duplicate=True),
    Input("account-token-open", "n_clicks"),
    Input("account-token-close", "n_clicks"),
    Input("account-token-make", "n_clicks"),
    State("account-token-name", "value"),
    State("account-token-days", "value"),
    State("account-token-may", "value"),
    prevent_initial_call=True,
)
def make_own_token(
    _opens: int | None,
    _closes: int | None,
    _makes: int | None,
    name: str | None,
    days: int | float | str | None,
    may: list[str] | None,
) -> tuple[Any, ...]:
    """Open or close the form for a new token, or make one for whoever asks."""
    if ctx.triggered_id != "account-token-make":
        return ctx.triggered_id == "account-token-open", "", "", no_update
    try:
        visitor = settled_visitor()
        said = new_token(visitor.name, name, days, may, visitor.permissions)
    except (UserError, StoreError) as error:
        return no_update, failure_note(error), no_update, no_update
    return no_update, said, "", time_stamp()


@callback(
    Output("account-said", "children", allow_duplicate=True),
    Output("account-changed", "data", allow_duplicate=True),
    Input({"type": REVOKE, "id": ALL}, "n_clicks"),
    prevent_initial_call=True,
)
def revoke_own_token(_clicks: Sequence[int | None]) -> tuple[Any, Any]:
    """End one of the user's tokens."""

    def revoke(token_id: str) -> str:
        return revoked_words(acting_credentials().revoke(token_id, settled_visitor().name))

    return act_on_pressed(REVOKE, revoke)

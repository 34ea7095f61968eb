"""Tokens: what programs show instead of a password."""

from collections.abc import Iterable, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import Input, Output, State, callback, ctx, html, no_update
from dash.development.base_component import Component

from dashboard.admin.acting import acting_accounts, acting_credentials
from dashboard.admin.parts import (
    PERMISSION_WORDS,
    act_on_pressed,
    action_button,
    failure_note,
    labelled_field,
    line_input,
    listing_table,
    part_head,
    register_press,
    secret_shown,
    time_or_never,
    time_stamp,
)
from dashboard.shell.attributes import attributes
from dashboard.shell.boxes import dialog
from dashboard.store import StoreError
from dashboard.store.schema import utc_now
from dashboard.users.accounts import UserError
from dashboard.users.credentials import LONGEST_TOKEN, Credential
from dashboard.users.roles import Permission

TITLE, NAME = "Tokens", "tokens"
REVOKE = "admin-token-revoke"
NOTE = "For devices and programs. A token is shown once, when it is made."
USUAL_DAYS = 90


def layout() -> html.Section:
    """The part of the page."""
    return html.Section(
        [
            part_head(TITLE, NOTE, action_button("Make a token", "admin-token-open", "outline-secondary")),
            html.Div(everybodys_tokens(), id="admin-tokens"),
            token_dialog("admin-token", PERMISSION_WORDS, owner_options()),
        ],
        id=NAME,
    )


def owner_options() -> list[dict[str, str]]:
    """Who can have a token, as options."""
    return [{"label": user.name, "value": user.name} for user in acting_accounts().all()]


def everybodys_tokens() -> Component:
    """All tokens, each with a way to revoke it."""
    return token_list(acting_credentials().tokens(), REVOKE)


def token_list(tokens: Sequence[Credential], kind: str) -> Component:
    """Tokens, each with a way to revoke it.

    Args:
        kind: type of the buttons' ids.
    """
    now = utc_now()
    return listing_table(
        TITLE,
        ("Name", "Belongs to", "May", "Last used", "Ends", ""),
        [
            (
                html.Strong(one.name or "No name"),
                one.user,
                scope_words(one.scopes),
                time_or_never(one.used),
                html.Span(["Expired " if one.ends < now else "", time_or_never(one.ends)]),
                html.Details(
                    [
                        html.Summary(
                            "Revoke",
                            **attributes(aria_label=f"Revoke {one.name or 'the token'} of {one.user}"),
                        ),
                        html.P("Programs that use it stop at once.", className="note"),
                        action_button("Revoke now", {"type": kind, "id": one.id}, "delete btn-sm"),
                    ]
                ),
            )
            for one in tokens
        ],
        "There are no tokens.",
    )


def scope_words(scopes: Iterable[Permission] | None) -> str:
    """What a token allows."""
    if scopes is None:
        return "All that the role allows"
    words = [word for permission, word in PERMISSION_WORDS.items() if permission in set(scopes)]
    return ", ".join(words) or "Nothing but to be known"


def token_dialog(
    name: str, may: Iterable[Permission], users: list[dict[str, str]] | None = None
) -> Component:
    """The form for a new token; the ids of its parts are NAME-user, -name, -days, -may, -said, -close, -make.

    Args:
        may: what can be chosen.
        users: who can have it, as options; None for whoever asks.
    """
    options = [{"label": PERMISSION_WORDS[one], "value": str(one)} for one in may if one in PERMISSION_WORDS]
    fields = [
        labelled_field(
            "Name", line_input(f"{name}-name", maxlength=64), "What it is for: “dermatoscope room 2”."
        ),
        labelled_field(
            "Days that it lasts",
            dbc.Input(id=f"{name}-days", type="number", value=USUAL_DAYS, min=1, max=LONGEST_TOKEN),
        ),
        html.Fieldset(
            [
                html.Legend("May", className="label"),
                dbc.Checklist(id=f"{name}-may", options=options, value=[]),
            ],
            className="field",
        ),
        html.Div(id=f"{name}-said"),
    ]
    if users is not None:
        choice = dbc.Select(id=f"{name}-user", options=users)
        fields.insert(
            0, labelled_field("Belongs to", choice, "It never allows more than the role of its user.")
        )
    buttons: list[Component] = [
        action_button("Close", f"{name}-close", "outline-secondary"),
        action_button("Make the token", f"{name}-make", "primary"),
    ]
    return dialog(name, "Make a token", fields, buttons)


def new_token(
    user: str, name: str | None, days: object, may: Sequence[str] | None, allowed: Iterable[Permission]
) -> Component:
    """Make a token and show it.

    Args:
        allowed: what whoever makes it may let it do.

    Raises:
        UserError: something of it does not do.
    """
    known = {str(one): one for one in allowed}
    scopes = [known[one] for one in may or () if one in known]
    if not (name or "").strip():
        raise UserError("Give the token a name: what it is for.")
    if not scopes or len(scopes) < len(may or ()):
        raise UserError("Choose what the token may do.")
    if not isinstance(days, int):
        raise UserError(f"A token lasts 1 to {LONGEST_TOKEN:,} days.")
    secret = acting_credentials().add_token(user, days, scopes, name or "")
    return secret_shown(f"This is the token “{name}” of {user}.", secret)


def make_token(
    _opens: int | None,
    _closes: int | None,
    _makes: int | None,
    user: str | None,
    name: str | None,
    days: int | float | str | None,
    may: list[str] | None,
) -> tuple[Any, ...]:
    """Open or close the form for a new token, or make one for anybody."""
    if ctx.triggered_id != "admin-token-make":
        return ctx.triggered_id == "admin-token-open", "", "", no_update
    try:
        if not user:
            raise UserError("Choose whom the token belongs to.")
        said = new_token(user, name, days, may, PERMISSION_WORDS)
    except (UserError, StoreError) as error:
        return no_update, failure_note(error), no_update, no_update
    return no_update, said, "", time_stamp()


def revoke_token(_clicks: Sequence[int | None]) -> tuple[Any, Any]:
    """End one token."""
    return act_on_pressed(REVOKE, lambda token_id: revoked_words(acting_credentials().revoke(token_id)))


def revoked_words(gone: bool) -> str:
    """What came of revoking a token."""
    return "The token is revoked." if gone else "The token was revoked already."


def register() -> None:
    """Add the callbacks; Dash forgets them with every application."""
    callback(
        Output("admin-token", "is_open"),
        Output("admin-token-said", "children"),
        Output("admin-token-name", "value"),
        Output("admin-changed", "data", allow_duplicate=True),
        Input("admin-token-open", "n_clicks"),
        Input("admin-token-close", "n_clicks"),
        Input("admin-token-make", "n_clicks"),
        State("admin-token-user", "value"),
        State("admin-token-name", "value"),
        State("admin-token-days", "value"),
        State("admin-token-may", "value"),
        prevent_initial_call=True,
    )(make_token)
    register_press(REVOKE, revoke_token)

"""Users: who may sign in, and as what."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dash import (
    ALL,
    ClientsideFunction,
    Input,
    Output,
    State,
    callback,
    clientside_callback,
    ctx,
    dcc,
    html,
    no_update,
)
from dash.development.base_component import Component

from dashboard.addresses import local_address
from dashboard.admin.acting import acting_accounts, acting_credentials, acting_visitor, sign_in_kind
from dashboard.admin.parts import (
    action_button,
    chosen_role,
    failure_note,
    labelled_field,
    line_input,
    listing_table,
    part_head,
    pressed_id,
    role_choice,
    role_table,
    secret_shown,
    success_note,
    time_or_never,
    time_stamp,
)
from dashboard.shell.boxes import dialog
from dashboard.shell.review_form import local_time
from dashboard.store import StoreError
from dashboard.store.schema import utc_now
from dashboard.users.accounts import TRIES, User, UserError, drawn_password
from dashboard.users.roles import Role

TITLE, NAME = "Users", "users"
OPEN, DO = "admin-user-open", "admin-user-do"
ONCE = "With it, {} can choose another one and do nothing else."
# What takes the right to be here from whoever does it to themselves.
LEAVING = ("role", "off", "end", "remove")
DRAWN = "Leave it empty, and one is drawn. Whoever it is has to choose another one."
# By the way people sign in, where an administrator gives nobody a password.
NO_PASSWORDS = {
    "proxy": "A proxy says who asks. Whoever is not listed here does not get in.",
    "oidc": "Users appear here when they first sign in. The provider says what they are, each time.",
}


def layout() -> html.Section:
    """The part of the page."""
    kind = sign_in_kind()
    # Where a provider knows the users, nobody adds them here.
    add, form = (
        ([], [])
        if kind == "oidc"
        else ([action_button("Add a user", "admin-add-open", "primary")], [new_user_dialog(kind == "local")])
    )
    return html.Section(
        [
            part_head(TITLE, NO_PASSWORDS.get(kind, ""), *add),
            html.Div(user_list(), id="admin-users"),
            html.Details([html.Summary("What each role may do"), role_table()], className="roles"),
            *form,
            dialog(
                "admin-user",
                "Change a user",
                [html.Div(user_form(None), id="admin-user-body")],
                [action_button("Close", "admin-user-close", "outline-secondary")],
            ),
            dcc.Store(id="admin-user-chosen"),
        ],
        id=NAME,
    )


def new_user_dialog(passwords: bool) -> Component:
    """The form for a new user."""
    return dialog(
        "admin-adding",
        "Add a user",
        [
            labelled_field("User name", line_input("admin-add-name", maxlength=64)),
            labelled_field("Role", role_choice("admin-add-role", Role.VIEWER)),
            html.Div(
                labelled_field("Password", line_input("admin-add-password", maxlength=1000), DRAWN),
                hidden=not passwords,
            ),
            html.Div(id="admin-add-said"),
        ],
        [
            action_button("Close", "admin-add-close", "outline-secondary"),
            action_button("Add the user", "admin-add", "primary"),
        ],
    )


def user_list() -> Component:
    """Everybody who has an account."""
    now = utc_now()
    return listing_table(
        TITLE,
        ("User name", "Role", "Last signed in", "State", ""),
        [
            (
                html.Strong(user.name),
                str(user.role).capitalize(),
                time_or_never(user.signed_in),
                user_state(user, now),
                action_button("Change", {"type": OPEN, "id": user.name}, says=f"Change {user.name}"),
            )
            for user in acting_accounts().all()
        ],
        "Nobody has signed in yet.",
    )


def is_resting(user: User, now: datetime) -> bool:
    """Whether no password is looked at."""
    return user.rests_until is not None and now < user.rests_until


def user_state(user: User, now: datetime) -> Component | str:
    """Whether somebody gets in, and if not, why."""
    if user.switched_off:
        return html.Span(["Switched off since ", local_time(user.switched_off)])
    if is_resting(user, now):
        return html.Span([f"Rests after {TRIES} wrong passwords until ", time_or_never(user.rests_until)])
    return "Has to choose a password" if user.once else "Active"


def user_form(user: User | None, said: Component | None = None) -> list[Component]:
    """What can be changed of a user, and what was just done; fields alone before one is chosen."""
    role = labelled_field("Role", role_choice("admin-user-role", user.role if user else Role.VIEWER))
    password = labelled_field("New password", line_input("admin-user-password", maxlength=1000), DRAWN)
    if user is None:
        return [role, password]
    now, switch = utc_now(), "on" if user.switched_off else "off"
    # One's own is changed on the page of the account, which asks for the old one.
    gives = sign_in_kind() == "local" and user.name != acting_visitor().name
    return [
        html.P(user_state(user, now), className="note"),
        *([said] if said else []),
        *([user_button("Unlock the account", "wake", "primary")] if is_resting(user, now) else []),
        html.Div(
            [role, user_button("Save role", "role")],
            className="field-row",
            # There the provider's word holds, from the next log-in on.
            hidden=sign_in_kind() == "oidc",
        ),
        html.Div(
            [password, user_button("Set password", "password")], className="field-row", hidden=not gives
        ),
        html.Div(
            [user_button(f"Switch {switch}", switch), user_button("End all sessions", "end")],
            className="actions",
        ),
        html.Details(
            [
                html.Summary("Remove this user"),
                html.P(
                    "The account goes, with its sessions and tokens. What the user did stays in the cases and in the "
                    "audit trail.",
                    className="note",
                ),
                user_button(f"Remove {user.name}", "remove", "delete"),
            ]
        ),
    ]


def user_button(label: str, what: str, kind: str = "outline-secondary") -> html.Button:
    """A button that changes the user."""
    return action_button(label, {"type": DO, "id": what}, kind)


def change_user(what: str | None, name: str, role: str | None, password: str | None) -> Component:
    """Do one thing to a user; what is to be said of it. Raises UserError."""
    accounts = acting_accounts()
    match what:
        case "wake":
            accounts.wake(name)
            return success_note(f"{name} may try again.")
        case "role":
            accounts.change_role(name, wanted := chosen_role(role))
            return success_note(f"{name} is {wanted} now.")
        case "password":
            if accounts.named(name).name == acting_visitor().name:
                raise UserError("Change your own password on the page of your account.")
            accounts.change_password(name, given := password or drawn_password(), once=True)
            sentence = f"{name} has a new password. {ONCE.format(name)}"
            return success_note(sentence) if password else secret_shown(sentence, given)
        case "on" | "off":
            accounts.switch(name, on=what == "on")
            return success_note(f"{name} is switched {what}.")
        case "end":
            count = acting_credentials().end_sessions(name)
            return success_note(f"{count} session{'' if count == 1 else 's'} of {name} ended.")
        case "remove":
            accounts.remove(name)
            return success_note(f"{name} has no account any more.")
    raise UserError("Choose what to do.")


def show_user(
    _opens: Sequence[int | None],
    _actions: Sequence[int | None],
    _closes: int | None,
    chosen: str | None,
    role: str | None,
    password: str | None,
) -> tuple[Any, ...]:
    """Open the form of a user, or do what was pressed in it and say so."""
    if ctx.triggered_id == "admin-user-close":
        return False, *(no_update,) * 6
    opened, action = pressed_id(OPEN), pressed_id(DO)
    name = opened or chosen
    if name is None or (opened is None and action is None):
        return (no_update,) * 7
    said: Component | None = None
    changed: Any = no_update
    leave: Any = no_update
    try:
        if opened is None:
            said, changed = change_user(action, name, role, password), time_stamp()
            # Whoever takes the right to be here from themselves begins anew.
            leave = local_address("/") if name == acting_visitor().name and action in LEAVING else no_update
    except (UserError, StoreError) as error:
        said = failure_note(error)
    try:
        user = acting_accounts().named(name)
    except UserError as error:
        # Removed, now or meanwhile.
        return False, no_update, no_update, None, time_stamp(), said or failure_note(error), leave
    return True, f"Change {user.name}", user_form(user, said), user.name, changed, "", leave


def add_user(
    _opens: int | None,
    _closes: int | None,
    _adds: int | None,
    _names: int | None,
    _passwords: int | None,
    name: str | None,
    role: str | None,
    password: str | None,
) -> tuple[Any, ...]:
    """Open or close the form for a new user, or add one."""
    if ctx.triggered_id == "admin-add-open":
        return True, "", "", "", no_update
    if ctx.triggered_id == "admin-add-close":
        return False, *(no_update,) * 4
    try:
        given = (password or drawn_password()) if sign_in_kind() == "local" else None
        user = acting_accounts().add((name or "").strip(), chosen_role(role), given, once=given is not None)
    except (UserError, StoreError) as error:
        return no_update, failure_note(error), no_update, no_update, no_update
    sentence = f"{user.name} may sign in as {user.role}."
    if given is None:
        said: Component = success_note(sentence)
    else:
        sentence = f"{sentence} {ONCE.format(user.name)}"
        said = success_note(sentence) if password else secret_shown(sentence, given)
    return no_update, said, "", "", time_stamp()


def register() -> None:
    """Add the callbacks; Dash forgets them with every application."""
    callback(
        Output("admin-user", "is_open"),
        Output("admin-user-title", "children"),
        Output("admin-user-body", "children"),
        Output("admin-user-chosen", "data"),
        Output("admin-changed", "data", allow_duplicate=True),
        Output("admin-said", "children", allow_duplicate=True),
        Output("admin-leave", "href"),
        Input({"type": OPEN, "id": ALL}, "n_clicks"),
        Input({"type": DO, "id": ALL}, "n_clicks"),
        Input("admin-user-close", "n_clicks"),
        State("admin-user-chosen", "data"),
        State("admin-user-role", "value"),
        State("admin-user-password", "value"),
        prevent_initial_call=True,
    )(show_user)
    clientside_callback(
        ClientsideFunction("admin", "closed"),
        Input("admin-user", "is_open"),
        State("admin-user-chosen", "data"),
        prevent_initial_call=True,
    )
    callback(
        Output("admin-adding", "is_open"),
        Output("admin-add-said", "children"),
        Output("admin-add-name", "value"),
        Output("admin-add-password", "value"),
        Output("admin-changed", "data", allow_duplicate=True),
        Input("admin-add-open", "n_clicks"),
        Input("admin-add-close", "n_clicks"),
        Input("admin-add", "n_clicks"),
        Input("admin-add-name", "n_submit"),
        Input("admin-add-password", "n_submit"),
        State("admin-add-name", "value"),
        State("admin-add-role", "value"),
        State("admin-add-password", "value"),
        prevent_initial_call=True,
    )(add_user)

"""What the parts of the administration and the account's page are made of."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

import dash_bootstrap_components as dbc
from dash import ALL, Input, Output, callback, ctx, html, no_update
from dash.development.base_component import Component

from dashboard.shell.attributes import attributes
from dashboard.shell.review_form import local_time
from dashboard.store import StoreError
from dashboard.store.schema import utc_now
from dashboard.users.accounts import UserError
from dashboard.users.roles import ROLES, Permission, Role

PERMISSION_WORDS: dict[Permission, str] = {
    Permission.SEE: "See cases",
    Permission.PREDICT: "Check photographs",
    Permission.REVIEW: "Review cases, confirm a diagnosis",
    Permission.PERFORMANCE: "See performance",
    Permission.MONITOR: "See monitoring, metrics and readiness",
    Permission.EXPORT: "Export without names and notes",
    Permission.EXPORT_PATIENTS: "Export names, notes and photographs",
    Permission.DELETE: "Delete cases",
    Permission.ADMINISTER: "Look after users",
}


def part_head(title: str, note: str = "", *tools: Component) -> html.Div:
    """The head of a part of the page: its title, a note, and what can be done."""
    return html.Div([html.H2(title), html.Span(note, className="note"), *tools], className="part-head")


def listing_table(
    label: str, heads: Sequence[str], rows: Iterable[Sequence[Any]], empty: str = ""
) -> Component:
    """A table; on a narrow screen, each row is a list with named cells.

    Args:
        label: what it lists.
        heads: of the columns; "" for the one with what can be done.
        empty: what stands there without rows.
    """
    body = [
        html.Tr(
            [
                html.Th(row[0], scope="row", role="rowheader"),
                *(
                    html.Td(cell, role="cell", **attributes(data_name=head))
                    for head, cell in zip(heads[1:], row[1:], strict=True)
                ),
            ],
            role="row",
        )
        for row in rows
    ]
    if not body:
        return html.P(empty, className="note")
    columns = [
        html.Th(head or html.Span("Actions", className="visually-hidden"), scope="col", role="columnheader")
        for head in heads
    ]
    # Styles that make a list of it would take its meaning from those who hear it: the roles keep it.
    return html.Table(
        [
            html.Thead(html.Tr(columns, role="row"), role="rowgroup"),
            html.Tbody(body, role="rowgroup"),
        ],
        className="named-cells",
        role="table",
        **attributes(aria_label=label),
    )


def time_or_never(when: datetime | None) -> Component | str:
    """A time, or that it never was."""
    return "Never" if when is None else local_time(when)


def labelled_field(label: str, control: Any, note: str = "") -> html.Div:
    """A control below its name."""
    head = html.Label(label, htmlFor=control.id, className="label")
    return html.Div([head, control, *([html.P(note, className="note")] if note else [])], className="field")


def line_input(name: str, **options: Any) -> dbc.Input:
    """A field for a line of text."""
    return dbc.Input(id=name, value="", autocomplete="off", **options)


def role_choice(name: str, role: Role) -> dbc.Select:
    """A choice of roles."""
    options = [{"label": str(one).capitalize(), "value": str(one)} for one in Role]
    return dbc.Select(id=name, options=options, value=str(role))


def chosen_role(value: str | None) -> Role:
    """The role of a choice. Raises UserError."""
    if value not in set(Role):
        raise UserError("Choose one of the roles.")
    return Role(value)


def secret_shown(sentence: str, secret: str) -> html.Div:
    """A password or a token, this once."""
    words = html.P(f"{sentence} Write it down now, it is not shown again:")
    return html.Div([words, html.Code(secret, className="secret")], className="done", role="status")


def time_stamp() -> str:
    """What a store holds to say that something has changed."""
    return utc_now().isoformat()


def success_note(sentence: str) -> html.P:
    """What was done."""
    return html.P(sentence, className="done", role="status")


def failure_note(error: Exception | str) -> html.P:
    """Why it was not done."""
    return html.P(str(error), className="problem", role="alert")


def action_button(
    label: str, name: Any, kind: str = "outline-secondary btn-sm", says: str = ""
) -> html.Button:
    """A button; `says` is its name for those who don't see what it belongs to."""
    named = attributes(aria_label=says) if says else {}
    return html.Button(label, id=name, type="button", className=f"btn btn-{kind}", **named)


def pressed_id(kind: str) -> str | None:
    """Which of the buttons with ids `{"type": kind, "id": ...}` was pressed; None where one was only drawn."""
    found = ctx.triggered_id
    if not isinstance(found, dict) or found.get("type") != kind or not ctx.triggered[0]["value"]:
        return None
    return str(found.get("id"))


def register_press(kind: str, function: Callable[..., tuple[Any, Any]]) -> None:
    """Have the buttons of a list call a function of `act_on_pressed`; Dash forgets it with every application."""
    callback(
        Output("admin-said", "children", allow_duplicate=True),
        Output("admin-changed", "data", allow_duplicate=True),
        Input({"type": kind, "id": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )(function)


def act_on_pressed(kind: str, act: Callable[[str], str]) -> tuple[Any, Any]:
    """Do what a button of a list stands for: what is said then, and when something changed.

    Args:
        kind: type of the buttons' ids, see `pressed_id`.
        act: does it for what the button belongs to, and says so in a sentence.
    """
    pressed = pressed_id(kind)
    if pressed is None:
        return no_update, no_update
    try:
        return success_note(act(pressed)), time_stamp()
    except (UserError, StoreError) as error:
        return failure_note(error), no_update


def role_table() -> Component:
    """What each role may do."""
    rows = [
        [words, *(yes_or_no(permission in ROLES[role]) for role in Role)]
        for permission, words in PERMISSION_WORDS.items()
    ]
    return listing_table("What each role may do", ["May", *(str(role).capitalize() for role in Role)], rows)


def yes_or_no(allowed: bool) -> html.Span:
    """Yes or no, to the eye and to the ear."""
    sign = html.Span("✓" if allowed else "–", **attributes(aria_hidden="true"))
    return html.Span([sign, html.Span("yes" if allowed else "no", className="visually-hidden")])

"""Models: which are candidates, in use or retired, who said so and why, and the way back."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import dash_bootstrap_components as dbc
from dash import Input, Output, State, callback, html, no_update
from dash.development.base_component import Component

from dashboard.addresses import local_address
from dashboard.admin.parts import (
    act_on_pressed,
    action_button,
    failure_note,
    labelled_field,
    line_input,
    listing_table,
    part_head,
    register_press,
    success_note,
    time_or_never,
    time_stamp,
)
from dashboard.cases import current_actor
from dashboard.models import STATE_WORDS, model_state_words, set_model_state, undo_model_change
from dashboard.services import ModelUnavailable, Services
from dashboard.shell.attributes import attributes
from dashboard.store import Conflict, InputError, NotFound, StoreError
from dashboard.store.names import MAX_NOTE
from dashboard.store.registry import ModelState, RegistryLine
from model.bundle import Bundle, Damaged

TITLE, NAME = "Models", "models"
NOTE = (
    "A model in use is offered for new photographs. A candidate predicts only where somebody names it, such as to "
    "predict again. A retired one no longer predicts; what it has predicted stays."
)
UNDO, DEFAULT = "admin-model-undo", "default"
MOST_CHANGES = 20
CHOICES = (
    (DEFAULT, "In use, by default"),
    (str(ModelState.IN_USE), "In use"),
    (str(ModelState.CANDIDATE), "Candidate"),
    (str(ModelState.RETIRED), "Retired"),
)


def layout() -> html.Section:
    """The part of the page."""
    refresh = action_button("Refresh", "admin-models-refresh", says="Refresh the list of models")
    states = [{"value": value, "label": label} for value, label in CHOICES]
    names = [bundle.name for bundle in Services.current().bundles if isinstance(bundle, Bundle)]
    return html.Section(
        [
            part_head(TITLE, "", refresh),
            html.P(NOTE, className="note"),
            html.Div(model_list(), id="admin-models"),
            html.Div(
                [
                    labelled_field("Model", dbc.Select(id="admin-model-name", options=names)),
                    labelled_field("From now on", dbc.Select(id="admin-model-state", options=states)),
                    labelled_field("Why", line_input("admin-model-why", maxlength=MAX_NOTE)),
                    action_button("Change", "admin-model-change", "primary"),
                ],
                className="field-row",
                role="group",
                **attributes(aria_label="Change a model"),
            ),
            html.Div(id="admin-model-said"),
            html.H3("Changes of models"),
            html.Div(change_list(), id="admin-model-changes"),
        ],
        id=NAME,
    )


def model_list() -> Component:
    """Every bundle in the folder as it is now, with what is wrong with it."""
    services = Services.current()
    line, default = services.registry.newest(), services.default_model
    return listing_table(
        TITLE,
        ("Model", "State", "AUC, test photographs", ""),
        [
            (
                bundle.name,
                html.Span(f"Damaged, does not predict: {bundle.problem.removeprefix(f'{bundle.name}: ')}"),
                "—",
                "",
            )
            if isinstance(bundle, Damaged)
            else (
                f"{bundle.name} {bundle.card.version}",
                installed_state(bundle, services.state_of(bundle.name, line), default, line),
                test_auc(bundle),
                comparison_link(bundle, default),
            )
            for bundle in services.bundles
        ],
        "There is no bundle in the folder of bundles.",
    )


def installed_state(bundle: Bundle, state: ModelState, default: str | None, line: RegistryLine | None) -> str:
    """What an intact model is for, in a sentence or two."""
    words = STATE_WORDS[state].capitalize()
    if bundle.name == default:
        words += ", by default"
    if not bundle.runnable:
        return f"{words}. Results only: it has no graph and cannot predict."
    if line is None or bundle.name not in line.states:
        return f"{words}. New: nobody has decided on it yet."
    return words


def test_auc(bundle: Bundle) -> str:
    """The area under the ROC curve that the card states, with its interval."""
    found = bundle.card.results.get("test", {})
    if not isinstance(found.get("auc"), float):
        return "Not evaluated"
    low, high = found.get("auc_low"), found.get("auc_high")
    interval = f" ({low:.3f} to {high:.3f})" if isinstance(low, float) and isinstance(high, float) else ""
    return f"{found['auc']:.3f}{interval}"


def comparison_link(bundle: Bundle, default: str | None) -> Component | str:
    """The way to the figures of a model beside those of the one that answers by default."""
    if default is None or bundle.name == default:
        return ""
    query = urlencode({"model": default, "compare": bundle.name})
    return html.A(
        "Compare",
        href=local_address(f"/performance?{query}"),
        className="action",
        **attributes(aria_label=f"Compare the figures of {bundle.name} with those of {default}"),
    )


def change_list() -> Component:
    """Who changed what, when and why, the newest first; the newest one can be undone."""
    lines = Services.current().registry.lines(MOST_CHANGES)
    return listing_table(
        "Changes of models",
        ("When", "Model", "Since then", "By", "Why", ""),
        [
            (
                time_or_never(line.created),
                f"{line.model} {line.version}".strip() or "All",
                model_state_words(line, line.model) if line.model else "In use",
                line.who or "—",
                html.Span(line.why, className="note"),
                undo_button(line) if place == 0 and line.model else "",
            )
            for place, line in enumerate(lines)
        ],
        "There is no change yet.",
    )


def undo_button(line: RegistryLine) -> Component:
    """Back to how it was before a change."""
    return action_button(
        "Undo", {"type": UNDO, "id": str(line.seq)}, says=f"Undo the last change, of {line.model}"
    )


def change_model(
    clicks: int | None, submits: int | None, name: str | None, state: str | None, why: str | None
) -> tuple[Any, Any, Any]:
    """Give the chosen model the chosen state."""
    if not (clicks or submits):
        return no_update, no_update, no_update
    if not name or state not in dict(CHOICES):
        return failure_note("Choose a model, and what it is from now on."), no_update, no_update
    chosen = state == DEFAULT
    wanted = ModelState.IN_USE if chosen else ModelState(state)
    try:
        line = set_model_state(current_actor(), Services.current(), name, wanted, chosen, why or "")
    except (InputError, ModelUnavailable, NotFound, StoreError) as error:
        return failure_note(error), no_update, no_update
    return success_note(f"{name}: {model_state_words(line, name).lower()}."), time_stamp(), ""


def undo_listed_change(_clicks: Sequence[int | None]) -> tuple[Any, Any]:
    """All as it was before the newest change."""

    def undo(seq: str) -> str:
        try:
            undo_model_change(current_actor(), Services.current(), int(seq))
        except (Conflict, InputError, ValueError) as error:
            raise StoreError(str(error)) from error
        return "The models are as they were before that change."

    return act_on_pressed(UNDO, undo)


def refresh_model_lists(_clicks: int | None, _changed: str | None) -> tuple[Component, Component, list[str]]:
    """The models and their changes as they are now."""
    names = [bundle.name for bundle in Services.current().bundles if isinstance(bundle, Bundle)]
    return model_list(), change_list(), names


def register() -> None:
    """Add the callbacks; Dash forgets them with every application."""
    callback(
        Output("admin-model-said", "children"),
        Output("admin-changed", "data", allow_duplicate=True),
        Output("admin-model-why", "value"),
        Input("admin-model-change", "n_clicks"),
        Input("admin-model-why", "n_submit"),
        State("admin-model-name", "value"),
        State("admin-model-state", "value"),
        State("admin-model-why", "value"),
        prevent_initial_call=True,
    )(change_model)
    register_press(UNDO, undo_listed_change)
    callback(
        Output("admin-models", "children"),
        Output("admin-model-changes", "children"),
        Output("admin-model-name", "options"),
        Input("admin-models-refresh", "n_clicks"),
        Input("admin-changed", "data"),
        prevent_initial_call=True,
    )(refresh_model_lists)

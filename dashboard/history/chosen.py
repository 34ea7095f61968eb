"""What is done with the predictions that are chosen in the history: choose all, delete, take back."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from dash import Input, Output, State, callback, no_update

from dashboard.cases import current_actor, delete_cases, put_back_cases
from dashboard.history.grid import undone_sentence
from dashboard.judging import as_asked
from dashboard.services import Services
from dashboard.shell.boxes import BINNED
from dashboard.shell.browse import browse
from dashboard.store import Conflict, QueryError, StoreError


def choose_all(clicks: int | None, search: str | None) -> tuple[Any, str]:
    """Everything that the filters leave, also what no row shows yet; what comes in later is not among it."""
    if not clicks:
        return no_update, ""
    try:
        services = Services.current()
        found = services.store.choose_all(as_asked(services, browse(search).query()))
    except (QueryError, StoreError) as error:
        return no_update, str(error)
    return [asdict(one) for one in found], ""


def delete_selected(
    clicks: int | None, selected: Mapping[str, int] | None, who: str | None
) -> tuple[Any, Any, Any, Any]:
    """Put what is selected into the bin; grid or gallery then ask again."""
    if not clicks:
        return (no_update,) * 4
    try:
        gone = delete_cases(current_actor(who), Services.current(), list(selected or {}))
    except (Conflict, StoreError) as error:
        return no_update, no_update, str(error), no_update
    return False, {"deleted": clicks}, "", list(gone)


def undo_deletion(clicks: int | None, gone: Sequence[str] | None, who: str | None) -> tuple[Any, Any, Any]:
    """Take what was deleted last out of the bin again."""
    if not (clicks and gone):
        return no_update, no_update, no_update
    try:
        back = put_back_cases(current_actor(who), Services.current(), gone)
    except StoreError as error:
        return no_update, no_update, str(error)
    return {"undone": clicks}, [], undone_sentence(len(back), len(gone))


def register() -> None:
    """Tell Dash the callbacks; the page does so each time that it is registered."""
    callback(
        Output("history-selection", "data", allow_duplicate=True),
        Output("history-problem", "children"),
        Input("history-choose-all", "n_clicks"),
        State("history-search", "data"),
        prevent_initial_call=True,
    )(choose_all)
    callback(
        Output("history-dialog", "is_open", allow_duplicate=True),
        Output("history-stale", "data"),
        Output("history-dialog-error", "children", allow_duplicate=True),
        Output(BINNED, "data"),
        Input("history-dialog-confirm", "n_clicks"),
        State("review-ids", "data"),
        State("reviewer", "value"),
        prevent_initial_call=True,
    )(delete_selected)
    callback(
        Output("history-stale", "data", allow_duplicate=True),
        Output(BINNED, "data", allow_duplicate=True),
        Output("history-undone", "children"),
        Input("history-undo", "n_clicks"),
        State(BINNED, "data"),
        State("reviewer", "value"),
        prevent_initial_call=True,
    )(undo_deletion)

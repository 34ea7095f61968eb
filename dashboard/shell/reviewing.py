"""Saving a review, on the page of a case and for a selection in the history alike."""

from collections.abc import Mapping
from typing import Any

from dash import Input, Output, State, callback, no_update

from dashboard.services import Services
from dashboard.shell.review_form import NOTHING, audit_lines, problem
from dashboard.store import Conflict, InputError, NotFound, StoreError


def register() -> None:
    """Add the callback. Dash runs pages anew for every application, and this module only once: one page calls it."""
    callback(
        Output("review-done", "data"),
        Output("review-problem", "children"),
        Input("review-save", "n_clicks"),
        State("review-ids", "data"),
        State("review-diagnosis", "value"),
        State("review-source", "value"),
        State("review-note", "value"),
        State("review-add", "value"),
        State("review-remove", "value"),
        State("reviewer", "value"),
        prevent_initial_call=True,
    )(save)


def save(
    clicks: int | None,
    seen: Mapping[str, int] | None,
    diagnosis: str | None,
    source: str | None,
    note: str | None,
    add: str | None,
    remove: list[str] | None,
    reviewer: str | None,
) -> tuple[Any, Any]:
    """Append the review to every prediction that is meant, or say why to none.

    Args:
        seen: prediction id -> the revision that the user has seen.
    """
    if not clicks:
        return no_update, no_update
    diagnosis, source = (None if one == NOTHING else one or None for one in (diagnosis, source))
    if not seen:
        return no_update, problem(
            "Nothing is selected any more. Close this, and select the predictions again."
        )
    try:
        if not (diagnosis or source or (note or "").strip() or (add or "").strip() or remove):
            raise InputError(
                "There is nothing to save yet: choose a diagnosis, write a note or change the tags."
            )
        done = Services.current().store.review(
            list(seen),
            reviewer or "",
            diagnosis,
            source,
            note or "",
            (add or "").split(","),
            remove or [],
            dict(seen),
        )
    except Conflict as error:
        lines = audit_lines(error.changes, Services.current().known.every)
        return {"conflict": clicks}, problem(str(error), lines)
    except NotFound:
        return no_update, problem(
            "This prediction was deleted meanwhile, perhaps in another tab. Nothing was saved."
        )
    except (InputError, StoreError) as error:
        return no_update, problem(str(error))
    return {"saved": [record.id for record in done], "of": len(seen)}, ""

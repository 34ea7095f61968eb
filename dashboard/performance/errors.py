"""Where the model fails: the worst errors in sight, and ways to choose other cases."""

from collections.abc import Collection
from dataclasses import replace

from dash import html
from dash.development.base_component import Component

from dashboard.performance.cases import cards_of_places
from dashboard.performance.selection import Selection, listed_cases, outcome_words
from dashboard.performance.view import View
from dashboard.shell.attributes import attributes
from model.outcome import Outcome

WRONG = (
    Selection("outcome", ("malignant", Outcome.BENIGN)),
    Selection("outcome", ("benign", Outcome.MALIGNANT)),
)
# Cases of each error in sight.
WORST = 6


def errors_body(view: View, threshold: float, known: Collection[str] | None) -> list[Component]:
    """The worst errors that people are shown at a threshold, each kind with a button that shows all of them.

    Args:
        known: ids whose image can be shown, None where no folder is set.
    """
    return [worst_errors(view, one, threshold, known) for one in WRONG]


def worst_errors(
    view: View, selection: Selection, threshold: float, known: Collection[str] | None
) -> Component:
    """The first of a list of errors."""
    places = listed_cases(view.model, view.split, view.where, selection, threshold)
    title = outcome_words(*selection.about)
    more = html.Button(
        f"Show all {len(places):,}",
        type="button",
        className="btn btn-sm btn-outline-secondary",
        **attributes(data_show=selection.code, aria_label=f"{title}: show all {len(places):,}"),
    )
    cards = cards_of_places(replace(view, selection=selection), places[:WORST], threshold, known)
    return html.Div(
        [
            html.Div(
                [html.H3(f"{title}: {len(places):,}"), more if places.size else None], className="row-apart"
            ),
            html.Div(cards, className="case-grid") if cards else html.P("None.", className="note"),
        ],
        className="panel",
    )

"""The cases behind a choice: what is listed and how to undo it, a card a case, and pages."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import dash_bootstrap_components as dbc
import numpy as np
from dash import dcc, html
from dash.development.base_component import Component
from numpy.typing import NDArray

from dashboard.addresses import local_address
from dashboard.performance.panels import take_along
from dashboard.performance.selection import (
    DECISIONS,
    PER_PAGE,
    listed_cases,
    page_within,
    selection_words,
)
from dashboard.performance.view import View, view_query
from dashboard.shell.attributes import attributes
from model.evaluation.rows import evaluated_rows
from model.evaluation.words import tenths
from model.taxonomy import Taxonomy

HOW = "To see the images, set DERMABOARD_IMAGES to the folder that holds them, each named by its image id."
# Outcome: shape, words, and whether it is an error.
MARKS: dict[str, tuple[str, str, str]] = {
    "fn": ("▲", "Cancer missed", "wrong"),
    "fp": ("▲", "False alarm", "wrong"),
    "tp": ("◆", "Cancer caught", "malignant"),
    "tn": ("●", "Rightly left alone", "benign"),
    "": ("–", "No score", "none"),
}


def cases_drawer(view: View) -> Component:
    """The drawer of cases, open where the address lists some; performance.js opens and closes it."""
    close = html.Button(
        "Close", type="button", className="btn btn-sm btn-outline-secondary", **attributes(data_close="cases")
    )
    head = html.Div(
        [html.H2("Cases", id="performance-drawer-title"), take_along("Cases", None, "cases"), close],
        className="panel-head",
    )
    return html.Div(
        [
            head,
            html.Div(id="performance-cases", className="cases-room"),
            dcc.Store(id="performance-listing", data=view_query(view)),
        ],
        id="performance-drawer",
        className="drawer open" if view.selection else "drawer",
        role="dialog",
        tabIndex=-1,
        **attributes(aria_labelledby="performance-drawer-title"),
    )


def list_controls() -> Component:
    """Ways to choose that need no pointer: an outcome, or a range of probabilities."""
    return html.Div(
        [
            html.Label("List", htmlFor="performance-outcome", className="label"),
            dbc.Select(
                id="performance-outcome",
                options=[{"value": "", "label": "Choose …"}]
                + [{"value": value, "label": label} for value, label in DECISIONS.items()],
                value="",
                className="filter",
            ),
            html.Span("or probabilities from", className="label"),
            range_field("performance-low", "Lowest probability in per cent"),
            html.Span("to", className="label"),
            range_field("performance-high", "Highest probability in per cent"),
            html.Span("%", className="label"),
            html.Button(
                "List", id="performance-range", type="button", className="btn btn-sm btn-outline-secondary"
            ),
        ],
        className="list-controls",
    )


def range_field(component_id: str, words: str) -> Component:
    """One end of a range, with a name for screen readers."""
    field = dbc.Input(id=component_id, type="number", min=0, max=100, step=0.1, className="prevalence-input")
    return html.Label([html.Span(words, className="visually-hidden"), field])


def cards_of_list(
    words: str, total: int, page: int, pages: int, cards: Sequence[Component]
) -> list[Component | None]:
    """What is listed, its cards, and the way to the other pages."""
    what: list[str | Component] = [
        html.Strong(words),
        " ",
        html.Span(f"{total:,} {'case' if total == 1 else 'cases'}", className="chip-count"),
    ]
    return [
        html.P(what, className="listing", role="status", id="performance-chip"),
        html.P("There is no such case.", className="note") if not total else None,
        html.Div(list(cards), className="case-grid"),
        paging(page, pages) if pages > 1 else None,
    ]


def paging(page: int, pages: int) -> Component:
    """Earlier and later pages."""
    return html.Nav(
        [
            page_button("First", 1, page == 1),
            page_button("‹ Earlier", page - 1, page == 1),
            html.Span(f"Page {page:,} of {pages:,}", className="page-count"),
            page_button("Later ›", page + 1, page == pages),
            page_button("Last", pages, page == pages),
        ],
        className="paging",
        **attributes(aria_label="Pages of cases"),
    )


def page_button(words: str, page: int, disabled: bool) -> Component:
    """A button to one page."""
    return html.Button(
        words,
        type="button",
        disabled=disabled,
        className="btn btn-sm btn-outline-secondary",
        **attributes(data_page=page),
    )


def case_card(
    row: Mapping[Any, Any],
    outcome: str,
    href: str,
    known: Collection[str] | None,
    taxonomy: Taxonomy,
) -> Component:
    """One case; a link to its own view.

    Args:
        row: of the scores.
        outcome: "fn", "fp", "tp", "tn" or "" for one without a score.
        known: ids whose image can be shown, None where no folder is set.
    """
    image = str(row["image_id"])
    mark, words, tone = MARKS[outcome]
    value = row["probability"]
    score = "–" if np.isnan(value) else f"{tenths(float(value))} %"
    facts = [
        html.Div(
            [html.Span(f"{mark} {words}", className=f"outcome outcome-{tone}"), html.Strong(score)],
            className="case-top",
        ),
        html.Div(diagnosis_name(row["label"], taxonomy), className="case-truth"),
        html.Div(f"Model: {chosen_diagnosis(row, taxonomy)}", className="case-line"),
        html.Div(patient_words(row), className="case-line"),
        html.Div(image, className="case-id"),
    ]
    return dcc.Link(
        [case_thumbnail(image, known), html.Div(facts, className="case-facts")],
        href=href,
        className="case-card",
    )


def case_thumbnail(image: str, known: Collection[str] | None) -> Component | None:
    """The small image, or why there is none; nothing where no folder is set."""
    if known is None:
        return None
    if image not in known:
        return html.Div("Not in the image folder", className="case-none")
    return html.Img(
        src=local_address(f"/evaluated/{quote(image, safe='')}/thumbnail"),
        alt=f"Lesion {image}",
        className="case-image",
    )


def decision_outcome(row: Mapping[Any, Any], threshold: float) -> str:
    """What a decision at a threshold comes to: "tp", "fn", "fp", "tn", or "" without a score.

    An image without a result is not called benign.
    """
    value = np.inf if row.get("no_result") else float(row["probability"])
    if np.isnan(value):
        return ""
    if row["malignant"]:
        return "tp" if value >= threshold else "fn"
    return "fp" if value >= threshold else "tn"


def diagnosis_name(code: Any, taxonomy: Taxonomy) -> str:
    """A diagnosis by name; what is not one of the model's, as it is."""
    return taxonomy.name(str(code))


def chosen_diagnosis(row: Mapping[Any, Any], taxonomy: Taxonomy) -> str:
    """The most likely diagnosis; a dash for a model that tells none."""
    values = np.array([row.get(f"p_{code}", np.nan) for code in taxonomy.codes], np.float64)
    return "–" if np.isnan(values).any() else taxonomy.name(taxonomy.codes[int(values.argmax())])


def patient_words(row: Mapping[Any, Any]) -> str:
    """Age, sex and site as far as they are known."""
    age = row.get("age")
    facts = [f"{age:.0f} years"] if isinstance(age, float) and not np.isnan(age) else []
    words = [row.get(name) for name in ("sex", "site")]
    facts += [word for word in words if isinstance(word, str) and word and word != "unknown"]
    return ", ".join(facts) or "–"


ROOT = "/performance/case"


def case_address(view: View, image_id: str) -> str:
    """A case's own view; it remembers which list it was in."""
    return local_address(
        f"{ROOT}/{quote(view.model.name, safe='')}/{quote(image_id, safe='')}{view_query(replace(view, page=1))}"
    )


def cards_of_places(
    view: View, places: NDArray[np.intp], threshold: float, known: Collection[str] | None
) -> list[Component]:
    """Cards of the cases at some places of the view's rows; each leads to its own page."""
    shown = evaluated_rows(view.model, view.split, view.where).iloc[places].to_dict("records")
    taxonomy = view.model.card.taxonomy
    return [
        case_card(
            row, decision_outcome(row, threshold), case_address(view, str(row["image_id"])), known, taxonomy
        )
        for row in shown
    ]


def case_list(view: View, known: Collection[str] | None) -> list[Component | None]:
    """What is listed: a page of it, worst errors first; nothing while the drawer is closed."""
    if view.selection is None:
        return []
    threshold = view.review.probability(view.position)
    places = listed_cases(view.model, view.split, view.where, view.selection, threshold, view.others)
    page, pages = page_within(len(places), view.page)
    cards = cards_of_places(view, places[(page - 1) * PER_PAGE : page * PER_PAGE], threshold, known)
    words = selection_words(view.selection, threshold, view.model.card.taxonomy)
    return cards_of_list(words, len(places), page, pages, cards)

"""The listed cases of a view as cards."""

from collections.abc import Collection
from dataclasses import replace
from urllib.parse import quote

from dash.development.base_component import Component

from dashboard.addresses import local_address
from dashboard.performance import cases
from dashboard.performance.selection import PER_PAGE, listed, page_of, say
from dashboard.performance.view import View, search
from model.evaluation.review import review, rows

ROOT = "/performance/case"


def address(view: View, image_id: str) -> str:
    """A case's own view; it remembers which list it was in."""
    return local_address(
        f"{ROOT}/{quote(view.model.name, safe='')}/{quote(image_id, safe='')}{search(replace(view, page=1))}"
    )


def listing(view: View, known: Collection[str] | None) -> list[Component | None]:
    """What is listed: a page of it, worst errors first."""
    threshold = review(view.model, view.split, view.where).probability(view.position)
    places = listed(view.model, view.split, view.where, view.selection, threshold)
    taxonomy = view.model.card.taxonomy
    page, pages = page_of(len(places), view.page)
    table = rows(view.model, view.split, view.where)
    shown = table.iloc[places[(page - 1) * PER_PAGE : page * PER_PAGE]].to_dict("records")
    cards = [
        cases.card(
            row, cases.outcome_of(row, threshold), address(view, str(row["image_id"])), known, taxonomy
        )
        for row in shown
    ]
    return cases.listed(
        say(view.selection, threshold, taxonomy), view.selection, len(places), page, pages, cards
    )

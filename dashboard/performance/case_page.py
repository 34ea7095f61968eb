"""`/performance/case/<model>/<image id>`: one evaluated case. The address carries the view it was found in, so that
previous and next stay within the list."""

from dataclasses import replace
from typing import Any

from dash import html, register_page
from dash.development.base_component import Component

from dashboard.addresses import local_address
from dashboard.performance import case, cases, photographs
from dashboard.performance import case_parts as parts
from dashboard.performance.selection import say
from dashboard.performance.view import View, read, search
from dashboard.services import Services
from model.bundle import Bundle
from model.evaluation.review import intact


def exists(name: str, image_id: str) -> bool:
    """Whether the model of that name has scored the image; an unknown one is answered with the status 404."""
    found = (one for one in intact(Services.current().bundles) if one.name == name)
    return any(case.row_of(one, image_id, "") is not None for one in found)


register_page(  # type: ignore[no-untyped-call]
    __name__,
    path_template="/performance/case/<name>/<image_id>",
    title="Case · Dermaboard",
    name="Case",
    exists=exists,
)


def layout(name: str | None = None, image_id: str | None = None, **query: Any) -> Component:
    """The case's page, or what to do when there is none."""
    services = Services.current()
    models = intact(services.bundles)
    if not models or not image_id or all(one.name != name for one in models):
        return parts.unknown(str(name), str(image_id), local_address("/performance"))
    view, _ = read({**query, "model": name}, models, services.settings.model)
    found = case.find(view, models, image_id)
    back = local_address(f"/performance{search(view)}")
    if found is None:
        return parts.unknown(str(name), image_id, back)
    return page(view, found, image_id, back)


def page(view: View, found: case.Case, image_id: str, back: str) -> Component:
    """Everything about a case."""
    folder = Services.current().settings.images
    known = None if folder is None else photographs.found(folder).keys()
    place, taxonomy = found.place, view.model.card.taxonomy
    before, after = (
        cases.case_address(view, one) if one else None
        for one in ((place.before, place.after) if place else (None, None))
    )

    def elsewhere(bundle: Bundle) -> str:
        rest = tuple(one for one in view.models if one.name != bundle.name)
        return cases.case_address(replace(view, model=bundle, others=rest, threshold=None), image_id)

    other_images = [
        cases.card(
            row,
            cases.outcome_of(row, found.threshold),
            cases.case_address(view, str(row["image_id"])),
            known,
            taxonomy,
        )
        for row in found.siblings
    ]
    right = [
        parts.facts(found.row, found.threshold, taxonomy),
        parts.probabilities(found.row, taxonomy),
    ]
    return html.Div(
        [
            parts.bar(back, say(view.selection, found.threshold, taxonomy), place, before, after),
            html.H1(image_id),
            html.Div(
                [
                    parts.picture(image_id, view.model, known),
                    html.Div([one for one in right if one is not None], className="evaluated"),
                ],
                className="evaluated-columns",
            ),
            parts.models(found.others, elsewhere),
            parts.lesion(other_images),
        ],
        className="evaluated",
    )

"""`/performance/case/<model>/<image id>`: one evaluated case. The address carries the view it was found in, so that
previous and next stay within the list."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode

import numpy as np
from dash import dcc, html, register_page
from dash.development.base_component import Component

from dashboard.addresses import local_address
from dashboard.performance import cases, photographs
from dashboard.performance.panels import figures_table, framed
from dashboard.performance.selection import listed_cases, selection_words
from dashboard.performance.view import View, read_view, view_query
from dashboard.services import Services
from dashboard.shell.attributes import attributes
from dashboard.shell.verdict import verdict
from model.bundle import Bundle
from model.evaluation.review import intact_bundles
from model.evaluation.rows import Kind, bundle_scores, default_point, evaluated_rows, kinds_of, splits
from model.evaluation.words import diagnosis_shape, part_words, rate
from model.modality import Modality
from model.taxonomy import Diagnosis, Taxonomy

Row = Mapping[Any, Any]
# Other images of a lesion that are shown.
MOST = 24


@dataclass(frozen=True)
class ListPlace:
    """Where a case stands in the list that led to it: from 1, of how many, and who stands beside it."""

    number: int
    total: int
    before: str | None
    after: str | None


@dataclass(frozen=True)
class EvaluatedCase:
    """A case as one model's scores have it.

    Attributes:
        row: of the scores of the view's model.
        threshold: the view's, a probability.
        others: every model that has scored the image, with its row; the view's first.
        siblings: rows of other images of the lesion.
        place: None where the case is not in the list of the view.
    """

    row: Row
    threshold: float
    others: tuple[tuple[Bundle, Row], ...]
    siblings: tuple[Row, ...]
    place: ListPlace | None


def is_scored_case(name: str, image_id: str) -> bool:
    """Whether the model of that name has scored the image; an unknown one is answered with the status 404."""
    named = (one for one in intact_bundles(Services.current().bundles) if one.name == name)
    return any(
        scored_row(one, image_id, "", kind) is not None
        for one in named
        for split in splits(one)
        for kind in kinds_of(one, split)
    )


register_page(  # type: ignore[no-untyped-call]
    __name__,
    path_template="/performance/case/<name>/<image_id>",
    title="Case · Dermaboard",
    name="Case",
    exists=is_scored_case,
)


def layout(name: str | None = None, image_id: str | None = None, **query: Any) -> Component:
    """The case's page, or what to do when there is none."""
    services = Services.current()
    models = intact_bundles(services.bundles)
    if not models or not image_id or all(one.name != name for one in models):
        return unknown_case(str(name), str(image_id), local_address("/performance"))
    view, _ = read_view({**query, "model": name}, models, services.settings.model)
    case = find_case(view, models, image_id)
    back = local_address(f"/performance{view_query(view)}")
    if case is None:
        return unknown_case(str(name), image_id, back)
    return evaluated_case(view, case, image_id, back)


def find_case(view: View, models: Sequence[Bundle], image_id: str) -> EvaluatedCase | None:
    """The case of an image; None where the view's model has not scored it."""
    row = scored_row(view.model, image_id, view.split, view.kind)
    if row is None:
        return None
    threshold = view.review.probability(view.position)
    rest = [one for one in models if one.name != view.model.name]
    others = [
        (one, other)
        for one in rest
        if (other := scored_row(one, image_id, row["split"], view.kind)) is not None
    ]
    return EvaluatedCase(
        row,
        threshold,
        ((view.model, row), *others),
        sibling_rows(view.model, row, view.kind),
        place_in_list(view, image_id, threshold),
    )


def scored_row(bundle: Bundle, image_id: str, split: str, kind: Kind) -> Row | None:
    """The scores of an image of a kind, of that split where it was scored in several."""
    table = bundle_scores(bundle, kind)
    rows = table[table["image_id"] == image_id]
    if rows.empty:
        return None
    inside = rows[rows["split"] == split]
    return dict((inside if len(inside) else rows).iloc[0])


def sibling_rows(bundle: Bundle, row: Row, kind: Kind) -> tuple[Row, ...]:
    """Other images of the same lesion, where that is known."""
    lesion = row.get("lesion_id")
    if not isinstance(lesion, str) or not lesion:
        return ()
    table = bundle_scores(bundle, kind)
    rows = table[(table["lesion_id"] == lesion) & (table["image_id"] != row["image_id"])]
    return tuple(rows.drop_duplicates("image_id").head(MOST).to_dict("records"))


def place_in_list(view: View, image_id: str, threshold: float) -> ListPlace | None:
    """Where an image stands in the view's list."""
    table = evaluated_rows(view.model, view.split, view.where)
    places = listed_cases(view.model, view.split, view.where, view.listed, threshold, view.others)
    ids = table["image_id"].to_numpy()
    at = np.flatnonzero(ids[places] == image_id)
    if not at.size:
        return None
    here = int(at[0])
    return ListPlace(
        here + 1,
        len(places),
        str(ids[places[here - 1]]) if here else None,
        str(ids[places[here + 1]]) if here + 1 < len(places) else None,
    )


def evaluated_case(view: View, case: EvaluatedCase, image_id: str, back: str) -> Component:
    """Everything about a case."""
    known = photographs.known_images(Services.current().settings.images)
    place, taxonomy = case.place, view.model.card.taxonomy
    before, after = (
        cases.case_address(view, one) if one else None
        for one in ((place.before, place.after) if place else (None, None))
    )

    def elsewhere(bundle: Bundle) -> str:
        rest = tuple(one for one in view.models if one.name != bundle.name)
        return cases.case_address(replace(view, model=bundle, others=rest, threshold=None), image_id)

    other_images = [
        cases.case_card(
            row,
            cases.decision_outcome(row, case.threshold),
            cases.case_address(view, str(row["image_id"])),
            known,
            taxonomy,
        )
        for row in case.siblings
    ]
    right = [
        case_facts(case.row, case.threshold, taxonomy),
        evaluated_diagnoses(case.row, taxonomy),
    ]
    return html.Div(
        [
            list_bar(back, selection_words(view.listed, case.threshold, taxonomy), place, before, after),
            html.H1(image_id),
            html.Div(
                [
                    case_image_panel(image_id, view.model, known),
                    html.Div([one for one in right if one is not None], className="evaluated"),
                ],
                className="evaluated-columns",
            ),
            models_table(case.others, view.kind, elsewhere),
            lesion_images(other_images),
        ],
        className="evaluated",
    )


def unknown_case(name: str, image_id: str, back: str) -> Component:
    """What to do where there is no such case."""
    return html.Div(
        [
            html.H1("No such case"),
            html.P(f"The model {name} has no scores for an image {image_id}."),
            dcc.Link("All cases", href=back),
        ],
        className="evaluated",
    )


def list_bar(
    back: str, words: str, place: ListPlace | None, before: str | None, after: str | None
) -> Component:
    """The way back to the list, and to the case before and after.

    Args:
        before, after: their addresses; None at the ends of the list.
    """
    place_words = (
        f"{place.number:,} of {place.total:,} · {words}" if place else "Not in the list you came from"
    )
    return html.Nav(
        [
            dcc.Link("‹ Back to the list", href=back),
            html.Span(place_words, className="note"),
            html.Div([step_link("‹ Previous", before), step_link("Next ›", after)], className="paging"),
        ],
        className="evaluated-bar",
        **attributes(aria_label="Cases"),
    )


def step_link(words: str, href: str | None) -> Component:
    """A link to a neighbour; at an end, its words alone."""
    if href is None:
        return html.Span(
            words, className="btn btn-sm btn-outline-secondary disabled", **attributes(aria_disabled="true")
        )
    return dcc.Link(words, href=href, className="btn btn-sm btn-outline-secondary")


def case_image_panel(image_id: str, model: Bundle, known: Collection[str] | None) -> Component:
    """The photograph, clean at first, with a button that shows what the model looked at, or why there is none."""
    if known is None:
        return framed("Image", html.P(cases.HOW, className="note"))
    if image_id not in known:
        return framed(
            "Image", html.P("This image is not in the folder of DERMABOARD_IMAGES.", className="note")
        )
    root = local_address(f"/evaluated/{quote(image_id, safe='')}")
    image = html.Img(src=f"{root}/image", alt=f"Lesion {image_id}")
    missing = photographs.image_outline(image_id, model.name)[1]
    if missing:
        shown = [html.Div(image, className="overlaid"), html.P(missing, className="note outline-control")]
        return framed("Image", html.Div(shown))
    outline = html.Img(src=f"{root}/outline?{urlencode({'model': model.name})}", alt="", className="outline")
    # card.js listens to it.
    button = html.Button(
        "What the model looked at",
        type="button",
        className="btn btn-sm btn-outline-secondary",
        title="Key O",
        **attributes(data_outline="on", aria_pressed="false", aria_keyshortcuts="o"),
    )
    return framed(
        "Image",
        html.Div(
            [html.Div([image, outline], className="overlaid"), html.Div(button, className="outline-control")]
        ),
    )


def case_facts(row: Row, threshold: float, taxonomy: Taxonomy) -> Component:
    """What is known of the case and what the decision came to."""
    outcome = cases.decision_outcome(row, threshold)
    mark, words, tone = cases.MARKS[outcome]
    age = row.get("age")
    known: list[tuple[str, Any]] = [
        ("Outcome", html.Span(f"{mark} {words}", className=f"outcome-{tone}")),
        (
            "Truth",
            f"{cases.diagnosis_name(row['label'], taxonomy)} ({'malignant' if row['malignant'] else 'benign'})",
        ),
        ("Confirmed by", part_words(text_or_dash(row.get("confirmation")))),
        ("Age", f"{age:.0f} years" if isinstance(age, float) and not np.isnan(age) else "–"),
        ("Sex", text_or_dash(row.get("sex"))),
        ("Site", text_or_dash(row.get("site"))),
        ("Lesion", text_or_dash(row.get("lesion_id"))),
        ("Split", text_or_dash(row.get("split"))),
    ]
    rows = [html.Div([html.Dt(name), html.Dd(value)]) for name, value in known]
    return framed("Case", html.Dl(rows, className="model-card"))


def text_or_dash(value: Any) -> str:
    """What the scores say, or a dash."""
    return value if isinstance(value, str) and value else "–"


def evaluated_diagnoses(row: Row, taxonomy: Taxonomy) -> Component | None:
    """A bar a diagnosis, the likeliest first; nothing for a model that tells none."""
    values = {code: float(row.get(f"p_{code}", np.nan)) for code in taxonomy.codes}
    if any(np.isnan(value) for value in values.values()):
        return None
    order = sorted(values, key=lambda code: -values[code])
    return framed(
        "Diagnoses",
        html.Div(
            [diagnosis_bar(taxonomy[code], values[code], code == row["label"]) for code in order],
            className="bars",
        ),
        "Calibrated probabilities; bold: the truth.",
    )


def diagnosis_bar(diagnosis: Diagnosis, value: float, truth: bool) -> Component:
    """One diagnosis and its probability."""
    tone = "tone-malignant" if diagnosis.malignant else "tone-benign"
    return html.Div(
        [
            html.Span([html.Span(diagnosis_shape(diagnosis), className=tone), f" {diagnosis.name}"]),
            html.Div(html.Div(className="fill", style={"width": f"{100 * value:.1f}%"}), className="track"),
            html.Span(rate(value), className="value"),
        ],
        className="bar-row is-truth" if truth else "bar-row",
    )


def models_table(
    scored: Sequence[tuple[Bundle, Row]], kind: Kind, address: Callable[[Bundle], str]
) -> Component:
    """What every model says of the image, at its own operating point.

    Args:
        address: of this case as another model has it.
    """
    head = ("Model", "Probability", "Its threshold", "Decision", "Diagnosis")
    rows = [
        (
            dcc.Link(bundle.name, href=address(bundle)),
            rate(float(row["probability"])) if not np.isnan(row["probability"]) else "–",
            rate(default_point(bundle, kind).threshold),
            "No result" if row.get("no_result") else own_verdict(bundle, kind, float(row["probability"])),
            cases.chosen_diagnosis(row, bundle.card.taxonomy),
        )
        for bundle, row in scored
    ]
    return framed("All models", figures_table(head, rows, "models"))


def own_verdict(bundle: Bundle, kind: Kind, probability: float) -> Component | str:
    """The three-way decision at the model's own operating point; no close-up is called benign."""
    if np.isnan(probability):
        return "–"
    point = default_point(bundle, kind)
    if probability >= point.malignant:
        return verdict("malignant", short=True)
    benign = probability < point.threshold and kind.modality != Modality.CLOSE_UP
    return verdict("benign" if benign else "uncertain", short=True)


def lesion_images(cards: Sequence[Component]) -> Component | None:
    """Other images of the same lesion."""
    if not cards:
        return None
    return framed("Other images of this lesion", html.Div(list(cards), className="case-grid"))

"""The model card, from the bundle's card.json, and what training measured on disturbed images."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from dash import html
from dash.development.base_component import Component

from dashboard.addresses import local_address
from dashboard.performance.panels import figure_panel, figures_table, graph, height_style, room_for_later
from dashboard.shell.attributes import attributes
from model.bundle import Card, OperatingPoint
from model.evaluation.cardtext import calibration_sentences
from model.evaluation.disturbances import HEAD, disturbance_cells, disturbed
from model.evaluation.figures.figure import FigureData
from model.evaluation.figures.narrow import narrow
from model.evaluation.figures.robustness import ROBUSTNESS
from model.evaluation.words import fact_label, rate

# Facts of a training run that read better under a name of their own.
DATA: dict[str, str] = {"data": "Data", "split": "Split", "split_sha256": "Split's SHA-256"}

CARD_FILES: dict[str, str] = {"html": "HTML", "pdf": "PDF", "md": "Markdown"}
NOT_FOR = "A diagnosis on its own: it supports a clinician's, and never replaces it."
# Facts whose names stand for something else on the card, or say too little.
FACTS: dict[str, str] = {
    "openings": "Openings of the test split",
    "calibration": "Ways to calibrate",
    "coverage_over_resplits": "Coverage over new splits",
    "init": "Started from",
    "largest_difference_from_keras": "Largest difference of the graph from Keras",
    "python": "Python",
}
HASH = re.compile("[0-9a-f]{64}")


def model_card(of: Card) -> Component:
    """What the model is for, what it was made from, and what its files have to be; in full in the files to save."""
    data = [
        (title, card_value_text(of.training[name])) for name, title in DATA.items() if name in of.training
    ]
    recipe = of.training.get("recipe")
    apart = (*DATA, "recipe") if isinstance(recipe, Mapping) else DATA
    training = {name: value for name, value in of.training.items() if name not in apart}
    facts: list[tuple[str, Any]] = [
        ("Name", f"{of.name}, version {of.version}, made {of.created}"),
        ("Purpose", of.purpose),
        *([] if "not_for" in of.facts else [("Not for", NOT_FOR)]),
        (
            "Trained on",
            "Drawn lesions: for tests and demonstrations only." if of.synthetic else "Photographs",
        ),
        *data,
        ("Training", named_values(training)),
        *([("Recipe", named_values(recipe))] if isinstance(recipe, Mapping) else []),
        ("Input", f"{of.input_size} × {of.input_size} pixels; out: {output_names(of)}"),
        ("Calibration", calibration_sentences(of)),
        ("Operating points", operating_point_list(of)),
        *(
            (FACTS.get(name, fact_label(name)), fact_component(fact, of.taxonomy.codes))
            for name, fact in of.facts.items()
            if is_readable(fact)
        ),
        ("Licence", of.licence),
        ("Files", named_values(of.files, str)),
        ("Card's SHA-256", html.Code(of.sha256)),
    ]
    rows = [html.Div([html.Dt(name), html.Dd(value)]) for name, value in facts]
    return html.Dl(rows, className="model-card", id="model-card")


def card_links(name: str) -> Component:
    """The card as a file, in each of its formats."""
    links = [
        html.A(
            words,
            href=local_address(f"/performance/card/{quote(name, safe='')}.{ending}"),
            className="take",
            title=f"Save as {words}",
            **attributes(aria_label=f"Save the model card as {words}"),
        )
        for ending, words in CARD_FILES.items()
    ]
    words = html.Span("In full, with every table and both checklists:", className="note")
    return html.Div([words, *links], className="card-files")


def output_names(of: Card) -> str:
    """What the network gives a probability of."""
    return ", ".join(of.taxonomy[one].name if one in of.taxonomy else one for one in of.classes)


def operating_point_list(of: Card) -> Component:
    """Every operating point, the one that is used by default first."""
    order = sorted(of.operating_points, key=lambda one: one.name != of.operating_point)
    return html.Ul([html.Li(operating_point_words(one, one.name == of.operating_point)) for one in order])


def operating_point_words(one: OperatingPoint, usual: bool) -> str:
    """Where a model decides, and what it was set for on validation."""
    words = f"Benign below {rate(one.threshold)}"
    if one.malignant > one.threshold:
        words += f", uncertain below {rate(one.malignant)}, malignant from there on"
    words += f": set on validation for {100 * one.sensitivity:g} % sensitivity"
    return words + ("; used by default." if usual else ".")


def fact_component(fact: Any, codes: Collection[str] = ()) -> Component | str:
    """A fact of the card: a sentence or several, names and values, or a table of them."""
    if is_rows(fact):
        return card_rows_table(fact, codes)
    if isinstance(fact, Mapping) and is_rows(list(fact.values())):
        return card_rows_table([{"": name, **row} for name, row in fact.items()], codes)
    if isinstance(fact, Mapping):
        return named_values(fact)
    if isinstance(fact, list | tuple):
        return html.Ul([html.Li(card_value_text(one)) for one in fact], className="sentences")
    return card_value_text(fact)


def is_readable(fact: Any) -> bool:
    """Whether a fact reads well as it is; tables of intervals stand in the card that can be saved."""
    values = fact.values() if isinstance(fact, Mapping) else fact if isinstance(fact, list | tuple) else ()
    inner = [one for value in values if isinstance(value, Mapping) for one in value.values()]
    return not any(isinstance(one, Mapping | list | tuple) for one in inner)


def is_rows(fact: Any) -> bool:
    """Whether something is rows of plain values with the same names."""
    return (
        isinstance(fact, list | tuple)
        and len(fact) > 1
        and all(isinstance(row, Mapping) and row.keys() == fact[0].keys() for row in fact)
        and not any(isinstance(one, Mapping | list | tuple) for row in fact for one in row.values())
    )


def card_rows_table(rows: Sequence[Mapping[str, Any]], codes: Collection[str]) -> Component:
    """Rows below their names, what is in words first."""
    names = sorted(rows[0], key=lambda name: not isinstance(rows[0][name], str))
    head = html.Tr([html.Th(fact_label(name, codes), scope="col") for name in names])
    body = [html.Tr([card_cell(row[name]) for name in names]) for row in rows]
    return html.Div(
        html.Table([html.Thead(head), html.Tbody(body)], className="card-table"), className="wide"
    )


def card_cell(fact: Any) -> Component:
    """A value in a table; the first digits of a hash tell it from others, and the card's file has them all."""
    words = card_value_text(fact)
    return html.Td(f"{words[:12]}…", title=words) if HASH.fullmatch(words) else html.Td(words)


def value_label(name: str) -> str:
    """A name in a list of values as people read it."""
    return FACTS.get(name, fact_label(name))


def named_values(values: Mapping[str, Any], label: Callable[[str], str] = value_label) -> Component | str:
    """Names and values, a line each."""
    if not values:
        return "Not stated."
    return html.Ul(
        [html.Li([html.Strong(label(name)), " ", card_value_text(values[name])]) for name in values]
    )


def card_value_text(value: Any) -> str:
    """A value of the card as text."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name.replace('_', ' ')} {card_value_text(one)}" for name, one in value.items())
    if isinstance(value, list | tuple):
        parts = "; " if any(isinstance(one, list | tuple) for one in value) else ", "
        return parts.join(card_value_text(one) for one in value)
    if value is None or isinstance(value, bool):
        return {None: "none", True: "yes", False: "no"}[value]
    if not isinstance(value, int | float):
        return str(value)
    return f"{value:,.4g}" if isinstance(value, float) and abs(value) < 1000 else f"{value:,.10g}"


def robustness_panel(data: FigureData) -> Component | None:
    """Room for a row a disturbance; nothing for a card that states none."""
    if not ROBUSTNESS.exists(data):
        return None
    room = room_for_later(ROBUSTNESS.name, ROBUSTNESS.height_for(data), plain=False)
    return figure_panel(ROBUSTNESS, data, room)


def robustness_content(data: FigureData, slim: bool = False) -> Component:
    """Figure and table of what training measured on disturbed images.

    Args:
        slim: for a narrow window.
    """
    figure = ROBUSTNESS.draw(data)
    drawn = html.Div(
        html.Div(
            graph(ROBUSTNESS.name, narrow(figure) if slim else figure),
            className="drawn",
            style=height_style(ROBUSTNESS.height_for(data)),
        ),
        className=f"graph graph-{ROBUSTNESS.name}",
        role="img",
        **attributes(aria_label=ROBUSTNESS.words_for(data)),
    )
    rows = [disturbance_cells(one) for one in disturbed(data.bundle.card.robustness)]
    table = figures_table(HEAD, rows, "robustness")
    return html.Div([drawn, html.Details([html.Summary("As a table"), table], className="as-table")])

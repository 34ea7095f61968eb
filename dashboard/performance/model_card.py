"""The model card, from the bundle's card.json, and what training measured on disturbed images."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

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

NOT_FOR = "A diagnosis on its own: it supports a clinician's, and never replaces it."
# Facts whose names stand for something else on the card, or say too little.
FACTS: dict[str, str] = {
    "openings": "Openings of the test split",
    "calibration": "Ways to calibrate",
    "coverage_over_resplits": "Coverage over new splits",
    "elsewhere": "Sources never seen",
}
HASH = re.compile("[0-9a-f]{64}")


def model_card(of: Card) -> Component:
    """What the model is for, what it was made from, and what its files have to be."""
    data = [
        (title, card_value_text(of.training[name])) for name, title in DATA.items() if name in of.training
    ]
    training = {name: value for name, value in of.training.items() if name not in DATA}
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
        ("Input", f"{of.input_size} × {of.input_size} pixels; out: {', '.join(of.classes)}"),
        ("Calibration", calibration_sentences(of)),
        ("Operating points", operating_point_list(of)),
        *(
            (FACTS.get(name, fact_label(name)), fact_component(fact, of.taxonomy.codes))
            for name, fact in of.facts.items()
        ),
        ("Licence", of.licence),
        ("Files", named_values(of.files)),
        ("Card's SHA-256", html.Code(of.sha256)),
    ]
    rows = [html.Div([html.Dt(name), html.Dd(value)]) for name, value in facts]
    return html.Dl(rows, className="model-card", id="model-card")


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


def named_values(values: Mapping[str, Any]) -> Component | str:
    """Names and values, a line each."""
    if not values:
        return "Not stated."
    return html.Ul(
        [
            html.Li([html.Strong(name.replace("_", " ")), " ", html.Code(card_value_text(values[name]))])
            for name in values
        ]
    )


def card_value_text(value: Any) -> str:
    """A value of the card as text."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {card_value_text(one)}" for name, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(card_value_text(one) for one in value)
    if isinstance(value, bool) or not isinstance(value, int | float):
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

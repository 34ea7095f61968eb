"""The robustness table of a bundle's card: what training measured on altered images."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.performance.panels import figure_panel, framed, graph, later, tall
from dashboard.shell.attributes import attributes
from model.evaluation.disturbances import HEAD, Disturbed, disturbance_cells, disturbed
from model.evaluation.figures.figure import FigureData
from model.evaluation.figures.narrow import narrow
from model.evaluation.figures.robustness import ROBUSTNESS
from model.evaluation.words import fact_label, signed_text

OTHER = "The same images, altered as bad light, focus or handling would; from the model's card."


def robustness_panel(data: FigureData) -> Component | None:
    """Room for a row a change of the image; nothing for a card that has none."""
    if not data.bundle.card.robustness:
        return None
    if ROBUSTNESS.exists(data):
        return figure_panel(
            ROBUSTNESS, data, later(ROBUSTNESS.name, ROBUSTNESS.height_for(data), plain=False)
        )
    return framed(ROBUSTNESS.title, later(ROBUSTNESS.name, 240), OTHER, table=ROBUSTNESS.name)


def robustness_content(data: FigureData, slim: bool = False) -> Component:
    """Figure and table of a card that states what training states today, and of another card whatever it holds.

    Args:
        slim: for a narrow window.
    """
    rows = data.bundle.card.robustness
    found = disturbed(rows)
    if found is None:
        return robustness_table(rows)
    made = ROBUSTNESS.draw(data)
    drawn = html.Div(
        html.Div(
            graph(ROBUSTNESS.name, narrow(made) if slim else made),
            className="drawn",
            style=tall(ROBUSTNESS.height_for(data)),
        ),
        className=f"graph graph-{ROBUSTNESS.name}",
        role="img",
        **attributes(aria_label=ROBUSTNESS.words_for(data)),
    )
    return html.Div(
        [drawn, html.Details([html.Summary("As a table"), in_words(found)], className="as-table")]
    )


def robustness_table(rows: Sequence[Mapping[str, Any]]) -> Component:
    """A row a change of the image."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    head = html.Tr([html.Th("Cases" if name == "n" else fact_label(name), scope="col") for name in columns])
    body = [
        html.Tr(
            [
                (html.Th if not place else html.Td)(robustness_value(name, row.get(name)))
                for place, name in enumerate(columns)
            ]
        )
        for row in rows
    ]
    found = html.Table([html.Thead(head), html.Tbody(body)], className="figures", id="robustness")
    return html.Div(found, className="wide")


def in_words(found: Sequence[Disturbed]) -> Component:
    """The table of a card that states what training states today."""
    head = html.Tr([html.Th(word, scope="col") for word in HEAD])
    body = [
        html.Tr([(html.Td if place else html.Th)(word) for place, word in enumerate(disturbance_cells(one))])
        for one in found
    ]
    shown = html.Table([html.Thead(head), html.Tbody(body)], className="figures", id="robustness")
    return html.Div(shown, className="wide")


def robustness_value(name: str, value: Any) -> str:
    """A value of the table as text."""
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return (
            ", ".join(robustness_value(name, one) for one in value)
            if isinstance(value, list | tuple)
            else str(value)
        )
    if isinstance(value, int):
        return f"{value:,}"
    return signed_text(value) if "difference" in name or "change" in name else f"{value:.3f}"

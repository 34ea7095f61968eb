"""The robustness table of a bundle's card: what training measured on altered images."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.performance.panels import framed, graph, later, tall
from dashboard.shell.attributes import attributes
from model.evaluation.disturbances import HEAD, NOTE, Disturbed, cells, disturbed
from model.evaluation.figures import robustness as figure
from model.evaluation.figures.narrow import narrow
from model.evaluation.words import label, signed

OTHER = "The same images, altered as bad light, focus or handling would; from the model's card."


def panel(rows: Sequence[Mapping[str, Any]]) -> Component | None:
    """Room for a row a change of the image; nothing for a card that has none."""
    if not rows:
        return None
    found = disturbed(rows)
    return framed(
        "Robustness",
        later("robustness", 240 if found is None else figure.height(found), plain=found is None),
        OTHER if found is None else NOTE,
        figure=None if found is None else "robustness",
        table="robustness",
    )


def content(rows: Sequence[Mapping[str, Any]], theme: str | None, slim: bool = False) -> Component:
    """Figure and table of a card that states what training states today, and of another card whatever it holds.

    Args:
        slim: for a narrow window.
    """
    found = disturbed(rows)
    if found is None:
        return table(rows)
    made = figure.robustness(found, theme)
    drawn = html.Div(
        html.Div(
            graph("robustness", narrow(made) if slim else made),
            className="drawn",
            style=tall(figure.height(found)),
        ),
        className="graph graph-robustness",
        role="img",
        **attributes(aria_label="AUC and changed decisions by disturbance; the table has them"),
    )
    return html.Div(
        [drawn, html.Details([html.Summary("As a table"), in_words(found)], className="as-table")]
    )


def table(rows: Sequence[Mapping[str, Any]]) -> Component:
    """A row a change of the image."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    head = html.Tr([html.Th("Cases" if name == "n" else label(name), scope="col") for name in columns])
    body = [
        html.Tr(
            [
                (html.Th if not place else html.Td)(said(name, row.get(name)))
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
        html.Tr([(html.Td if place else html.Th)(word) for place, word in enumerate(cells(one))])
        for one in found
    ]
    shown = html.Table([html.Thead(head), html.Tbody(body)], className="figures", id="robustness")
    return html.Div(shown, className="wide")


def said(name: str, value: Any) -> str:
    """A value of the table as text."""
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ", ".join(said(name, one) for one in value) if isinstance(value, list | tuple) else str(value)
    if isinstance(value, int):
        return f"{value:,}"
    return signed(value) if "difference" in name or "change" in name else f"{value:.3f}"

"""Framed parts of the page, each with what can be taken along: a figure as PNG or SVG, a table as CSV."""

from collections.abc import Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.components.attributes import attributes
from model.bundle import Damaged
from model.figures.template import CONFIG

TABLES = "/performance/table"


def framed(
    title: str, body: Any, note: str | None = None, figure: str | None = None, table: str | None = None
) -> Component:
    """A part of the page with its heading and, where it helps, one sentence on how to read it.

    Args:
        figure, table: names under which both can be taken along.
    """
    head = [
        html.H2(title),
        take_along(title, figure, table),
        html.P(note, className="note") if note else None,
    ]
    return html.Section([html.Div(head, className="panel-head"), body], className="panel")


def take_along(title: str, figure: str | None, table: str | None) -> Component | None:
    """The buttons that save a figure or a table; performance.js gives them the page's address."""
    found: list[Component] = []
    for kind in ("PNG", "SVG") if figure else ():
        told = attributes(data_figure=figure, data_format=kind.lower(), aria_label=f"Save {title} as {kind}")
        found.append(html.Button(kind, type="button", className="take", title=f"Save as {kind}", **told))
    if table:
        told = attributes(data_table=table, aria_label=f"Save {title} as CSV")
        found.append(
            html.A("CSV", href=f"{TABLES}/{table}.csv", className="take", title="Save as CSV", **told)
        )
    return html.Div(found, className="take-along") if found else None


def graph(name: str, height: int, alternative: str, kind: str = "performance-figure") -> Component:
    """Room for a figure of `height` pixels; `alternative` is what a screen reader says instead of it."""
    return html.Div(
        [
            dcc.Graph(
                id={"type": kind, "name": name},
                config=CONFIG | {"displayModeBar": False},
                responsive=True,
                style={"height": f"{height}px"},
            ),
            # Set once a figure has been drawn without its intervals.
            dcc.Store(id={"type": "performance-rough", "name": name})
            if kind == "performance-figure"
            else None,
        ],
        className=f"graph graph-{name}",
        role="img",
        **attributes(aria_label=alternative),
    )


def two_columns(panels: Sequence[Component]) -> Component:
    """Panels side by side where there is room; the last of an odd number takes its row alone.

    Plain elements with Bootstrap's classes: the library of its components is loaded late, and React shows what had to
    wait half a second later a level.
    """
    alone = len(panels) - 1 if len(panels) % 2 else -1
    columns = [
        html.Div(one, className="col-12" if place == alone else "col-12 col-lg-6")
        for place, one in enumerate(panels)
    ]
    return html.Div(columns, className="row g-3")


def notices(sentences: Sequence[str]) -> list[Component]:
    """What the reader should know about this view before anything else."""
    return [html.P(sentence, className="notice", role="status") for sentence in sentences]


def damaged(bundles: Sequence[Damaged]) -> Component | None:
    """Models that could not be read, by name, each with what is wrong."""
    if not bundles:
        return None
    # A problem may begin with the name that stands before it anyway.
    problems = [(one.name, one.problem.removeprefix(f"{one.name}: ")) for one in bundles]
    rows = [html.Li([html.Strong(name), html.Span(f": {problem}")]) for name, problem in problems]
    return html.Section(
        [html.H2("Not shown because they are damaged"), html.Ul(rows, className="warnings")],
        className="panel",
    )


def empty() -> Component:
    """What to do when there is no model to look at."""
    return html.Section(
        [
            html.H2("No trained model yet"),
            html.P(
                [
                    "This page shows how well a model works, from the scores kept with it. Make one with ",
                    html.Code("python -m training"),
                    ", or point ",
                    html.Code("DERMABOARD_BUNDLES"),
                    " to a folder of models.",
                ]
            ),
        ],
        className="panel empty",
    )

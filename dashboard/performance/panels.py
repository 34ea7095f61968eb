"""Framed parts of the page, each with what can be taken along: a figure as PNG or SVG, a table as CSV."""

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

import plotly.graph_objects as go
from dash import dcc, html
from dash.development.base_component import Component

from dashboard.addresses import local_address
from dashboard.shell.attributes import attributes
from model.bundle import Damaged
from model.evaluation.figures.figure import Figure, FigureData
from model.evaluation.figures.template import CONFIG

TABLES = "/performance/table"


def framed(
    title: str,
    body: Any,
    note: str | None = None,
    figure: str | None = None,
    table: str | None = None,
    level: Callable[[str], Component] = html.H2,
) -> Component:
    """A part of the page with its heading and, where it helps, one sentence on how to read it.

    Args:
        figure, table: names under which both can be taken along.
        level: of its heading.
    """
    head = [
        level(title),
        take_along(title, figure, table),
        html.P(note, className="note") if note else None,
    ]
    return html.Section([html.Div(head, className="panel-head"), body], className="panel")


def figure_panel(figure: Figure, data: FigureData, body: Component | None = None) -> Component:
    """A figure with its heading, how to read it, and what can be saved of it.

    Args:
        body: what stands there in place of the figure's room.
    """
    return framed(
        figure.title,
        figure_room(figure, data) if body is None else body,
        " ".join(filter(None, (figure.note_for(data), figure.click))) or None,
        figure=figure.name if figure.exists(data) else None,
        table=figure.name if figure.table else None,
        level=html.H3,
    )


def take_along(title: str, figure: str | None, table: str | None) -> Component | None:
    """The buttons that save a figure or a table; performance.js gives them the page's address."""
    links: list[Component] = []
    for kind in ("PNG", "SVG") if figure else ():
        labels = attributes(
            data_figure=figure, data_format=kind.lower(), aria_label=f"Save {title} as {kind}"
        )
        links.append(html.Button(kind, type="button", className="take", title=f"Save as {kind}", **labels))
    if table:
        labels = attributes(data_table=table, aria_label=f"Save {title} as CSV")
        links.append(
            html.A(
                "CSV",
                href=local_address(f"{TABLES}/{table}.csv"),
                className="take",
                title="Save as CSV",
                **labels,
            )
        )
    return html.Div(links, className="take-along") if links else None


def figure_room(figure: Figure, data: FigureData, turn: Any = None, sketch: str = "") -> Component:
    """Room for a figure, which comes when its turn has come; assets/turns.js says when that is.

    Args:
        turn: the store that calls the figure, with the theme to draw it in; that of `draw` for None.
        sketch: the address of a picture that stands there before; in one colour, which the style sheet chooses.
    """
    return html.Div(
        room_with_turn(figure.name, height_style(figure.height_for(data)), turn, sketch),
        className=f"graph graph-{figure.name}",
        role="img",
        **attributes(aria_label=figure.words_for(data)),
    )


def room_for_later(name: str, height: int, plain: bool = True, title: str = "") -> Component:
    """Room for a part that comes when its turn has come: Dash slows with every component there is.

    Args:
        plain: it looks the same in every theme and width, and need not come again.
        title: what stands there, where no heading says so.
    """
    labels = attributes(data_plain="plain") if plain else {}
    labels |= attributes(data_title=title) if title else {}
    return html.Div(room_with_turn(name, {"minHeight": f"{height}px"}, **labels))


def room_with_turn(
    name: str, style: dict[str, str], turn: Any = None, sketch: str = "", **labels: Any
) -> list[Component]:
    """An empty room, and the store that calls what belongs into it."""
    turn = turn or {"type": "performance-turn", "name": name}
    return [
        html.Div(
            skeleton(sketch),
            id={"type": "performance-room", "name": name},
            className="room",
            style=style,
            **attributes(data_turn=json.dumps(turn)),
            **labels,
        ),
        dcc.Store(id=turn),
    ]


def height_style(height: int) -> dict[str, str]:
    """The style of what holds a figure: the style sheet makes some of them taller in a narrow window."""
    return {"--tall": f"{height}px"}


def skeleton(sketch: str = "") -> Component:
    """What stands where something is still to come; `sketch` is the address of a picture of it."""
    if not sketch:
        return html.Div(className="skeleton")
    return html.Div(className="skeleton sketch", style={"--sketch": f'url("{sketch}")'})


def graph(name: str, made: go.Figure, rough: bool = False) -> Component:
    """A figure for its room. It comes with the component: a graph without a figure draws empty axes first.

    Args:
        rough: it lacks its intervals, and is to be called again for them.
    """
    return dcc.Graph(
        id={"type": "performance-figure", "name": name},
        figure=made,
        config=CONFIG | {"displayModeBar": False},
        responsive=True,
        className="rough" if rough else "",
        style={"height": "100%"},
    )


def figures_table(
    head: Iterable[str], rows: Sequence[Sequence[Any]], name: str, few: Collection[int] = ()
) -> Component:
    """A table, in a box that can be scrolled where the window is narrow.

    Args:
        rows: cells, the first of which names its row.
        name: the table's id.
        few: places of rows that step back.
    """
    body = [
        html.Tr([html.Th(first, scope="row"), *map(html.Td, cells)], className="few" if place in few else "")
        for place, (first, *cells) in enumerate(rows)
    ]
    titles = html.Tr([html.Th(word, scope="col") for word in head])
    return html.Div(
        html.Table([html.Thead(titles), html.Tbody(body)], className="figures", id=name), className="wide"
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


def damaged_panel(bundles: Sequence[Damaged]) -> Component | None:
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


def no_model_panel() -> Component:
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

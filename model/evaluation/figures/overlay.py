"""Lines of other models and of groups of cases over a figure, told apart without their colour too."""

from collections.abc import Callable, Sequence
from typing import Any

import plotly.graph_objects as go

from model.evaluation.figures.template import palette
from model.evaluation.figures.training import colour_of
from model.evaluation.metrics import Floats
from model.evaluation.review import SplitEvaluation

DASHES = ("dash", "dot", "dashdot", "longdash", "longdashdot", "solid")
Line = Callable[[SplitEvaluation], tuple[Floats, Floats]]


def overlaid_height(lines: int) -> int:
    """Pixels that a figure needs for the names of so many lines."""
    return 24 + 22 * lines if lines else 0


def add_overlaid(
    figure: go.Figure,
    overlaid: Sequence[tuple[str, SplitEvaluation]],
    line: Line,
    theme: str | None,
    first: int = 0,
    **place: Any,
) -> go.Figure:
    """One line for each name, in a legend below; what has no line says so there.

    Args:
        line: x and y (m,) of an evaluation; empty where it has none.
        first: lines that were drawn in these colours before.
        place: row and column of the panel.
    """
    if not overlaid or not figure.data:
        return figure
    colours = palette(theme)
    figure.update_traces(showlegend=False)
    for number, (name, shown) in enumerate(overlaid, start=first):
        x, y = line(shown)
        figure.add_scatter(
            x=x,
            y=y,
            name=f"{name} (n = {shown.truth.size:,})" if len(x) else f"{name}: not defined",
            mode="lines",
            line={
                "color": colour_of(number + 1, colours),
                "width": 1.75,
                "dash": DASHES[number % len(DASHES)],
            },
            showlegend=True,
            hovertemplate="<b>%{fullData.name}</b><extra></extra>",
            **place,
        )
    return figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "y": -0.2, "yanchor": "top", "x": 0, "font": {"size": 12}},
        height=(figure.layout.height or 0) + overlaid_height(len(overlaid)),
    )

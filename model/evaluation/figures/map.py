"""The evaluated images in two dimensions: near points look alike to the network (`map_x` and `map_y` of the scores)."""

from collections.abc import Iterator

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from model.evaluation.cohort import UNKNOWN, part_codes
from model.evaluation.figures.figure import Figure, FigureData
from model.evaluation.figures.template import blank, message, palette
from model.evaluation.figures.training import colour_of
from model.evaluation.outcomes import OUTCOME_ORDER
from model.evaluation.verdict import COLOURS, VERDICTS
from model.evaluation.words import part_words
from model.outcome import Outcome

HEIGHT = 520
# More points than this cannot be told apart, and slow a browser: every so-many-th case is drawn.
MOST_POINTS = 6000
# What points can be coloured by.
COLOURINGS: dict[str, str] = {"truth": "True diagnosis", "outcome": "Outcome", "source": "Source"}
SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross", "x", "star", "pentagon")


def map_layers(data: FigureData) -> Iterator[tuple[str, str, str, NDArray[np.bool_]]]:
    """Name, colour, symbol and cases (n,) of each group of points."""
    table, colours = data.review.table, palette(data.theme)
    if data.colouring == "outcome":
        codes = data.review.outcome_codes(data.review.probability(data.position))
        theme = "dark" if data.theme == "dark" else "light"
        symbols = dict(zip(OUTCOME_ORDER, ("diamond", "triangle-up", "circle-open", "circle"), strict=True))
        for place, outcome in enumerate(OUTCOME_ORDER):
            none = outcome is Outcome.NO_RESULT
            name = "No result" if none else VERDICTS[outcome].short
            yield name, colours.muted if none else COLOURS[theme][outcome], symbols[outcome], codes == place
    elif data.colouring == "source" and "source" in table:
        parts, names = part_codes(table, "source")
        for place, name in enumerate(names):
            if name != UNKNOWN or (parts == place).any():
                yield (
                    part_words(name),
                    colour_of(place, colours),
                    SYMBOLS[place % len(SYMBOLS)],
                    parts == place,
                )
    else:
        for place, one in enumerate(data.review.taxonomy.diagnoses):
            inside = (table["label"] == one.code).to_numpy()
            yield one.short, one.colour, SYMBOLS[place % len(SYMBOLS)], inside
        other = ~table["label"].isin(list(data.review.taxonomy.codes)).to_numpy()
        if other.any():
            yield "None of these", colours.muted, "circle-open", other


def _draw(data: FigureData) -> go.Figure:
    table = data.review.table
    if not len(table) or not MAP.exists(data):
        words = "Not defined without cases." if not len(table) else "The scores hold no map."
        return message(words, data.theme, HEIGHT)
    figure = blank(data.theme, HEIGHT)
    x, y = (table[name].to_numpy(np.float32) for name in ("map_x", "map_y"))
    step = -(-len(table) // MOST_POINTS)
    drawn = np.zeros(len(table), np.bool_)
    drawn[::step] = True
    for name, colour, symbol, cases in map_layers(data):
        inside = cases & drawn & np.isfinite(x)
        if inside.any():
            figure.add_scatter(
                x=np.round(x[inside], 3),
                y=np.round(y[inside], 3),
                name=f"{name} ({int(cases.sum()):,})",
                mode="markers",
                marker={"color": colour, "symbol": symbol, "size": 6, "opacity": 0.75},
                hovertemplate=f"<b>{name}</b><extra></extra>",
            )
    nothing = {"showgrid": False, "zeroline": False, "showticklabels": False, "title": ""}
    return (
        figure.update_xaxes(**nothing)
        .update_yaxes(**nothing)
        .update_layout(
            dragmode="lasso",
            showlegend=True,
            legend={"orientation": "h", "y": -0.02, "yanchor": "top", "x": 0, "font": {"size": 12}},
        )
    )


MAP = Figure(
    name="map",
    title="Map",
    words="The images in two dimensions; near points look alike to the network",
    note="Each point is an image; near points look alike to the network. The axes mean nothing by themselves.",
    click="With “Lasso” or “Box”, draw around points to see their images.",
    height=HEIGHT,
    draw=_draw,
    exists=lambda data: {"map_x", "map_y"} <= set(data.review.table.columns),
)

"""How the probabilities of each class spread, and where the model abstains."""

import itertools
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from model.evaluation.figures.curves import HEIGHT, POINT
from model.evaluation.figures.figure import Figure, FigureData, ThresholdMark
from model.evaluation.figures.template import Palette, blank, message, palette
from model.evaluation.verdict import VERDICTS

EDGES = np.linspace(0, 1, 41)


def score_distribution_figure(
    truth: NDArray[np.bool_],
    scores: NDArray[np.float64],
    threshold: float,
    theme: str | None,
    uncertain: tuple[float, float] | None = None,
) -> go.Figure:
    """The share of each class by probability, with the threshold and the band of the uncertain.

    Args:
        threshold: where the slider is, a probability.
        uncertain: from the threshold of the model's own operating point to where "malignant" begins.
    """
    scored = ~np.isnan(scores)
    if not scored.any():
        return message("No case has a score.", theme, HEIGHT)
    colours, figure = palette(theme), blank(theme, HEIGHT)
    figure.add_scatter(
        x=[100 * threshold, 100 * threshold],
        y=[0, 1],
        yaxis="y2",
        mode="lines",
        line={"color": colours.ink, "width": 1.5, "dash": "dash"},
        hoverinfo="skip",
    )
    counts = [np.histogram(np.clip(scores[scored & kind], 0, 1), EDGES)[0] for kind in (~truth, truth)]
    shares = [100 * one / max(1, int(one.sum())) for one in counts]
    for place, (name, colour) in enumerate((("benign", colours.benign), ("malignant", colours.malignant))):
        if counts[place].any():
            add_class(figure, name, colour, counts[place], shares)
    if uncertain is not None and uncertain[1] > uncertain[0]:
        add_uncertain(figure, uncertain, colours)
    figure.update_layout(
        yaxis={"title": "Share of the class (%)", "rangemode": "tozero"},
        yaxis2={"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True},
        hovermode="x",
        margin={"t": 28},
    )
    figure.update_xaxes(title="Calibrated probability of malignancy (%)", range=[0, 100])
    figure.data[POINT].zorder = 1
    return figure


def add_class(
    figure: go.Figure,
    name: str,
    colour: str,
    counts: NDArray[np.int64],
    shares: Sequence[NDArray[np.float64]],
) -> None:
    """One class, with its name where it stands out most from the other."""
    own, other = shares if name == "benign" else reversed(shares)
    n = int(counts.sum())
    figure.add_scatter(
        x=100 * (EDGES[:-1] + EDGES[1:]) / 2,
        y=own,
        customdata=np.column_stack((counts, 100 * EDGES[:-1], 100 * EDGES[1:], cumulated(own))),
        name=name,
        meta={"show": [f"score:{low:.4g}:{high:.4g}:{name}" for low, high in itertools.pairwise(EDGES)]},
        mode="lines",
        line={"color": colour, "width": 2, "shape": "hvh"},
        fill="tozeroy",
        hovertemplate=(
            "%{customdata[0]:,} cases from %{customdata[1]:.1f} to %{customdata[2]:.1f} %, %{y:.1f} % of the class;"
            "<br>%{customdata[3]:.1f} % of it lie below<extra>" + VERDICTS[name].short + "</extra>"
        ),
    )
    apart = int(np.argmax(own - other))
    middle = 50 * (EDGES[apart] + EDGES[apart + 1])
    figure.add_annotation(
        x=middle,
        y=own[apart],
        text=f"{VERDICTS[name].shape} <b>{VERDICTS[name].short}</b>, n = {n:,}",
        xanchor="left" if middle < 70 else "right",
        yanchor="bottom",
        xshift=8 if middle < 20 else 0,
        font={"color": colour},
    )


def cumulated(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """What lies below each bin."""
    return np.cumsum(shares) - shares


def add_uncertain(figure: go.Figure, band: tuple[float, float], colours: Palette) -> None:
    """The band between the two thresholds of an operating point."""
    figure.add_vrect(
        x0=100 * band[0], x1=100 * band[1], fillcolor=colours.uncertain, opacity=0.1, line={"width": 0}
    )
    figure.add_annotation(
        x=50 * (band[0] + band[1]),
        y=1,
        yref="paper",
        text=f"{VERDICTS['uncertain'].shape} uncertain",
        yanchor="bottom",
        font={"size": 12, "color": colours.uncertain},
    )


def _draw(data: FigureData) -> go.Figure:
    own, review = data.bundle.card.point(), data.review
    threshold, uncertain = review.probability(data.position), (own.threshold, own.malignant)
    return score_distribution_figure(review.truth, review.scores, threshold, data.theme, uncertain)


SCORES = Figure(
    name="scores",
    title="Scores by class",
    words="Probabilities by class",
    note="Shaded: where the model abstains.",
    click="A click lists the cases of a class around a probability.",
    height=HEIGHT,
    draw=_draw,
    mark=ThresholdMark("threshold"),
)

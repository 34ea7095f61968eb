"""The decision curve: whether acting on the model does more good than treating all, or none."""

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from model.evaluation.figures.curves import (
    POINT,
    MarkedPoint,
    marked_point,
    marker,
    raise_marker,
)
from model.evaluation.figures.figure import Figure, FigureData, ThresholdMark
from model.evaluation.figures.overlay import add_overlaid, overlaid_height
from model.evaluation.figures.template import blank, message, palette
from model.evaluation.metrics import Floats, Sweep
from model.evaluation.review import SplitEvaluation

HEIGHT = 380
# Above this nobody hesitates, and the odds run away.
THRESHOLDS = np.round(np.arange(0, 0.9, 0.002), 3)
MARK = ThresholdMark("threshold", "net_benefit", side="top")


def net_benefit(counts: Sweep, thresholds: ArrayLike) -> tuple[Floats, Floats]:
    """True positives, less false ones at the odds of the threshold, as a share of all cases (Vickers & Elkin 2006).

    Args:
        thresholds: (m,), at least 0 and below 1.

    Returns:
        Of the model and of treating all, (m,) each; treating none always has 0. Empty where it is not defined.
    """
    if counts.problem is not None:
        return np.zeros(0), np.zeros(0)
    cuts = np.asarray(thresholds, np.float64)
    odds = cuts / (1 - cuts)
    tp, fp = counts.counts(cuts)
    n = counts.malignant + counts.benign
    return (tp - fp * odds) / n, (counts.malignant - counts.benign * odds) / n


def decision_curve_figure(counts: Sweep, point: MarkedPoint, theme: str | None) -> go.Figure:
    """Net benefit against the threshold, per 100 lesions, with treat-all and treat-none."""
    if counts.problem is not None:
        return message(counts.problem.sentence, theme, HEIGHT)
    colours, figure = palette(theme), blank(theme, HEIGHT)
    model, treat_all = (100 * values for values in net_benefit(counts, THRESHOLDS))
    top = float(treat_all[0])
    figure.add_trace(marker(MARK, 100 * point.threshold, net_benefit_at(point), point.threshold, colours))
    # A point outside the window is not drawn over the labels around it.
    figure.data[POINT].cliponaxis = True
    for values, name, line in (
        (np.zeros(2), "treat none", {"color": colours.ink, "width": 1}),
        (treat_all, "treat all", {"color": colours.muted, "width": 1.5, "dash": "dot"}),
        (model, "this model", {"color": colours.action, "width": 2.5}),
    ):
        figure.add_scatter(
            x=[0, 90] if values.size == 2 else 100 * THRESHOLDS,
            y=values,
            mode="lines",
            line=line,
            meta={"threshold": "x"},
            hovertemplate=f"<b>{name}</b><br>Threshold %{{x:.1f}} %<br>%{{y:.2f}} per 100 lesions<extra></extra>",
        )
    half = int(np.argmin(np.abs(treat_all - 0.2 * top)))
    figure.add_annotation(
        x=100 * THRESHOLDS[half],
        y=0.2 * top,
        text="treat all",
        xanchor="left",
        xshift=6,
        font={"size": 12},
    )
    # Below the middle of its line: towards the end of it the model's own curve comes down to it.
    figure.add_annotation(x=45, y=0, text="treat none", xanchor="center", yanchor="top", font={"size": 12})
    right = int(np.searchsorted(THRESHOLDS, 0.6))
    figure.add_annotation(
        x=60,
        y=model[right],
        text="<b>this model</b>",
        xanchor="left",
        yanchor="bottom",
        font={"color": colours.action},
    )
    figure.update_xaxes(title="Threshold probability (%)", range=[0, 90])
    figure.update_yaxes(title="Net benefit (cancers per 100 lesions)", range=[-0.2 * top, 1.1 * top])
    return raise_marker(figure)


def net_benefit_at(point: MarkedPoint) -> float | None:
    """Net benefit per 100 lesions at the operating point; None for a threshold of 1, whose odds are infinite."""
    if point.threshold >= 1:
        return None
    odds = point.threshold / (1 - point.threshold)
    return 100 * (point.confusion.tp - odds * point.confusion.fp) / point.confusion.n


def _line(shown: SplitEvaluation) -> tuple[Floats, Floats]:
    values, _ = net_benefit(shown.counts, THRESHOLDS)
    return (100 * THRESHOLDS if values.size else values), 100 * values


def _draw(data: FigureData) -> go.Figure:
    figure = decision_curve_figure(data.review.counts, marked_point(data), data.theme)
    return add_overlaid(figure, data.overlaid, _line, data.theme)


DECISION_CURVE = Figure(
    name="benefit",
    title="Decision curve",
    words="Net benefit against treating all or none",
    note="Cancers found, less false alarms weighed by the odds of the threshold.",
    click="A click on a line sets the threshold.",
    height=lambda data: HEIGHT + overlaid_height(len(data.others) + len(data.groups)),
    draw=_draw,
    mark=MARK,
)

"""ROC and precision-recall curves: how sure they are, the threshold on them, and the operating points of the card."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from model.evaluation.figures.figure import Figure, FigureData, ThresholdMark
from model.evaluation.figures.overlay import add_overlaid, overlaid_height
from model.evaluation.figures.template import PERCENT, Palette, add_diagonal, blank, message, palette
from model.evaluation.figures.training import colour_of
from model.evaluation.intervals import Interval
from model.evaluation.metrics import Confusion, Curve, Floats
from model.evaluation.resampling import NO_BAND, Band
from model.evaluation.review import SplitEvaluation

HEIGHT = 380
# A figure is less than 2,000 pixels wide and high, on a screen of double density too: smaller steps cannot be seen.
FINEST = 2000
# The trace that the threshold slider moves, in every figure that has one (performance.js counts on it).
POINT = 0
ROC_MARK = ThresholdMark("false_positive_rate", "sensitivity", left_beyond=0.7)
PRECISION_RECALL_MARK = ThresholdMark("sensitivity", "ppv", left_beyond=0.5)
# Lines of other models, told apart without their colour too; their labels are found by this name.
DASHES, RIVAL = ("dash", "dot", "dashdot"), "rival"


@dataclass(frozen=True)
class MarkedPoint:
    """A threshold, a probability, and what it does to the cases.

    Attributes:
        name: of an operating point of the card: the sensitivity that it was chosen for.
    """

    threshold: float
    confusion: Confusion
    name: str = ""


def roc_figure(
    curve: Curve,
    area: Interval,
    point: MarkedPoint,
    theme: str | None,
    band: Band = NO_BAND,
    aimed: Sequence[MarkedPoint] = (),
) -> go.Figure:
    """Sensitivity against false-positive rate, with its band, the chance line, the area and the operating points."""
    if area.reason is not None:
        return message(area.reason.sentence, theme, HEIGHT)
    colours, figure, seen = palette(theme), blank(theme, HEIGHT), visible_points(curve)
    figure.add_trace(marker(ROC_MARK, *roc_place(point), point.threshold, colours))
    add_diagonal(figure, colours)
    add_curve(
        figure,
        seen,
        np.column_stack((100 * np.minimum(seen.thresholds, 1), 100 * (1 - seen.x))),
        "<b>Threshold %{customdata[0]:.1f} %</b><br>Sensitivity %{y:.1%}<br>Specificity %{customdata[1]:.1f} %",
        colours,
    )
    add_band(figure, band, colours)
    add_aimed(figure, aimed, [roc_place(one) for one in aimed], colours, labelled=True)
    add_area_label(figure, "AUC", area, colours, x=0.98, y=0.04, align="right")
    figure.add_annotation(text="chance", x=0.56, y=0.56, xanchor="left", yanchor="top", font={"size": 12})
    at = point.confusion
    figure.update_xaxes(title=f"False-positive rate (of {at.fp + at.tn:,} benign)", **PERCENT)
    figure.update_yaxes(title=f"Sensitivity (of {at.tp + at.fn:,} malignant)", **PERCENT)
    return raise_marker(figure)


def roc_place(point: MarkedPoint) -> tuple[float, float]:
    """Where a point lies in the ROC figure."""
    return 1 - point.confusion.specificity.value, point.confusion.sensitivity.value


def add_curve(figure: go.Figure, curve: Curve, customdata: Floats, hover: str, colours: Palette) -> None:
    """The model's own curve; `customdata` begins with the threshold in per cent, for a click."""
    figure.add_scatter(
        x=curve.x,
        y=curve.y,
        customdata=customdata,
        mode="lines",
        line={"color": colours.action, "width": 2.5},
        meta={"threshold": "customdata"},
        hovertemplate=hover + "<extra></extra>",
    )


def add_area_label(
    figure: go.Figure, name: str, area: Interval, colours: Palette, x: float, y: float, align: str
) -> None:
    """An area with its interval; without one while that is being computed."""
    interval = (
        "95 % interval follows" if math.isnan(area.low) else f"95 % interval {area.low:.3f}–{area.high:.3f}"
    )
    figure.add_annotation(
        text=f"<b>{name} {area.value:.3f}</b><br>{interval}",
        x=x,
        y=y,
        xanchor=align,
        yanchor="bottom",
        align=align,
        font={"color": colours.action},
    )


def add_aimed(
    figure: go.Figure,
    aimed: Sequence[MarkedPoint],
    places: Sequence[tuple[float, float]],
    colours: Palette,
    labelled: bool,
) -> None:
    """Rings where the card's operating points are."""
    if not aimed:
        return
    figure.add_scatter(
        x=[x for x, _ in places],
        y=[y for _, y in places],
        text=[one.name for one in aimed],
        customdata=[
            [
                100 * one.threshold,
                100 * one.confusion.sensitivity.value,
                100 * one.confusion.specificity.value,
                100 * one.confusion.ppv.value if one.confusion.ppv.defined else 0.0,
            ]
            for one in aimed
        ],
        mode="markers+text" if labelled else "markers",
        # The highest lies so near the one before it that their names would meet.
        textposition=["top left"] * (len(aimed) - 1) + ["top right" if len(aimed) > 1 else "top left"],
        textfont={"size": 12, "color": colours.muted},
        marker={"size": 9, "color": colours.surface, "line": {"color": colours.ink, "width": 1.5}},
        cliponaxis=False,
        meta={"threshold": "customdata"},
        hovertemplate=(
            "<b>Operating point for %{text} sensitivity</b><br>Threshold %{customdata[0]:.1f} %<br>"
            "Here: sensitivity %{customdata[1]:.1f} %, specificity %{customdata[2]:.1f} %,<br>"
            "%{customdata[3]:.1f} % of alarms are cancers<extra></extra>"
        ),
    )


def add_rival_curve(
    figure: go.Figure, curve: Curve, area: Interval, name: str, theme: str | None
) -> go.Figure:
    """Another model's ROC curve, with its name and area above those before; in the colour that its training has."""
    if not curve.x.size or area.reason is not None:
        return figure
    seen = visible_points(curve)
    before = sum(note.name == RIVAL for note in figure.layout.annotations)
    colour, dash = colour_of(before + 1, palette(theme)), DASHES[before % len(DASHES)]
    figure.add_scatter(
        x=seen.x,
        y=seen.y,
        customdata=100 * np.minimum(seen.thresholds, 1),
        mode="lines",
        line={"color": colour, "width": 1.75, "dash": dash},
        hovertemplate=(
            "<b>%{fullData.name}</b><br>Threshold %{customdata:.1f} %<br>Sensitivity %{y:.1%}<extra></extra>"
        ),
        name=name,
    )
    figure.add_annotation(
        name=RIVAL,
        text=f"{'– –' if dash == 'dash' else '···' if dash == 'dot' else '– ·'} {name}: AUC {area.value:.3f}",
        x=0.98,
        y=0.18 + 0.07 * before,
        xanchor="right",
        yanchor="bottom",
        font={"color": colour},
    )
    return figure


def add_band(figure: go.Figure, band: Band, colours: Palette) -> None:
    """Shade where 95 % of the resampled curves pass, once that is known."""
    if not band.x.size:
        return
    edge: dict[str, Any] = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    figure.add_scatter(x=band.x, y=band.low, **edge)
    shade = "rgba({}, {}, {}, 0.16)".format(*bytes.fromhex(colours.action[1:]))
    figure.add_scatter(x=band.x, y=band.high, fill="tonexty", fillcolor=shade, **edge)


def precision_recall_figure(
    curve: Curve,
    area: Interval,
    point: MarkedPoint,
    theme: str | None,
    band: Band = NO_BAND,
    aimed: Sequence[MarkedPoint] = (),
) -> go.Figure:
    """Positive predictive value against sensitivity; the line of a coin toss is the prevalence."""
    if area.reason is not None:
        return message(area.reason.sentence, theme, HEIGHT)
    colours, figure, seen = palette(theme), blank(theme, HEIGHT), visible_points(curve)
    figure.add_trace(marker(PRECISION_RECALL_MARK, *precision_recall_place(point), point.threshold, colours))
    prevalence = point.confusion.prevalence.value
    figure.add_hline(y=prevalence, line={"color": colours.muted, "width": 1, "dash": "dot"})
    add_curve(
        figure,
        seen,
        100 * seen.thresholds,
        "<b>Threshold %{customdata:.1f} %</b><br>Sensitivity %{x:.1%}<br>Positive predictive value %{y:.1%}",
        colours,
    )
    add_band(figure, band, colours)
    add_aimed(figure, aimed, [precision_recall_place(one) for one in aimed], colours, labelled=False)
    figure.add_annotation(
        text=f"prevalence {prevalence:.1%}".replace("%", " %"),
        x=0.02,
        y=prevalence,
        xanchor="left",
        yanchor="top" if 0.1 < prevalence < 0.5 or prevalence > 0.9 else "bottom",
        font={"size": 12},
    )
    # Above the words of the prevalence, or at the bottom where these stand high.
    height = prevalence + (0.08 if prevalence <= 0.1 else 0.02) if prevalence < 0.5 else 0.04
    add_area_label(figure, "Average precision", area, colours, x=0.02, y=height, align="left")
    n = point.confusion.tp + point.confusion.fn
    figure.update_xaxes(title=f"Sensitivity, recall (of {n:,} malignant)", **PERCENT)
    figure.update_yaxes(title="Positive predictive value, precision", **PERCENT)
    return raise_marker(figure)


def precision_recall_place(point: MarkedPoint) -> tuple[float, float]:
    """Where a point lies in the precision-recall figure."""
    return point.confusion.sensitivity.value, point.confusion.ppv.value


def marker(mark: ThresholdMark, x: float, y: float | None, threshold: float, colours: Palette) -> go.Scatter:
    """The operating point. Lists throughout, so that the slider can replace them in place."""
    return go.Scatter(
        x=[x],
        y=[y],
        text=[f"threshold {100 * threshold:.1f} %"],
        textposition=[mark.position(x)],
        mode="markers+text",
        textfont={"size": 13, "color": colours.ink},
        marker={
            "symbol": "diamond",
            "size": 13,
            "color": colours.ink,
            "line": {"color": colours.surface, "width": 2},
        },
        cliponaxis=False,
        hovertemplate="<b>Operating point</b><br>%{text}<extra></extra>",
    )


def raise_marker(figure: go.Figure) -> go.Figure:
    """Draw the operating point over the curve although its trace comes first."""
    figure.data[POINT].zorder = 1
    return figure


def visible_points(curve: Curve) -> Curve:
    """The curve without the points that fall onto the pixel of the one before."""
    places = np.round(FINEST * np.column_stack((curve.x, curve.y)))
    if not curve.x.size:
        return curve
    moved = np.append(True, np.any(np.diff(places, axis=0) != 0, axis=1))
    moved[-1] = True
    return Curve(curve.x[moved], curve.y[moved], curve.thresholds[moved])


def marked_point(data: FigureData) -> MarkedPoint:
    """The threshold of the slider."""
    return MarkedPoint(data.review.probability(data.position), data.confusion)


def aimed_points(data: FigureData) -> list[MarkedPoint]:
    """The card's operating points on these cases; none where a rate of theirs does not exist."""
    if data.review.counts.problem is not None:
        return []
    return [
        MarkedPoint(one.threshold, data.review.at(one.threshold), f"{100 * one.sensitivity:.4g} %")
        for one in data.review.points
    ]


def _draw_roc(data: FigureData) -> go.Figure:
    sure, curve = data.resampled, data.review.counts.roc
    figure = roc_figure(curve, sure.area, marked_point(data), data.theme, sure.roc, aimed_points(data))
    for other in data.rivals:
        add_rival_curve(figure, other.curve, other.result.second, other.model, data.theme)
    return add_overlaid(figure, data.groups, roc_line, data.theme, first=len(data.rivals))


def _draw_precision_recall(data: FigureData) -> go.Figure:
    sure, curve = data.resampled, data.review.counts.precision_recall
    figure = precision_recall_figure(
        curve,
        sure.average_precision,
        marked_point(data),
        data.theme,
        sure.precision_recall,
        aimed_points(data),
    )
    return add_overlaid(figure, data.overlaid, precision_recall_line, data.theme)


def roc_line(shown: SplitEvaluation) -> tuple[Floats, Floats]:
    """False-positive rates and sensitivities, as far as they can be told apart."""
    seen = visible_points(shown.counts.roc)
    return seen.x, seen.y


def precision_recall_line(shown: SplitEvaluation) -> tuple[Floats, Floats]:
    """Sensitivities and predictive values, as far as they can be told apart."""
    seen = visible_points(shown.counts.precision_recall)
    return seen.x, seen.y


def _words_of_roc(data: FigureData) -> str:
    problem = data.review.counts.problem
    return f"ROC curve. {problem.sentence}" if problem else f"ROC curve, area {data.review.auc:.3f}"


ROC = Figure(
    name="roc",
    title="ROC",
    words=_words_of_roc,
    note="Rings: the card's operating points. Shaded: where 95 % of resampled curves pass.",
    click="A click on the curve sets the threshold.",
    height=lambda data: HEIGHT + overlaid_height(len(data.groups)),
    draw=_draw_roc,
    needs_intervals=True,
    mark=ROC_MARK,
)
PRECISION_RECALL = Figure(
    name="pr",
    title="Precision and recall",
    words="Precision-recall curve",
    note="What alarms are worth at the prevalence of these cases.",
    click="A click on the curve sets the threshold.",
    height=lambda data: HEIGHT + overlaid_height(len(data.others) + len(data.groups)),
    draw=_draw_precision_recall,
    needs_intervals=True,
    mark=PRECISION_RECALL_MARK,
)

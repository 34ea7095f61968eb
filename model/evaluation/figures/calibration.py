"""Whether a probability means what it says, before the scaling and after it."""

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from model.evaluation.figures.figure import CsvTable, Figure, FigureData
from model.evaluation.figures.overlay import add_overlaid, overlaid_height
from model.evaluation.figures.template import (
    PERCENT,
    Palette,
    add_diagonal,
    blank,
    error_bars,
    message,
    palette,
)
from model.evaluation.metrics import Floats
from model.evaluation.reliability import Bin, Reliability
from model.evaluation.review import SplitEvaluation

HEIGHT = 440


def reliability_figure(after: Reliability, before: Reliability | None, theme: str | None) -> go.Figure:
    """Observed against predicted share of malignant cases with intervals by lesion; below, cases by bin.

    Args:
        before: the same without the scaling; None where there was none.
    """
    if not after.bins:
        return message("Not defined without scored cases.", theme, HEIGHT)
    colours = palette(theme)
    figure = make_subplots(
        2, 1, shared_xaxes=True, row_heights=[0.76, 0.24], vertical_spacing=0.06, figure=blank(theme, HEIGHT)
    )
    add_diagonal(figure, colours)
    figure.add_annotation(
        x=0.92, y=0.98, text="perfect", xanchor="right", yanchor="middle", font={"size": 12}, row=1, col=1
    )
    if before is not None and before.bins:
        add_series(figure, before, "before scaling", colours, scaled=False)
    add_series(figure, after, "calibrated" if before else "probability", colours, scaled=True)
    figure.update_layout(barmode="overlay")
    n = sum(one.n for one in after.bins)
    figure.update_xaxes(**PERCENT).update_xaxes(title=f"Probability of malignancy (n = {n:,})", row=2, col=1)
    figure.update_yaxes(title="Observed share", row=1, col=1, **PERCENT)
    figure.update_yaxes(title="Cases", nticks=3, row=2, col=1)
    return figure


def add_series(figure: go.Figure, of: Reliability, name: str, colours: Palette, scaled: bool) -> None:
    """Points with intervals above, cases below, the numbers in words; what was scaled stands in front."""
    colour = colours.action if scaled else colours.muted
    observed = [one.observed for one in of.bins]
    listed = {"show": [bin_code(one, scaled) for one in of.bins]}
    figure.add_scatter(
        x=[one.predicted for one in of.bins],
        y=[share.value for share in observed],
        error_y=error_bars(observed, colour, 1.25) if scaled else None,
        customdata=[[one.n, 100 * one.observed.low, 100 * one.observed.high] for one in of.bins],
        name=name,
        meta=listed,
        mode="lines+markers",
        line={"color": colour, "width": 2 if scaled else 1.25},
        marker={
            "size": 8 if scaled else 7,
            "color": colour if scaled else colours.surface,
            "line": {"color": colour, "width": 1.5},
        },
        hovertemplate=(
            f"<b>{name}</b><br>Predicted %{{x:.1%}}, observed %{{y:.1%}} "
            "(%{customdata[1]:.1f}–%{customdata[2]:.1f} %)<br>%{customdata[0]:,} cases<extra></extra>"
        ),
        row=1,
        col=1,
    )
    figure.add_bar(
        name=name,
        meta=listed,
        x=[(one.low + one.high) / 2 for one in of.bins],
        y=[one.n for one in of.bins],
        width=[0.92 * (one.high - one.low) for one in of.bins],
        marker={
            "color": colour if scaled else "rgba(0,0,0,0)",
            "opacity": 0.6 if scaled else 1,
            "line": {"color": colour, "width": 0 if scaled else 1.25},
        },
        customdata=[[100 * one.low, 100 * one.high] for one in of.bins],
        hovertemplate=(
            f"<b>{name}</b><br>%{{y:,}} cases from %{{customdata[0]:.0f}} to %{{customdata[1]:.0f}} %<extra></extra>"
        ),
        row=2,
        col=1,
    )
    add_series_label(figure, of, name, colour, scaled)


def add_series_label(figure: go.Figure, of: Reliability, name: str, colour: str, scaled: bool) -> None:
    """The name of a series and its numbers."""
    figure.add_annotation(
        x=0.98,
        y=0.02 if scaled else 0.18,
        text=f"<b>{'●' if scaled else '○'} {name}</b><br>{of.words}",
        xanchor="right",
        yanchor="bottom",
        align="right",
        font={"color": colour},
        row=1,
        col=1,
    )


def bin_code(one: Bin, scaled: bool) -> str:
    """The cases of a bin, as a page lists them."""
    return f"{'score' if scaled else 'raw'}:{one.low:.4g}:{one.high:.4g}"


def _table(data: FigureData) -> CsvTable:
    head = ("from", "to", "cases", "mean_probability", "observed", "observed_low", "observed_high")
    rows = [
        (one.low, one.high, one.n, one.predicted, one.observed.value, one.observed.low, one.observed.high)
        for one in data.review.calibrated.bins
    ]
    return CsvTable(head, rows)


def _line(shown: SplitEvaluation) -> tuple[Floats, Floats]:
    bins = shown.calibrated.bins
    return np.array([one.predicted for one in bins]), np.array([one.observed.value for one in bins])


def _draw(data: FigureData) -> go.Figure:
    figure = reliability_figure(data.review.calibrated, data.review.uncalibrated, data.theme)
    return add_overlaid(figure, data.overlaid, _line, data.theme, row=1, col=1)


CALIBRATION = Figure(
    name="calibration",
    title="Calibration",
    words="Observed against predicted share",
    note="Whether 20 % means one in five. Bars: cases in each bin.",
    click="A click lists the cases of a bin.",
    height=lambda data: HEIGHT + overlaid_height(len(data.others) + len(data.groups)),
    draw=_draw,
    table=_table,
)

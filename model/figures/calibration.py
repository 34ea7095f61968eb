"""Whether a probability means what it says."""

from collections.abc import Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from model.figures.template import PERCENT, add_diagonal, blank, message, palette
from model.metrics import Bin

HEIGHT = 440


def reliability(bins: Sequence[Bin], theme: str | None) -> go.Figure:
    """Observed against predicted share of malignant cases with Wilson's intervals; below, cases by bin."""
    if not bins:
        return message("Not defined without scored cases.", theme, HEIGHT)
    colours = palette(theme)
    figure = make_subplots(
        2, 1, shared_xaxes=True, row_heights=[0.78, 0.22], vertical_spacing=0.06, figure=blank(theme, HEIGHT)
    )
    add_diagonal(figure, colours)
    observed = [one.observed for one in bins]
    figure.add_scatter(
        x=[one.predicted for one in bins],
        y=[share.value for share in observed],
        error_y={
            "array": [share.high - share.value for share in observed],
            "arrayminus": [share.value - share.low for share in observed],
            "color": colours.action,
            "thickness": 1.25,
            "width": 0,
        },
        customdata=[one.n for one in bins],
        mode="lines+markers",
        line={"color": colours.action, "width": 2},
        marker={"size": 8},
        hovertemplate="Predicted %{x:.1%}, observed %{y:.1%}<br>%{customdata} cases<extra></extra>",
        row=1,
        col=1,
    )
    figure.add_bar(
        x=[(one.low + one.high) / 2 for one in bins],
        y=[one.n for one in bins],
        width=[0.92 * (one.high - one.low) for one in bins],
        marker={"color": colours.muted, "opacity": 0.6, "line": {"width": 0}},
        hovertemplate="%{y} cases<extra></extra>",
        row=2,
        col=1,
    )
    figure.add_annotation(
        x=0.2, y=0.2, text="perfect", xanchor="left", yanchor="top", font={"size": 12}, row=1, col=1
    )
    figure.update_xaxes(**PERCENT).update_xaxes(title="Predicted probability of malignancy", row=2, col=1)
    figure.update_yaxes(title="Observed share", row=1, col=1, **PERCENT)
    figure.update_yaxes(title="Cases", nticks=3, row=2, col=1)
    return figure

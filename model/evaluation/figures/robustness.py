"""What disturbed images do to a model: discrimination, and the decisions that turn."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from model.evaluation.disturbances import NOTE, Disturbed, disturbed
from model.evaluation.figures.figure import CsvTable, Figure, FigureData
from model.evaluation.figures.template import Palette, blank, error_bars, message, palette

ROW, FRAME = 26, 96


def robustness_height(rows: Sequence[Disturbed]) -> int:
    """Pixels that the figure needs."""
    return FRAME + ROW * max(4, len(rows))


def robustness_figure(rows: Sequence[Disturbed], theme: str | None) -> go.Figure:
    """A row a disturbance: AUC with its interval beside the undisturbed one, and the share of decisions that turned."""
    tall = robustness_height(rows)
    if not rows:
        return message("The card states nothing about disturbed images.", theme, tall)
    colours = palette(theme)
    figure = make_subplots(1, 2, shared_yaxes=True, horizontal_spacing=0.05, figure=blank(theme, tall))
    places = [place for place, one in enumerate(rows) if one.auc.defined]
    known = [rows[place] for place in places]
    hollow: dict[str, Any] = {
        "size": 8,
        "color": colours.surface,
        "line": {"color": colours.muted, "width": 1.5},
    }
    figure.add_scatter(
        x=[one.before for one in known],
        y=places,
        mode="markers",
        marker=hollow,
        hovertemplate="Undisturbed: AUC %{x:.3f}<extra></extra>",
        row=1,
        col=1,
    )
    figure.add_scatter(
        x=[one.auc.value for one in known],
        y=places,
        error_x=error_bars([one.auc for one in known], colours.action, 1.75),
        customdata=[[one.name, one.images, one.auc.low, one.auc.high] for one in known],
        mode="markers",
        marker={"size": 9, "color": colours.action},
        cliponaxis=False,
        hovertemplate=(
            "<b>%{customdata[0]}</b><br>AUC %{x:.3f} (%{customdata[2]:.3f}–%{customdata[3]:.3f})"
            "<br>%{customdata[1]:,} images<extra></extra>"
        ),
        row=1,
        col=1,
    )
    add_changed_decisions(figure, rows, colours)
    labels = [f"{one.name}  n = {one.images:,}" for one in rows]
    figure.update_yaxes(range=[len(rows) - 0.5, -0.5], tickvals=list(range(len(rows))), showgrid=False)
    figure.update_yaxes(ticktext=labels, row=1, col=1)
    lowest = min((one.auc.low for one in known), default=0.5)
    figure.update_xaxes(
        title="AUC (○ undisturbed)", range=[min(0.5, lowest) - 0.02, 1.02], nticks=5, row=1, col=1
    )
    widest = 100 * max(one.decisions_changed for one in rows)
    figure.update_xaxes(
        title="Decisions changed (%)", range=[0, max(5.0, 1.3 * widest)], nticks=5, row=1, col=2
    )
    return figure.update_layout(bargap=0.35)


def add_changed_decisions(figure: go.Figure, rows: Sequence[Disturbed], colours: Palette) -> None:
    """Bars of the decisions that turned, with the cancers that were lost."""
    figure.add_bar(
        x=[100 * one.decisions_changed for one in rows],
        y=list(range(len(rows))),
        orientation="h",
        customdata=[[one.name, one.benign_now, one.mean_change] for one in rows],
        marker={"color": colours.muted, "opacity": 0.6, "line": {"width": 0}},
        text=[f"{one.benign_now} lost" if one.benign_now else "" for one in rows],
        textposition="outside",
        textfont={"size": 12, "color": colours.malignant},
        cliponaxis=False,
        hovertemplate=(
            "<b>%{customdata[0]}</b><br>%{x:.1f} % of decisions changed,<br>%{customdata[1]} cancers became benign;"
            "<br>mean change of the probability %{customdata[2]:.3f}<extra></extra>"
        ),
        row=1,
        col=2,
    )


def _table(data: FigureData) -> CsvTable:
    rows = data.bundle.card.robustness
    head = tuple(dict.fromkeys(name for row in rows for name in row))
    return CsvTable(head, [[row.get(name) for name in head] for row in rows])


ROBUSTNESS = Figure(
    name="robustness",
    title="Robustness",
    words="AUC and changed decisions by disturbance; the table has them",
    note=NOTE,
    height=lambda data: robustness_height(disturbed(data.bundle.card.robustness)),
    draw=lambda data: robustness_figure(disturbed(data.bundle.card.robustness), data.theme),
    table=_table,
    exists=lambda data: bool(disturbed(data.bundle.card.robustness)),
    wide=True,
    of_cases=False,
)

"""How a training run went, epoch by epoch."""

from typing import TYPE_CHECKING

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from model.figures.template import Palette, blank, message, palette

if TYPE_CHECKING:
    import pandas as pd

HEIGHT = 440
PANELS: tuple[tuple[str, str], ...] = (("loss", "Loss"), ("auc", "AUC"))


def curves(history: "pd.DataFrame", best: int | None, theme: str | None) -> go.Figure:
    """Loss and AUC of training (grey) and validation (blue), with the epoch that was kept.

    Args:
        history: a row an epoch; columns that a run did not record may be missing.
        best: the epoch whose weights are in the bundle, where known.
    """
    panels = [panel for panel in PANELS if any(name in history for name in (panel[0], f"val_{panel[0]}"))]
    if history.empty or not panels:
        return message("This run kept no record of its epochs.", theme, HEIGHT)
    colours = palette(theme)
    figure = make_subplots(
        len(panels), 1, shared_xaxes=True, vertical_spacing=0.08, figure=blank(theme, HEIGHT)
    )
    for row, (column, title) in enumerate(panels, start=1):
        add_line(figure, history, column, "training", colours.muted, row)
        add_line(figure, history, f"val_{column}", "validation", colours.action, row)
        figure.update_yaxes(title=title, row=row, col=1)
    if best is not None:
        mark_best(figure, best, colours)
    figure.update_xaxes(range=[0.5, float(history["epoch"].max())], tickformat="d")
    figure.update_xaxes(title="Epoch", row=len(panels), col=1)
    # Room for the names at the ends of the lines.
    figure.update_layout(margin={"t": 28, "r": 76})
    return figure


def add_line(
    figure: go.Figure, history: "pd.DataFrame", column: str, name: str, colour: str, row: int
) -> None:
    """One line with its name at its end; nothing when the run did not record it."""
    if column not in history or history[column].isna().all():
        return
    known = history[["epoch", column]].dropna()
    figure.add_scatter(
        x=known["epoch"],
        y=known[column],
        mode="lines" if len(known) > 1 else "markers",
        line={"color": colour, "width": 2},
        hovertemplate=f"Epoch %{{x}}, {name}: %{{y:.3f}}<extra></extra>",
        row=row,
        col=1,
    )
    figure.add_annotation(
        x=known["epoch"].iloc[-1],
        y=known[column].iloc[-1],
        text=name,
        xanchor="left",
        xshift=6,
        font={"size": 12, "color": colour},
        row=row,
        col=1,
    )


def mark_best(figure: go.Figure, best: int, colours: Palette) -> None:
    """A line through all panels at the epoch whose weights were kept."""
    figure.add_vline(x=best, line={"color": colours.ink, "width": 1, "dash": "dot"})
    figure.add_annotation(
        x=best,
        y=1,
        xref="x",
        yref="paper",
        yanchor="bottom",
        text=f"best epoch {best}",
        font={"size": 12, "color": colours.ink},
    )

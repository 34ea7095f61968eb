"""How training runs went, epoch by epoch."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from model.evaluation.figures.figure import CsvTable, Figure, FigureData
from model.evaluation.figures.template import Palette, blank, message, palette
from model.evaluation.review import best_epoch, training_epochs

if TYPE_CHECKING:
    import pandas as pd

HEIGHT = 560
COLUMNS = 3
# A column of the history, its title, and whether training has it apart from validation.
PANELS: tuple[tuple[str, str, bool], ...] = (
    ("loss", "Loss", True),
    ("auc", "AUC", True),
    ("learning_rate", "Learning rate", False),
    ("sensitivity", "Sensitivity", True),
    ("specificity", "Specificity", True),
)
# Okabe and Ito's, of the darkness that a line needs on either ground; the first run has the page's blue.
LATER = ("#d55e00", "#009e73", "#cc79a7", "#b08900", "#56b4e9")


@dataclass(frozen=True)
class Trained:
    """A run to draw.

    Attributes:
        epochs: a row an epoch; columns that a run did not record may be missing.
        best: the epoch whose weights were kept, or so far would be, where known.
        live: more epochs are to come.
    """

    name: str
    epochs: "pd.DataFrame"
    best: int | None = None
    live: bool = False


def training_figure(
    runs: Sequence[Trained], theme: str | None, smooth: int = 1, log: bool = False
) -> go.Figure:
    """Several runs, the first in the page's blue.

    A panel a measure: validation in full lines, training in dots, a ring at the epoch that was kept.

    Args:
        smooth: epochs over which every line is averaged.
        log: losses on a logarithmic axis.
    """
    shown = [smoothed(run, smooth) for run in runs if not run.epochs.empty and "epoch" in run.epochs]
    panels = [
        panel
        for panel in PANELS
        if any(has_recorded(run, name) for run in shown for name in panel_columns(panel))
    ]
    if not panels:
        return message(
            "No epoch is finished yet."
            if runs and runs[0].live
            else "This run kept no record of its epochs.",
            theme,
            HEIGHT,
        )
    colours = palette(theme)
    rows = 2 if len(panels) >= COLUMNS else 1
    figure = make_subplots(
        rows,
        COLUMNS,
        subplot_titles=[title for _, title, _ in panels],
        vertical_spacing=0.16,
        horizontal_spacing=0.07,
        figure=blank(theme, HEIGHT if rows == 2 else HEIGHT // 2),
    )
    figure.update_annotations(font={"size": 13, "color": colours.ink}, yshift=4)
    for place, panel in enumerate(panels):
        row, column = place // COLUMNS + 1, place % COLUMNS + 1
        for index, run in enumerate(shown):
            add_run(figure, run, panel, colour_of(index, colours), colours, {"row": row, "col": column})
        figure.update_xaxes(title="Epoch", tickformat="d", rangemode="tozero", row=row, col=column)
    figure.update_yaxes(exponentformat="power", nticks=6)
    if log:
        for place, (name, *_) in enumerate(panels):
            if name in ("loss", "learning_rate"):
                figure.update_yaxes(type="log", row=place // COLUMNS + 1, col=place % COLUMNS + 1)
    add_key(figure, shown, colours, len(panels), rows)
    return figure.update_layout(margin={"t": 36})


def smoothed(run: Trained, epochs: int) -> Trained:
    """A run whose measures are the mean of the epochs around each, as far as there are some on both sides."""
    names = [name for panel in PANELS if panel[2] for name in panel_columns(panel) if has_recorded(run, name)]
    if epochs <= 1 or not names:
        return run
    rolled = run.epochs[names].rolling(epochs, center=True, min_periods=1).mean()
    return replace(run, epochs=run.epochs.assign(**{name: rolled[name] for name in names}))


def panel_columns(panel: tuple[str, str, bool]) -> list[str]:
    """The columns of a panel: training's, and validation's."""
    name, _, both = panel
    return [name, f"val_{name}"] if both else [name]


def has_recorded(run: Trained, name: str) -> bool:
    """Whether a run has at least one value of a column."""
    return name in run.epochs and bool(run.epochs[name].notna().any())


def colour_of(index: int, colours: Palette) -> str:
    """The colour of the first, second ... run."""
    return colours.action if index == 0 else LATER[(index - 1) % len(LATER)]


def add_run(
    figure: go.Figure,
    run: Trained,
    panel: tuple[str, str, bool],
    colour: str,
    colours: Palette,
    where: dict[str, int],
) -> None:
    """One run's lines in one panel."""
    *_, main = panel_columns(panel)
    label = run.name or panel[1]
    for name in panel_columns(panel):
        if not has_recorded(run, name):
            continue
        known = run.epochs[["epoch", name]].dropna()
        what = "" if not panel[2] else " validation" if name == main else " training"
        figure.add_scatter(
            x=known["epoch"].to_list(),
            y=known[name].to_list(),
            name=run.name,
            mode="lines" if len(known) > 1 else "markers",
            line=run_line(colour, faint=panel[2] and name != main),
            hovertemplate=f"<b>{label}{what}</b><br>Epoch %{{x}}: %{{y:.4~g}}<extra></extra>",
            **where,
        )
        best = known[known["epoch"] == run.best]
        if name == main and panel[2] and len(best):
            figure.add_scatter(
                x=best["epoch"].to_list(),
                y=best[name].to_list(),
                mode="markers",
                marker={"size": 10, "color": colours.surface, "line": {"color": colour, "width": 2}},
                hovertemplate=f"<b>{label}</b><br>Epoch %{{x}}, kept: %{{y:.4~g}}<extra></extra>",
                **where,
            )


def run_line(colour: str, faint: bool) -> dict[str, Any]:
    """The line of validation, or, dotted, of training."""
    return {"color": colour, "width": 1.5, "dash": "dot"} if faint else {"color": colour, "width": 2.25}


def add_key(figure: go.Figure, runs: Sequence[Trained], colours: Palette, panels: int, rows: int) -> None:
    """Which line is which, in the cell that no panel needs, or above where there is none."""
    lines = [
        f'<span style="color:{colour_of(index, colours)}">━ <b>{run.name}</b></span>  {epochs_of(run)}'
        for index, run in enumerate(runs)
    ]
    lines += ["", "── validation   ·····  training", "○ epoch whose weights are kept"]
    free = panels < rows * COLUMNS
    figure.add_annotation(
        text="<br>".join(lines),
        x=0.7 if free else 1,
        y=0.36 if free and rows == 2 else 1,
        xref="paper",
        yref="paper",
        xanchor="left" if free else "right",
        yanchor="top",
        align="left",
        font={"size": 13, "color": colours.ink},
    )


def epochs_of(run: Trained) -> str:
    """How long a run is, and which epoch it kept."""
    count = len(run.epochs)
    text = f"{count} epoch{'' if count == 1 else 's'}"
    if run.best is not None:
        text += f", best {'so far ' if run.live else ''}{run.best}"
    return text + (" · running" if run.live else "")


def trained_models(data: FigureData) -> tuple[Trained, ...]:
    """The models' own training, then the other runs."""
    models = (data.bundle, *data.others)
    return (*(Trained(one.name, training_epochs(one), best_epoch(one)) for one in models), *data.runs)


def _table(data: FigureData) -> CsvTable:
    """The epochs of every model and run."""
    runs = trained_models(data)
    names = tuple(dict.fromkeys(str(name) for run in runs for name in run.epochs.columns))
    rows = [
        [run.name, *(row.get(name) for name in names)]
        for run in runs
        for row in run.epochs.to_dict("records")
    ]
    return CsvTable(("run", *names), rows)


TRAINING = Figure(
    name="training",
    title="Training",
    words="Loss, AUC, sensitivity, specificity and learning rate by epoch",
    note=(
        "Measured on still images after every epoch. Sensitivity and specificity are at a threshold that is chosen "
        "anew each epoch for the same sensitivity: what is learned shows in the specificity."
    ),
    height=HEIGHT,
    draw=lambda data: training_figure(trained_models(data), data.theme, data.smooth, data.log),
    table=_table,
    wide=True,
    of_cases=False,
)

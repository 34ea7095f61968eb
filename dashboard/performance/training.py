"""How training went: the runs to overlay, and what those that are still going have come to."""

from collections.abc import Collection, Sequence

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.performance.live import Run
from dashboard.performance.panels import framed, room
from model.evaluation.figures.training import HEIGHT

SECONDS = 5
HOW = "To follow runs here, set DERMABOARD_RUNS to the folder where python -m training train writes them."


def panel(runs: Sequence[Run], shown: Collection[str], folder: bool) -> Component:
    """Curves of the chosen models and runs.

    Args:
        runs: those in the folder of runs.
        shown: names of those that are drawn.
        folder: whether there is such a folder.
    """
    live = any(run.live for run in runs)
    body = html.Div(
        [
            dcc.Checklist(
                id="performance-runs",
                options=options(runs),
                value=[run.name for run in runs if run.name in shown],
                inline=True,
                className="outcomes runs",
            ),
            None if folder else html.P(HOW, className="note"),
            room(
                "training",
                HEIGHT,
                "Loss, AUC, sensitivity, specificity and learning rate by epoch",
                turn="performance-training-turn",
            ),
            dcc.Interval(id="performance-tick", interval=1000 * SECONDS, disabled=not live),
        ]
    )
    return framed(
        "Training", body, "Measured on still images after every epoch.", figure="training", table="training"
    )


def options(runs: Sequence[Run]) -> list[dict[str, str]]:
    """A box a run, with how far it is."""
    return [{"value": run.name, "label": f"{run.name} ({run.state})"} for run in runs]

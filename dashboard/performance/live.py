"""Training runs in a folder: what they have recorded so far, and whether they are still going.

`python -m training train` writes one folder a run: `run.json` first, then a line of `history.jsonl` after every epoch,
and `scores.parquet` once the run is evaluated.
"""

import json
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from dashboard.performance.machines import TrainingTime, machine_table, time_of_model, training_time
from dashboard.performance.panels import figure_panel, figure_room
from model.bundle import CARD, HISTORY, SCORES, Bundle
from model.evaluation.figures.figure import FigureData
from model.evaluation.figures.training import TRAINING, Trained

if TYPE_CHECKING:
    import pandas as pd

RUN, MACHINES = "run.json", "machines.json"
# A run that has been silent for so many seconds, or for so many times its last epoch, has stopped.
SILENT, EPOCHS = 900, 3


@dataclass(frozen=True)
class Run:
    """One folder of a training run.

    Attributes:
        epochs: epochs that are finished.
        live: still going, as far as one can see from the times of its files.
        evaluated: it is done and has been scored.
        planned: epochs that its recipe wants; None where it does not say.
    """

    name: str
    path: Path
    epochs: int
    live: bool
    evaluated: bool
    planned: int | None

    @property
    def state(self) -> str:
        """How far it is, in words."""
        of = f" of {self.planned}" if self.planned else ""
        if self.live:
            return f"running, epoch {self.epochs + 1}{of}" if not self.complete else "running, last steps"
        if self.evaluated or self.complete:
            return f"finished, {self.epochs} epochs"
        return f"stopped after epoch {self.epochs}{of}"

    @property
    def complete(self) -> bool:
        """Whether every planned epoch is done."""
        return self.planned is not None and self.epochs >= self.planned


def find_runs(folder: Path | None, now: float | None = None) -> tuple[Run, ...]:
    """The runs directly below a folder, those still going first; none where there is no folder.

    Args:
        now: seconds since 1970; the clock's when left out.
    """
    if folder is None or not folder.is_dir():
        return ()
    at = time.time() if now is None else now
    runs = [run for path in sorted(folder.iterdir()) if (run := run_in_folder(path, at)) is not None]
    return tuple(sorted(runs, key=lambda run: (not run.live, run.name)))


def run_in_folder(path: Path, now: float) -> Run | None:
    """The run in a folder; None for a folder that holds none, or a finished bundle."""
    try:
        if not path.is_dir() or (path / CARD).exists():
            return None
        times = [file.stat().st_mtime for file in (path / RUN, path / HISTORY) if file.exists()]
        if not times:
            return None
        lines = read_lines(path / HISTORY)
        evaluated = (path / SCORES).exists()
    except OSError:
        return None
    slowest = max((float(line.get("seconds", 0)) for line in lines[-1:]), default=0)
    patience = max(SILENT, EPOCHS * slowest)
    plan = planned_epochs(path / RUN)
    done = evaluated or (plan is not None and len(lines) >= plan)
    return Run(path.name, path, len(lines), not done and now - max(times) < patience, evaluated, plan)


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The epochs that are written in full; a line that is being written, or is damaged, is left out."""
    try:
        text = path.read_text("utf-8", "replace")
    except FileNotFoundError:
        return []
    epochs = []
    for line in text.splitlines():
        try:
            one = json.loads(line)
        except ValueError:
            continue
        if isinstance(one, dict) and isinstance(one.get("epoch"), int | float):
            epochs.append(one)
    return epochs


def planned_epochs(path: Path) -> int | None:
    """Epochs over all stages of a run's recipe."""
    try:
        stages = json.loads(path.read_text("utf-8"))["recipe"]["stages"]
        return sum(int(one["epochs"] if isinstance(one, dict) else one[1]) for one in stages)
    except (OSError, ValueError, TypeError, KeyError, IndexError):
        return None


def run_epochs(run: Run) -> "pd.DataFrame":
    """One row a finished epoch."""
    import pandas as pd

    try:
        return pd.DataFrame(read_lines(run.path / HISTORY))
    except OSError:
        return pd.DataFrame()


def trained_run(run: Run) -> Trained:
    """A run to draw."""
    epochs = run_epochs(run)
    return Trained(run.name, epochs, best_so_far(epochs), run.live)


def best_so_far(epochs: "pd.DataFrame") -> int | None:
    """The epoch with the best validation AUC among those of the last image size: the one that training restores."""
    if "val_auc" not in epochs or epochs["val_auc"].isna().all():
        return None
    last = epochs[epochs["size"] == epochs["size"].iloc[-1]] if "size" in epochs else epochs
    last = last[last["val_auc"].notna()]
    return int(last["epoch"].iloc[int(last["val_auc"].argmax())]) if len(last) else None


def time_of_run(run: Run) -> TrainingTime:
    """How long a run's epochs took, and on what; as far as its folder says."""
    epochs = run_epochs(run)
    noted = read_json(run.path / MACHINES)
    machines = [str(one["processor"]) for one in noted or () if isinstance(one, dict) and "processor" in one]
    facts = read_json(run.path / RUN)
    recipe = facts.get("recipe") if isinstance(facts, dict) else None
    seconds = epochs["seconds"].dropna().tolist() if "seconds" in epochs else []
    return training_time(run.name, seconds, ", then ".join(dict.fromkeys(machines)), recipe)


def read_json(path: Path) -> Any:
    """What a file of a run holds; None for one that is not there, or damaged."""
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None


def trainings(models: Sequence[Bundle], runs: Sequence[Run]) -> list[TrainingTime]:
    """How long the models took to train, then the runs."""
    return [*map(time_of_model, models), *map(time_of_run, runs)]


SECONDS = 5
HOW_TO_FOLLOW = (
    "To follow runs here, set DERMABOARD_RUNS to the folder where python -m training train writes them."
)


def training_panel(data: FigureData, runs: Sequence[Run], shown: Collection[str], folder: bool) -> Component:
    """Curves of the chosen models and runs.

    Args:
        data: of the models.
        runs: those in the folder of runs.
        shown: names of those that are drawn.
        folder: whether there is such a folder.
    """
    live = any(run.live for run in runs)
    body = html.Div(
        [
            dcc.Checklist(
                id="performance-runs",
                options=run_options(runs),
                value=[run.name for run in runs if run.name in shown],
                inline=True,
                className="outcomes runs",
            ),
            None if folder else html.P(HOW_TO_FOLLOW, className="note"),
            smoothing_controls(),
            figure_room(TRAINING, data, turn="performance-training-turn"),
            html.Div(
                machine_table(
                    trainings((data.bundle, *data.others), [run for run in runs if run.name in shown])
                ),
                id="performance-machines",
            ),
            dcc.Interval(id="performance-tick", interval=1000 * SECONDS, disabled=not live),
        ]
    )
    return figure_panel(TRAINING, data, body)


SMOOTHINGS: dict[str, str] = {"1": "Every epoch", "3": "Mean of 3", "5": "Mean of 5", "9": "Mean of 9"}


def smoothing_controls() -> Component:
    """Over how many epochs lines are averaged, and whether the loss is on a logarithmic axis."""
    select = dbc.Select(
        id="performance-smooth",
        options=[{"value": value, "label": words} for value, words in SMOOTHINGS.items()],
        value="1",
        className="filter",
    )
    log = dcc.Checklist(
        id="performance-log",
        options=[{"value": "log", "label": "Loss and learning rate on a log scale"}],
        value=[],
    )
    words = html.Label("Smoothing", htmlFor="performance-smooth", className="label")
    return html.Div([html.Div([words, select]), log], className="outcomes")


def run_options(runs: Sequence[Run]) -> list[dict[str, str]]:
    """A box a run, with how far it is."""
    return [{"value": run.name, "label": f"{run.name} ({run.state})"} for run in runs]

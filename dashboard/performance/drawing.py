"""The figures of a view, for the page and for taking along."""

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard.performance.live import Run, best_so_far
from dashboard.performance.live import history as run_history
from dashboard.performance.view import View
from model.evaluation.disturbances import disturbed
from model.evaluation.figures.curves import overlay
from model.evaluation.figures.review import SLOW, figures
from model.evaluation.figures.robustness import robustness
from model.evaluation.figures.template import palette
from model.evaluation.figures.training import Trained, overlaid
from model.evaluation.review import Versus, best_epoch, history, review, versus

# More cases than this: intervals come after the curves, not with them.
MANY = 20_000
NAMES: dict[str, str] = {
    "roc": "ROC",
    "pr": "Precision and recall",
    "diagnoses": "Diagnoses",
    "scores": "Scores by class",
    "calibration": "Calibration",
    "benefit": "Decision curve",
    "forest": "Subgroups",
    "robustness": "Robustness",
    "training": "Training",
}


def rivals(view: View) -> tuple[Versus, ...]:
    """Every other model against the first, on the images that both have scored."""
    return tuple(versus(view.model, other, view.split, view.where) for other in view.others)


class NoFigure(LookupError):
    """The model has no such figure: one that tells no diagnoses apart has no matrix of them."""


def figure(view: View, name: str, position: float, theme: str | None, sure: bool = True) -> go.Figure:
    """One figure.

    Args:
        position: of the threshold, in per cent.
        sure: with intervals; without, they are drawn only when they are known already.

    Raises:
        NoFigure: the model has none of that name.
    """
    if name == "robustness":
        return robustness(disturbed(view.model.card.robustness) or (), theme)
    shown = review(view.model, view.split, view.where)
    others = rivals(view) if name == "roc" else ()
    found = figures(view.model, shown, position, theme, names=(name,), sure=sure)
    if name not in found:
        raise NoFigure(name)
    made = found[name]
    for other in others:
        overlay(made, other.curve, other.result.second, other.model, theme)
    return made


def comes_later(view: View, name: str) -> bool:
    """Whether a figure is better drawn twice: at once, and again when its intervals are known."""
    shown = review(view.model, view.split, view.where)
    return name in SLOW and shown.truth.size > MANY and not shown.ready


def training_figure(view: View, runs: Sequence[Run], theme: str | None) -> go.Figure:
    """The curves of the view's models, then those of training runs."""
    drawn = [Trained(one.name, history(one), best_epoch(one)) for one in view.models]
    for run in runs:
        epochs = run_history(run)
        drawn.append(Trained(run.name, epochs, best_so_far(epochs), run.live))
    return overlaid(drawn, theme)


def for_print(made: go.Figure, view: View, name: str) -> go.Figure:
    """A figure that stands alone: on white, with a title that says what it is of."""
    shown = review(view.model, view.split, view.where)
    of = [" and ".join(one.name for one in view.models)]
    if name != "training":
        of += [view.split, f"n = {shown.truth.size:,}"] + ([f"only {view.filtered}"] if view.where else [])
    top = (made.layout.margin.t or 12) + 40
    return made.update_layout(
        title={
            "text": f"<b>{NAMES[name]}</b> · {', '.join(of)}",
            "font": {"size": 15},
            "x": 0,
            "xref": "paper",
            "xanchor": "left",
            "yref": "container",
            "y": 1,
            "yanchor": "top",
            "pad": {"t": 10},
        },
        margin={"t": top, "b": 16, "l": 16},
        paper_bgcolor=palette("light").surface,
        plot_bgcolor=palette("light").surface,
        height=(made.layout.height or 400) + 40,
        width=1100 if name in ("forest", "training", "robustness") else 720,
    )

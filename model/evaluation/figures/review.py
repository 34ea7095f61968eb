"""Every figure of a review by its name: the same for the page and for the report."""

from collections.abc import Callable, Collection

import plotly.graph_objects as go

from model.bundle import Bundle
from model.evaluation import metrics
from model.evaluation.benefit import net_benefit
from model.evaluation.figures import benefit, calibration, confusion, curves, distribution, forest, training
from model.evaluation.figures.template import message
from model.evaluation.review import Review, Versus, best_epoch, history

# Those that wait for intervals; the others are exact as soon as the scores are read.
SLOW: tuple[str, ...] = ("roc", "pr", "forest")


def figures(
    bundle: Bundle,
    shown: Review,
    position: float,
    theme: str | None,
    rival: Versus | None = None,
    names: Collection[str] | None = None,
    sure: bool = True,
) -> dict[str, go.Figure]:
    """The figures of one model on one split.

    Args:
        position: of the threshold, in per cent.
        rival: another model's ROC curve to draw along.
        names: which ones; all for None.
        sure: wait for the intervals; else what does without them comes without, unless they are known already.
    """
    at = shown.confusion(position)
    point = curves.OperatingPoint(shown.probability(position), at)
    sure = sure or shown.ready
    whole, aimed = shown.at(shown.threshold), points_of(shown)

    def roc() -> go.Figure:
        found = shown.resampled if sure else shown.unsure
        figure = curves.roc(metrics.roc_of(shown.counts), found.area, point, theme, found.roc, aimed)
        if rival is not None:
            curves.overlay(figure, rival.curve, rival.result.second, rival.model, theme)
        return figure

    def precision_recall() -> go.Figure:
        found = shown.resampled if sure else shown.unsure
        curve, band = metrics.pr_of(shown.counts), found.precision_recall
        return curves.precision_recall(
            curve, found.average_precision, at.prevalence, point, theme, band, aimed
        )

    def by_subgroup() -> go.Figure:
        if not sure:
            return message("The subgroups follow.", theme, forest.HEIGHT)
        return forest.forest(shown.subgroups, shown.resampled.area, whole, theme)

    made: dict[str, Callable[[], go.Figure]] = {
        "roc": roc,
        "pr": precision_recall,
        "benefit": lambda: benefit.decision(net_benefit(shown.counts, benefit.THRESHOLDS), point, theme),
        "scores": lambda: distribution.distribution(
            shown.truth, shown.scores, point.threshold, theme, uncertain(bundle)
        ),
        "calibration": lambda: calibration.reliability(shown.calibrated, shown.uncalibrated, theme),
        "forest": by_subgroup,
        "training": lambda: training.overlaid(
            [training.Trained(bundle.name, history(bundle), best_epoch(bundle))], theme
        ),
    }
    if shown.matrix is not None and (names is None or "diagnoses" in names):
        matrix = shown.matrix
        made["diagnoses"] = lambda: confusion.diagnoses(matrix, shown.taxonomy, theme)
    return {name: make() for name, make in made.items() if names is None or name in names}


def points_of(shown: Review) -> list[curves.Aimed]:
    """The card's operating points on these cases; none where a rate of theirs does not exist."""
    if shown.counts.problem is not None:
        return []
    return [
        curves.Aimed(f"{100 * one.sensitivity:.4g} %", one.threshold, shown.at(one.threshold))
        for one in shown.points
    ]


def uncertain(bundle: Bundle) -> tuple[float, float]:
    """The band of the uncertain at the model's own operating point."""
    own = bundle.card.point()
    return own.threshold, own.malignant

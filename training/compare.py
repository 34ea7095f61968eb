"""Bundles side by side: what each reached on a split, and whether it differs from the first of them."""

from collections.abc import Mapping
from dataclasses import dataclass

from model.bundle import Bundle, BundleError
from model.evaluation.delong import Difference
from model.evaluation.intervals import Interval
from model.evaluation.metrics import class_balanced_accuracy
from model.evaluation.review import SplitEvaluation, compare_models, evaluate_split
from model.evaluation.rows import splits
from model.evaluation.stored import training_history


@dataclass(frozen=True)
class Line:
    """One bundle of a comparison.

    Attributes:
        name: of the bundle; `recipe` and `epochs` of its run.
        review: on the split, with its lesion-bootstrap intervals.
        difference: the first bundle's AUC less this one's by DeLong, on images that both scored; None for the first.
    """

    name: str
    recipe: str
    epochs: int
    review: SplitEvaluation
    difference: Difference | None


def compare_bundles(bundles: list[Bundle], split: str) -> list[Line]:
    """The bundles on a split, the best AUC first; the others are tested against that one.

    Raises:
        BundleError: a bundle has no scores of the split.
    """
    for bundle in bundles:
        if split not in splits(bundle):
            raise BundleError(f"{bundle.name} has no scores of the split “{split}”.")
    ranked = sorted(bundles, key=lambda bundle: -evaluate_split(bundle, split).auc)
    first = ranked[0]
    return [
        Line(
            name=bundle.name,
            recipe=recipe_name(bundle),
            epochs=len(training_history(bundle)),
            review=evaluate_split(bundle, split),
            difference=None if bundle is first else compare_models(first, bundle, split).result,
        )
        for bundle in ranked
    ]


def recipe_name(bundle: Bundle) -> str:
    """What the bundle was trained by; "?" where its card does not say."""
    recipe = bundle.card.training.get("recipe", "?")
    return str(recipe["name"] if isinstance(recipe, Mapping) else recipe)


def comparison_text(lines: list[Line]) -> str:
    """A comparison as an aligned table for a terminal."""
    titles = (
        "model",
        "recipe",
        "epochs",
        "AUC (95 %)",
        "by lesion",
        "less, p",
        "spec. at own point",
        "7-class",
        "ECE",
        "Brier",
    )
    rows = [titles, *(comparison_cells(line) for line in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(titles))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def comparison_cells(line: Line) -> tuple[str, ...]:
    """One line of the table."""
    at = line.review.at(line.review.threshold)
    matrix = line.review.matrix
    less = line.difference
    return (
        line.name,
        line.recipe,
        str(line.epochs),
        interval_text(line.review.area),
        f"{line.review.auc_by_lesion.value:.3f}",
        f"{less.difference.value:.3f}, {less.p:.2g}" if less is not None else "-",
        f"{at.specificity.value:.3f} (sens. {at.sensitivity.value:.3f})",
        f"{class_balanced_accuracy(matrix):.3f}" if matrix is not None else "-",
        f"{line.review.calibrated.error:.3f}",
        f"{line.review.calibrated.brier:.3f}",
    )


def interval_text(interval: Interval) -> str:
    """A figure with its interval."""
    return (
        f"{interval.value:.3f} ({interval.low:.3f}-{interval.high:.3f})"
        if interval.defined
        else "not defined"
    )

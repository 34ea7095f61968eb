"""The numbers on top: what a model is worth at the threshold, each with its interval and its cases."""

import numpy as np
from dash import html
from dash.development.base_component import Component

from model.evaluation.intervals import Interval
from model.evaluation.metrics import Confusion
from model.evaluation.review import SplitEvaluation
from model.evaluation.words import rate, tenths

# Tiles that the slider moves; performance.js writes to the same names.
TILES: tuple[tuple[str, str, str], ...] = (
    ("sensitivity", "Sensitivity", "cancers that are caught"),
    ("specificity", "Specificity", "harmless lesions that are left alone"),
    ("accuracy", "Accuracy", "all decisions that are right"),
)


def spread(interval: Interval, hits: int, of: int) -> str:
    """The line below a rate: its interval and its cases, or why there is none."""
    if interval.reason is not None:
        return interval.reason.sentence
    return f"{tenths(interval.low)}–{tenths(interval.high)} % · {hits:,} of {of:,}"


def tile_readings(confusion: Confusion) -> dict[str, tuple[str, str]]:
    """Value and line below of every tile that depends on the threshold."""
    malignant, benign = confusion.tp + confusion.fn, confusion.tn + confusion.fp
    known: dict[str, tuple[Interval, int, int]] = {
        "sensitivity": (confusion.sensitivity, confusion.tp, malignant),
        "specificity": (confusion.specificity, confusion.tn, benign),
        "accuracy": (confusion.accuracy, confusion.tp + confusion.tn, confusion.n),
    }
    return {
        name: (rate(interval.value) if interval.defined else "–", spread(interval, hits, of))
        for name, (interval, hits, of) in known.items()
    }


def tile(name: str, label: str, value: str, line: str, hint: str) -> Component:
    """One number with its name above, and interval and cases below."""
    return html.Div(
        [
            html.Div(label, className="tile-label", title=hint),
            html.Div(value, className="tile-value", id=f"tile-{name}"),
            html.Div(line, className="tile-line", id=f"tile-{name}-line"),
        ],
        className="tile",
    )


def area_line(shown: SplitEvaluation) -> str:
    """The line below the AUC: its interval, and the same over lesions where some have several images."""
    area = shown.area
    if area.reason:
        return area.reason.sentence
    several = shown.lesions < shown.truth.size
    return f"{area.low:.3f}–{area.high:.3f}" + (
        f" · {shown.auc_by_lesion.value:.3f} by lesion" if several else ""
    )


def without_result(shown: SplitEvaluation) -> str:
    """How many of the images get no result, and how they count; nothing where all get one."""
    count = int(np.isinf(shown.deciding).sum())
    if not count:
        return ""
    noun = "image gets" if count == 1 else "images get"
    return f" {count:,} {noun} no result and count as not called benign."


def tile_row(shown: SplitEvaluation, confusion: Confusion) -> Component:
    """AUC, the rates at the threshold, and prevalence. The AUC's interval follows: it takes the longest."""
    malignant = confusion.tp + confusion.fn
    prevalence, problem = confusion.prevalence, shown.counts.problem
    at = tile_readings(confusion)
    return html.Div(
        [
            tile(
                "auc",
                "AUC",
                f"{shown.auc:.3f}" if problem is None else "–",
                problem.sentence if problem else "95 % interval follows",
                "the chance that a cancer scores above a harmless lesion",
            ),
            *(tile(name, label, *at[name], hint) for name, label, hint in TILES),
            tile(
                "prevalence",
                "Prevalence",
                rate(prevalence.value) if prevalence.defined else "–",
                spread(prevalence, malignant, confusion.n),
                "share of malignant cases among these",
            ),
        ],
        className="tiles",
    )


def intervals_note(shown: SplitEvaluation) -> Component:
    """What the ranges in the tiles are, and what is counted."""
    return html.P(
        "Ranges are 95 % intervals by lesion: Wilson's for rates, resamples of whole lesions for the AUC. "
        "By lesion: each counts once, with the mean probability of its images." + without_result(shown),
        className="note",
    )

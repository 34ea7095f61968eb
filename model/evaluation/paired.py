"""Two models on the images that both have scored: every figure of both, and the paired difference with its interval.

Each model decides at its own operating point. A difference is over images, its interval by lesion: the variance of a
mean of clusters, with one image more on which only the first, and one on which only the second, is right. Without
clusters that is the adjusted interval of Bonett & Price (2012, Journal of Educational and Behavioral Statistics
37:479-488), which does not vanish where the models never differ.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from model.bundle import Bundle
from model.evaluation.cohort import Where
from model.evaluation.comparison import Standing, standing_of
from model.evaluation.delong import compare_auc
from model.evaluation.intervals import Z95, Interval, Undefined, undefined
from model.evaluation.metrics import Floats, lesion_codes
from model.evaluation.outcomes import OUTCOME_ORDER
from model.evaluation.review import evaluate_split
from model.evaluation.rows import kind_of
from model.evaluation.shared import Places, SharedCases, shared_cases
from model.outcome import Outcome


@dataclass(frozen=True)
class PairedFigure:
    """A figure of two models. `difference` is the first less the second; `standing` says it of the first.

    Attributes:
        name: in tables; `title` for a reader.
        percent: the values are shares.
    """

    name: str
    title: str
    first: float
    second: float
    difference: Interval
    standing: Standing
    percent: bool = True


@dataclass(frozen=True)
class PairedComparison:
    """All figures of two models on n images; images on which only one of them decides rightly."""

    first: str
    second: str
    cases: SharedCases
    figures: tuple[PairedFigure, ...]
    only_first: Places
    only_second: Places


def paired_difference(first: ArrayLike, second: ArrayLike, groups: ArrayLike) -> Interval:
    """The mean of `first` less that of `second`, both (n,) of 0 to 1, with its 95 % interval by lesion."""
    gaps = np.asarray(first, np.float64) - np.asarray(second, np.float64)
    if not gaps.size:
        return undefined(Undefined.EMPTY)
    lesion, lesions = lesion_codes(groups)
    # Two lesions more, of one image each.
    sums = np.append(np.bincount(lesion, gaps, lesions), (1.0, -1.0))
    sizes = np.append(np.bincount(lesion, minlength=lesions), (1, 1))
    n, centre = gaps.size + 2, gaps.sum() / (gaps.size + 2)
    apart = sums - centre * sizes
    half = Z95 * math.sqrt(float(apart @ apart)) / n
    value = float(gaps.mean())
    return Interval(
        value, float(max(-1.0, min(value, centre - half))), float(min(1.0, max(value, centre + half)))
    )


@lru_cache(maxsize=16)
def paired_comparison(bundle: Bundle, other: Bundle, split: str, where: Where = ()) -> PairedComparison:
    """Everything that two models share, each at its own operating point."""
    cases, kind = shared_cases(bundle, other, split, where), kind_of(bundle, split, where)[0]
    mine, theirs = evaluate_split(bundle, split, where), evaluate_split(other, split, kind.where)
    own = mine.outcome_codes(mine.threshold)[cases.first]
    others = theirs.outcome_codes(theirs.threshold)[cases.second]
    figures = [
        area_figure(cases, mine.scores[cases.first], theirs.scores[cases.second]),
        *outcome_figures(cases, own, others),
    ]
    diagnosis = diagnosis_figure(bundle, other, cases, mine.table, theirs.table)
    right, right_too = (rightly_decided(codes, cases.truth) for codes in (own, others))
    return PairedComparison(
        bundle.name,
        other.name,
        cases,
        (*figures, *([diagnosis] if diagnosis else [])),
        cases.first[right & ~right_too],
        cases.first[~right & right_too],
    )


def rightly_decided(codes: NDArray[np.int64], truth: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Cancers that are not called benign, and harmless lesions that are (n,)."""
    return (codes == OUTCOME_ORDER.index(Outcome.BENIGN)) != truth


def area_figure(cases: SharedCases, first: Floats, second: Floats) -> PairedFigure:
    """The areas under the ROC curves, compared by DeLong's method."""
    found = compare_auc(cases.truth, first, second, cases.lesion)
    return PairedFigure(
        "auc",
        "Area under the ROC curve",
        found.first.value,
        found.second.value,
        found.difference,
        standing_of(found.difference),
        percent=False,
    )


# Name, title, of cancers, harmless lesions or all (None), which outcomes, whether more of them is better.
OUTCOME_FIGURES: tuple[tuple[str, str, bool | None, tuple[Outcome, ...], bool], ...] = (
    ("missed", "Cancers called benign, of 100", True, (Outcome.BENIGN,), False),
    ("alone", "Harmless lesions called benign, of 100", False, (Outcome.BENIGN,), True),
    ("alarms", "Harmless lesions called malignant, of 100", False, (Outcome.MALIGNANT,), False),
    ("uncertain", "Uncertain, of 100", None, (Outcome.UNCERTAIN,), False),
    ("no_result", "No result, of 100", None, (Outcome.NO_RESULT,), False),
)


def outcome_figures(
    cases: SharedCases, own: NDArray[np.int64], others: NDArray[np.int64]
) -> Iterator[PairedFigure]:
    """Shares of outcomes; the standing is of whoever does better."""
    for name, title, truth, outcomes, more in OUTCOME_FIGURES:
        inside = np.ones(cases.truth.size, bool) if truth is None else cases.truth == truth
        places = [OUTCOME_ORDER.index(one) for one in outcomes]
        first, second = (np.isin(codes[inside], places) for codes in (own, others))
        gap = paired_difference(first, second, cases.lesion[inside])
        better = gap if more or not gap.defined else Interval(-gap.value, -gap.high, -gap.low)
        own_value, other_value = (float(one.mean()) if one.size else math.nan for one in (first, second))
        yield PairedFigure(name, title, own_value, other_value, gap, standing_of(better))


def diagnosis_figure(
    bundle: Bundle, other: Bundle, cases: SharedCases, mine: pd.DataFrame, theirs: pd.DataFrame
) -> PairedFigure | None:
    """How often the likeliest of the diagnoses that both know is the true one, the mean over these diagnoses.

    None where a model tells no diagnoses, or the two share fewer than two of them.
    """
    shared = [code for code in bundle.card.taxonomy.codes if code in other.card.taxonomy]
    if len(shared) < 2 or min(len(bundle.card.classes), len(other.card.classes)) < 2:
        return None
    known = np.isin(cases.labels.astype(str), shared)
    labels, columns = cases.labels[known].astype(str), [f"p_{code}" for code in shared]
    right = [
        np.array(shared)[rows[columns].to_numpy(np.float64)[places[known]].argmax(axis=1)] == labels
        for rows, places in ((mine, cases.first), (theirs, cases.second))
    ]
    names, index, counts = np.unique(labels, return_inverse=True, return_counts=True)
    if names.size < 2:
        return None
    # Every diagnosis counts the same.
    weight = labels.size / (names.size * counts[index])
    first, second = (one * weight for one in right)
    gap = paired_difference(first, second, cases.lesion[known])
    return PairedFigure(
        "diagnoses",
        f"Right diagnosis, mean of {names.size}, of 100",
        float(first.mean()),
        float(second.mean()),
        gap,
        standing_of(gap),
    )

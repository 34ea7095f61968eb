"""What chance alone could have made of the curves: whole lesions drawn again and again.

Images of one lesion are no independent cases: resampling images would promise too narrow intervals. Every resample is
a weight for each lesion; the cases are sorted once, so AUC, average precision and both curves come from one pass.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.evaluation.intervals import Interval, Undefined, newcombe, undefined
from model.evaluation.metrics import Floats, lesion_codes, sweep_scores, truth_and_scores

Counts = NDArray[np.int64]
# Where a band is known: false-positive rates of the ROC curve, recalls of the precision-recall curve.
GRID: Floats = np.linspace(0, 1, 201)
ENDS = (0.025, 0.975)
RESAMPLES, FEWEST = 2000, 200
# Cases drawn in all; beyond it fewer resamples have to do: 500 for 100,000 cases, 200 from 250,000 on.
BUDGET = 50_000_000
# Cases drawn at a time: a few of these blocks stay in the processor's cache.
BLOCK = 150_000


@dataclass(frozen=True)
class Band:
    """Between `low` and `high` (m,) lie 95 % of the resampled curves at each x (m,); empty where not defined."""

    x: Floats
    low: Floats
    high: Floats


NO_BAND = Band(np.zeros(0), np.zeros(0), np.zeros(0))


@dataclass(frozen=True)
class Resampled:
    """Areas with their 95 % percentile intervals and pointwise 95 % bands of both curves, from n resamples."""

    n: int
    area: Interval
    average_precision: Interval
    roc: Band = NO_BAND
    precision_recall: Band = NO_BAND


@dataclass(frozen=True)
class Ranked:
    """Cases sorted once, so that a resample only needs new weights.

    `benign` (b,) and `malignant` (m,) hold the lesion of each case (index below `lesions`) by rising score;
    `below` and `up_to` (m,) how many benign cases score below a malignant one, and at most as high;
    `first` (m,) the first malignant case with the same score.
    """

    lesions: int
    benign: Counts
    malignant: Counts
    below: Counts
    up_to: Counts
    first: Counts


def rank_cases(truth: NDArray[np.bool_], scores: Floats, groups: ArrayLike) -> Ranked:
    """Prepare for resampling by lesion."""
    lesion, lesions = lesion_codes(groups)
    order = np.argsort(scores, kind="stable")
    truth, scores, lesion = truth[order], scores[order], lesion[order]
    benign, malignant = scores[~truth], scores[truth]
    return Ranked(
        lesions=lesions,
        benign=lesion[~truth],
        malignant=lesion[truth],
        below=np.searchsorted(benign, malignant, "left"),
        up_to=np.searchsorted(benign, malignant, "right"),
        first=np.searchsorted(malignant, malignant, "left"),
    )


def resamples(ranked: Ranked, n: int, seed: int) -> Iterator[tuple[Counts, Counts]]:
    """Draw whole lesions with replacement, `n` times, a block at a time.

    Yields:
        For k resamples, how often each malignant case was drawn (k, m), and how many draws the benign cases below each
        came to (k, b + 1): the sum over the first i of them at place i.
    """
    random = np.random.default_rng(seed)
    cases = ranked.benign.size + ranked.malignant.size
    block = max(1, BLOCK // cases)
    for start in range(0, n, block):
        k = min(block, n - start)
        drawn = random.integers(0, ranked.lesions, (k, ranked.lesions))
        drawn += ranked.lesions * np.arange(k)[:, None]
        weights = np.bincount(drawn.ravel(), minlength=k * ranked.lesions).reshape(k, ranked.lesions)
        below = np.zeros((k, ranked.benign.size + 1), np.int64)
        np.cumsum(weights.take(ranked.benign, axis=1), axis=1, out=below[:, 1:])
        yield weights.take(ranked.malignant, axis=1), below


def resample_count(cases: int) -> int:
    """How many resamples so many cases get."""
    return int(np.clip(BUDGET // max(1, cases), FEWEST, RESAMPLES))


def bootstrap(
    y: ArrayLike, p: ArrayLike, groups: ArrayLike, n: int | None = None, seed: int = 0, curves: bool = True
) -> Resampled:
    """AUC, average precision and both curves, each as sure as resampled lesions leave it.

    Args:
        groups: lesion of every case (n,), anything that prints.
        n: resamples; as many as `resample_count` says for None.
        curves: whether the bands are wanted.
    """
    truth, scores = truth_and_scores(y, p)
    counts = sweep_scores(truth, scores)
    if counts.problem is not None:
        return Resampled(0, undefined(counts.problem), undefined(counts.problem))
    n = resample_count(truth.size) if n is None else n
    ranked = rank_cases(truth, scores, groups)
    blocks = [block_statistics(ranked, *drawn, curves) for drawn in resamples(ranked, n, seed)]
    areas, precisions, roc, recall = (np.concatenate(one) for one in zip(*blocks, strict=True))
    sizes = (np.unique(lesion).size for lesion in (ranked.malignant, ranked.benign))
    return Resampled(
        n=n,
        area=newcombe(counts.auc, *sizes) if counts.auc in (0, 1) else percentile_interval(counts.auc, areas),
        average_precision=percentile_interval(counts.average_precision, precisions),
        roc=band_of_curves(roc) if curves else NO_BAND,
        precision_recall=band_of_curves(recall) if curves else NO_BAND,
    )


def bootstrap_auc(
    y: ArrayLike, p: ArrayLike, groups: ArrayLike, n: int | None = None, seed: int = 0
) -> Interval:
    """AUC with the 95 % percentile interval of resampled lesions; see `bootstrap`."""
    return bootstrap(y, p, groups, n, seed, curves=False).area


def mean_by_lesion(y: ArrayLike, p: ArrayLike, groups: ArrayLike) -> tuple[NDArray[np.bool_], Floats]:
    """Truth and mean score (l,) of each lesion: what a reader who sees all of its images has.

    A lesion is malignant where any of its images is labelled so; without a score where any of them is.
    """
    truth, scores = truth_and_scores(y, p)
    lesion, lesions = lesion_codes(groups)
    images = np.bincount(lesion, minlength=lesions)
    return np.bincount(lesion, truth, lesions) > 0, np.bincount(lesion, scores, lesions) / images


def lesion_auc(y: ArrayLike, p: ArrayLike, groups: ArrayLike) -> Interval:
    """AUC over lesions, not images (see `mean_by_lesion`), with the 95 % percentile interval of resampled lesions."""
    truth, scores = mean_by_lesion(y, p, groups)
    return bootstrap_auc(truth, scores, np.arange(truth.size))


def block_statistics(
    ranked: Ranked, weights: Counts, below: Counts, curves: bool
) -> tuple[Floats, Floats, Floats, Floats]:
    """Of k resamples the areas (k,), average precisions (k,), and sensitivities and precisions on the grid (k, 201).

    Resamples of one class only say nothing and are left out: k may be smaller than the block.
    """
    both = (weights.any(axis=1)) & (below[:, -1] > 0)
    weights, below = weights[both], below[both]
    malignant, benign = weights.sum(axis=1, keepdims=True), below[:, -1:]
    lower = below.take(ranked.below, axis=1)
    pairs = np.einsum("km,km->k", weights, lower + below.take(ranked.up_to, axis=1))
    areas = pairs / (2 * malignant * benign)[:, 0]
    # From each malignant case's score on: cancers caught (ties with it too) and false alarms.
    caught = (malignant - np.cumsum(weights, axis=1) + weights).take(ranked.first, axis=1)
    alarms = benign - lower
    with np.errstate(invalid="ignore"):
        precision = caught / (caught + alarms)
    # A case that was not drawn, with nothing above it, has no precision and no weight.
    precision[~np.isfinite(precision)] = 1.0
    precisions = np.einsum("km,km->k", weights, precision) / malignant[:, 0]
    if not curves:
        return areas, precisions, np.zeros((0, 0)), np.zeros((0, 0))
    sensitivity, at_recall = np.zeros((len(areas), GRID.size)), np.zeros((len(areas), GRID.size))
    for i in range(len(areas)):
        on_roc(caught[i] / malignant[i], alarms[i] / benign[i], sensitivity[i])
        # The first threshold, coming from above, that catches so many.
        last = np.searchsorted(-caught[i], -GRID * malignant[i], "right") - 1
        at_recall[i] = precision[i, np.maximum(last, 0)]
    return areas, precisions, sensitivity, at_recall


def on_roc(caught: Floats, alarms: Floats, out: Floats) -> None:
    """Sensitivity at each false-positive rate of the grid; both shares (m,) fall with the case's index."""
    first = alarms.size - np.searchsorted(alarms[::-1], GRID + 1e-12, "right")
    out[:] = np.append(caught, 0.0)[first]


def band_of_curves(curves: Floats) -> Band:
    """Where 95 % of curves (k, 201) pass."""
    if not len(curves):
        return NO_BAND
    low, high = np.quantile(curves, ENDS, axis=0)
    return Band(GRID, low, high)


def percentile_interval(value: float, drawn: Any) -> Interval:
    """A value with the percentile interval of what was drawn."""
    if not len(drawn):
        return undefined(Undefined.SINGLE)
    low, high = np.quantile(drawn, ENDS)
    return Interval(value, float(low), float(high))

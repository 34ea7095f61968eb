"""A three-way decision with stated coverage: class-conditional split conformal prediction.

For a cancer, "benign" is the one answer that leaves it uncovered, and for a benign lesion it is "malignant". Two
thresholds keep each of these errors to a stated share of its own class, whatever the model and however rare cancer is:
each is a quantile of the held-out scores of one class, corrected for their finite number (Vovk, Gammerman & Shafer
2005, "Algorithmic Learning in a Random World", Mondrian prediction; Sadinle, Lei & Wasserman 2019, "Least Ambiguous
Set-Valued Classifiers with Bounded Error Levels", doi:10.1080/01621459.2017.1395341). What lies between the two
thresholds is uncertain.

The promise is an average over calibration sets and holds for lesions like those: for one set of n cases of a class,
the coverage scatters around the stated one with a standard deviation of about sqrt(c * (1 - c) / n). Several images of
one lesion are not independent: with `weights` of one over their number every lesion counts once, and the promise is
that for an image drawn at random of a lesion drawn at random.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.evaluation.metrics import halfway, truth_and_scores


def left_out(n: int, coverage: float) -> int:
    """How many of n held-out scores of a class may lie beyond its threshold.

    A new score is equally likely to take each of the n + 1 places among them, so it lies beyond the k-th from the end
    with a probability of at most k / (n + 1). 0 where n is too small to leave out any.

    Args:
        coverage: stated share of the class that is covered, above 0 and below 1. Raises ValueError otherwise.
    """
    if not 0 < coverage < 1:
        raise ValueError(f"coverage must lie between 0 and 1, not {coverage}")
    # (1 - 0.9) * 10 is 0.9999999999999998 in floating point, and still one case.
    return math.floor((1 - coverage) * (n + 1) + 1e-9)


def lower_threshold(
    scores: ArrayLike, coverage: float, others: ArrayLike = (), weights: ArrayLike | None = None
) -> float:
    """The threshold that a new score of this class reaches with at least the stated probability.

    It lies halfway down to the next lower score of either class, which covers no less, so that a rounding difference
    elsewhere does not turn a decision.

    Args:
        scores: (n,) held-out scores of the class, 0 to 1.
        others: scores of the other class; only for the gap below the threshold.
        weights: (n,), how much each score counts; 1 where None.

    Returns:
        0 to 1; 0, which every score reaches, where n is too small for anything else.
    """
    values = np.asarray(scores, np.float64)
    last = outermost(values, coverage, weights)
    if last is None:
        return 0.0
    both = np.append(values, np.asarray(others, np.float64))
    below = both[both < last]
    return halfway(float(below.max()), last) if below.size else last


def outermost(scores: NDArray[np.float64], coverage: float, weights: ArrayLike | None) -> float | None:
    """The first score, from the lowest up, at which as much as may be left out has gone by; None where nothing may."""
    weight = np.ones(len(scores)) if weights is None else np.asarray(weights, np.float64)
    order = np.argsort(scores, kind="stable")
    k = left_out(round(weight[order].sum()), coverage)
    if k == 0:
        return None
    return float(scores[order[int(np.searchsorted(weight[order].cumsum(), k - 1e-9))]])


def upper_threshold(
    scores: ArrayLike, coverage: float, others: ArrayLike = (), weights: ArrayLike | None = None
) -> float:
    """The threshold below which a new score of this class stays with at least the stated probability.

    Arguments as for `lower_threshold`; 1 where n is too small for anything else.
    """
    values = np.asarray(scores, np.float64)
    highest = outermost(-values, coverage, weights)
    if highest is None:
        return 1.0
    last, both = -highest, np.append(values, np.asarray(others, np.float64))
    above = both[both > last]
    return halfway(last, float(above.min())) if above.size else float(np.nextafter(last, 2))


def three_way_thresholds(
    y: ArrayLike,
    p: ArrayLike,
    coverage_malignant: float,
    coverage_benign: float,
    lesions: NDArray[np.str_] | None = None,
) -> tuple[float, float]:
    """Thresholds of the three-way decision from held-out cases.

    Where the classes overlap little, the two quantiles cross: below the malignant one and above the benign one neither
    answer conforms. There "benign" is right: both promises hold with the band empty, the benign one with room to spare.

    Args:
        y: (n,), True for malignant.
        p: (n,), probability of malignancy.
        coverage_malignant: stated share of cancers that are not called benign.
        coverage_benign: stated share of benign lesions that are not called malignant.
        lesions: (n,), so that each counts once; every image counts where None.

    Returns:
        (threshold, malignant), threshold <= malignant: benign below the first, malignant from the second on.
    """
    truth, scores = truth_and_scores(y, p)
    weights = np.ones(len(truth)) if lesions is None else one_a_lesion(lesions)
    threshold = lower_threshold(scores[truth], coverage_malignant, scores[~truth], weights[truth])
    malignant = upper_threshold(scores[~truth], coverage_benign, scores[truth], weights[~truth])
    return threshold, min(1.0, max(threshold, malignant))


def strictest_thresholds(
    y: ArrayLike, p: ArrayLike, coverage: float, sources: ArrayLike, lesions: NDArray[np.str_]
) -> tuple[float, float] | None:
    """Thresholds whose coverage of both classes holds in every source and not in the pool alone.

    Of those that each source's held-out cases ask for, the strictest stand. None where no source has both classes.

    Args:
        sources: (n,), of each case; the others as for `three_way_thresholds`.
    """
    truth, scores = truth_and_scores(y, p)
    names = np.asarray(sources, str)
    asked = [
        three_way_thresholds(truth[inside], scores[inside], coverage, coverage, lesions[inside])
        for inside in (names == name for name in sorted(set(names.tolist())))
        if truth[inside].any() and not truth[inside].all()
    ]
    if not asked:
        return None
    low, high = zip(*asked, strict=True)
    return min(low), max(min(low), *high)


def one_a_lesion(lesions: NDArray[np.str_]) -> NDArray[np.float64]:
    """Weights (n,) of images that add up to 1 for each lesion."""
    _, place, count = np.unique(lesions, return_inverse=True, return_counts=True)
    return np.asarray(1.0 / count[place])

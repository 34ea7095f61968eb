"""Shares and means over cases with 95 % intervals by lesion.

Images of one lesion are no independent cases. A share has a formula (see `Share`). Everything else here is a function
of sums over cases and resamples whole lesions: a resample is a weight for each lesion's sums, and thousands of them are
one matrix product.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.evaluation.intervals import Interval, Share, Undefined, undefined
from model.evaluation.metrics import Floats, lesion_codes
from model.evaluation.resampling import ENDS

RESAMPLES = 2000
Of = Callable[[Floats], Floats]


def statistic_of_sums(
    values: ArrayLike, groups: ArrayLike, of: Of, n: int = RESAMPLES, seed: int = 0
) -> Interval:
    """A statistic of column sums, with the percentile interval of n resamples of lesions.

    Args:
        values: (cases, k).
        groups: (cases,), the lesion of each.
        of: sums (m, k) to the statistic (m,); NaN where it is not defined.
    """
    columns = np.asarray(values, np.float64)
    if not len(columns):
        return undefined(Undefined.EMPTY)
    lesion, lesions = lesion_codes(groups)
    sums = np.stack([np.bincount(lesion, column, lesions) for column in columns.T], axis=1)
    drawn = of(lesion_weights(lesions, n, seed) @ sums)
    low, high = np.nanquantile(drawn, ENDS)
    return Interval(float(of(sums.sum(axis=0, keepdims=True))[0]), float(low), float(high))


@lru_cache(maxsize=8)
def lesion_weights(lesions: int, n: int, seed: int) -> Floats:
    """How often each lesion is drawn in each of n resamples, (n, lesions).

    Kept, because an evaluation asks for dozens of statistics of the same few sets of lesions.
    """
    drawn = np.random.default_rng(seed).integers(0, lesions, (n, lesions)) + lesions * np.arange(n)[:, None]
    return np.bincount(drawn.ravel(), minlength=n * lesions).reshape(n, lesions).astype(np.float64)


def ratio_of_sums(sums: Floats) -> Floats:
    """First column by the second; NaN where that is 0."""
    with np.errstate(invalid="ignore"):
        return np.asarray(sums[:, 0] / sums[:, 1])


def share_by_lesion(hits: ArrayLike, groups: ArrayLike, reason: Undefined = Undefined.EMPTY) -> Interval:
    """The share of cases that are hits (bool, (n,)); not defined, for `reason`, without cases.

    Args:
        groups: (n,), the lesion of each.
    """
    lesion, lesions = lesion_codes(groups)
    cases = np.bincount(lesion, minlength=lesions)
    caught = np.bincount(lesion[np.asarray(hits, bool)], minlength=lesions)
    sums = (caught.sum(), cases.sum(), caught @ caught, caught @ cases, cases @ cases)
    return Share(*map(int, sums)).interval(reason)


def mean_with_interval(values: ArrayLike, groups: ArrayLike) -> Interval:
    """The mean of values (n,)."""
    column = np.asarray(values, np.float64)
    return statistic_of_sums(np.stack([column, np.ones(column.size)], axis=1), groups, ratio_of_sums)


def balanced_accuracy_by_lesion(
    truth: ArrayLike, chosen: ArrayLike, classes: int, groups: ArrayLike
) -> Interval:
    """Mean over the classes that occur of the share that was found, from class indices (n,)."""
    own = np.asarray(truth, np.int64)[:, None] == np.arange(classes)
    right = own & (np.asarray(truth) == np.asarray(chosen))[:, None]

    def of(sums: Floats) -> Floats:
        hits, cases = sums[:, :classes], sums[:, classes:]
        shares = np.divide(hits, cases, out=np.zeros_like(hits), where=cases > 0)
        return np.asarray(shares.sum(axis=1) / np.maximum((cases > 0).sum(axis=1), 1))

    return statistic_of_sums(np.hstack([right, own]), groups, of)


def lesions_of(lesion_ids: ArrayLike, image_ids: ArrayLike) -> NDArray[np.str_]:
    """The lesion of each case (n,); an image of an unknown lesion stands for itself."""
    lesions, images = np.asarray(lesion_ids, object), np.asarray(image_ids, object)
    unknown = np.array([one is None or one != one for one in lesions], bool)
    return np.where(unknown, images, lesions).astype(str)

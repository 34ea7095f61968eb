"""Whether the conformal thresholds keep their promise on average, and how far one split may lie from it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.conformal import three_way
from model.resampling import lesion_codes

RESPLITS = 200


def resplit_coverage(
    truth: NDArray[np.bool_],
    p: NDArray[np.float64],
    lesions: NDArray[np.str_],
    stated: float,
    seed: int = 0,
) -> dict[str, Any]:
    """Coverage reached when validation and test images are dealt out anew by lesion, half and half.

    One validation split and one test split give one draw from this distribution: with some hundred cancers in each,
    it lies two points off as often as not. Nothing is chosen from it.

    Args:
        truth, p, lesions: (n,) of both splits together.
        stated: coverage of either class.

    Returns:
        For "malignant" and "benign" the mean and the standard deviation over RESPLITS deals.
    """
    code, count = lesion_codes(lesions)
    random = np.random.default_rng(seed)
    reached: list[tuple[float, float]] = []
    for _ in range(RESPLITS):
        held_out = (random.permutation(count) < count // 2)[code]
        threshold, malignant = three_way(truth[held_out], p[held_out], stated, stated)
        new, y = p[~held_out], truth[~held_out]
        if y.any() and not y.all():
            reached.append((float((new[y] >= threshold).mean()), float((new[~y] < malignant).mean())))
    found = np.array(reached).reshape(-1, 2)
    return {
        side: {"mean": float(column.mean()), "sd": float(column.std())} if column.size else None
        for side, column in zip(("malignant", "benign"), found.T, strict=True)
    }

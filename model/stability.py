"""How much a result depends on which way up the camera was held, which says nothing about a lesion.

The spread over the eight flips and quarter turns of one image is a cheap measure of a network's doubt (test-time
augmentation as in Ayhan & Berens 2018): no second network and no dropout is needed.
"""

import numpy as np
from numpy.typing import NDArray

from model.cautions import Caution

VIEWS = 8


def views(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The eight flips and quarter turns of a square image (s, s, c), as (8, s, s, c); the first is the image itself."""
    turns = [np.rot90(image, quarter) for quarter in range(4)]
    return np.stack([*turns, *(turn[:, ::-1] for turn in turns)])


def spread_of(probabilities: NDArray[np.float64]) -> tuple[float, float]:
    """The lowest and the highest of an image's probabilities over its views."""
    return float(probabilities.min()), float(probabilities.max())


def unstable(spread: tuple[float, float], changes: bool, limit: float | None) -> tuple[Caution, ...]:
    """The caution about a result that depends on the view; none where it hardly does.

    Args:
        spread: lowest and highest probability.
        changes: whether the decision is not the same for all views.
        limit: the difference between the two that is wider than nearly all of the validation images'; None where the
            model's card states none.
    """
    low, high = spread
    if not changes and (limit is None or high - low <= limit):
        return ()
    range_text = f"the probability runs from {100 * low:.0f} to {100 * high:.0f} %"
    what = "and the decision changes with it" if changes else "more than for nearly all other images"
    return (
        Caution(
            "unstable",
            f"When the image is turned or mirrored, {range_text}, {what}. Do not rely on it alone.",
        ),
    )

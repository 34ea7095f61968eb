"""From a network's output to probabilities that mean what they say, at a prevalence that is named.

Temperature scaling (Guo et al. 2017, "On Calibration of Modern Neural Networks") and a shift of the log odds of
malignancy (Saerens et al. 2002, "Adjusting the outputs of a classifier to new a priori probabilities").
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

TINY = 1e-12


@dataclass(frozen=True)
class Calibration:
    """How raw class probabilities become calibrated ones.

    Attributes:
        temperature: above 0; above 1 softens, 1 changes nothing.
        shift: what is added to the log odds of malignancy.
        prevalence: the share of malignant lesions for which the probabilities hold, above 0 and below 1; None where a
            bundle was made without naming one.
    """

    temperature: float
    shift: float = 0.0
    prevalence: float | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.temperature) and self.temperature > 0):
            raise ValueError(f"a temperature must be above 0, not {self.temperature}")
        if not math.isfinite(self.shift):
            raise ValueError(f"a shift must be a finite number, not {self.shift}")
        if self.prevalence is not None and not 0 < self.prevalence < 1:
            raise ValueError(f"a prevalence must lie between 0 and 1, not {self.prevalence}")


def calibrate(
    probabilities: ArrayLike, calibration: Calibration, malignant: ArrayLike
) -> NDArray[np.float64]:
    """Calibrated class probabilities.

    Args:
        probabilities: (n, k), rows summing to 1; or (n, 1), the probability of malignancy of a sigmoid.
        malignant: the columns of the malignant classes; of no account for one column.

    Returns:
        float64 of the same shape.
    """
    tempered = temper(probabilities, calibration.temperature)
    if not calibration.shift:
        return tempered
    odds = math.exp(calibration.shift)
    if tempered.shape[1] == 1:
        return np.asarray(odds * tempered / (1 - tempered + odds * tempered))
    tempered[:, np.asarray(malignant, np.intp)] *= odds
    return np.asarray(tempered / tempered.sum(axis=1, keepdims=True))


def temper(probabilities: ArrayLike, temperature: float) -> NDArray[np.float64]:
    """Divide the logits behind class probabilities by a temperature.

    Args:
        probabilities: (n, k), rows summing to 1; or (n, 1), the probability of the positive class of a sigmoid.
        temperature: above 0; above 1 softens, 1 changes nothing.

    Returns:
        float64 of the same shape.
    """
    raw = np.clip(np.asarray(probabilities, np.float64), TINY, 1 - TINY)
    if raw.shape[1] == 1:
        return 1.0 / (1.0 + np.exp(-(np.log(raw) - np.log1p(-raw)) / temperature))
    # In place: for a million images, new memory takes far longer than the arithmetic.
    np.log(raw, out=raw)
    raw /= temperature
    raw -= raw.max(axis=1, keepdims=True)
    np.exp(raw, out=raw)
    raw /= raw.sum(axis=1, keepdims=True)
    return raw

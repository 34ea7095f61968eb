"""Temperature scaling (Guo et al. 2017, "On Calibration of Modern Neural Networks")."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

TINY = 1e-12


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
    scaled = np.log(raw) / temperature
    scaled = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return scaled / scaled.sum(axis=1, keepdims=True)


def balanced_choice(probabilities: ArrayLike, priors: ArrayLike, tau: float) -> NDArray[np.intp]:
    """The balanced decision rule: the class with the greatest p / prior ** tau (Menon et al. 2021, logit adjustment).

    The likeliest class is nearly always a common one. Dividing by the classes' shares finds rare ones more often, at
    the price of more mistakes among the common ones: for a mean over classes, not for a probability.

    Args:
        probabilities: (n, k), calibrated.
        priors: (k,), above 0: the classes' shares where the probabilities were calibrated.
        tau: 0 is the likeliest class; 1 chooses as if all classes were equally common.

    Returns:
        Indices (n,).
    """
    shares = np.asarray(priors, np.float64) ** tau
    return np.asarray((np.asarray(probabilities, np.float64) / shares).argmax(axis=1))

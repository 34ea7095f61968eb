"""What is chosen on validation images: calibration, thresholds and the balanced decision rule."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize

from model.bundle import OperatingPoint, point_name
from model.calibration import Calibration, calibrate
from model.evaluation.conformal import strictest_thresholds
from model.modality import Modality
from model.taxonomy import Taxonomy

SENSITIVITIES = (0.90, 0.95, 0.975)
# The place among them of the one that is used where none is asked for.
DEFAULT = 1
# Share of malignant lesions at which probabilities hold.
PREVALENCE = 0.2
SMALLEST = 1e-9

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def log_loss(truth: Bools, p: Floats) -> Floats:
    """Negative log probability of the truth, in nats, of each case (n,)."""
    p = np.clip(p, SMALLEST, 1 - SMALLEST)
    return np.asarray(-np.where(truth, np.log(p), np.log1p(-p)))


def choose_operating_points(
    truth: Bools, p: Floats, rows: pd.DataFrame, lesions: NDArray[np.str_]
) -> tuple[OperatingPoint, ...]:
    """The three operating points.

    Of the thresholds that each source's validation images ask for, the strictest stands, so that the stated share
    holds in every source and not in the pool alone.
    """
    sources, modality = rows["source"].to_numpy(str), rows["modality"].to_numpy(str)

    def asked(kind: Modality, sensitivity: float) -> tuple[float, float] | None:
        inside = modality == kind
        return strictest_thresholds(truth[inside], p[inside], sensitivity, sources[inside], lesions[inside])

    points: list[OperatingPoint] = []
    for sensitivity in SENSITIVITIES:
        thresholds, close = asked(Modality.DERMOSCOPIC, sensitivity), asked(Modality.CLOSE_UP, sensitivity)
        if thresholds is None:
            raise ValueError("no source has both malignant and benign dermoscopic images to choose on")
        points.append(
            OperatingPoint(
                point_name(sensitivity),
                sensitivity,
                *thresholds,
                sensitivity,
                sensitivity,
                close[0] if close else None,
            )
        )
    return tuple(points)


def fit_calibration(raw: Floats, truth: Bools, sources: NDArray[np.str_], taxonomy: Taxonomy) -> Calibration:
    """Temperature and shift that make the truth of malignancy most likely at PREVALENCE.

    Every source counts the same, and its malignant images by their share at that prevalence, whatever its own is.
    """
    weight = np.zeros(len(truth))
    for source in set(sources):
        for side, share in ((truth, PREVALENCE), (~truth, 1 - PREVALENCE)):
            inside = (sources == source) & side
            weight[inside] = share / max(inside.sum(), 1)
    weight /= weight.sum()

    def loss(x: Floats) -> float:
        tried = Calibration(float(np.exp(x[0])), float(x[1]))
        p = taxonomy.malignancy(calibrate(raw, tried, taxonomy.columns))
        return float((weight * log_loss(truth, p)).sum())

    # Between a tenth and ten times, so that a small validation split gives nothing absurd.
    best = minimize(loss, [0.0, 0.0], method="L-BFGS-B", bounds=[(-2.3, 2.3), (-5.0, 5.0)]).x
    return Calibration(float(np.exp(best[0])), float(best[1]), PREVALENCE)


def at_prevalence(probability: ArrayLike, prevalence: float, other: float) -> NDArray[np.float64]:
    """Probabilities that hold at one prevalence, as they are at another (Saerens et al. 2002).

    Args:
        probability: of malignancy, 0 to 1, any shape.
        prevalence, other: above 0 and below 1.
    """
    p = np.asarray(probability, np.float64)
    odds = other / (1 - other) * (1 - prevalence) / prevalence
    return np.asarray(odds * p / (1 - p + odds * p))


def balanced_rule(calibrated: Floats, labels: NDArray[np.intp], taxonomy: Taxonomy) -> dict[str, Any]:
    """Priors of `balanced_choice` from the validation split, with tau 1; empty for a binary model.

    They make the diagnoses most likely where each counts the same, however many images it has.
    """
    known = labels >= 0
    if calibrated.shape[1] == 1 or not known.any():
        return {}
    calibrated, labels = calibrated[known], labels[known]
    logits, rows = np.log(np.maximum(calibrated, 1e-12)), np.arange(len(labels))
    counts = np.bincount(labels, minlength=len(taxonomy))
    weight = 1.0 / counts[labels] / (counts > 0).sum()

    def loss(x: Floats) -> tuple[float, Floats]:
        z = logits + x
        z = z - z.max(axis=1, keepdims=True)
        chances = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        slope = chances * weight[:, None]
        np.subtract.at(slope, (rows, labels), weight)
        # A diagnosis that validation lacks stays where it is.
        total = -float((weight * np.log(np.maximum(chances[rows, labels], 1e-12))).sum())
        return total + 1e-4 * float(x @ x), slope.sum(axis=0) + 2e-4 * x

    lift = minimize(loss, np.zeros(len(taxonomy)), jac=True, method="L-BFGS-B").x
    priors = np.exp(-lift) / np.exp(-lift).sum()
    return {"tau": 1.0, "priors": dict(zip(taxonomy.codes, priors.tolist(), strict=True))}


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

"""Ways to calibrate, compared fairly: temperature is used unless another one clearly wins on validation.

Each is fitted on four fifths of the validation lesions and judged on the others. Log loss and Brier score are proper
scores: they fall only where the probabilities get better.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression, minimize, minimize_scalar

from model import shares
from model.calibration import TINY, temper
from model.reliability import brier, expected_calibration_error
from model.resampling import lesion_codes
from model.taxonomy import Taxonomy

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
# What a fitted scaling does: raw class probabilities (n, k) to the probability of malignancy (n,).
Scaling = Callable[[Floats], Floats]
FOLDS, REPEATS = 5, 4
SMALLEST = 1e-9


@dataclass(frozen=True)
class Cases:
    """What a scaling is fitted on.

    Attributes:
        raw: probabilities (n, k) in the order of the taxonomy, or (n, 1) of a binary model.
        labels: the true diagnosis (n,), -1 where it is none of the taxonomy's.
        truth: of malignancy (n,).
    """

    raw: Floats
    labels: NDArray[np.intp]
    truth: Bools
    taxonomy: Taxonomy

    def part(self, rows: Bools) -> "Cases":
        """Some of the cases."""
        return Cases(self.raw[rows], self.labels[rows], self.truth[rows], self.taxonomy)


def log_loss(truth: Bools, p: Floats) -> Floats:
    """Negative log probability of the truth, in nats, of each case (n,)."""
    p = np.clip(p, SMALLEST, 1 - SMALLEST)
    return np.asarray(-np.where(truth, np.log(p), np.log1p(-p)))


def log_odds(p: Floats) -> Floats:
    """Log odds of probabilities."""
    p = np.clip(p, SMALLEST, 1 - SMALLEST)
    return np.asarray(np.log(p) - np.log1p(-p))


def logistic(z: Floats) -> Floats:
    """Probabilities of log odds."""
    return np.asarray(1 / (1 + np.exp(-z)))


def fit_temperature(raw: Floats, truth: Bools, taxonomy: Taxonomy) -> float:
    """The temperature that makes the truth of malignancy most likely, between 0.1 and 10."""

    def loss(logarithm: float) -> float:
        return float(log_loss(truth, taxonomy.malignancy(temper(raw, float(np.exp(logarithm))))).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(np.log(0.1), np.log(10)), method="bounded").x))


def none(cases: Cases) -> Scaling:
    """The network's own probabilities."""
    return cases.taxonomy.malignancy


def temperature(cases: Cases) -> Scaling:
    """One number (Guo et al. 2017)."""
    found = fit_temperature(cases.raw, cases.truth, cases.taxonomy)
    return lambda raw: cases.taxonomy.malignancy(temper(raw, found))


def platt(cases: Cases) -> Scaling:
    """Slope and shift of the log odds of malignancy (Platt 1999)."""
    inner = none(cases)
    z = log_odds(inner(cases.raw))
    a, b = minimize(lambda x: log_loss(cases.truth, logistic(x[0] * z + x[1])).mean(), [1.0, 0.0]).x
    return lambda raw: logistic(a * log_odds(inner(raw)) + b)


def beta(cases: Cases) -> Scaling:
    """Beta calibration, three numbers (Kull, Silva Filho & Flach 2017)."""
    inner = none(cases)

    def odds(raw: Floats, x: Floats) -> Floats:
        p = np.clip(inner(raw), SMALLEST, 1 - SMALLEST)
        return np.asarray(np.exp(x[0]) * np.log(p) - np.exp(x[1]) * np.log1p(-p) + x[2])

    found = minimize(
        lambda x: log_loss(cases.truth, logistic(odds(cases.raw, x))).mean(),
        np.zeros(3),
        method="Nelder-Mead",
        options={"maxiter": 2000},
    ).x
    return lambda raw: logistic(odds(raw, found))


def isotonic(cases: Cases) -> Scaling:
    """Any rising steps (Zadrozny & Elkan 2002), kept clear of 0 and 1."""
    inner = none(cases)
    order = np.argsort(inner(cases.raw), kind="stable")
    at, steps = inner(cases.raw)[order], isotonic_regression(cases.truth[order].astype(np.float64)).x
    return lambda raw: np.clip(np.interp(inner(raw), at, steps), 1e-3, 1 - 1e-3)


def bias_corrected(cases: Cases) -> Scaling:
    """A temperature and a shift of every diagnosis (Alexandari, Kundaje & Shrikumar 2020), on the diagnoses."""
    known = cases.labels >= 0
    logits, count = np.log(np.clip(cases.raw[known], TINY, 1)), len(cases.taxonomy)
    hot = np.eye(count)[cases.labels[known]]

    def scaled(z: Floats, x: Floats) -> Floats:
        z = z * np.exp(x[0]) + x[1:]
        z = np.exp(z - z.max(axis=1, keepdims=True))
        return np.asarray(z / z.sum(axis=1, keepdims=True))

    def loss(x: Floats) -> tuple[float, Floats]:
        p = scaled(logits, x)
        slope = (p - hot) / len(p)
        gradient = np.append((slope * logits).sum() * np.exp(x[0]), slope.sum(axis=0))
        return float(-np.log(np.clip(p[hot > 0], TINY, 1)).mean()), gradient

    found = minimize(loss, np.zeros(count + 1), jac=True, options={"gtol": 1e-4}).x
    return lambda raw: cases.taxonomy.malignancy(scaled(np.log(np.clip(raw, TINY, 1)), found))


SCALINGS: dict[str, Callable[[Cases], Scaling]] = {
    "none": none,
    "temperature": temperature,
    "Platt": platt,
    "beta": beta,
    "isotonic": isotonic,
}
FOR_DIAGNOSES = {"bias-corrected temperature": bias_corrected}


def compare_scalings(cases: Cases, lesions: NDArray[np.str_], seed: int = 0) -> list[dict[str, float | str]]:
    """Every way to calibrate, cross-validated by lesion.

    Returns:
        Rows of `method`, `log_loss` in nats, `brier`, `ece`, and the difference in log loss from temperature with its
        95 % interval by lesion, `difference`, `low` and `high`, below 0 where the method is better.
    """
    methods = SCALINGS | (FOR_DIAGNOSES if cases.raw.shape[1] > 1 else {})
    code, count = lesion_codes(lesions)
    random = np.random.default_rng(seed)
    folds = [(random.permutation(count) % FOLDS)[code] for _ in range(REPEATS)]
    predicted = {
        name: [held_out(fit, cases, fold) for fold in folds]
        for name, fit in methods.items()
        if cases.truth.any() and not cases.truth.all()
    }
    losses = {
        name: np.mean([log_loss(cases.truth, p) for p in each], axis=0) for name, each in predicted.items()
    }
    rows: list[dict[str, float | str]] = []
    for name, each in predicted.items():
        difference = shares.mean(losses[name] - losses["temperature"], lesions)
        rows.append(
            {
                "method": name,
                "log_loss": float(losses[name].mean()),
                "brier": float(np.mean([brier(cases.truth, p) for p in each])),
                "ece": float(np.mean([expected_calibration_error(cases.truth, p) for p in each])),
                "difference": difference.value,
                "low": difference.low,
                "high": difference.high,
            }
        )
    return rows


def held_out(fit: Callable[[Cases], Scaling], cases: Cases, fold: NDArray[np.intp]) -> Floats:
    """Probability of malignancy of every case (n,), each by a scaling that was fitted without its fold."""
    found = np.zeros(len(fold))
    for one in range(FOLDS):
        inside = fold == one
        if inside.any():
            found[inside] = fit(cases.part(~inside))(cases.raw[inside])
    return found

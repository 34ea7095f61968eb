"""From a trained network and prepared cases to stored scores, a calibration and an operating point.

Temperature and threshold come from the validation split alone; the test split is only scored.
"""

from dataclasses import asdict, dataclass
from typing import Any

import keras
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from tqdm import tqdm

from model.bundle import SCORE_COLUMNS, OperatingPoint, malignancy, point_name
from model.calibration import temper
from model.metrics import (
    auc,
    class_balanced_accuracy,
    class_confusion,
    confusion,
    threshold_for_sensitivity,
)
from model.networks import HEAD, serving
from model.reliability import brier, expected_calibration_error
from model.resampling import bootstrap_auc
from model.taxonomy import CODES, MALIGNANT
from training.fit import class_shares, still_images
from training.pixels import PixelStore

SPLITS = ("validation", "test")
TARGET_SENSITIVITY = 0.95


@dataclass(frozen=True)
class Evaluation:
    """What is known of a network after evaluation.

    Attributes:
        scores: the rows of a bundle's scores.parquet: `model.bundle.SCORE_COLUMNS` and raw_<class>.
        classes: of the network's outputs, in order.
        temperature, operating_points: from the validation split; `operating_point` names the default.
        results: figures by split, as they stand in the card.
    """

    scores: pd.DataFrame
    classes: tuple[str, ...]
    temperature: float
    operating_points: tuple[OperatingPoint, ...]
    operating_point: str
    results: dict[str, Any]


def undo_balance(network: keras.Model, store: PixelStore, balance: float) -> None:
    """Correct the head for diagnoses that were drawn more or less often than they occur (Saerens et al. 2002).

    Adds log(frequency / drawn share) of the training split to each logit's bias, in place. Diagnoses that the training
    split lacks are left alone.
    """
    labels = store.cases["label"].map(CODES.index).to_numpy(np.intp)[store.rows("train")]
    natural, drawn = class_shares(labels, 0.0), class_shares(labels, balance)
    shift = np.where(natural > 0, np.log(np.maximum(natural, 1e-12) / np.maximum(drawn, 1e-12)), 0.0)
    head = network.get_layer(HEAD)
    kernel, bias = head.get_weights()
    head.set_weights([kernel, bias + shift.astype(bias.dtype)])


def evaluate(network: keras.Model, store: PixelStore, batch: int = 64) -> Evaluation:
    """Score validation and test at the common resolution, calibrate, and choose the threshold."""
    size = network.input_shape[1]
    model = serving(network)
    parts: list[pd.DataFrame] = []
    for split in SPLITS:
        rows = store.rows(split)
        found: list[NDArray[np.float32]] = []
        for start in tqdm(range(0, len(rows), batch), desc=f"score {split}", unit="batch"):
            images = still_images(store, rows[start : start + batch], size)
            found.append(np.asarray(model.predict_on_batch(images)["probabilities"]))
        table = store.cases.iloc[rows][list(SCORE_COLUMNS)].reset_index(drop=True)
        raw = np.concatenate(found)
        classes = CODES if raw.shape[1] > 1 else ("malignant",)
        for index, name in enumerate(classes):
            table[f"raw_{name}"] = raw[:, index]
        parts.append(table)
    scores = pd.concat(parts, ignore_index=True)
    return judge(scores, classes)


def judge(scores: pd.DataFrame, classes: tuple[str, ...]) -> Evaluation:
    """Calibration, threshold and figures from raw scores of validation and test."""
    raw = scores[[f"raw_{name}" for name in classes]].to_numpy(np.float64)
    truth = scores["label"].isin(list(MALIGNANT)).to_numpy()
    validation = (scores["split"] == "validation").to_numpy()
    temperature = fit_temperature(raw[validation], truth[validation], classes)
    calibrated = temper(raw, temperature)
    probability = malignancy(calibrated, classes)
    threshold = threshold_for_sensitivity(truth[validation], probability[validation], TARGET_SENSITIVITY)
    results: dict[str, Any] = {}
    for split in SPLITS:
        chosen = (scores["split"] == split).to_numpy()
        results[split] = figures(
            truth[chosen], probability[chosen], scores["lesion_id"].to_numpy()[chosen], threshold
        )
        results[split]["ece_before_calibration"] = expected_calibration_error(
            truth[chosen], malignancy(raw[chosen], classes)
        )
        if len(classes) > 1:
            labels = scores["label"].map(CODES.index).to_numpy()[chosen]
            matrix = class_confusion(labels, calibrated[chosen].argmax(axis=1), len(CODES))
            results[split]["balanced_accuracy"] = class_balanced_accuracy(matrix)
    name = point_name(TARGET_SENSITIVITY)
    point = OperatingPoint(name, TARGET_SENSITIVITY, threshold, threshold, TARGET_SENSITIVITY, 0.0)
    return Evaluation(scores, classes, temperature, (point,), name, results)


def fit_temperature(raw: NDArray[np.float64], truth: NDArray[np.bool_], classes: tuple[str, ...]) -> float:
    """The temperature that makes the truth of malignancy most likely, between 0.1 and 10."""

    def loss(logarithm: float) -> float:
        p = np.clip(malignancy(temper(raw, float(np.exp(logarithm))), classes), 1e-9, 1 - 1e-9)
        return float(-np.where(truth, np.log(p), np.log1p(-p)).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(np.log(0.1), np.log(10)), method="bounded").x))


def figures(
    truth: NDArray[np.bool_], p: NDArray[np.float64], lesions: NDArray[Any], threshold: float
) -> dict[str, Any]:
    """One split's figures: n, AUC with a 95 % interval bootstrapped by lesion, counts at the threshold, calibration."""
    interval = bootstrap_auc(truth, p, lesions)
    cells = confusion(truth, p, threshold)
    return {
        "images": len(truth),
        "lesions": len(set(lesions)),
        "malignant": int(truth.sum()),
        "auc": auc(truth, p),
        "auc_low": interval.low,
        "auc_high": interval.high,
        "confusion": asdict(cells),
        "sensitivity": cells.tp / max(cells.tp + cells.fn, 1),
        "specificity": cells.tn / max(cells.tn + cells.fp, 1),
        "brier": brier(truth, p),
        "ece": expected_calibration_error(truth, p),
    }

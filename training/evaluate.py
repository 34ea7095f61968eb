"""From a trained network and prepared cases to stored raw scores, and to everything that follows from them.

The test split is left closed unless it is asked for.
"""

import dataclasses
import tempfile
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tqdm import tqdm

from model.bundle import SCORE_COLUMNS, malignancy
from model.calibration import temper
from model.engine import open_session
from model.networks import HEAD, serving
from model.taxonomy import CODES
from training.export import CHECKED, export_graph
from training.fit import class_shares, still_images
from training.judge import SPLITS, Evaluation, judge
from training.pixels import PixelStore
from training.robustness import DISTURBANCES, robustness

# So many images say enough about a disturbance; more of them cost minutes.
ROBUST_IMAGES = 1000
# Undisturbed, and the two of the resolution probe.
ROBUST_ROWS = len(DISTURBANCES) + 3

BATCH = 32

# uint8 images (n, s, s, 3) to class probabilities before calibration (n, k).
Raw = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


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


def evaluate(network: keras.Model, store: PixelStore, test: bool, disturb: bool = True) -> Evaluation:
    """Score, calibrate, choose the operating points, measure.

    Args:
        test: also score the test split. The caller notes that first, see `training.openings`.
        disturb: also measure robustness, on test where it is opened, else on validation; takes minutes.
    """
    size, classes = network.input_shape[1], classes_of(network)
    with tempfile.TemporaryDirectory() as folder:
        raw = scorer(network, store, Path(folder))
        found = judge(score_splits(raw, store, size, classes, SPLITS if test else SPLITS[:1]), classes)
        if not disturb:
            return found

        def score(images: NDArray[np.uint8]) -> NDArray[np.float64]:
            return np.asarray(malignancy(temper(raw(images), found.temperature), classes))

        table = robustness(score, store, measured_rows(store, found.measured_on), size, found.point())
        rows = list(tqdm(table, total=ROBUST_ROWS, desc="disturb", unit="row"))
    return dataclasses.replace(found, robustness=rows)


def score_splits(
    raw: Raw, store: PixelStore, size: int, classes: tuple[str, ...], splits: tuple[str, ...]
) -> pd.DataFrame:
    """Raw class probabilities of every image of some splits, at the common resolution: rows of a scores.parquet."""
    parts: list[pd.DataFrame] = []
    for split in splits:
        rows = store.rows(split)
        found: list[NDArray[np.float32]] = []
        for start in tqdm(range(0, len(rows), BATCH), desc=f"score {split}", unit="batch"):
            found.append(raw(still_images(store, rows[start : start + BATCH], size)))
        table = store.cases.iloc[rows][list(SCORE_COLUMNS)].reset_index(drop=True)
        for name, column in zip(classes, np.concatenate(found).T, strict=True):
            table[f"raw_{name}"] = column
        parts.append(table)
    return pd.concat(parts, ignore_index=True)


def classes_of(network: keras.Model) -> tuple[str, ...]:
    """What a network's outputs stand for, in order."""
    return CODES if network.output_shape[-1] > 1 else ("malignant",)


def measured_rows(store: PixelStore, split: str) -> NDArray[np.intp]:
    """A split's rows, or as many whole lesions drawn at random as make ROBUST_IMAGES images."""
    rows = store.rows(split)
    if len(rows) <= ROBUST_IMAGES:
        return rows
    lesions = store.cases["group"].to_numpy(str)[rows]
    order = np.random.default_rng(0).permutation(np.unique(lesions))
    place = dict(zip(order.tolist(), range(len(order)), strict=True))
    chosen = np.argsort([place[lesion] for lesion in lesions], kind="stable")[:ROBUST_IMAGES]
    return np.sort(rows[chosen])


def scorer(network: keras.Model, store: PixelStore, folder: Path) -> Raw:
    """A network as a function: its exported graph, checked, which on a processor is twice as fast and what will serve.

    Where Keras runs on something else than TensorFlow, or there are too few images to check a graph, Keras itself.
    """
    if keras.backend.backend() != "tensorflow" or len(store.cases) < CHECKED:
        model = serving(network)
        return lambda batch: np.asarray(model.predict_on_batch(batch)["probabilities"])
    images = still_images(store, np.arange(CHECKED), network.input_shape[1])
    export_graph(network, images, folder / "model.onnx")
    session = open_session(folder / "model.onnx")
    name = session.get_inputs()[0].name
    return lambda batch: np.asarray(session.run(["probabilities"], {name: batch})[0])

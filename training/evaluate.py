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

from model.calibration import calibrate
from model.engine import open_session
from model.evaluation.stored import MAIN, SCORE_COLUMNS
from model.modality import Modality
from model.taxonomy import LESIONS
from training.export import CHECKED, export_graph
from training.fit import still_images
from training.judge import SPLITS, Evaluation, judge
from training.networks import serving_model
from training.pixels import PixelStore
from training.robustness import DISTURBANCES, robustness_rows

# So many images say enough about a disturbance; more of them cost minutes.
ROBUST_IMAGES = 1000
# Each disturbance, and undisturbed.
ROBUST_ROWS = len(DISTURBANCES) + 1

BATCH = 32

# What the scores say of an image besides `model.evaluation.stored.SCORE_COLUMNS`.
MORE_COLUMNS = ("source", "modality", "skin_tone", "label_original", "malignant")

# uint8 images (n, s, s, 3) to class probabilities before calibration (n, k).
Raw = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


def evaluate(
    network: keras.Model,
    store: PixelStore,
    test: bool,
    disturb: bool = True,
    elsewhere: pd.DataFrame | None = None,
) -> Evaluation:
    """Score, calibrate, choose the operating points, measure.

    Args:
        elsewhere: scores of runs that were trained without a source, see `score_elsewhere`.
        test: also score the test split. The caller notes that first, see `training.openings`.
        disturb: also measure robustness, on test where it is opened, else on validation; takes minutes.
    """
    size, classes = network.input_shape[1], classes_of(network)
    with tempfile.TemporaryDirectory() as folder:
        raw = network_scorer(network, store, Path(folder))
        splits = SPLITS if test else SPLITS[:1]
        scores = score_rows(raw, store, size, classes, np.concatenate([store.rows(one) for one in splits]))
        evaluation = judge(pd.concat([scores.assign(run=MAIN), elsewhere], ignore_index=True), classes)
        if not disturb:
            return evaluation

        def score(images: NDArray[np.uint8]) -> NDArray[np.float64]:
            calibration = evaluation.calibrations[str(Modality.DERMOSCOPIC)]
            return LESIONS.malignancy(calibrate(raw(images), calibration, LESIONS.columns))

        table = robustness_rows(
            score, store, measured_rows(store, evaluation.measured_on), size, evaluation.point()
        )
        rows = list(tqdm(table, total=ROBUST_ROWS, desc="disturb", unit="row"))
    return dataclasses.replace(evaluation, robustness=rows)


def score_rows(
    raw: Raw, store: PixelStore, size: int, classes: tuple[str, ...], rows: NDArray[np.intp]
) -> pd.DataFrame:
    """Raw class probabilities of some images of a store: rows of a scores.parquet, but for the run."""
    scored: list[NDArray[np.float32]] = []
    for start in tqdm(range(0, len(rows), BATCH), desc="score", unit="batch", mininterval=0.5):
        scored.append(raw(still_images(store, rows[start : start + BATCH], size)))
    cases = store.cases.iloc[rows].reset_index(drop=True)
    table = cases[[*SCORE_COLUMNS, *MORE_COLUMNS]].assign(side=cases[["height", "width"]].min(axis=1))
    for name, column in zip(classes, np.concatenate(scored).T, strict=True):
        table[f"raw_{name}"] = column
    return table


def score_elsewhere(network: keras.Model, store: PixelStore, source: str) -> pd.DataFrame:
    """Scores of a run that was trained without a source: what it chooses by, and the test images of that source."""
    cases = store.cases
    rows = np.flatnonzero(
        ((cases["split"] == "validation") & (cases["source"] != source))
        | ((cases["split"] == "test") & (cases["source"] == source))
    )
    with tempfile.TemporaryDirectory() as folder:
        raw = network_scorer(network, store, Path(folder))
        table = score_rows(raw, store, network.input_shape[1], classes_of(network), rows)
    return table.assign(run=source)


def classes_of(network: keras.Model) -> tuple[str, ...]:
    """What a network's outputs stand for, in order."""
    return LESIONS.codes if network.output_shape[-1] > 1 else ("malignant",)


def measured_rows(store: PixelStore, split: str) -> NDArray[np.intp]:
    """A split's rows, or as many whole lesions drawn at random as make ROBUST_IMAGES images."""
    rows = store.rows(split)
    rows = rows[(store.cases["modality"] == Modality.DERMOSCOPIC).to_numpy()[rows]]
    if len(rows) <= ROBUST_IMAGES:
        return rows
    lesions = store.cases["group"].to_numpy(str)[rows]
    order = np.random.default_rng(0).permutation(np.unique(lesions))
    place = dict(zip(order.tolist(), range(len(order)), strict=True))
    chosen = np.argsort([place[lesion] for lesion in lesions], kind="stable")[:ROBUST_IMAGES]
    return np.sort(rows[chosen])


def network_scorer(network: keras.Model, store: PixelStore, folder: Path) -> Raw:
    """A network as a function: its exported graph, checked, which on a processor is twice as fast and what will serve.

    Where Keras runs on something else than TensorFlow, or there are too few images to check a graph, Keras itself.
    """
    if keras.backend.backend() != "tensorflow" or len(store.cases) < CHECKED:
        model = serving_model(network)
        return lambda batch: np.asarray(model.predict_on_batch(batch)["probabilities"])
    images = still_images(store, np.arange(CHECKED), network.input_shape[1])
    export_graph(network, images, folder / "model.onnx")
    session = open_session(folder / "model.onnx")
    name = session.get_inputs()[0].name
    return lambda batch: np.asarray(session.run(["probabilities"], {name: batch})[0])

"""From a trained network to the graph that serves, checked against Keras on real images."""

from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from model.engine import open_session
from training.networks import serving_model

TOLERANCE = 1e-3
CHECKED = 256


class ExportError(RuntimeError):
    """The graph does not do what the network does; nothing was written."""


def export_graph(network: keras.Model, images: NDArray[np.uint8], path: Path) -> float:
    """Write the network as an ONNX graph and compare the two.

    Args:
        network: ends in logits; what is exported is `training.networks.serving_model` of it.
        images: uint8 (n, s, s, 3), real ones, CHECKED or more.
        path: of the graph to write.

    Returns:
        The largest difference of any class probability.

    Raises:
        ExportError: too few images, or a difference above TOLERANCE.
    """
    if len(images) < CHECKED:
        raise ExportError(f"An export is checked on {CHECKED} images or more; only {len(images)} are there.")
    model = serving_model(network)
    # Keras exports only what has been called.
    model.predict_on_batch(images[:1])
    path.parent.mkdir(parents=True, exist_ok=True)
    model.export(path, format="onnx", verbose=False)
    session = open_session(path)
    name = session.get_inputs()[0].name
    worst = 0.0
    for start in tqdm(range(0, len(images), 32), desc="compare with Keras", unit="batch"):
        batch = images[start : start + 32]
        (probabilities,) = session.run(["probabilities"], {name: batch})
        expected = np.asarray(model.predict_on_batch(batch)["probabilities"])
        worst = max(worst, float(np.abs(probabilities - expected).max()))
    # "not <=" also refuses NaN.
    if not worst <= TOLERANCE:
        path.unlink()
        raise ExportError(
            f"The exported graph differs from Keras by {worst:.2g}; at most {TOLERANCE} is allowed."
        )
    return worst

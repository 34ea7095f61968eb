"""Networks in the precision that trains fastest here, and several of them as one teacher."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import keras
import numpy as np
from numpy.typing import NDArray

from model.networks import BUILDERS
from training.recipes import RECIPES, Recipe
from training.runs import best_weights


def build(recipe: Recipe, size: int, init: str | None) -> keras.Model:
    """A recipe's network at one input size, in the precision that this processor computes fastest."""
    keras.config.set_dtype_policy("mixed_bfloat16" if recipe.half_precision and has_bfloat16() else "float32")
    try:
        return BUILDERS[recipe.network](size, init)
    finally:
        keras.config.set_dtype_policy("float32")


def has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 itself; where it does not, float32 is faster."""
    facts = Path("/proc/cpuinfo")
    return facts.exists() and bool({"avx512_bf16", "amx_bf16"} & set(facts.read_text().split()))


def trained(name: str, runs: Path, wanted_by: str) -> keras.Model:
    """A recipe's network as it was after its best epoch, at the size of its last stage."""
    recipe = RECIPES[name]
    network = build(recipe, recipe.stages[-1].size, None)
    network.load_weights(best_weights(name, runs, wanted_by))
    return network


class Teachers:
    """Networks that are asked together, each at its own input size; may be shared by threads."""

    def __init__(self, networks: Sequence[keras.Model], batch: int) -> None:
        """Take networks that end in logits (n, 7). What they compile for a batch is there before threads begin."""
        self.networks = tuple(networks)
        for network in self.networks:
            size = network.input_shape[1]
            network.predict_on_batch(np.zeros((batch, size, size, 3), np.uint8))

    def logits(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The mean of their logits, float32 (n, 7), for uint8 images (n, s, s, 3)."""
        each = [
            np.asarray(network.predict_on_batch(resized(images, network.input_shape[1])), np.float32)
            for network in self.networks
        ]
        return np.asarray(np.mean(each, axis=0), np.float32)


def resized(images: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Square images at another size; themselves where they have it."""
    if images.shape[1] == size:
        return images
    return np.stack([cv2.resize(image, (size, size), interpolation=cv2.INTER_CUBIC) for image in images])

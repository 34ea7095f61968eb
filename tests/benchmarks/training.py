"""Images a second of training seed-cnn, augmentation included, beside plain Keras.

`python -m tests.benchmarks.training ours|plain` prints the figure of one way. Each runs in a process of its own, as
training does, because how memory is allocated is part of how fast it is.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from typing import Any

import numpy as np
import pandas as pd

from model.taxonomy import HAM10000
from tests.benchmarks.measure import Measure
from tests.benchmarks.subjects import ROOT

WARM, STEPS, ROUNDS = 3, 8, 2


def training() -> list[Measure]:
    """Both ways in turns, the better round of each."""
    rates: dict[str, list[float]] = {"ours": [], "plain": []}
    for _ in range(ROUNDS):
        for way, found in rates.items():
            found.append(measured(way))
    ours, plain = max(rates["ours"]), max(rates["plain"])
    against = f"model.fit with Keras's layers {plain:.1f} images/s, ours {ours:.1f}"
    return [
        Measure("training seed-cnn with augmentation: speed-up", ours / plain, "x", against, 1.5, "higher")
    ]


def measured(way: str) -> float:
    """Images a second of one way, in a fresh process."""
    command = [sys.executable, "-m", "tests.benchmarks.training", way]
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout.splitlines()[-1])


def ours() -> float:
    """The project's training: composed random views from the pixel store, made beside the training step."""
    from training.__main__ import keep_memory
    from training.fit import Batches, build_network, compile_network
    from training.pixels import PixelStore
    from training.recipes import RECIPES

    keep_memory()
    recipe = RECIPES["seed-cnn"]
    size, count = recipe.stages[0].size, recipe.batch * (WARM + STEPS)
    pixels, labels = drawn_pixels(size, count)
    cases = pd.DataFrame(
        {
            "label": labels,
            "malignant": [label in HAM10000.malignant for label in labels],
            "split": "train",
            "height": size,
            "width": size,
            "offset": np.arange(count) * size * size * 3,
        }
    )
    store = PixelStore(cases, pixels.reshape(-1))
    network = build_network(recipe, size, None)
    batches = Batches(store, np.arange(count), recipe, recipe.stages[0], seed=0)
    compile_network(network, recipe, recipe.stages[0], len(batches))
    return rate(network, recipe.batch, batches)


def plain() -> float:
    """The same network and the same views, as Keras's tutorials write it."""
    import keras
    from keras import layers

    from training.networks import BUILDERS
    from training.recipes import RECIPES

    recipe = RECIPES["seed-cnn"]
    size, count, views = recipe.stages[0].size, recipe.batch * (WARM + STEPS), recipe.views
    pixels, labels = drawn_pixels(size, count)
    network = keras.Sequential(
        [
            keras.Input((size, size, 3), dtype="uint8"),
            layers.RandomFlip("horizontal"),
            layers.RandomRotation(views.rotation / 360),
            layers.RandomTranslation(views.shift, views.shift),
            layers.RandomZoom(views.zoom),
            layers.RandomShear(views.shear / 90, views.shear / 90),
            BUILDERS[recipe.network](size, None),
        ]
    )
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    network.compile(keras.optimizers.AdamW(recipe.learning_rate, weight_decay=recipe.weight_decay), loss)
    truth = np.isin(labels, list(HAM10000.malignant)).astype(np.int32)[:, None]
    return rate(network, recipe.batch, pixels, truth)


def drawn_pixels(size: int, count: int) -> tuple[np.ndarray[Any, np.dtype[np.uint8]], list[str]]:
    """Noise will do: neither way looks at what it learns."""
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (count, size, size, 3), np.uint8)
    return pixels, [HAM10000.codes[index] for index in random.integers(0, len(HAM10000), count)]


def rate(network: Any, batch: int, *data: Any) -> float:
    """Images a second of one epoch after the first WARM steps, by the median step."""
    import keras

    ends: list[float] = []

    class Clock(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_batch_end(self, batch: int, logs: object = None) -> None:
            ends.append(time.perf_counter())

    sizes = {"batch_size": batch} if len(data) > 1 else {}
    network.fit(*data, epochs=1, verbose=0, callbacks=[Clock()], **sizes)
    return batch / statistics.median(np.diff(ends[WARM - 1 :]))


if __name__ == "__main__":
    print({"ours": ours, "plain": plain}[sys.argv[1]]())

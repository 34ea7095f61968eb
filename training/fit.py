"""From a recipe and prepared cases to a trained network, with one line of history an epoch.

Plain Keras 3: runs on TensorFlow, JAX and PyTorch. A run lives in a folder; started again, it goes on where it stopped.
"""

import json
import math
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from model import bundle
from model.images import square
from model.metrics import auc, confusion, threshold_for_sensitivity
from model.networks import BUILDERS, freeze_statistics
from model.taxonomy import CODES
from training.augment import view
from training.files import replace
from training.losses import MALIGNANT_COLUMNS, JointLoss
from training.pixels import PixelStore, sharp_odds
from training.recipes import Recipe, Stage
from training.runs import (
    BEST,
    FACTS,
    LAST,
    RunError,
    best_weights,
    facts_before,
    lineage,
    read_history,
)
from training.schedule import WarmCosine
from training.teachers import Teachers, build, trained


def class_shares(labels: NDArray[np.intp], balance: float) -> NDArray[np.float64]:
    """How often each diagnosis is drawn: frequency to the power of 1 - balance, summing to 1. float64 (7,)."""
    counts = np.bincount(labels, minlength=len(CODES)).astype(np.float64)
    shares = np.where(counts > 0, np.maximum(counts, 1) ** (1 - balance), 0.0)
    return shares / shares.sum()


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """Random views of the training split, drawn anew every epoch; the same seed and epoch give the same batches."""

    def __init__(
        self,
        store: PixelStore,
        recipe: Recipe,
        stage: Stage,
        seed: int,
        first_epoch: int = 0,
        teachers: Teachers | None = None,
    ) -> None:
        """Draw from a store; teachers have a say in the targets."""
        super().__init__(workers=2, use_multiprocessing=False, max_queue_size=6)
        self.teachers = teachers
        self.store, self.recipe, self.stage, self.seed, self.epoch = store, recipe, stage, seed, first_epoch
        self.rows = store.rows("train")
        self.labels = store.cases["label"].map(CODES.index).to_numpy(np.intp)
        # From the training images alone: over all splits, the odds would level the diagnoses only roughly here.
        train = store.cases.iloc[self.rows]
        self.odds = np.zeros(len(store.cases))
        self.odds[self.rows] = sharp_odds(train["label"], train["detail"], store.common.shape[1])
        self.on_epoch_begin()

    def on_epoch_begin(self) -> None:
        """Draw this epoch's images: every one once, or by diagnosis where the recipe balances them."""
        rng = np.random.default_rng((self.seed, self.epoch))
        if self.recipe.balance:
            labels = self.labels[self.rows]
            weights = (
                class_shares(labels, self.recipe.balance)[labels]
                / np.bincount(labels, minlength=len(CODES))[labels]
            )
            self.order = rng.choice(self.rows, len(self.rows), p=weights / weights.sum())
        else:
            self.order = rng.permutation(self.rows)

    def on_epoch_end(self) -> None:
        """Keras calls this between epochs."""
        self.epoch += 1
        self.on_epoch_begin()

    def __len__(self) -> int:
        return math.ceil(len(self.rows) / self.recipe.batch)

    def __getitem__(self, index: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        rng = np.random.default_rng((self.seed, self.epoch, index))
        rows = self.order[index * self.recipe.batch : (index + 1) * self.recipe.batch]
        images = np.empty((len(rows), self.stage.size, self.stage.size, 3), np.uint8)
        for place, row in enumerate(rows):
            source = self.store.sharp if rng.random() < self.odds[row] else self.store.common
            images[place] = view(source[row], self.stage.size, self.recipe.views, rng)
        targets = self.targets(rows).astype(np.float32)
        if targets.shape[1:] != (1,):
            targets = np.eye(len(CODES), dtype=np.float32)[targets.astype(np.intp)]
        if self.stage.mixup:
            images, targets = mixed(images, targets, self.stage.mixup, rng)
        if self.teachers is None:
            return images, targets
        taught: NDArray[np.float32] = softmax(self.teachers.logits(images) / self.recipe.softness)
        return images, (1 - self.stage.trust) * targets + self.stage.trust * taught

    def targets(self, rows: NDArray[np.intp]) -> NDArray[np.int32]:
        """Class numbers (n,), or 0/1 for malignant (n, 1) where the network has one output."""
        labels = self.labels[rows].astype(np.int32)
        if self.recipe.network == "seed_cnn":
            return np.isin(labels, MALIGNANT_COLUMNS).astype(np.int32)[:, None]
        return labels


def mixed(
    images: NDArray[np.uint8], targets: NDArray[np.float32], alpha: float, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Every image of a batch mixed with another one, and its target likewise (mixup, Zhang et al. 2018).

    Args:
        images: (n, s, s, 3).
        targets: (n, k).
        alpha: above 0; both parameters of the beta distribution of the share.
    """
    other = rng.permutation(len(images))
    share = rng.beta(alpha, alpha, len(images)).astype(np.float32)
    weight = share[:, None, None, None]
    both = weight * images + (1 - weight) * images[other]
    return np.rint(both).astype(np.uint8), share[:, None] * targets + (1 - share[:, None]) * targets[other]


def softmax(logits: NDArray[Any]) -> NDArray[Any]:
    """Probabilities (n, k) of logits (n, k), of the same type."""
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def still_images(store: PixelStore, rows: NDArray[np.intp], size: int) -> NDArray[np.uint8]:
    """Images for evaluation, all at the common resolution: uint8 (n, size, size, 3), by the code that serves."""
    with ThreadPoolExecutor() as pool:
        return np.stack(list(pool.map(lambda row: square(store.common[row], size), rows)))


def probabilities(network: keras.Model, images: NDArray[np.uint8], batch: int = 64) -> NDArray[np.float64]:
    """Class probabilities (n, 7), or malignancy (n, 1), of a network that ends in logits."""
    logits = np.asarray(network.predict(images, batch_size=batch, verbose=0), np.float64)
    if logits.shape[1] == 1:
        return 1 / (1 + np.exp(-logits))
    return softmax(logits)


def malignancy(probs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Summed probability of the malignant diagnoses, (n,)."""
    return bundle.malignancy(probs, CODES if probs.shape[1] > 1 else ("malignant",))


def is_malignant(targets: NDArray[np.int32]) -> NDArray[np.bool_]:
    """The truth behind the targets of either kind of network, (n,)."""
    return targets[:, 0] == 1 if targets.ndim == 2 else np.isin(targets, MALIGNANT_COLUMNS)


def cross_entropy(probs: NDArray[np.float64], targets: NDArray[np.int32]) -> float:
    """Mean negative log probability of the true class."""
    if probs.shape[1] == 1:
        probs = np.column_stack([1 - probs, probs])
    return float(-np.log(np.maximum(probs[np.arange(len(targets)), targets.ravel()], 1e-12)).mean())


def summary(probs: NDArray[np.float64], targets: NDArray[np.int32], threshold: float) -> dict[str, float]:
    """Loss, AUC, and sensitivity and specificity at a threshold, malignant against benign."""
    truth = is_malignant(targets)
    score = malignancy(probs)
    cells = confusion(truth, score, threshold)
    return {
        "loss": cross_entropy(probs, targets),
        "auc": auc(truth, score),
        "sensitivity": cells.tp / max(cells.tp + cells.fn, 1),
        "specificity": cells.tn / max(cells.tn + cells.fp, 1),
    }


class History(keras.callbacks.Callback):  # type: ignore[misc]
    """After every epoch measures, writes a line, and keeps the best and the last weights."""

    def __init__(self, run: Path, store: PixelStore, data: Batches, size: int) -> None:
        super().__init__()
        self.run, self.data = run, data
        rows = store.rows("validation")
        # As many training images again, so that both curves mean the same: still images, no dropout.
        shown = np.random.default_rng(0).permutation(store.rows("train"))[: len(rows)]
        self.sets = {"": (still_images(store, shown, size), data.targets(shown))}
        self.sets["val_"] = (still_images(store, rows, size), data.targets(rows))

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        """Start the clock."""
        self.began = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: object = None) -> None:
        """Write the history's line and the checkpoints; the line last, since it says that the epoch is safe."""
        rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        line: dict[str, float] = {"epoch": epoch + 1, "learning_rate": rate, "size": self.data.stage.size}
        with averaged(self.model):
            line |= self.measures()
            past = read_history(self.run)
            if all(line["val_auc"] >= other["val_auc"] for other in past if other["size"] == line["size"]):
                replace(self.run / BEST, self.model.save_weights)
        line["seconds"] = round(time.monotonic() - self.began, 1)
        replace(self.run / LAST, self.model.save)
        with (self.run / bundle.HISTORY).open("a") as file:
            file.write(json.dumps(line) + "\n")
        print(json.dumps(line), flush=True)

    def measures(self) -> dict[str, float]:
        """What the network is worth now, on both sets, at the validation images' threshold."""
        line: dict[str, float] = {}
        threshold = 0.5
        for prefix in ("val_", ""):
            images, targets = self.sets[prefix]
            probs = probabilities(self.model, images)
            if prefix:
                truth = is_malignant(targets)
                threshold = threshold_for_sensitivity(truth, malignancy(probs), 0.95)
            line |= {prefix + name: value for name, value in summary(probs, targets, threshold).items()}
        return line


@contextmanager
def averaged(network: keras.Model) -> Iterator[None]:
    """The network with the moving average of its weights, for a while; itself where its optimizer keeps none."""
    if not network.optimizer.use_ema:
        yield
        return
    own = network.get_weights()
    network.optimizer.finalize_variable_values(network.trainable_variables)
    try:
        yield
    finally:
        network.set_weights(own)


def fit(
    recipe: Recipe,
    store: PixelStore,
    run: Path,
    seed: int = 0,
    init: str = "imagenet",
    runs: Path = Path("runs"),
) -> keras.Model:
    """Train, or go on training, and return the network of the best epoch of the last stage (by validation AUC).

    Args:
        run: folder of the run; gets `run.json`, `history.jsonl`, `best.weights.h5` and `last.keras`.
        init: see the network's builder; of no account for a recipe that starts from another one.
        runs: where the runs of other recipes lie, for a recipe that builds on them.

    Raises:
        RunError: the folder holds a run of another recipe or seed, or one that this builds on is not there.
    """
    run.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(seed)
    facts: dict[str, object] = {
        "recipe": json.loads(json.dumps(asdict(recipe))),
        "seed": seed,
        "init": recipe.start or start_of(init),
    }
    if lineage(recipe):
        facts["before"] = facts_before(recipe, runs)
    remember(run, facts)
    done, before = len(read_history(run)), 0
    for number, stage in enumerate(recipe.stages):
        size, epochs = stage.size, stage.epochs
        if done < before + epochs:
            data = Batches(store, recipe, stage, seed, max(done, before), teachers_of(recipe, stage, runs))
            if done > before:
                network = keras.saving.load_model(run / LAST)
            else:
                network = build(recipe, size, None if number or recipe.start else init)
                if number or recipe.start:
                    network.load_weights(
                        run / BEST if number else best_weights(recipe.start, runs, recipe.name)
                    )
                make_ready(network, recipe, stage, len(data))
            history = History(run, store, data, size)
            network.fit(
                data,
                initial_epoch=max(done, before),
                epochs=before + epochs,
                callbacks=[history],
                verbose="auto",
                shuffle=False,
            )
        before += epochs
    network = BUILDERS[recipe.network](recipe.stages[-1].size, None)
    network.load_weights(run / BEST)
    return network


def teachers_of(recipe: Recipe, stage: Stage, runs: Path) -> Teachers | None:
    """Whom a stage trusts; None for a stage that trusts the labels alone."""
    if not stage.trust:
        return None
    return Teachers([trained(name, runs, recipe.name) for name in recipe.teachers], recipe.batch)


def make_ready(network: keras.Model, recipe: Recipe, stage: Stage, steps: int) -> None:
    """Compile a network for one stage of a run of so many steps an epoch."""
    if recipe.frozen_statistics:
        freeze_statistics(network)
    total = steps * stage.epochs
    rate = WarmCosine(recipe.learning_rate * stage.peak, max(1, round(recipe.warmup * total)), total)
    keeping = {"use_ema": True, "ema_momentum": stage.average} if stage.average else {}
    optimizer = keras.optimizers.AdamW(rate, weight_decay=recipe.weight_decay, **keeping)
    if network.output_shape[-1] == 1:
        network.compile(optimizer, keras.losses.BinaryCrossentropy(from_logits=True))
    else:
        network.compile(optimizer, JointLoss(recipe.malignancy_weight))


def start_of(init: str) -> str:
    """What the weights started from, in words that mean the same on every machine."""
    path = Path(init)
    return f"file with SHA-256 {bundle.digest(path)}" if path.is_file() else init


def remember(run: Path, facts: dict[str, object]) -> None:
    """Write what the run is, or check that the folder holds the same one."""
    path = run / FACTS
    if path.exists() and json.loads(path.read_text()) != facts:
        raise RunError(
            f"{run} holds another run (recipe, seed or init differ). Choose another --run folder, or delete it."
        )
    path.write_text(json.dumps(facts, indent=1))

"""From a recipe and prepared cases to a trained network, with one line of history an epoch.

Plain Keras 3: runs on TensorFlow, JAX and PyTorch. A run lives in a folder; started again, it goes on where it stopped.
"""

import dataclasses
import json
import math
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, softmax

from model import bundle
from model.evaluation.metrics import auc, confusion, threshold_for_sensitivity
from model.images import square
from model.modality import Modality
from model.taxonomy import LESIONS
from training.augment import view
from training.files import write_whole_file
from training.losses import JointLoss
from training.machine import note_machine
from training.networks import BUILDERS, freeze_statistics, stored_network
from training.pixels import PixelStore
from training.recipes import Recipe, Stage
from training.runs import BEST, FACTS, JUDGED, LAST, RunError, read_history
from training.sampling import odds_by_label, odds_by_source
from training.schedule import WarmCosine

# Validation images of a source that are looked at after every epoch.
WATCHED = 500


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """Random views of the training split, drawn anew every epoch; the same seed and epoch give the same batches."""

    def __init__(
        self,
        store: PixelStore,
        rows: NDArray[np.intp],
        recipe: Recipe,
        stage: Stage,
        seed: int,
        first_epoch: int = 0,
        targets: NDArray[np.float32] | None = None,
    ) -> None:
        """Draw from some rows of a store; `targets` of all its cases, those of `targets_of` for None."""
        super().__init__(workers=2, use_multiprocessing=False, max_queue_size=6)
        self.store, self.recipe, self.stage, self.seed, self.epoch = store, recipe, stage, seed, first_epoch
        self.rows = rows
        self.views = (
            recipe.views if stage.zoom is None else dataclasses.replace(recipe.views, zoom=stage.zoom)
        )
        self.targets = targets_of(store.cases, recipe) if targets is None else targets
        cases = store.cases.iloc[rows]
        self.odds: NDArray[np.float64] | None = None
        if recipe.by_source:
            self.odds = odds_by_source(cases, recipe.malignant_share, recipe.balance)
        elif recipe.balance:
            self.odds = odds_by_label(cases["label"], recipe.balance)
        self.on_epoch_begin()

    def on_epoch_begin(self) -> None:
        """Draw this epoch's images: every one once, or by their odds."""
        rng = np.random.default_rng((self.seed, self.epoch))
        count = self.recipe.views_an_epoch or len(self.rows)
        if self.odds is None:
            self.order = rng.permutation(self.rows)[:count]
        else:
            self.order = rng.choice(self.rows, count, p=self.odds)

    def on_epoch_end(self) -> None:
        """Keras calls this between epochs."""
        self.epoch += 1
        self.on_epoch_begin()

    def __len__(self) -> int:
        return math.ceil(len(self.order) / self.recipe.batch)

    def __getitem__(self, index: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        rng = np.random.default_rng((self.seed, self.epoch, index))
        rows = self.order[index * self.recipe.batch : (index + 1) * self.recipe.batch]
        images = np.empty((len(rows), self.stage.size, self.stage.size, 3), np.uint8)
        for place, row in enumerate(rows):
            images[place] = view(self.store.frame(row), self.stage.size, self.views, rng)
        return images, self.targets[rows]


def build_network(recipe: Recipe, size: int, init: str | None) -> keras.Model:
    """A recipe's network at one input size, in the precision that this processor computes fastest."""
    keras.config.set_dtype_policy("mixed_bfloat16" if recipe.half_precision and has_bfloat16() else "float32")
    try:
        return BUILDERS[recipe.network](size, init, len(LESIONS))
    finally:
        keras.config.set_dtype_policy("float32")


def has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 itself; where it does not, float32 is faster."""
    facts = Path("/proc/cpuinfo")
    return facts.exists() and bool({"avx512_bf16", "amx_bf16"} & set(facts.read_text().split()))


def targets_of(cases: pd.DataFrame, recipe: Recipe) -> NDArray[np.float32]:
    """What the loss of a recipe's network takes, float32 (n, k).

    Each diagnosis (all 0 for one that the network does not have), close-up and malignancy; malignancy alone for
    seed-cnn.
    """
    malignant = cases["malignant"].to_numpy(np.float32)[:, None]
    if recipe.network == "seed_cnn":
        return malignant
    known = cases["label"].to_numpy(str)[:, None] == np.array(LESIONS.codes)
    close = (cases["modality"] == Modality.CLOSE_UP).to_numpy(np.float32)[:, None]
    return np.concatenate([known.astype(np.float32), close, malignant], axis=1)


def still_images(store: PixelStore, rows: NDArray[np.intp], size: int) -> NDArray[np.uint8]:
    """Images for evaluation: uint8 (n, size, size, 3), by the code that serves."""
    with ThreadPoolExecutor() as pool:
        return np.stack(list(pool.map(lambda row: square(store.frame(row), size), rows)))


def network_probabilities(
    network: keras.Model, images: NDArray[np.uint8], batch: int = 64
) -> NDArray[np.float64]:
    """Class probabilities (n, k), or malignancy (n, 1), of a network that ends in logits."""
    logits = np.asarray(network.predict(images, batch_size=batch, verbose=0), np.float64)
    if logits.shape[1] == 1:
        return expit(logits)
    return softmax(logits[:, :-1], axis=1)


def cross_entropy(probs: NDArray[np.float64], targets: NDArray[np.float32]) -> float:
    """Mean negative log probability of the true class, over the images whose class the network has."""
    if probs.shape[1] == 1:
        probs, known = np.column_stack([1 - probs, probs]), np.column_stack([1 - targets, targets])
    else:
        known = targets[:, :-2]
    own = (probs * known).sum(axis=1)[known.sum(axis=1) > 0]
    return float(-np.log(np.maximum(own, 1e-12)).mean())


def epoch_figures(
    probs: NDArray[np.float64], targets: NDArray[np.float32], threshold: float
) -> dict[str, float]:
    """Loss, AUC, and sensitivity and specificity at a threshold, malignant against benign."""
    truth, score = targets[:, -1] == 1, LESIONS.malignancy(probs)
    cells = confusion(truth, score, threshold)
    return {
        "loss": cross_entropy(probs, targets),
        "auc": auc(truth, score),
        "sensitivity": cells.tp / max(cells.tp + cells.fn, 1),
        "specificity": cells.tn / max(cells.tn + cells.fp, 1),
    }


class History(keras.callbacks.Callback):  # type: ignore[misc]
    """After every epoch measures, writes a line, and keeps the best and the last weights."""

    def __init__(
        self, run: Path, store: PixelStore, data: Batches, size: int, before: int, without: str = ""
    ) -> None:
        """Follow a stage that begins after so many epochs of the run."""
        super().__init__()
        self.run, self.data, self.before = run, data, before
        rows = seen_rows(store, "validation", without)
        validation = some_of_each(store.cases["domain"], rows, WATCHED)
        # As many training images again, so that both curves mean the same: still images, no dropout.
        training = some_of_each(store.cases["domain"], data.rows, WATCHED)
        self.domains = store.cases["domain"].to_numpy(str)[validation]
        # The truth, whatever was taught.
        targets = targets_of(store.cases, data.recipe)
        self.sets = {
            prefix: (still_images(store, rows, size), targets[rows])
            for prefix, rows in (("val_", validation), ("", training))
        }

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        """Start the clock."""
        self.began = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: object = None) -> None:
        """Write the history's line and the checkpoints; the line last, since it says that the epoch is safe."""
        rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        line: dict[str, float] = {"epoch": epoch + 1, "learning_rate": rate, "size": self.data.stage.size}
        with averaged_weights(self.model):
            line |= self.measures()
            stage = read_history(self.run)[self.before :]
            if all(line[JUDGED] >= other[JUDGED] for other in stage):
                write_whole_file(self.run / BEST, self.model.save_weights)
        line["seconds"] = round(time.monotonic() - self.began, 1)
        write_whole_file(self.run / LAST, self.model.save)
        with (self.run / bundle.HISTORY).open("a") as file:
            file.write(json.dumps(line) + "\n")
        print(json.dumps(line), flush=True)

    def measures(self) -> dict[str, float]:
        """What the network is worth now, on both sets, at the validation images' threshold."""
        images, targets = self.sets["val_"]
        probs = network_probabilities(self.model, images)
        truth, score = targets[:, -1] == 1, LESIONS.malignancy(probs)
        threshold = threshold_for_sensitivity(truth, score, 0.95)
        by_domain = {
            f"val_auc, {domain}": auc(truth[inside], score[inside])
            for domain in sorted(set(self.domains))
            for inside in (self.domains == domain,)
        }
        line = {"val_" + name: value for name, value in epoch_figures(probs, targets, threshold).items()}
        line |= {JUDGED: float(np.nanmean(list(by_domain.values())))} | by_domain
        images, targets = self.sets[""]
        return line | epoch_figures(network_probabilities(self.model, images), targets, threshold)


def seen_rows(store: PixelStore, split: str, without: str) -> NDArray[np.intp]:
    """A split's rows but those of the source that is left out; "" leaves none out."""
    rows = store.rows(split)
    return rows[(store.cases["source"].iloc[rows] != without).to_numpy()]


def some_of_each(domains: pd.Series, rows: NDArray[np.intp], most: int) -> NDArray[np.intp]:
    """At most so many rows of every domain, always the same."""
    shuffled = pd.Series(np.random.default_rng(0).permutation(rows))
    place = shuffled.groupby(domains.to_numpy()[shuffled]).cumcount()
    return np.sort(shuffled[place < most].to_numpy(np.intp))


@contextmanager
def averaged_weights(network: keras.Model) -> Iterator[None]:
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
    without: str = "",
    targets: NDArray[np.float32] | None = None,
) -> keras.Model:
    """Train, or go on training, and return the network of the best epoch of the last stage.

    The best epoch has the highest mean over the sources of the AUC on validation images.

    Args:
        run: folder of the run; gets `run.json`, `machines.json`, `history.jsonl`, `best.weights.h5` and `last.keras`.
        init: see the network's builder; a path to a run's weights starts from all of them.
        without: a source that neither training nor the choice of the epoch sees, to learn how far the network carries.
        targets: what is learned of each case instead of the truth, as `targets_of` shapes it.

    Raises:
        RunError: the folder holds a run of another recipe or seed, or no source has the name that is left out.
    """
    run.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(seed)
    facts: dict[str, object] = {
        "recipe": json.loads(json.dumps(dataclasses.asdict(recipe))),
        "seed": seed,
        "init": start_of(init),
    }
    if without:
        facts["without"] = without
        sources = sorted(set(store.cases["source"]))
        if without not in sources:
            raise RunError(f"No source is called {without!r}. Leave out one of: {', '.join(sources)}.")
    rows = seen_rows(store, "train", without)
    note_run_facts(run, facts)
    done, before = len(read_history(run)), 0
    for number, stage in enumerate(recipe.stages):
        if done < before + stage.epochs:
            data = Batches(store, rows, recipe, stage, seed, max(done, before), targets)
            network = (
                keras.saving.load_model(run / LAST)
                if done > before
                else begin_stage(recipe, number, run, init, len(data))
            )
            note_machine(run)
            history = History(run, store, data, stage.size, before, without)
            network.fit(
                data,
                initial_epoch=max(done, before),
                epochs=before + stage.epochs,
                callbacks=[history],
                verbose="auto",
                shuffle=False,
            )
        before += stage.epochs
    return stored_network(recipe.network, recipe.stages[-1].size, run / BEST)


def begin_stage(recipe: Recipe, number: int, run: Path, init: str, steps: int) -> keras.Model:
    """The network at the begin of a stage of so many steps an epoch, with the best weights of the stage before."""
    stage = recipe.stages[number]
    start = run / BEST if number else Path(init)
    from_run = start.name == BEST
    network = build_network(recipe, stage.size, None if from_run else init)
    if from_run:
        network.load_weights(start)
    compile_network(network, recipe, stage, steps)
    return network


def compile_network(network: keras.Model, recipe: Recipe, stage: Stage, steps: int) -> None:
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
        malignant = [diagnosis.malignant for diagnosis in LESIONS]
        network.compile(optimizer, JointLoss(malignant, recipe.malignancy_weight, stage.modality_weight))


def start_of(init: str) -> str:
    """What the weights started from, in words that mean the same on every machine."""
    path = Path(init)
    return f"file with SHA-256 {bundle.file_digest(path)}" if path.is_file() else init


def note_run_facts(run: Path, facts: dict[str, object]) -> None:
    """Write what the run is, or check that the folder holds the same one."""
    path = run / FACTS
    if path.exists() and json.loads(path.read_text()) != facts:
        raise RunError(
            f"{run} holds another run (recipe, seed or init differ). Choose another --run folder, or delete it."
        )
    path.write_text(json.dumps(facts, indent=1))

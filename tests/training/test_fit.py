"""Training on drawn lesions: it learns, writes as it goes, and goes on where it was stopped."""

import dataclasses
import json
from pathlib import Path

import keras
import numpy as np
import pytest

from model.bundle import digest
from model.networks import BUILDERS, EMBEDDING, HEAD
from model.taxonomy import CODES
from training.evaluate import undo_balance
from training.export import ExportError, export_graph
from training.fit import (
    Batches,
    averaged,
    class_shares,
    fit,
    probabilities,
    softmax,
)
from training.pixels import PixelStore, prepare
from training.recipes import RECIPES, Stage
from training.runs import BEST, RunError, lineage, read_history
from training.schedule import WarmCosine
from training.synthetic import write_dataset
from training.teachers import Teachers, build, resized

pytestmark = pytest.mark.slow

TINY = dataclasses.replace(RECIPES["tiny"], stages=(Stage(32, 2), Stage(64, 1, peak=0.5)), batch=16)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> PixelStore:
    folder = tmp_path_factory.mktemp("drawn")
    write_dataset(folder, 80, seed=1, size=(150, 200))
    return prepare(folder / "HAM10000_metadata.csv", [folder / "images"], folder / "store")


@pytest.mark.parametrize("average", [0.0, 0.9])
def test_a_run_goes_on_where_it_stopped(store: PixelStore, tmp_path: Path, average: float) -> None:
    recipe = dataclasses.replace(TINY, stages=tuple(stage._replace(average=average) for stage in TINY.stages))
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    fit(recipe, store, whole, init="none")
    assert [line["epoch"] for line in read_history(whole)] == [1, 2, 3]
    assert [line["size"] for line in read_history(whole)] == [32, 32, 64]

    class Stopped(Exception):
        pass

    # Stop it after each epoch, as a power cut would; the history's line is what makes an epoch count.
    import training.fit as module

    original = module.History.on_epoch_end

    def stop(self: module.History, epoch: int, logs: object = None) -> None:
        original(self, epoch, logs)
        raise Stopped

    for _ in range(2):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module.History, "on_epoch_end", stop)
            with pytest.raises(Stopped):
                fit(recipe, store, parts, init="none")
    fit(recipe, store, parts, init="none")
    # The same batches and rates in the same order; dropout is off in this network, so the curves agree.
    for one, other in zip(read_history(whole), read_history(parts), strict=True):
        assert one["learning_rate"] == other["learning_rate"]
        assert one["val_loss"] == pytest.approx(other["val_loss"], rel=1e-3)
    with pytest.raises(RunError, match="another run"):
        fit(recipe, store, parts, seed=1, init="none")
    assert json.loads((parts / "run.json").read_text())["seed"] == 0


def test_a_recipe_builds_on_others(
    store: PixelStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fine = dataclasses.replace(TINY, name="fine", stages=(Stage(64, 1),))
    coarse = dataclasses.replace(TINY, name="coarse", stages=(Stage(32, 1),), start="fine")
    recipe = dataclasses.replace(
        TINY,
        name="both",
        stages=(Stage(32, 1, peak=0.0, trust=0.75), Stage(32, 1)),
        start="coarse",
        teachers=("fine", "coarse"),
        softness=2.0,
        frozen_statistics=True,
    )
    monkeypatch.setattr("training.runs.RECIPES", {"fine": fine, "coarse": coarse})
    monkeypatch.setattr("training.teachers.RECIPES", {"fine": fine, "coarse": coarse})
    assert lineage(recipe) == ("fine", "coarse") and lineage(fine) == ()
    with pytest.raises(RunError, match="training train fine"):
        fit(recipe, store, tmp_path / "both", runs=tmp_path)
    networks = [fit(one, store, tmp_path / one.name, init="none", runs=tmp_path) for one in (fine, coarse)]

    images, labels = Batches(store, recipe, Stage(32, 1), 0)[0]
    seen, targets = Batches(store, recipe, recipe.stages[0], 0, teachers=Teachers(networks, 16))[0]
    np.testing.assert_array_equal(images, seen)
    logits = (np.asarray(networks[0](resized(images, 64))) + np.asarray(networks[1](images))) / 2
    np.testing.assert_allclose(targets, 0.25 * labels + 0.75 * softmax(logits / 2), atol=1e-5)

    fit(recipe, store, tmp_path / "both", runs=tmp_path)
    facts = json.loads((tmp_path / "both" / "run.json").read_text())
    assert facts["init"] == "coarse" and [one["recipe"] for one in facts["before"]] == ["fine", "coarse"]
    for one in facts["before"]:
        assert one["weights_sha256"] == digest(tmp_path / one["recipe"] / BEST) and one["seconds"] > 0
    # A stage without a rate leaves the weights that it starts from, which are those of the best epoch of the start.
    first = read_history(tmp_path / "both")[0]
    assert first["val_loss"] == pytest.approx(read_history(tmp_path / "coarse")[-1]["val_loss"], rel=1e-4)


def test_every_recipe_builds_on_recipes_that_there_are() -> None:
    assert lineage(RECIPES["distilled"]) == ("dermanet", "xception", "student", "fine")
    for recipe in RECIPES.values():
        assert not recipe.start or RECIPES[recipe.start].network == recipe.network
        assert bool(recipe.teachers) == any(stage.trust for stage in recipe.stages)
        assert recipe.name not in lineage(recipe)


def test_softened_probabilities_add_up_and_flatten() -> None:
    logits = np.array([[2000.0, 1998.0, 1990.0]], np.float32)
    plain, soft = softmax(logits), softmax(logits / 4)
    assert plain.sum() == pytest.approx(1) and soft.sum() == pytest.approx(1)
    assert plain[0, 0] / plain[0, 1] == pytest.approx(np.e**2, rel=1e-4)
    assert soft[0, 0] / soft[0, 1] == pytest.approx(np.e**0.5, rel=1e-4)


def test_batches_are_the_same_for_the_same_seed(store: PixelStore) -> None:
    first, second = (Batches(store, TINY, TINY.stages[0], 0) for _ in range(2))
    np.testing.assert_array_equal(first[1][0], second[1][0])
    assert len(np.unique(first.order)) == len(store.rows("train")) == len(first.order)
    assert not np.isin(first.order, np.concatenate([store.rows("validation"), store.rows("test")])).any()
    second.on_epoch_end()
    assert not np.array_equal(first.order, second.order)


def test_balance_draws_rare_diagnoses_more_often(store: PixelStore) -> None:
    recipe = dataclasses.replace(TINY, balance=1.0)
    labels = store.cases["label"].to_numpy()
    counts: dict[str, int] = {}
    for epoch in range(40):
        for label in labels[Batches(store, recipe, recipe.stages[0], 0, epoch).order]:
            counts[label] = counts.get(label, 0) + 1
    shares = np.array(list(counts.values())) / sum(counts.values())
    np.testing.assert_allclose(shares, 1 / len(counts), atol=0.03)


def test_undoing_the_balance_restores_the_prior(store: PixelStore) -> None:
    network = BUILDERS["tiny"](32, None)
    images = np.zeros((1, 32, 32, 3), np.uint8)
    before = probabilities(network, images)[0]
    undo_balance(network, store, 0.5)
    labels = store.cases["label"].map(CODES.index).to_numpy()[store.rows("train")]
    expected = before * class_shares(labels, 0.0) / class_shares(labels, 0.5)
    np.testing.assert_allclose(probabilities(network, images)[0], expected / expected.sum(), atol=1e-5)


def test_the_learning_rate_warms_up_and_decays() -> None:
    rates = [float(WarmCosine(1.0, 10, 100)(step)) for step in range(100)]
    assert rates[0] == pytest.approx(0.1) and max(rates) == rates[10] == 1.0 and rates[-1] < 0.01


def test_half_precision_keeps_weights_and_logits_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = dataclasses.replace(TINY, half_precision=True)
    monkeypatch.setattr("training.teachers.has_bfloat16", lambda: True)
    network = build(recipe, 32, None)
    assert {weight.dtype for weight in network.trainable_weights} == {"float32"}
    assert network.get_layer(EMBEDDING).compute_dtype == "bfloat16" and network.output.dtype == "float32"
    monkeypatch.setattr("training.teachers.has_bfloat16", lambda: False)
    assert build(recipe, 32, None).get_layer(EMBEDDING).compute_dtype == "float32"
    assert keras.config.dtype_policy().name == "float32"


def test_export_refuses_what_differs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = BUILDERS["tiny"](32, None)
    images = np.random.default_rng(0).integers(0, 255, (256, 32, 32, 3), dtype=np.uint8)
    with pytest.raises(ExportError, match="256"):
        export_graph(network, images[:10], tmp_path / "few.onnx")
    assert export_graph(network, images, tmp_path / "good.onnx") < 1e-4
    original = keras.Model.export

    def then_change_the_network(self: keras.Model, path: Path, **options: object) -> None:
        original(self, path, **options)
        head = network.get_layer(HEAD)
        head.set_weights([3 * weight + 1 for weight in head.get_weights()])

    monkeypatch.setattr(keras.Model, "export", then_change_the_network)
    with pytest.raises(ExportError, match="differs"):
        export_graph(network, images, tmp_path / "bad.onnx")
    assert not (tmp_path / "bad.onnx").exists()


def test_what_is_measured_and_kept_is_the_average_and_what_trains_on_is_not(
    store: PixelStore, tmp_path: Path
) -> None:
    recipe = dataclasses.replace(TINY, stages=(Stage(32, 2, average=0.9),))
    fit(recipe, store, tmp_path / "run", init="none")
    network = keras.saving.load_model(tmp_path / "run" / "last.keras")
    own = [np.array(value) for value in network.get_weights()]
    with averaged(network):
        smooth = network.get_weights()
        assert any(np.abs(a - b).max() > 1e-4 for a, b in zip(own, smooth, strict=True))
        kept = BUILDERS[recipe.network](32, None)
        best = max(read_history(tmp_path / "run"), key=lambda line: (line["val_auc"], line["epoch"]))
        if best["epoch"] == 2:
            kept.load_weights(tmp_path / "run" / "best.weights.h5")
            for a, b in zip(kept.get_weights(), smooth, strict=True):
                np.testing.assert_allclose(a, b, atol=1e-6)
    for a, b in zip(own, network.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)

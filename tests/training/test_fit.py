"""Training on drawn lesions: it learns, writes as it goes, and goes on where it was stopped."""

import dataclasses
import json
from pathlib import Path

import keras
import numpy as np
import pytest

from model.taxonomy import LESIONS
from training.cases import read_cases
from training.drawings.synthetic import write_dataset
from training.export import ExportError, export_graph
from training.fit import (
    Batches,
    averaged_weights,
    build_network,
    fit,
    targets_of,
)
from training.networks import BUILDERS, EMBEDDING, HEAD
from training.pixels import PixelStore, prepare
from training.recipes import RECIPES, Stage
from training.runs import JUDGED, RunError, read_history
from training.schedule import WarmCosine

pytestmark = pytest.mark.slow

TINY = dataclasses.replace(RECIPES["tiny"], stages=(Stage(32, 2), Stage(64, 1, peak=0.5)), batch=16)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> PixelStore:
    folder = tmp_path_factory.mktemp("drawn")
    write_dataset(folder, 80, seed=1, size=(150, 200))
    cases = read_cases([folder / "HAM10000_metadata.csv"], [folder / "images"], source="drawn")
    return prepare(cases, folder / "store")


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


def test_batches_are_the_same_for_the_same_seed(store: PixelStore) -> None:
    first, second = (Batches(store, store.rows("train"), TINY, TINY.stages[0], 0) for _ in range(2))
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
        for label in labels[Batches(store, store.rows("train"), recipe, recipe.stages[0], 0, epoch).order]:
            counts[label] = counts.get(label, 0) + 1
    shares = np.array(list(counts.values())) / sum(counts.values())
    np.testing.assert_allclose(shares, 1 / len(counts), atol=0.03)


def test_the_learning_rate_warms_up_and_decays() -> None:
    rates = [float(WarmCosine(1.0, 10, 100)(step)) for step in range(100)]
    assert rates[0] == pytest.approx(0.1) and max(rates) == rates[10] == 1.0 and rates[-1] < 0.01


def test_half_precision_keeps_weights_and_logits_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = dataclasses.replace(TINY, half_precision=True)
    monkeypatch.setattr("training.fit.has_bfloat16", lambda: True)
    network = build_network(recipe, 32, None)
    assert {weight.dtype for weight in network.trainable_weights} == {"float32"}
    assert network.get_layer(EMBEDDING).compute_dtype == "bfloat16" and network.output.dtype == "float32"
    monkeypatch.setattr("training.fit.has_bfloat16", lambda: False)
    assert build_network(recipe, 32, None).get_layer(EMBEDDING).compute_dtype == "float32"
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
    with averaged_weights(network):
        smooth = network.get_weights()
        assert any(np.abs(a - b).max() > 1e-4 for a, b in zip(own, smooth, strict=True))
        kept = BUILDERS[recipe.network](32, None)
        best = max(read_history(tmp_path / "run"), key=lambda line: (line[JUDGED], line["epoch"]))
        if best["epoch"] == 2:
            kept.load_weights(tmp_path / "run" / "best.weights.h5")
            for a, b in zip(kept.get_weights(), smooth, strict=True):
                np.testing.assert_allclose(a, b, atol=1e-6)
    for a, b in zip(own, network.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_source_can_be_left_out(store: PixelStore, tmp_path: Path) -> None:
    two = store.cases.assign(source=np.where(np.arange(len(store.cases)) % 2, "one", "other"))
    two = two.assign(domain=two["source"] + ", dermoscopic")
    both = dataclasses.replace(store, cases=two)
    recipe = dataclasses.replace(TINY, by_source=True, views_an_epoch=40, stages=(Stage(32, 1),))
    fit(recipe, both, tmp_path / "run", init="none", without="one")
    line = read_history(tmp_path / "run")[0]
    # It does not choose the epoch either.
    assert "val_auc, one, dermoscopic" not in line
    assert line[JUDGED] == pytest.approx(line["val_auc, other, dermoscopic"])
    assert json.loads((tmp_path / "run" / "run.json").read_text())["without"] == "one"
    with pytest.raises(RunError, match=r"No source is called 'two '\. Leave out one of: one, other"):
        fit(recipe, both, tmp_path / "other", init="none", without="two ")
    with pytest.raises(RunError, match="another run"):
        fit(recipe, both, tmp_path / "run", init="none")
    rows = both.rows("train")
    rows = rows[(two["source"].iloc[rows] == "other").to_numpy()]
    batches = Batches(both, rows, recipe, recipe.stages[0], 0)
    assert len(batches.order) == 40 and set(two["source"].iloc[batches.order]) == {"other"}


def test_an_unknown_diagnosis_teaches_malignancy_alone(store: PixelStore) -> None:
    cases = store.cases.iloc[:3].assign(
        label=["nv", "unknown", "scc"],
        malignant=[False, True, True],
        modality=["dermoscopic", "close-up", "dermoscopic"],
    )
    targets = targets_of(cases, TINY)
    assert targets.shape == (3, len(LESIONS) + 2) and targets.sum(axis=1).tolist() == [1, 2, 2]
    assert targets[:, -1].tolist() == [0, 1, 1] and targets[:, -2].tolist() == [0, 1, 0]
    assert targets[2, LESIONS.index("scc")] == 1
    assert targets_of(cases, RECIPES["seed-cnn"]).tolist() == [[0], [1], [1]]


def test_a_stage_chooses_among_its_own_epochs(store: PixelStore, tmp_path: Path) -> None:
    """Even where the stage before, of the same size, was better on validation."""
    run = tmp_path / "run"
    two = dataclasses.replace(TINY, stages=(Stage(32, 1), Stage(32, 1)))
    fit(dataclasses.replace(TINY, stages=two.stages[:1]), store, run, init="none")
    line = read_history(run)[0]
    (run / "history.jsonl").write_text(json.dumps(line | {JUDGED: 1.0}) + "\n")
    (run / "run.json").unlink()
    before = (run / "best.weights.h5").read_bytes()
    fit(two, store, run, init="none")
    assert (run / "best.weights.h5").read_bytes() != before

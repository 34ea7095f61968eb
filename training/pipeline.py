"""The steps from images to a bundle: prepare, train, evaluate, export, and all of them in one go.

Each step reads what the one before left on disk and says what to do first where that is missing. What loads Keras is
imported by the steps that need it: the others start without it.
"""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from model.bundle import (
    BINARY,
    GRAPH,
    HISTORY,
    REFERENCE,
    SCORES,
    WEIGHTS,
    Card,
    file_digest,
    write_bundle,
)
from model.taxonomy import taxonomy_from_json
from training.cases import CasesError, read_cases, split_digest
from training.files import write_whole_file
from training.judge import Evaluation, judge
from training.openings import note_opening
from training.pixels import DUPLICATES, PixelStore, open_pixels, prepare
from training.recipes import RECIPES, Recipe
from training.runs import BEST, FACTS

ELSEWHERE = "elsewhere"


@dataclass(frozen=True)
class Sources:
    """What is prepared: tables and folders as publishers have them.

    Attributes:
        metadata: tables of cases; empty where the images' folders are named by class.
        images: folders; empty where the tables name files beside them.
        source, licence: of the data, where the tables do not say.
        key: of the split; another key gives another split.
    """

    metadata: Sequence[Path]
    images: Sequence[Path]
    source: str
    licence: str
    key: str


@dataclass(frozen=True)
class TrainingRun:
    """One run of a recipe.

    Attributes:
        data: what `prepare_data` wrote.
        folder: of the run.
        runs: folder of all runs, where those that were trained without a source lie too.
    """

    recipe: Recipe
    data: Path
    folder: Path
    runs: Path

    @property
    def is_trained(self) -> bool:
        """Whether there are weights of a best epoch."""
        return (self.folder / BEST).exists()

    def network(self) -> Any:
        """The network after its best epoch. Raises CasesError where it was not trained."""
        if not self.is_trained:
            raise CasesError(
                f"{self.folder} holds no trained network. Run `python -m training train {self.recipe.name}` first."
            )
        from training.networks import stored_network

        return stored_network(self.recipe.network, self.recipe.stages[-1].size, self.folder / BEST)


def run_without(source: str, data: Path, runs: Path) -> TrainingRun:
    """The run among all runs that is trained without a source, to be tested on it."""
    name = "".join(letter if letter.isalnum() else "-" for letter in source)
    return TrainingRun(RECIPES[ELSEWHERE], data, runs / f"{ELSEWHERE}-without-{name}", runs)


def prepare_data(sources: Sources, data: Path) -> None:
    """Decode once and split by lesion."""
    cases = read_cases(sources.metadata, sources.images, source=sources.source, licence=sources.licence)
    store = prepare(cases, data, sources.key)
    pairs = pd.read_csv(data / DUPLICATES)
    across = int((pairs["lesion_id_first"] != pairs["lesion_id_second"]).sum())
    print(f"{len(pairs)} pairs of images show the same picture, {across} of them under two lesions.")
    table = store.cases.groupby(["domain", "split", "label"], observed=True).size().unstack(fill_value=0)
    print(table.to_string())


def train_run(run: TrainingRun, seed: int, init: str, without: str = "") -> None:
    """Train a recipe, or go on with a run that was interrupted.

    Args:
        init: a file of the backbone's weights, or "none"; "imagenet" where nothing was said, see the network's builder.
        without: source that is left out of training.
    """
    from training.fit import fit, targets_of
    from training.teaching import stored_said, taught_targets

    store, targets, recipe = open_pixels(run.data), None, run.recipe
    teachers = teachers_of(run)
    for number, teacher in zip(recipe.teachers, teachers, strict=True):
        print(f"-- train teacher {number}", flush=True)
        fit(teacher.recipe, store, teacher.folder, number, init)
    if teachers:
        networks, init = [teacher.network() for teacher in teachers], str(teachers[0].folder / BEST)
        said = stored_said(networks, store, store.rows("train"), run.folder / "said.npy")
        targets = taught_targets(targets_of(store.cases, recipe), said, recipe.taught)
    fit(recipe, store, run.folder, seed, init, without, targets)


def teachers_of(run: TrainingRun) -> list[TrainingRun]:
    """The runs that teach a run, in the folder of all runs."""
    return [
        TrainingRun(
            RECIPES[run.recipe.teacher], run.data, run.runs / f"{run.recipe.teacher}-{seed}", run.runs
        )
        for seed in run.recipe.teachers
    ]


def evaluate_run(run: TrainingRun, open_test: str | None = None, measure_robustness: bool = True) -> None:
    """Score, calibrate, choose the operating points, measure; writes scores.parquet and evaluation.json.

    Args:
        open_test: what the test split is opened for; None leaves it closed.
        measure_robustness: takes minutes.
    """
    store, network = open_pixels(run.data), run.network()
    from training.evaluate import evaluate

    if open_test is not None:
        seed = json.loads((run.folder / FACTS).read_text())["seed"]
        weights, split = file_digest(run.folder / BEST), split_digest(store.cases)
        note_opening(run.data, run.recipe.name, seed, weights, split, open_test)
    elsewhere = elsewhere_scores(run.data, run.runs, store) if open_test is not None else None
    write_evaluation(run, evaluate(network, store, open_test is not None, measure_robustness, elsewhere))


def judge_stored(run: TrainingRun) -> None:
    """Judge the scores that a run has stored again, without the network; its robustness stays."""
    stored = pd.read_parquet(run.folder / "scores.parquet")
    before = json.loads((run.folder / "evaluation.json").read_text())
    taxonomy = taxonomy_from_json(before["taxonomy"])
    judged = judge(stored, BINARY if f"raw_{BINARY[0]}" in stored else taxonomy.codes, taxonomy)
    write_evaluation(run, replace(judged, robustness=before.get("robustness", [])))


def write_evaluation(run: TrainingRun, evaluation: Evaluation) -> None:
    """Write scores and figures into the run's folder, and print the figures to look at first."""
    scores, facts = evaluation.scores, json.dumps(evaluation.as_facts(), indent=1)
    write_whole_file(run.folder / "scores.parquet", lambda path: scores.to_parquet(path, index=False))
    write_whole_file(run.folder / "evaluation.json", lambda path: path.write_text(facts))
    print(summary_of(evaluation))
    if "test" not in evaluation.results:
        print("The test split was left closed. --open-test 'what for' opens it and notes that in the card.")


def summary_of(evaluation: Evaluation) -> str:
    """The figures to look at first, a line for every source and modality of a split."""
    lines = [
        figures_in_short(f"{split}, {domain}" if domain else split, figures)
        for split, results in evaluation.results.items()
        for domain, figures in results["domains"].items()
    ]
    lines += [
        figures_in_short(f"never seen: {domain}", results) for domain, results in evaluation.elsewhere.items()
    ]
    return "\n".join(lines)


def figures_in_short(name: str, figures: dict[str, Any]) -> str:
    """Figures of one set of images at the default operating point in a line."""
    text = {
        key: "not defined" if value is None else f"{value:.3f}"
        for key, value in figures.items()
        if value is None or isinstance(value, float)
    }
    parts = [
        f"{name}, {figures['images']} images: AUC {text['auc']} "
        f"({text['auc_low']}-{text['auc_high']}, by lesion {text['auc_by_lesion']})",
        f"sensitivity {text['sensitivity']}",
        f"specificity {text['specificity']}",
        f"ECE {text['ece']}",
        f"Brier {text['brier']}",
    ]
    if "balanced_accuracy" in text:
        by_rule = text["balanced_accuracy_balanced_rule"]
        parts.append(f"balanced accuracy {text['balanced_accuracy']} ({by_rule} by the balanced rule)")
    return ", ".join(parts)


def elsewhere_scores(data: Path, runs: Path, store: PixelStore) -> pd.DataFrame | None:
    """Scores of the runs that were trained without a source, each on that source; None where there are none."""
    from training.evaluate import score_elsewhere

    trained = {source: run_without(source, data, runs) for source in store.cases["source"].unique()}
    scores = [
        score_elsewhere(run.network(), store, source) for source, run in trained.items() if run.is_trained
    ]
    return pd.concat(scores) if scores else None


def export_run(run: TrainingRun, out: Path, version: str, with_weights: bool = True) -> None:
    """Write the bundle of an evaluated run.

    Args:
        out: folder of the bundle.
        with_weights: False leaves network and graph out; curves and scores are all that is left.

    Raises:
        CasesError: the run is not trained, or not evaluated.
    """
    store = open_pixels(run.data)
    if not (run.folder / "evaluation.json").exists():
        raise CasesError(
            f"{run.folder} is not evaluated yet. Run `python -m training evaluate {run.recipe.name}` first."
        )
    from training.card import make_card

    files = {HISTORY: run.folder / "history.jsonl", SCORES: run.folder / "scores.parquet"}
    with tempfile.TemporaryDirectory() as name:
        folder, difference = Path(name), None
        if with_weights:
            files |= {GRAPH: folder / "model.onnx", WEIGHTS: folder / "model.keras"}
            difference = export_network(run, store, files)
        card = make_card(out.name, version, run.recipe, store, run.data, run.folder, difference)
        if with_weights and len(card.classes) > 1:
            card = measure_bundle(card, store, files, folder)
        bundle = write_bundle(out, card, files)
    print(f"{bundle.path}: {folder_size(bundle.path) / 1e6:.1f} MB")


def export_network(run: TrainingRun, store: PixelStore, files: dict[str, Path]) -> float:
    """Write graph and weights of a run to where `files` says; the graph's largest difference from Keras."""
    from training.export import CHECKED, export_graph
    from training.fit import still_images

    network = run.network()
    images = still_images(store, np.arange(len(store.cases))[: 2 * CHECKED], network.input_shape[1])
    difference = export_graph(network, images, files[GRAPH])
    network.save(files[WEIGHTS])
    return difference


def measure_bundle(card: Card, store: PixelStore, files: dict[str, Path], folder: Path) -> Card:
    """The card with its guard and all that is measured with it, by the code and the graph that serve.

    Args:
        files: of the bundle; its reference, and its scores with the guard's measures, are written into `folder` and
            entered here.
    """
    from model.engine import Engine
    from model.reference import write_reference
    from training.card import judged_fields
    from training.guard import build_guard, guarded
    from training.probes import probe

    engine = Engine(write_bundle(folder / "draft", card, files))
    reference, guard = build_guard(engine, card, store, "test" in card.results)
    scores = guarded(pd.read_parquet(files[SCORES]), engine, store, reference, guard)
    files |= {REFERENCE: folder / REFERENCE, SCORES: folder / SCORES}
    write_reference(files[REFERENCE], reference)
    scores.to_parquet(files[SCORES], index=False)
    card = replace(card, guard=guard, **judged_fields(judge(scores, card.classes, card.taxonomy).as_facts()))
    return replace(card, facts={**card.facts, **probe(engine, card, store, scores)})


def folder_size(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def reproduce_run(
    run: TrainingRun,
    sources: Sources,
    *,
    seed: int,
    init: str,
    open_test: str,
    measure_robustness: bool,
    out: Path,
    version: str,
    with_weights: bool,
    elsewhere: bool,
) -> None:
    """All steps in one go; what is there already is gone on with, not made anew.

    Args:
        elsewhere: also train without each source of the data, and test on it.

    Raises:
        CasesError: nothing is prepared, and nothing is named to prepare.
    """
    if not (run.data / "cases.parquet").exists():
        if not sources.metadata and not sources.images:
            raise CasesError(f"{run.data} holds no prepared data: name --metadata and --images.")
        prepare_data(sources, run.data)
    for source in open_pixels(run.data).cases["source"].unique() if elsewhere else ():
        print(f"-- train without {source}", flush=True)
        train_run(run_without(source, run.data, run.runs), seed, init, source)
    print("-- train", flush=True)
    train_run(run, seed, init)
    print("-- evaluate", flush=True)
    evaluate_run(run, open_test, measure_robustness)
    print("-- export", flush=True)
    export_run(run, out, version, with_weights)

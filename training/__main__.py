"""`python -m training download|synthetic|prepare|train|evaluate|export|refresh`: from images to a bundle."""

import argparse
import ctypes
import json
import platform
import sys
import tempfile
from dataclasses import replace as replaced
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
    SHIPPED,
    WEIGHTS,
    digest,
    write_bundle,
)
from model.console import speak_utf8
from model.taxonomy import LESIONS, from_json
from training.cases import CasesError, read_cases, split_digest
from training.files import replace
from training.recipes import RECIPES, Recipe
from training.runs import BEST, FACTS

ELSEWHERE = "elsewhere"


def keep_memory() -> None:
    """Stop glibc from returning large buffers to the kernel after every step; fetching them again costs much time."""
    if platform.libc_ver()[0] == "glibc":
        mmap_threshold, trim_threshold = -3, -1
        libc = ctypes.CDLL(None)
        libc.mallopt(mmap_threshold, 1 << 30)
        libc.mallopt(trim_threshold, 2**31 - 1)


def synthetic(options: argparse.Namespace) -> None:
    """Draw a data set."""
    from training.drawings.synthetic import write_dataset

    write_dataset(options.out, options.count, options.seed, size=(150, 200) if options.small else (450, 600))


def download(options: argparse.Namespace) -> None:
    """Fetch images and metadata from the ISIC Archive."""
    from training import isic

    wanted = isic.Wanted(options.query, options.collections, tuple(options.licence), options.limit)
    table = isic.download(wanted, options.out, options.api or isic.API)
    print(f"{len(table)} images with metadata in {options.out}. Licences and attribution:")
    print(isic.attributions(table), end="")


def prepare(options: argparse.Namespace) -> None:
    """Decode once and split by lesion."""
    from training import pixels

    cases = read_cases(options.metadata, options.images, source=options.source, licence=options.licence)
    store = pixels.prepare(cases, options.data, options.key)
    pairs = pd.read_csv(options.data / pixels.DUPLICATES)
    across = int((pairs["lesion_id_first"] != pairs["lesion_id_second"]).sum())
    print(f"{len(pairs)} pairs of images show the same picture, {across} of them under two lesions.")
    table = store.cases.groupby(["domain", "split", "label"], observed=True).size().unstack(fill_value=0)
    print(table.to_string())


def train(options: argparse.Namespace) -> None:
    """Train a recipe, or go on with a run that was interrupted."""
    run = options.runs / without_name(options.without) if options.without else run_of(options)
    train_one(options, recipe_of(options), run, options.init, options.without)


def train_one(options: argparse.Namespace, recipe: Recipe, run: Path, init: str, without: str = "") -> None:
    """Train one recipe with the data and the seed of a command."""
    from training.fit import fit
    from training.pixels import open_pixels

    fit(recipe, open_pixels(options.data), run, options.seed, init, without)


def evaluate(options: argparse.Namespace) -> None:
    """Score, calibrate, choose the operating points, measure; writes scores.parquet and evaluation.json."""
    from training.judge import judge
    from training.openings import note_opening
    from training.pixels import open_pixels

    store, run = open_pixels(options.data), run_of(options)
    if options.stored:
        stored = pd.read_parquet(run / "scores.parquet")
        kept = json.loads((run / "evaluation.json").read_text())
        taxonomy = from_json(kept["taxonomy"])
        found = judge(stored, BINARY if f"raw_{BINARY[0]}" in stored else taxonomy.codes, taxonomy)
        found = replaced(found, robustness=kept.get("robustness", []))
    else:
        from training.evaluate import evaluate as evaluate_network

        network = trained(options)
        if options.open_test is not None:
            seed = json.loads((run / FACTS).read_text())["seed"]
            weights, split = digest(run / BEST), split_digest(store.cases)
            note_opening(options.data, options.recipe, seed, weights, split, options.open_test)
        found = evaluate_network(
            network, store, options.open_test is not None, not options.quick, elsewhere_scores(options, store)
        )
    replace(run / "scores.parquet", lambda path: found.scores.to_parquet(path, index=False))
    replace(run / "evaluation.json", lambda path: path.write_text(json.dumps(found.as_facts(), indent=1)))
    print(found.summary)
    if "test" not in found.results:
        print("The test split was left closed. --open-test 'what for' opens it and notes that in the card.")


def elsewhere_scores(options: argparse.Namespace, store: Any) -> pd.DataFrame | None:
    """Scores of the runs that were trained without a source; None where there are none, or test is closed."""
    from training.evaluate import score_elsewhere

    runs = [
        (source, run)
        for source in store.cases["source"].unique()
        for run in (options.runs / without_name(source),)
        if (run / BEST).exists()
    ]
    if not runs or options.open_test is None:
        return None
    return pd.concat([score_elsewhere(network_of(RECIPES[ELSEWHERE], run), store, one) for one, run in runs])


def without_name(source: str) -> str:
    """The folder of the run that was trained without a source."""
    return f"{ELSEWHERE}-without-{''.join(letter if letter.isalnum() else '-' for letter in source)}"


def export(options: argparse.Namespace) -> None:
    """Write the bundle of an evaluated run."""
    from model.engine import Engine
    from model.reference import write_reference
    from training.card import judged_fields, make_card
    from training.guard import build_guard, guarded
    from training.judge import judge
    from training.pixels import open_pixels
    from training.probes import probe

    store, run = open_pixels(options.data), run_of(options)
    files = {HISTORY: run / "history.jsonl", SCORES: run / "scores.parquet"}
    if not (run / "evaluation.json").exists():
        raise CasesError(
            f"{run} is not evaluated yet. Run `python -m training evaluate {options.recipe}` first."
        )
    with tempfile.TemporaryDirectory() as folder:
        difference = None
        if not options.no_weights:
            from training.export import CHECKED, export_graph
            from training.fit import still_images

            network = trained(options)
            files[GRAPH], files[WEIGHTS] = Path(folder) / "model.onnx", Path(folder) / "model.keras"
            images = still_images(store, np.arange(len(store.cases))[: 2 * CHECKED], network.input_shape[1])
            difference = export_graph(network, images, files[GRAPH])
            network.save(files[WEIGHTS])
        made = make_card(
            options.out.name, options.version, recipe_of(options), store, options.data, run, difference
        )
        if GRAPH in files and len(made.classes) > 1:
            # What serves measures itself: the guard is built with the bundle as it will be, but for the guard.
            engine = Engine(write_bundle(Path(folder) / "draft", made, files))
            reference, guard = build_guard(engine, made, store, "test" in made.results)
            files[REFERENCE], stored = Path(folder) / REFERENCE, pd.read_parquet(files[SCORES])
            write_reference(files[REFERENCE], reference)
            scores = guarded(stored, engine, store, reference, guard)
            files[SCORES] = Path(folder) / SCORES
            scores.to_parquet(files[SCORES], index=False)
            again = judge(scores, made.classes, made.taxonomy).as_facts()
            made = replaced(made, guard=guard, **judged_fields(again))
            made = replaced(made, facts={**made.facts, **probe(engine, made, store, scores)})
        bundle = write_bundle(options.out, made, files)
    print(
        f"{bundle.path}: {sum(file.stat().st_size for file in bundle.path.rglob('*') if file.is_file()) / 1e6:.1f} MB"
    )


def refresh(options: argparse.Namespace) -> None:
    """Figures and guard of a bundle anew, from its stored scores and its graph."""
    from model.bundle import open_bundle
    from training.pixels import open_pixels
    from training.refresh import refresh as refresh_bundle

    store = open_pixels(options.data)
    made = refresh_bundle(
        open_bundle(options.bundle), store, options.data, options.version, options.open_test
    )
    for name, found in made.card.guard.get("measured", {}).items():
        print(f"{name}: {found}")


def reproduce(options: argparse.Namespace) -> None:
    """Everything above in one go; what is there already is gone on with, not made anew."""
    from training.pixels import open_pixels

    if not (options.data / "cases.parquet").exists():
        if not options.metadata and not options.images:
            raise CasesError(f"{options.data} holds no prepared data: name --metadata and --images.")
        prepare(options)
    sources = open_pixels(options.data).cases["source"].unique() if options.elsewhere else ()
    for source in sources:
        print(f"-- train without {source}", flush=True)
        train_one(options, RECIPES[ELSEWHERE], options.runs / without_name(source), options.init, source)
    for step in (train, evaluate, export):
        print(f"-- {step.__name__}", flush=True)
        step(options)


def compare(options: argparse.Namespace) -> None:
    """Print bundles side by side."""
    from training.compare import as_text, compare, open_all

    print(as_text(compare(open_all(options.bundles), options.split)))


def trained(options: argparse.Namespace) -> Any:
    """The network of a run's best epoch."""
    return network_of(recipe_of(options), run_of(options))


def network_of(recipe: Recipe, run: Path) -> Any:
    """The network of a recipe's run, after its best epoch. Raises CasesError where it was not trained."""
    from training.networks import BUILDERS

    if not (run / BEST).exists():
        raise CasesError(
            f"{run} holds no trained network. Run `python -m training train {recipe.name}` first."
        )
    network = BUILDERS[recipe.network](recipe.stages[-1].size, None, len(LESIONS))
    network.load_weights(run / BEST)
    return network


def recipe_of(options: argparse.Namespace) -> Recipe:
    """The recipe that was named."""
    return RECIPES[options.recipe]


def run_of(options: argparse.Namespace) -> Path:
    """The folder of the run."""
    return options.run or options.runs / options.recipe


def parser() -> argparse.ArgumentParser:
    """The command line."""
    root = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = root.add_subparsers(required=True, metavar="COMMAND")
    drawn = commands.add_parser("synthetic", help="draw a data set, for tests and demonstrations")
    drawn.add_argument("--out", type=Path, required=True, help="folder to write")
    drawn.add_argument("--count", type=int, default=600)
    drawn.add_argument("--seed", type=int, default=0)
    drawn.add_argument("--small", action="store_true", help="150 x 200 pixels instead of 450 x 600")
    drawn.set_defaults(act=synthetic)
    fetched = commands.add_parser(
        "download", help="fetch images and metadata from the ISIC Archive; resumable"
    )
    fetched.add_argument("--out", type=Path, required=True, help="folder to fill")
    fetched.add_argument("--query", default="", help="such as 'image_type:dermoscopic AND diagnosis_3:Nevus'")
    fetched.add_argument("--collections", default="", help="ids of collections, joined by commas")
    fetched.add_argument(
        "--licence",
        action="append",
        default=[],
        help="take only images under it, such as CC-0; may be repeated",
    )
    fetched.add_argument("--limit", type=int, help="at most so many images")
    fetched.add_argument("--api", help="address of another archive that speaks the same API")
    fetched.set_defaults(act=download)
    ready = commands.add_parser("prepare", help="decode images once and split them by lesion")
    source_options(ready)
    ready.set_defaults(act=prepare)
    for name, act, help_text in (
        ("train", train, "train a recipe; goes on where it was interrupted"),
        ("evaluate", evaluate, "score, calibrate, choose the operating points, measure"),
        ("export", export, "write the bundle that the dashboard serves"),
        ("reproduce", reproduce, "prepare, train, evaluate and export in one go; resumable"),
    ):
        command = commands.add_parser(name, help=help_text)
        command.add_argument("recipe", choices=sorted(RECIPES))
        command.add_argument("--run", type=Path, help="folder of the run (default: RUNS/RECIPE)")
        command.add_argument(
            "--runs",
            type=Path,
            default=Path("runs"),
            help="folder of all runs",
        )
        command.set_defaults(act=act)
        if name in ("train", "reproduce"):
            command.add_argument("--seed", type=int, default=0)
            command.add_argument(
                "--init", default="imagenet", help="imagenet, none, or a file of the backbone's weights"
            )
        if name in ("train", "reproduce"):
            command.add_argument(
                "--without", default="", metavar="SOURCE", help="leave a source out of training"
            )
        if name in ("evaluate", "reproduce"):
            command.add_argument(
                "--open-test",
                metavar="WHY",
                default="reproduction of the bundle" if name == "reproduce" else None,
                help="score the test split too; noted with the reason, and in the card",
            )
            command.add_argument(
                "--quick", action="store_true", help="leave out robustness, which takes minutes"
            )
            command.add_argument(
                "--stored", action="store_true", help="judge the stored scores again, without the network"
            )
        if name in ("export", "reproduce"):
            command.add_argument(
                "--out", type=Path, help="bundle to write (default: among the project's own)"
            )
            command.add_argument("--version", default="1")
            command.add_argument("--no-weights", action="store_true", help="curves and scores only")
        if name == "reproduce":
            source_options(command)
            command.add_argument(
                "--elsewhere", action="store_true", help="train without each source too, and test on it"
            )
    anew = commands.add_parser(
        "refresh", help="make a bundle's figures and guard anew; its network stays as it is"
    )
    anew.add_argument("bundle", type=Path, metavar="BUNDLE", help="folder of the bundle")
    anew.add_argument("--version", required=True, help="of the new bundle, which takes the old one's place")
    anew.add_argument(
        "--open-test", metavar="WHY", help="let the guard look at the test split too; noted with the reason"
    )
    anew.set_defaults(act=refresh)
    beside = commands.add_parser(
        "compare", help="print bundles side by side, with intervals and paired tests"
    )
    beside.add_argument("bundles", type=Path, nargs="+", metavar="BUNDLE", help="folders of bundles")
    beside.add_argument(
        "--split", default="validation", help="validation, which is there to choose by, or test"
    )
    beside.set_defaults(act=compare)
    for command in commands.choices.values():
        if command not in (drawn, fetched, beside):
            command.add_argument(
                "--data", type=Path, default=Path("data/prepared"), help="what `prepare` writes"
            )
    return root


def source_options(command: argparse.ArgumentParser) -> None:
    """What `prepare` needs to know."""
    command.add_argument(
        "--metadata",
        type=Path,
        action="append",
        default=[],
        help="table of cases, as HAM10000_metadata.csv or as another publisher has it; may be repeated; none where the "
        "images' folders are named by class",
    )
    command.add_argument(
        "--images",
        type=Path,
        action="append",
        default=[],
        help="image folder; may be repeated; none where the tables name files beside them",
    )
    command.add_argument(
        "--source", default="", help="what the data is, for the card, if the tables do not say"
    )
    command.add_argument("--licence", default="", help="terms that the trained model inherits, likewise")
    command.add_argument("--key", default="dermaboard-1", help="another key gives another split")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its exit status."""
    speak_utf8()
    options = parser().parse_args(arguments)
    if "out" in options and options.out is None:
        options.out = SHIPPED / options.recipe
    keep_memory()
    try:
        options.act(options)
    except (ValueError, RuntimeError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""From images to a bundle: `python -m training COMMAND`; `--help` names the commands."""

import argparse
import ctypes
import platform
import sys
from dataclasses import replace
from pathlib import Path

from model.bundle import SHIPPED, open_bundle
from model.console import speak_utf8
from training import pipeline
from training.recipes import RECIPES


def keep_memory() -> None:
    """Stop glibc from returning large buffers to the kernel after every step; fetching them again costs much time."""
    if platform.libc_ver()[0] == "glibc":
        mmap_threshold, trim_threshold = -3, -1
        libc = ctypes.CDLL(None)
        libc.mallopt(mmap_threshold, 1 << 30)
        libc.mallopt(trim_threshold, 2**31 - 1)


def synthetic_command(options: argparse.Namespace) -> None:
    """Draw a data set."""
    from training.drawings.synthetic import write_dataset

    write_dataset(options.out, options.count, options.seed, size=(150, 200) if options.small else (450, 600))


def download_command(options: argparse.Namespace) -> None:
    """Fetch images and metadata from the ISIC Archive."""
    from training import isic

    wanted = isic.DownloadQuery(options.query, options.collections, tuple(options.licence), options.limit)
    table = isic.download_images(wanted, options.out, options.api or isic.API)
    print(f"{len(table)} images with metadata in {options.out}. Licences and attribution:")
    print(isic.attributions(table), end="")


def prepare_command(options: argparse.Namespace) -> None:
    """Decode once and split by lesion."""
    pipeline.prepare_data(sources_of(options), options.data)


def train_command(options: argparse.Namespace) -> None:
    """Train a recipe, or go on with a run that was interrupted."""
    run = run_of(options)
    if options.without:
        run = replace(run, folder=pipeline.run_without(options.without, run.data, run.runs).folder)
    pipeline.train_run(run, options.seed, options.init, options.without)


def evaluate_command(options: argparse.Namespace) -> None:
    """Measure a trained run, or judge its stored scores again."""
    if options.stored:
        pipeline.judge_stored(run_of(options))
    else:
        pipeline.evaluate_run(run_of(options), options.open_test, not options.quick)


def export_command(options: argparse.Namespace) -> None:
    """Write the bundle of an evaluated run."""
    pipeline.export_run(run_of(options), bundle_folder(options), options.version, not options.no_weights)


def reproduce_command(options: argparse.Namespace) -> None:
    """Everything above in one go; what is there already is gone on with, not made anew."""
    pipeline.reproduce_run(
        run_of(options),
        sources_of(options),
        seed=options.seed,
        init=options.init,
        open_test=options.open_test,
        measure_robustness=not options.quick,
        out=bundle_folder(options),
        version=options.version,
        with_weights=not options.no_weights,
        elsewhere=options.elsewhere,
    )


def refresh_command(options: argparse.Namespace) -> None:
    """Figures and guard of a bundle anew, from its stored scores and its graph."""
    from training.pixels import open_pixels
    from training.refresh import refresh

    store = open_pixels(options.data)
    elsewhere = options.runs and pipeline.elsewhere_scores(options.data, options.runs, store)
    made = refresh(
        open_bundle(options.bundle), store, options.data, options.version, options.open_test, elsewhere
    )
    for name, shares in made.card.guard.get("measured", {}).items():
        print(f"{name}: {shares}")


def compare_command(options: argparse.Namespace) -> None:
    """Print bundles side by side."""
    from training.compare import compare_bundles, comparison_text

    print(comparison_text(compare_bundles([open_bundle(path) for path in options.bundles], options.split)))


def run_of(options: argparse.Namespace) -> pipeline.TrainingRun:
    """The run that was named."""
    folder = options.run or options.runs / options.recipe
    return pipeline.TrainingRun(RECIPES[options.recipe], options.data, folder, options.runs)


def sources_of(options: argparse.Namespace) -> pipeline.Sources:
    """What was named to prepare."""
    return pipeline.Sources(options.metadata, options.images, options.source, options.licence, options.key)


def bundle_folder(options: argparse.Namespace) -> Path:
    """The folder of the bundle to write."""
    return options.out or SHIPPED / options.recipe


def training_parser() -> argparse.ArgumentParser:
    """The command line."""
    root = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = root.add_subparsers(required=True, metavar="COMMAND")
    drawn = commands.add_parser("synthetic", help="draw a data set, for tests and demonstrations")
    drawn.add_argument("--out", type=Path, required=True, help="folder to write")
    drawn.add_argument("--count", type=int, default=600)
    drawn.add_argument("--seed", type=int, default=0)
    drawn.add_argument("--small", action="store_true", help="150 x 200 pixels instead of 450 x 600")
    drawn.set_defaults(act=synthetic_command)
    add_download_options(
        commands.add_parser("download", help="fetch images and metadata from the ISIC Archive; resumable")
    )
    ready = commands.add_parser("prepare", help="decode images once and split them by lesion")
    add_source_options(ready)
    ready.set_defaults(act=prepare_command)
    for name, act, help_text in (
        ("train", train_command, "train a recipe; goes on where it was interrupted"),
        ("evaluate", evaluate_command, "score, calibrate, choose the operating points, measure"),
        ("export", export_command, "write the bundle that the dashboard serves"),
        ("reproduce", reproduce_command, "prepare, train, evaluate and export in one go; resumable"),
    ):
        add_run_options(commands.add_parser(name, help=help_text), name)
        commands.choices[name].set_defaults(act=act)
    anew = commands.add_parser(
        "refresh", help="make a bundle's figures and guard anew; its network stays as it is"
    )
    anew.add_argument("bundle", type=Path, metavar="BUNDLE", help="folder of the bundle")
    anew.add_argument("--version", required=True, help="of the new bundle, which takes the old one's place")
    anew.add_argument(
        "--open-test", metavar="WHY", help="needed for a bundle with figures on test; noted with the reason"
    )
    anew.add_argument(
        "--runs", type=Path, help="folder of runs without a source, whose scores take the stored ones' place"
    )
    anew.set_defaults(act=refresh_command)
    beside = commands.add_parser(
        "compare", help="print bundles side by side, with intervals and paired tests"
    )
    beside.add_argument("bundles", type=Path, nargs="+", metavar="BUNDLE", help="folders of bundles")
    beside.add_argument(
        "--split", default="validation", help="validation, which is there to choose by, or test"
    )
    beside.set_defaults(act=compare_command)
    for name in ("prepare", "train", "evaluate", "export", "reproduce", "refresh"):
        commands.choices[name].add_argument(
            "--data", type=Path, default=Path("data/prepared"), help="what `prepare` writes"
        )
    return root


def add_download_options(command: argparse.ArgumentParser) -> None:
    """What `download` needs to know."""
    command.add_argument("--out", type=Path, required=True, help="folder to fill")
    command.add_argument("--query", default="", help="such as 'image_type:dermoscopic AND diagnosis_3:Nevus'")
    command.add_argument("--collections", default="", help="ids of collections, joined by commas")
    command.add_argument(
        "--licence",
        action="append",
        default=[],
        help="take only images under it, such as CC-0; may be repeated",
    )
    command.add_argument("--limit", type=int, help="at most so many images")
    command.add_argument("--api", help="address of another archive that speaks the same API")
    command.set_defaults(act=download_command)


def add_run_options(command: argparse.ArgumentParser, name: str) -> None:
    """What a command about a run needs to know."""
    command.add_argument("recipe", choices=sorted(RECIPES))
    command.add_argument("--run", type=Path, help="folder of the run (default: RUNS/RECIPE)")
    command.add_argument("--runs", type=Path, default=Path("runs"), help="folder of all runs")
    if name in ("train", "reproduce"):
        command.add_argument("--seed", type=int, default=0)
        command.add_argument(
            "--init",
            default="imagenet",
            help="a file of the backbone's weights, or none; seed-cnn and tiny always start at random",
        )
    if name == "train":
        command.add_argument("--without", default="", metavar="SOURCE", help="leave a source out of training")
    if name in ("evaluate", "reproduce"):
        command.add_argument(
            "--open-test",
            metavar="WHY",
            default="reproduction of the bundle" if name == "reproduce" else None,
            help="score the test split too; noted with the reason, and in the card",
        )
        command.add_argument("--quick", action="store_true", help="leave out robustness, which takes minutes")
    if name == "evaluate":
        command.add_argument(
            "--stored", action="store_true", help="judge the stored scores again, without the network"
        )
    if name in ("export", "reproduce"):
        command.add_argument("--out", type=Path, help="bundle to write (default: among the project's own)")
        command.add_argument("--version", default="1")
        command.add_argument("--no-weights", action="store_true", help="curves and scores only")
    if name == "reproduce":
        add_source_options(command)
        command.add_argument(
            "--elsewhere", action="store_true", help="train without each source too, and test on it"
        )


def add_source_options(command: argparse.ArgumentParser) -> None:
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
    options = training_parser().parse_args(arguments)
    keep_memory()
    try:
        options.act(options)
    except (ValueError, RuntimeError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

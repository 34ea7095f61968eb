"""`python -m model score|list|verify`: predictions and bundles from the command line."""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from tqdm import tqdm

from model.bundle import SHIPPED, Bundle, BundleError, Card, find_bundles, named_bundle
from model.cluster import add_cluster_options, score_archive, wants_cluster
from model.console import fail, speak_utf8
from model.points import point_label
from model.predictor import Predictor
from model.scoring import files_below, path_as_text, score_columns, score_files
from model.tables import Journal, Row, TableError, earlier_rows

# These commands are those of `model.evaluation`.
MOVED = ("card", "report")


def score_command(options: argparse.Namespace) -> int:
    """Score files; 0 when every file was scored, 1 when some could not be used, 130 when the user stopped it."""
    if wants_cluster(options):
        if options.workers is None and not options.scheduler:
            return fail("Addresses are scored on a cluster: add --workers N, or --scheduler tcp://host:8786.")
        return score_archive(options)
    options.paths, options.out = list(map(Path, options.paths)), Path(options.out)
    # One thread a call: `score` keeps the other cores busy with other files.
    predictor = Predictor(named_bundle(options.bundles, options.model), threads=1)
    point = predictor.bundle.card.point(options.operating_point)
    total = sum(1 for _ in files_below(options.paths))
    if not total:
        return fail("There are no images in the places given.")
    if options.heatmaps is not None:
        options.heatmaps.mkdir(parents=True, exist_ok=True)
    columns = score_columns(predictor.bundle.card.taxonomy)
    if options.resume:
        check_same(earlier_rows(options.out, columns), predictor.bundle.card, point.name)
    journal = Journal(options.out, columns, options.resume)
    left = (path for path in files_below(options.paths) if path_as_text(path) not in journal.done)
    failures: list[str] = []
    # Of an earlier run too: the table has its rows.
    failed = sum(bool(row["error"]) for row in journal.rows())
    written, stopped = len(journal.done), False
    try:
        try:
            with tqdm(
                total=total, initial=len(journal.done), desc="score", unit="image", smoothing=0.05
            ) as bar:
                for row in score_files(predictor, left, point.name, options.heatmaps):
                    journal.add([row])
                    written += 1
                    bar.update()
                    if row["error"]:
                        failed += 1
                        failures = [*failures, f"  {row['file']}: {row['error']}"][:10]
        except KeyboardInterrupt:
            stopped = True
        journal.close()
    except OSError as error:
        return fail(disk_error_sentence(error))
    print(f"{written} of {total} files in {options.out}, {failed} could not be used.", file=sys.stderr)
    print(*failures, sep="\n", end="\n" if failures else "", file=sys.stderr)
    if stopped:
        print("Stopped. The same command with --resume goes on from here.", file=sys.stderr)
    return 130 if stopped else 1 if failed else 0


def check_same(rows: Iterable[Row], card: Card, point: str) -> None:
    """Raise TableError where a row of an earlier run is another model's or operating point's."""
    for row in rows:
        if row["model_sha256"] != card.sha256 or (row["operating_point"] or point) != point:
            before = " at ".join(filter(None, (row["model"], row["operating_point"])))
            raise TableError(
                f"This table was begun with {before}, and this would be {card.name} {card.version} at {point}. Nothing "
                "was changed. Go on with the model of the table, or choose another --out."
            )


def disk_error_sentence(error: OSError) -> str:
    """What to do when the disk takes no more; the rows so far are safe."""
    return (
        f"The rows cannot be written: {error.strerror or error}. Make room, then go on with the same command and "
        "--resume: nothing that was scored is lost."
    )


def list_command(options: argparse.Namespace) -> int:
    """Print every bundle with what it is."""
    for bundle in find_bundles(options.bundles):
        if isinstance(bundle, Bundle):
            auc = bundle.card.results.get("test", {}).get("auc")
            figure = f"test AUC {auc:.3f}" if auc else "not evaluated"
            state = "ready" if bundle.runnable else "no weights"
            print(f"{bundle.name:16} {bundle.card.version:8} {state:11} {figure:15} {bundle.card.purpose}")
            for point in bundle.card.operating_points if bundle.runnable else ():
                print(f"{'':16} {point.name}: {point_label(point, bundle.card)}")
        else:
            print(f"{bundle.name:16} {'':8} {'damaged':11} {bundle.problem}")
    return 0


def verify_command(options: argparse.Namespace) -> int:
    """Check every file's hash and that the graph loads; 1 when any bundle fails."""
    failed = 0
    for bundle in find_bundles(options.bundles):
        try:
            if not isinstance(bundle, Bundle):
                raise BundleError(bundle.problem)
            if bundle.runnable:
                Predictor(bundle)
            print(f"ok      {bundle.name}")
        except BundleError as error:
            failed += 1
            print(f"failed  {error}")
    return 1 if failed else 0


def model_parser() -> argparse.ArgumentParser:
    """The command line."""
    root = argparse.ArgumentParser(prog="python -m model", description=__doc__)
    commands = root.add_subparsers(required=True, metavar="COMMAND")
    scoring = commands.add_parser("score", help="predict files and whole folders into a table")
    scoring.add_argument("paths", nargs="+", metavar="PATH", help="image files or folders, or addresses")
    scoring.add_argument(
        "--out",
        required=True,
        help="table to write: .csv, .parquet or .jsonl; with a cluster a folder of Parquet files, or a .csv",
    )
    scoring.add_argument("--model", default="dermanet", help="name of the bundle (default: dermanet)")
    scoring.add_argument("--resume", action="store_true", help="go on with a run that was interrupted")
    scoring.add_argument(
        "--operating-point",
        metavar="NAME",
        help="what a result costs; `python -m model list` says of each how many cancers it misses and harmless lesions "
        "it sends on (default: the card's own)",
    )
    scoring.add_argument("--heatmaps", type=Path, metavar="DIR", help="folder for heatmaps")
    add_cluster_options(scoring)
    scoring.set_defaults(act=score_command)
    commands.add_parser("list", help="the bundles and what they are").set_defaults(act=list_command)
    commands.add_parser("verify", help="check the files of every bundle").set_defaults(act=verify_command)
    for command in commands.choices.values():
        command.add_argument("--bundles", type=Path, default=SHIPPED, help="folder of bundles")
    return root


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its exit status: 0 done, 1 done with failures, 2 not done."""
    speak_utf8()
    called = sys.argv[1:] if arguments is None else arguments
    if called and called[0] in MOVED:
        return fail(f"This command is now `python -m model.evaluation {called[0]}`.")
    options = model_parser().parse_args(called)
    try:
        status: int = options.act(options)
        return status
    except (BundleError, TableError, OSError) as error:
        return fail(str(error))


if __name__ == "__main__":
    sys.exit(main())

"""`python -m model score|list|verify`: predictions and bundles from the command line."""

import argparse
import sys
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from model.bundle import SHIPPED, Bundle, BundleError, find_bundles, open_bundle
from model.predictor import Predictor
from model.scoring import COLUMNS, files_below, score


def score_command(options: argparse.Namespace) -> int:
    """Score files; 0 when every file was scored, 1 when some could not be used."""
    if options.out.suffix not in (".csv", ".parquet"):
        return fail(f"{options.out}: the ending must be .csv or .parquet.")
    predictor = Predictor(open_bundle(options.bundles / options.model))
    files = files_below(options.paths)
    if not files:
        return fail("There are no images in the places given.")
    rows = list(tqdm(score(predictor, files), total=len(files), desc="score", unit="image"))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    partial = options.out.with_name("partial-" + options.out.name)
    if options.out.suffix == ".csv":
        table.to_csv(partial, index=False)
    else:
        # Columns that happen to be all empty would otherwise change their type from file to file.
        text = ["file", "sha256", "decision", "diagnosis", "model", "error"]
        floats = [column for column in COLUMNS if column not in text]
        table.astype(dict.fromkeys(text, "string") | dict.fromkeys(floats, "float64")).to_parquet(
            partial, index=False
        )
    partial.replace(options.out)
    failed = table["error"].notna().sum()
    print(f"{len(table) - failed} of {len(table)} images scored: {options.out}", file=sys.stderr)
    for file, error in table.loc[table["error"].notna(), ["file", "error"]].head(10).itertuples(index=False):
        print(f"  {file}: {error}", file=sys.stderr)
    return 1 if failed else 0


def list_command(options: argparse.Namespace) -> int:
    """Print every bundle with what it is."""
    for found in find_bundles(options.bundles):
        if isinstance(found, Bundle):
            auc = found.card.results.get("test", {}).get("auc")
            figure = f"test AUC {auc:.3f}" if auc else "not evaluated"
            state = "ready" if found.runnable else "no weights"
            print(f"{found.name:16} {found.card.version:8} {state:11} {figure:15} {found.card.purpose}")
        else:
            print(f"{found.name:16} {'':8} {'damaged':11} {found.problem}")
    return 0


def verify_command(options: argparse.Namespace) -> int:
    """Check every file's hash and that the graph loads; 1 when any bundle fails."""
    failed = 0
    for found in find_bundles(options.bundles):
        try:
            if not isinstance(found, Bundle):
                raise BundleError(found.problem)
            if found.runnable:
                Predictor(found)
            print(f"ok      {found.name}")
        except BundleError as error:
            failed += 1
            print(f"failed  {error}")
    return 1 if failed else 0


def fail(sentence: str) -> int:
    """Say what is wrong with the call; its exit status."""
    print(f"error: {sentence}", file=sys.stderr)
    return 2


def parser() -> argparse.ArgumentParser:
    """The command line."""
    root = argparse.ArgumentParser(prog="python -m model", description=__doc__)
    commands = root.add_subparsers(required=True, metavar="COMMAND")
    scoring = commands.add_parser("score", help="predict files and whole folders into a table")
    scoring.add_argument("paths", type=Path, nargs="+", metavar="PATH", help="image files or folders")
    scoring.add_argument("--out", type=Path, required=True, help="table to write: .csv or .parquet")
    scoring.add_argument("--model", default="dermanet", help="name of the bundle (default: dermanet)")
    scoring.set_defaults(act=score_command)
    commands.add_parser("list", help="the bundles and what they are").set_defaults(act=list_command)
    commands.add_parser("verify", help="check the files of every bundle").set_defaults(act=verify_command)
    for command in commands.choices.values():
        command.add_argument("--bundles", type=Path, default=SHIPPED, help="folder of bundles")
    return root


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its exit status: 0 done, 1 done with failures, 2 not done."""
    options = parser().parse_args(arguments)
    try:
        status: int = options.act(options)
        return status
    except (BundleError, OSError) as error:
        return fail(str(error))


if __name__ == "__main__":
    sys.exit(main())

"""`python -m model.evaluation card|report`: what a model's card and its stored scores say, for people to read."""

import argparse
import sys
from pathlib import Path

from model.bundle import SHIPPED, BundleError, Card, named_bundle
from model.console import fail, speak_utf8


def report_command(options: argparse.Namespace) -> int:
    """Write the whole review of a model as one HTML file."""
    # Figures are slow to import, and no other command draws any.
    from model.evaluation.report import model_report

    text = model_report(named_bundle(options.bundles, options.name), options.split)
    partial = options.out.with_name("partial-" + options.out.name)
    partial.write_text(text, encoding="utf-8")
    partial.replace(options.out)
    print(f"{options.out}: {len(text) / 1e6:.1f} MB, opens in any browser without a network", file=sys.stderr)
    return 0


def card_command(options: argparse.Namespace) -> int:
    """Print cards as Markdown, or write the first one as a file."""
    from model.evaluation.cardtext import card_text, short_text

    cards = [named_bundle(options.bundles, name).card for name in options.names]
    if options.out:
        return write_card(cards[0], options.out)
    print("\n".join(map(short_text, cards)) if options.short else card_text(cards), end="")
    return 0


def write_card(card: Card, out: Path) -> int:
    """Write a card in the format that the file's name ends with."""
    from model.evaluation.cardfile import CARD_FORMATS

    make = CARD_FORMATS.get(out.suffix)
    if make is None:
        return fail(f"{out} must end with one of {', '.join(CARD_FORMATS)}.")
    out.write_bytes(make(card))
    return 0


def evaluation_parser() -> argparse.ArgumentParser:
    """The command line."""
    root = argparse.ArgumentParser(prog="python -m model.evaluation", description=__doc__)
    commands = root.add_subparsers(required=True, metavar="COMMAND")
    printing = commands.add_parser("card", help="print a model's card as Markdown")
    printing.add_argument(
        "names", nargs="+", metavar="NAME", help="the bundle, and others to put beside it in the first table"
    )
    printing.add_argument("--short", action="store_true", help="the README's table alone")
    printing.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="write the first card, with its checklists: .md, .html or .pdf",
    )
    printing.set_defaults(act=card_command)
    reporting = commands.add_parser("report", help="write the whole review of a model as one HTML file")
    reporting.add_argument("name", metavar="NAME", help="name of the bundle")
    reporting.add_argument("--out", type=Path, required=True, metavar="FILE.html", help="file to write")
    reporting.add_argument("--split", metavar="NAME", help="which cases (default: test where there are any)")
    reporting.set_defaults(act=report_command)
    for command in commands.choices.values():
        command.add_argument("--bundles", type=Path, default=SHIPPED, help="folder of bundles")
    return root


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its exit status: 0 done, 2 not done."""
    speak_utf8()
    options = evaluation_parser().parse_args(arguments)
    try:
        status: int = options.act(options)
        return status
    except (BundleError, OSError) as error:
        return fail(str(error))


if __name__ == "__main__":
    sys.exit(main())

"""A model's card to take along: the Markdown of `cardtext` under a title, with the checklists, and the same as a page.

What the text is made of is read back here, so that there is one text: headings, paragraphs, lists, tables, bold words
and code, as templates/card.md writes them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from jinja2 import Environment, PackageLoader, StrictUndefined

from model.bundle import Card
from model.evaluation.cardtext import card_text, markdown_head, markdown_row
from model.evaluation.checklists import CHECKLISTS, answered

TITLE = re.compile(r"\*\*(?P<words>[^*]+?)(?P<stop>\.?)\*\*")
CELLS = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True)
class Block:
    """A part of a document.

    Attributes:
        kind: "title", "heading", "paragraph", "list" or "table".
        lines: of a title, a heading or a paragraph one; of a list one an entry.
        rows: of a table, its head first.
    """

    kind: str
    lines: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def card_markdown(card: Card) -> str:
    """The whole card as Markdown, with a title and the checklists."""
    head = [f"# Model card: {card.name}, version {card.version}"]
    head += [card.purpose] if card.purpose else []
    lists = [checklist_text(card, name) for name in CHECKLISTS]
    return "\n\n".join([*head, card_text([card]).rstrip(), *lists]) + "\n"


def checklist_text(card: Card, name: str) -> str:
    """A checklist as a table, with how much of it is answered."""
    items = answered(card, name)
    done = sum(item.done for item in items)
    rows = [markdown_row(item.number, item.item, item.answer) for item in items]
    return "\n".join(
        [
            f"**{name}.** {done} of {len(items)} items are answered here or on the page of the model's performance; "
            f"{len(items) - done} were not done.\n",
            markdown_head("item", "what it asks for", "where it is answered"),
            *rows,
        ]
    )


def card_blocks(text: str) -> Iterator[Block]:
    """What a card's Markdown is made of."""
    kinds = {"- ": "list", "| ": "table", "# ": "title"}
    lines = (line for line in text.splitlines() if line.strip())
    for kind, found in groupby(lines, lambda line: kinds.get(line[:2], "paragraph")):
        if kind == "list":
            yield Block(kind, tuple(line[2:] for line in found))
        elif kind == "table":
            rows = [table_cells(line) for line in found]
            yield Block(kind, rows=(rows[0], *rows[2:]))
        elif kind == "title":
            yield Block(kind, tuple(line[2:] for line in found))
        else:
            for line in found:
                yield from titled(line)


def titled(line: str) -> Iterator[Block]:
    """A paragraph, and before it what its first bold words name."""
    title = TITLE.match(line)
    if title is None:
        yield Block("paragraph", (line,))
        return
    words, rest = title["words"], line[title.end() :].strip()
    yield Block("heading", (words,))
    if rest and not title["stop"]:
        rest = words + ("" if rest[0] in ",;:" else " ") + rest
    if rest:
        yield Block("paragraph", (rest,))


def table_cells(line: str) -> tuple[str, ...]:
    """The cells of a row."""
    return tuple(cell.strip().replace("\\|", "|") for cell in CELLS.split(line.strip())[1:-1])


def spans(text: str) -> list[tuple[str, bool]]:
    """The parts of a line, and which of them are code."""
    return [(part, place % 2 == 1) for place, part in enumerate(text.split("`")) if part]


def card_page(card: Card) -> str:
    """The card as one HTML file that needs nothing else."""
    templates = Environment(
        loader=PackageLoader("model.evaluation"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    blocks = list(card_blocks(card_markdown(card)))
    return templates.get_template("card.html").render(card=card, blocks=blocks, spans=spans)

"""Cells, lists and tables in Markdown, and a card's figures in them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from model.evaluation import words
from model.evaluation.words import fixed, tenths

# In place of a figure that a card does not state, or that is not defined.
NONE = "–"
Row = Sequence[str]


def table(head: Row, rows: Iterable[Row]) -> str:
    """A Markdown table; numbers are not aligned, since readers of the text see it too."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def bullets(sentences: Iterable[str]) -> str:
    """A list."""
    return "\n".join(f"- {sentence}" for sentence in sentences)


def code(value: Any) -> str | None:
    """Something to type or to compare."""
    return f"`{value}`" if value else None


def number(value: float | None, digits: int = 3) -> str:
    """A figure."""
    return NONE if value is None else fixed(value, digits)


def signed(value: float | None) -> str:
    """A difference with its sign."""
    return NONE if value is None else words.signed(value)


def percent(value: float) -> str:
    """A share of 0 to 1."""
    return f"{tenths(value)} %"


def plain_percent(value: float) -> str:
    """A round share: "95 %", "97.5 %"."""
    return f"{100 * value:.4g} %"


def share(of: Mapping[str, float] | None) -> str:
    """A share without its interval."""
    return NONE if of is None else percent(of["value"])


def interval(of: Mapping[str, float] | None) -> str:
    """A value with its interval."""
    return NONE if of is None else f"{number(of['value'])} ({number(of['low'])}-{number(of['high'])})"


def flat(of: Mapping[str, Any], name: str) -> str:
    """The same from three entries beside each other; without an interval where the card has none."""
    if of.get(name) is None:
        return NONE
    ends = of.get(f"{name}_low"), of.get(f"{name}_high")
    return number(of[name]) if None in ends else f"{number(of[name])} ({number(ends[0])}-{number(ends[1])})"

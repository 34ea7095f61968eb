"""Cells, lists and tables in Markdown, and a card's figures in them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from model.evaluation import words
from model.evaluation.words import fixed, rate

# In place of a figure that a card does not state, or that is not defined.
NONE = "–"
Row = Sequence[str]


def markdown_table(head: Row, rows: Iterable[Row]) -> str:
    """A Markdown table; numbers are not aligned, since readers of the text see it too."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def code_span(value: Any) -> str | None:
    """Something to type or to compare."""
    return f"`{value}`" if value else None


def number_cell(value: float | None, digits: int = 3) -> str:
    """A figure."""
    return NONE if value is None else fixed(value, digits)


def signed_cell(value: float | None) -> str:
    """A difference with its sign."""
    return NONE if value is None else words.signed_text(value)


def plain_percent(value: float) -> str:
    """A round share: "95 %", "97.5 %"."""
    return f"{100 * value:.4g} %"


def share_cell(of: Mapping[str, float] | None) -> str:
    """A share without its interval."""
    return NONE if of is None else rate(of["value"])


def interval_cell(of: Mapping[str, float] | None) -> str:
    """A value with its interval."""
    return (
        NONE
        if of is None
        else f"{number_cell(of['value'])} ({number_cell(of['low'])}-{number_cell(of['high'])})"
    )


def stated_interval(of: Mapping[str, Any], name: str) -> str:
    """The same from three entries beside each other; without an interval where the card has none."""
    if of.get(name) is None:
        return NONE
    ends = of.get(f"{name}_low"), of.get(f"{name}_high")
    return (
        number_cell(of[name])
        if None in ends
        else f"{number_cell(of[name])} ({number_cell(ends[0])}-{number_cell(ends[1])})"
    )

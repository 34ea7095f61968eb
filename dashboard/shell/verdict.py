"""The mark of a decision or an outcome."""

from typing import TYPE_CHECKING

from dash import html

from dashboard.shell.attributes import attributes
from dashboard.shell.text import OUTCOMES, WITHOUT_CHANCE, percent

if TYPE_CHECKING:
    from dashboard.store import Record


def verdict_and_chance(record: "Record") -> list[html.Span | str]:
    """The mark of a prediction's outcome in short, and its probability; no result has none."""
    mark = verdict(record.outcome, short=True)
    return [mark] if record.outcome in WITHOUT_CHANCE else [mark, " ", html.Span(percent(record.probability))]


def verdict(outcome: str, short: bool = False) -> html.Span:
    """The mark of an outcome ("benign", "uncertain", "malignant" or "no_result"): its shape, then its words."""
    one = OUTCOMES[outcome]
    return html.Span(
        [
            html.Span(one.shape, className="verdict-shape", **attributes(aria_hidden="true")),
            one.short if short else one.word,
        ],
        className=f"verdict verdict-{outcome}",
    )

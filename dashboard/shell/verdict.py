"""The mark of a decision."""

from dash import html

from dashboard.shell.attributes import attributes
from model.evaluation.verdict import VERDICTS


def verdict(decision: str, short: bool = False) -> html.Span:
    """The mark of a decision ("benign", "uncertain" or "malignant"): its shape, then its words."""
    one = VERDICTS[decision]
    return html.Span(
        [
            html.Span(one.shape, className="verdict-shape", **attributes(aria_hidden="true")),
            one.short if short else one.word,
        ],
        className=f"verdict verdict-{decision}",
    )

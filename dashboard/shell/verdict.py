"""The mark of a decision or an outcome."""

from dash import html

from dashboard.shell.attributes import attributes
from model.evaluation.verdict import VERDICTS, Verdict

NO_RESULT = Verdict("No result: retake the photograph", "No result", "○", "#566273", "#9aa7b8")
OUTCOMES = VERDICTS | {"no_result": NO_RESULT}


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

"""Truth by outcome as people get it, beside the two-way table of the threshold alone."""

from dash import html
from dash.development.base_component import Component

from dashboard.shell.attributes import attributes
from dashboard.shell.verdict import verdict
from model.evaluation.outcomes import OUTCOME_ORDER, OutcomeCounts
from model.evaluation.review import SplitEvaluation
from model.evaluation.words import rate
from model.outcome import Outcome

# What an outcome comes to for a cancer and for a harmless lesion.
CONSEQUENCES: dict[tuple[bool, Outcome], str] = {
    (True, Outcome.MALIGNANT): "found",
    (True, Outcome.UNCERTAIN): "sent on",
    (True, Outcome.NO_RESULT): "retaken",
    (True, Outcome.BENIGN): "missed",
    (False, Outcome.MALIGNANT): "false alarms",
    (False, Outcome.UNCERTAIN): "sent on",
    (False, Outcome.NO_RESULT): "retaken",
    (False, Outcome.BENIGN): "left alone",
}


def outcomes_body(shown: SplitEvaluation, threshold: float) -> list[Component]:
    """The table of truth by outcome at a threshold, a probability, and what the outcomes mean there."""
    cancers, harmless = shown.outcomes(threshold)
    head = [html.Th(), *(html.Th(verdict(one, short=True), scope="col") for one in OUTCOME_ORDER)]
    rows = [outcome_row("Cancer", True, cancers), outcome_row("Harmless", False, harmless)]
    return [
        html.Table(
            [html.Thead(html.Tr(head)), html.Tbody(rows)],
            className="confusion outcomes-table",
            **attributes(aria_label="Cases by diagnosis and outcome"),
        ),
        html.P(rule_words(shown, threshold), className="note"),
    ]


def rule_words(shown: SplitEvaluation, threshold: float) -> str:
    """From where on which outcome is given."""
    upper = shown.malignant_from(threshold)
    if shown.never_benign:
        return f"Malignant from {rate(upper)} on, uncertain below: no close-up is called benign."
    words = f"Benign below {rate(threshold)}, malignant from {rate(upper)} on, uncertain between them."
    own = any(point.threshold == threshold for point in shown.points)
    return words if own else f"{words} The second is that of the nearest operating point."


def outcome_row(title: str, cancer: bool, counts: OutcomeCounts) -> Component:
    """One truth by outcome."""
    head = html.Th([title, html.Small(f"n = {counts.n:,}")], scope="row")
    return html.Tr([head, *(outcome_td(cancer, one, counts) for one in OUTCOME_ORDER)])


def outcome_td(cancer: bool, outcome: Outcome, counts: OutcomeCounts) -> Component:
    """One cell; a button that lists its cases. A missed cancer has a frame."""
    count = counts.count(outcome)
    share, words = count / counts.n if counts.n else 0.0, CONSEQUENCES[cancer, outcome]
    missed = " cell-missed" if cancer and outcome is Outcome.BENIGN else ""
    truth = "malignant" if cancer else "benign"
    return html.Td(
        html.Button(
            [
                html.Span(f"{count:,}", className="cell-count"),
                html.Span(words, className="cell-words"),
                html.Span(rate(share) if counts.n else "–", className="cell-share"),
            ],
            type="button",
            className=f"cell cell-right{missed}",
            title="Show these cases",
            **attributes(data_show=f"outcome:{truth}:{outcome}"),
        ),
        style={"--share": share},
    )

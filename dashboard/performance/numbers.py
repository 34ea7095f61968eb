"""The numbers at the chosen threshold beyond the tiles, and the prevalence that some of them need."""

import math

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from dashboard.performance.view import HIGHEST, LOWEST
from model.evaluation.intervals import Interval
from model.evaluation.metrics import Confusion
from model.evaluation.operating import odds_of_benign, odds_of_malignant, worth
from model.evaluation.words import reading, tenths

# Rows that slider and prevalence move; performance.js writes to the same names, in this order.
NUMBERS: tuple[tuple[str, str, str, str], ...] = (
    ("balanced_accuracy", "Balanced accuracy", "share", "mean of sensitivity and specificity"),
    ("f1", "F1", "index", "balance of finding cancers and being right about them"),
    ("positive_ratio", "Likelihood ratio +", "ratio", "how many times “malignant” raises the odds of cancer"),
    ("negative_ratio", "Likelihood ratio −", "ratio", "how many times “benign” leaves of the odds of cancer"),
    ("ppv", "PPV", "share", "cancers among lesions called malignant"),
    ("npv", "NPV", "share", "harmless among lesions called benign"),
    ("needed_to_biopsy", "Number needed to biopsy", "ratio", "lesions called malignant for one cancer"),
)


def number_readings(confusion: Confusion, percent: float) -> dict[str, tuple[str, str]]:
    """Value and interval of every row at a prevalence in per cent."""
    found = worth(confusion, percent / 100)
    return {name: reading(getattr(found, name), kind) for name, _, kind, _ in NUMBERS}


def odds(confusion: Confusion) -> list[list[float | None] | str]:
    """What performance.js makes PPV and NPV at any prevalence from, or why there is none; None for infinity."""

    def told(found: Interval) -> list[float | None] | str:
        ends = (found.value, found.low, found.high)
        # Ten digits are more than anybody reads.
        return (
            found.reason.sentence
            if found.reason
            else [None if math.isinf(one) else float(f"{one:.10g}") for one in ends]
        )

    return [told(odds_of_malignant(confusion)), told(odds_of_benign(confusion))]


def chosen_prevalence(wanted: float | None, confusion: Confusion) -> float:
    """The prevalence in per cent that is asked for, else that of the cases, within what may be set."""
    if wanted is not None:
        return wanted
    share = confusion.prevalence
    return min(HIGHEST, max(LOWEST, float(tenths(share.value)))) if share.defined else 10.0


def numbers_body(confusion: Confusion, percent: float) -> Component:
    """The table of numbers and the field for the prevalence."""
    at = number_readings(confusion, percent)
    rows = [
        html.Tr(
            [
                html.Th([label, html.Small(hint)], scope="row"),
                html.Td(at[name][0], className="number-value", id=f"number-{name}"),
                html.Td(at[name][1], className="number-range", id=f"number-{name}-range"),
            ]
        )
        for name, label, _, hint in NUMBERS
    ]
    head = [html.Th("Number", scope="col"), html.Th("Value", scope="col"), html.Th("95 %", scope="col")]
    return html.Div(
        [
            setting(percent),
            html.Table([html.Thead(html.Tr(head)), html.Tbody(rows)], className="figures", id="numbers"),
        ]
    )


def setting(percent: float) -> Component:
    """Where the reader says how common cancer is among the own patients."""
    return html.Div(
        [
            html.Label(
                "Prevalence where it will be used (%)", htmlFor="performance-prevalence", className="label"
            ),
            dbc.Input(
                id="performance-prevalence",
                type="number",
                min=LOWEST,
                max=HIGHEST,
                step=0.1,
                value=percent,
                className="prevalence-input",
            ),
        ],
        className="prevalence",
    )


NOTE = (
    "F1 is at the prevalence of these cases; PPV, NPV and number needed to biopsy at the one you set. "
    "Intervals, by lesion: Wilson's, and Newcombe's for the balanced accuracy; log-normal for likelihood ratios and "
    "what follows from them at another prevalence."
)

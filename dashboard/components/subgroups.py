"""The table of subgroups."""

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from dashboard.components.performance import tenths
from model.intervals import Interval
from model.subgroups import FEW, FEW_MALIGNANT, Subgroup

NOTE = (
    "At the model's own threshold. Dotted: all cases. "
    f"○ grey: fewer than {FEW} cases or {FEW_MALIGNANT} malignant ones, too few to conclude anything."
)


def table(found: Sequence[Subgroup]) -> Component:
    """A row a subgroup; what does not exist says why."""
    head = ("Group", "Cases", "Malignant", "AUC", "Sensitivity", "Specificity")
    rows = [
        html.Tr(
            [
                html.Th(f"{one.variable}: {one.name}{' ○ few cases' if one.small else ''}", scope="row"),
                html.Td(f"{one.n:,}"),
                html.Td(f"{one.malignant:,}"),
                html.Td(area(one.auc)),
                html.Td(share(one.sensitivity)),
                html.Td(share(one.specificity)),
            ],
            className="few" if one.small else "",
        )
        for one in found
    ]
    return html.Div(
        html.Table(
            [html.Thead(html.Tr([html.Th(word, scope="col") for word in head])), html.Tbody(rows)],
            className="figures",
            id="subgroups",
        ),
        className="wide",
    )


def area(interval: Interval) -> str:
    """An area with its interval, or why there is none."""
    if interval.reason is not None:
        return interval.reason.sentence
    return f"{interval.value:.3f} ({interval.low:.3f}–{interval.high:.3f})"


def share(interval: Interval) -> str:
    """A rate in per cent with its interval, or why there is none."""
    if interval.reason is not None:
        return interval.reason.sentence
    return f"{tenths(interval.value)} % ({tenths(interval.low)}–{tenths(interval.high)})"

"""The parts of the monitoring page: choices, drift in words, cautions, and how decisions turned out."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from dashboard.addresses import local_address
from dashboard.shell.attributes import attributes
from dashboard.shell.text import diagnosis_words, percent
from dashboard.shell.verdict import verdict
from model.evaluation.drift import FEWEST, Distance, Shift, Stability
from model.evaluation.figures.template import CONFIG
from model.evaluation.intervals import Interval
from model.outcome import Outcome
from model.taxonomy import Taxonomy

PERIODS: tuple[tuple[str, str], ...] = (
    ("7", "7 days"),
    ("30", "30 days"),
    ("90", "90 days"),
    ("365", "A year"),
    ("all", "From the beginning"),
)
SHIFTS: dict[Shift, str] = {
    Shift.UNKNOWN: f"Too few predictions to say whether the scores have shifted: it takes {FEWEST}.",
    Shift.NONE: "The scores look like those of the validation images.",
    Shift.MODERATE: "The scores have shifted moderately from those of the validation images.",
    Shift.LARGE: "The scores have shifted strongly from those of the validation images.",
}
REASONS = (
    "Other patients, another camera or another use shift them as well as a fault does: compare the photographs, and "
    "wait for confirmed diagnoses before you change an operating point."
)


def monitoring_choices(period: str, versions: Sequence[tuple[str, str]], version: str) -> dbc.Row:
    """What is looked at: the time, and the version of the model."""
    return dbc.Row(
        [
            dbc.Col(select("Time", "monitoring-period", PERIODS, period), xs=12, md=4),
            dbc.Col(select("Model", "monitoring-model", versions, version), xs=12, md=5),
        ],
        className="g-3 monitoring-choice",
    )


def select(label: str, name: str, options: Sequence[tuple[str, str]], value: str) -> html.Div:
    """A select below its name."""
    return html.Div(
        [
            html.Label(label, htmlFor=name, className="label"),
            dbc.Select(
                id=name, options=[{"label": word, "value": value} for value, word in options], value=value
            ),
        ]
    )


def nothing_monitored() -> html.Div:
    """What stands here before the first prediction."""
    return html.Div(
        [
            html.H2("Nothing to watch yet"),
            html.P(
                "Once photographs are checked, this page shows how many and how they were decided, whether scores "
                "drift away from those the model was chosen on, and, from confirmed diagnoses, how well it does here.",
                className="note",
            ),
            html.P(
                dcc.Link(
                    "Check a photograph", href=local_address("/"), className="btn btn-primary to-predict"
                )
            ),
        ],
        className="card-box history-empty",
    )


def monitoring_tiles(outcomes: Mapping[str, int], confirmed: int) -> html.Ul:
    """How many photographs, by outcome, and how many have a confirmed diagnosis."""
    total = sum(outcomes.values())
    found: list[tuple[Any, str, str]] = [("Photographs", f"{total:,}", "in this time, each counted once")]
    for name in Outcome:
        number = outcomes.get(name, 0)
        found.append((verdict(name, short=True), f"{number:,}", share_of_all(number, total)))
    found.append(("Confirmed", f"{confirmed:,}", "photographs with a confirmed diagnosis"))
    return html.Ul(
        [
            html.Li(
                [
                    html.Span(word, className="label"),
                    html.Strong(number, className="tile-number"),
                    html.Span(below, className="note"),
                ]
            )
            for word, number, below in found
        ],
        className="monitoring-tiles card-box",
    )


def share_of_all(number: int, total: int) -> str:
    """A part of all, in per cent."""
    return f"{100 * number / total:.0f} % of all" if total else "–"


def figure(name: str, drawn: Any, label: str) -> html.Figure:
    """A figure with a name for those who don't see it."""
    graph = dcc.Graph(id=name, figure=drawn, config=CONFIG)
    return html.Figure(graph, className="monitoring-figure", **attributes(aria_label=label))


def drift(stability: Stability, distance: Distance, missing: str = "") -> list[Component]:
    """The two measures in words.

    Args:
        missing: why there is nothing to compare with, if so.
    """
    if missing:
        return [html.P(missing)]
    shift = stability.shift
    told: list[Component] = [html.P(SHIFTS[shift], className=f"drift drift-{shift.name.lower()}")]
    if shift is Shift.NONE and distance.p < 0.01:
        told.append(
            html.P("A small difference is surer than chance: see the distance below.", className="note")
        )
    if shift in (Shift.MODERATE, Shift.LARGE):
        told.append(html.P(REASONS, className="note"))
    if not math.isnan(stability.value):
        told.append(
            html.Dl(
                [html.Div([html.Dt(a), html.Dd(b)]) for a, b in drift_measures(stability, distance)],
                className="facts",
            )
        )
    return told


def drift_measures(stability: Stability, distance: Distance) -> list[tuple[str, str]]:
    """Names and values of the measures, with what chance explains."""
    p = "p < 0.001" if distance.p < 0.001 else f"p = {distance.p:.3f}"
    n = f"n = {distance.n_actual:,} here, {distance.n_expected:,} in validation"
    return [
        (
            "Population stability index",
            f"{stability.value:.3f}; below 0.1 is usual, chance alone stays below {stability.chance:.3f}",
        ),
        (
            "Kolmogorov–Smirnov distance",
            f"{distance.value:.3f} at {percent(distance.at)}, {p}; {n}",
        ),
    ]


def cautions(counts: Mapping[str, int], texts: Mapping[str, str], total: int) -> Component:
    """How often a photograph came with a caution."""
    if not counts:
        return html.P("No photograph came with a caution.", className="note")
    head = html.Thead(
        html.Tr([html.Th(word, scope="col") for word in ("Caution", "For example", "Photographs")])
    )
    body = [
        html.Tr(
            [
                html.Td(code.replace("_", " ")),
                html.Td(texts.get(code, ""), className="note"),
                html.Td(f"{number:,} ({100 * number / max(total, 1):.1f} %)", className="number"),
            ]
        )
        for code, number in counts.items()
    ]
    return scrolling_table("Cautions", head, html.Tbody(body))


def scrolling_table(label: str, *parts: Component) -> html.Div:
    """A table that scrolls by itself on a narrow screen."""
    return html.Div(
        html.Table(list(parts), className="compare-table"),
        className="table-wrap",
        tabIndex=0,
        role="region",
        **attributes(aria_label=label),
    )


def confirmed_table(confirmed: Mapping[tuple[str, str], int], taxonomy: Taxonomy) -> Component:
    """Confirmed diagnoses (rows) by outcome (columns), malignant ones first.

    Args:
        confirmed: (outcome, diagnosis) -> photographs.
    """
    codes = sorted({code for _, code in confirmed}, key=lambda code: (code not in taxonomy.malignant, code))
    head = html.Thead(
        html.Tr(
            [
                html.Th("Confirmed diagnosis", scope="col"),
                *(html.Th(verdict(name, short=True), scope="col", className="number") for name in Outcome),
            ]
        )
    )
    rows = []
    for code in codes:
        kind = [html.Span(" malignant", className="kind")] if code in taxonomy.malignant else []
        counts = [confirmed.get((name, code), 0) for name in Outcome]
        rows.append(
            html.Tr(
                [
                    html.Th([diagnosis_words(code, taxonomy), *kind], scope="row"),
                    *(html.Td(f"{count:,}" if count else "–", className="number") for count in counts),
                ]
            )
        )
    return scrolling_table("Confirmed diagnoses by outcome", head, html.Tbody(rows))


def rates_table(rows: Sequence[tuple[str, Interval, Interval, str]]) -> Component:
    """Sensitivity and specificity, a row a way of counting.

    Args:
        rows: what it is, sensitivity, specificity, and how it was counted.
    """
    head = html.Thead(
        html.Tr([html.Th(word, scope="col") for word in ("Counted among", "Sensitivity", "Specificity")])
    )
    body = [
        html.Tr(
            [
                html.Th([name, html.Span(how, className="history-below wrap")], scope="row"),
                html.Td(rate_interval(sensitivity)),
                html.Td(rate_interval(specificity)),
            ]
        )
        for name, sensitivity, specificity, how in rows
    ]
    return scrolling_table("Sensitivity and specificity", head, html.Tbody(body))


def rate_interval(one: Interval) -> list[Component | str]:
    """A rate with its interval, or why there is none."""
    if one.reason is not None:
        return [html.Span(one.reason.sentence, className="note")]
    value = f"{100 * one.value:.1f} %"
    if math.isnan(one.low):
        return [value, html.Span("no interval: nothing missed so far", className="history-below wrap")]
    return [value, html.Span(f"{100 * one.low:.1f} to {100 * one.high:.1f} %", className="history-below")]

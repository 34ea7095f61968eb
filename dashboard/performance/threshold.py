"""What follows the threshold: tiles, slider, two-by-two table and numbers; `browser` has what moves them."""

import json
import math
from collections.abc import Sequence
from typing import Any

import dash_bootstrap_components as dbc
import numpy as np
from dash import dcc, html
from dash.development.base_component import Component

from dashboard.performance.view import HIGHEST, LOWEST
from dashboard.shell.attributes import attributes
from model.bundle import OperatingPoint
from model.evaluation.figures.catalogue import FIGURES
from model.evaluation.intervals import Interval
from model.evaluation.metrics import Confusion
from model.evaluation.operating import (
    net_benefit_interval,
    odds_of_benign,
    odds_of_malignant,
    operating_figures,
)
from model.evaluation.review import STEP, SplitEvaluation
from model.evaluation.words import rate, tenths, value_and_interval

# Tiles that the slider moves; performance.js writes to the same names.
TILES: tuple[tuple[str, str, str], ...] = (
    ("sensitivity", "Sensitivity", "cancers that are caught"),
    ("specificity", "Specificity", "harmless lesions that are left alone"),
    ("accuracy", "Accuracy", "all decisions that are right"),
)


def rate_line(interval: Interval, hits: int, of: int) -> str:
    """The line below a rate: its interval and its cases, or why there is none."""
    if interval.reason is not None:
        return interval.reason.sentence
    return f"{tenths(interval.low)}–{tenths(interval.high)} % · {hits:,} of {of:,}"


def tile_readings(confusion: Confusion) -> dict[str, tuple[str, str]]:
    """Value and line below of every tile that depends on the threshold."""
    malignant, benign = confusion.tp + confusion.fn, confusion.tn + confusion.fp
    known: dict[str, tuple[Interval, int, int]] = {
        "sensitivity": (confusion.sensitivity, confusion.tp, malignant),
        "specificity": (confusion.specificity, confusion.tn, benign),
        "accuracy": (confusion.accuracy, confusion.tp + confusion.tn, confusion.n),
    }
    return {
        name: (rate(interval.value) if interval.defined else "–", rate_line(interval, hits, of))
        for name, (interval, hits, of) in known.items()
    }


def tile(name: str, label: str, value: str, line: str, hint: str) -> Component:
    """One number with its name above, and interval and cases below."""
    return html.Div(
        [
            html.Div(label, className="tile-label", title=hint),
            html.Div(value, className="tile-value", id=f"tile-{name}"),
            html.Div(line, className="tile-line", id=f"tile-{name}-line"),
        ],
        className="tile",
    )


def area_line(shown: SplitEvaluation) -> str:
    """The line below the AUC: its interval, and the same over lesions where some have several images."""
    area = shown.area
    if area.reason:
        return area.reason.sentence
    several = shown.lesions < shown.truth.size
    return f"{area.low:.3f}–{area.high:.3f}" + (
        f" · {shown.auc_by_lesion.value:.3f} by lesion" if several else ""
    )


def without_result(shown: SplitEvaluation) -> str:
    """How many of the images get no result, and how they count; nothing where all get one."""
    count = int(np.isinf(shown.deciding).sum())
    if not count:
        return ""
    noun = "image gets" if count == 1 else "images get"
    return f" {count:,} {noun} no result and count as not called benign."


def tile_row(shown: SplitEvaluation, confusion: Confusion) -> Component:
    """AUC, the rates at the threshold, and prevalence. The AUC's interval follows: it takes the longest."""
    malignant = confusion.tp + confusion.fn
    prevalence, problem = confusion.prevalence, shown.counts.problem
    at = tile_readings(confusion)
    return html.Div(
        [
            tile(
                "auc",
                "AUC",
                f"{shown.auc:.3f}" if problem is None else "–",
                problem.sentence if problem else "95 % interval follows",
                "the chance that a cancer scores above a harmless lesion",
            ),
            *(tile(name, label, *at[name], hint) for name, label, hint in TILES),
            tile(
                "prevalence",
                "Prevalence",
                rate(prevalence.value) if prevalence.defined else "–",
                rate_line(prevalence, malignant, confusion.n),
                "share of malignant cases among these",
            ),
        ],
        className="tiles",
    )


def intervals_note(shown: SplitEvaluation) -> Component:
    """What the ranges in the tiles are, and what is counted."""
    return html.P(
        "Ranges are 95 % intervals by lesion: Wilson's for rates, resamples of whole lesions for the AUC. "
        "By lesion: each counts once, with the mean probability of its images." + without_result(shown),
        className="note",
    )


CELLS: tuple[tuple[str, str, str, str], ...] = (
    ("tp", "Cancers caught", "true positives", "right"),
    ("fn", "Cancers missed", "false negatives", "wrong"),
    ("fp", "False alarms", "false positives", "wrong"),
    ("tn", "Rightly left alone", "true negatives", "right"),
)


def threshold_bar(shown: SplitEvaluation, position: float, runs: Sequence[str]) -> Component:
    """The threshold, in sight wherever one reads, with what it comes to.

    Args:
        position: in per cent.
        runs: names of the training runs that are drawn when nobody chooses.
    """
    at = shown.confusion(position)
    words = "Malignant from" if shown.never_benign else "Benign below"
    found = tenths(at.sensitivity.value) if at.sensitivity.defined else "–"
    left = tenths(at.specificity.value) if at.specificity.defined else "–"
    label: list[str | Component] = [f"{words} ", html.Span(f"{position:.1f} %", id="bar-at")]
    says: list[str | Component] = ["finds ", html.Strong(found, id="bar-found"), " of 100 cancers, leaves "]
    says += [html.Strong(left, id="bar-left"), " of 100 harmless lesions alone"]
    return html.Div(
        [
            html.Strong(label, id="threshold-label"),
            dcc.Slider(
                id="performance-threshold",
                min=0,
                max=100,
                step=0.1,
                value=position,
                marks=None,
                updatemode="drag",
                allow_direct_input=False,
            ),
            html.Span(says, className="note", id="threshold-says"),
        ],
        className="threshold-bar",
        # What stands where nobody chose: what differs from it belongs to the address.
        **attributes(
            data_own=f"{100 * shown.threshold:.1f}",
            data_prevalence=str(chosen_prevalence(None, shown.at(shown.threshold))),
            data_runs=json.dumps(list(runs)),
        ),
    )


def point_buttons(points: Sequence[OperatingPoint], own: float, position: float) -> Component:
    """The operating points as buttons that move the slider; `own` is the threshold of the one in use."""
    chips = [point_button(one, one.threshold == own, position) for one in points]
    label = html.Span("Operating points for a sensitivity of", className="note")
    return html.Div(
        [label, *chips], className="points", role="group", **attributes(aria_label="Operating points")
    )


def point_button(point: OperatingPoint, usual: bool, position: float) -> Component:
    """One operating point: the sensitivity it was set for on validation, and where it lies."""
    at = round(100 * point.threshold, 1)
    words = f"{100 * point.sensitivity:g} %"
    hint = f"Set on validation: from {rate(point.threshold)} on a lesion has to be looked at"
    if point.malignant > point.threshold:
        hint += f"; the model says uncertain below {rate(point.malignant)} and malignant from there on"
    return html.Button(
        [
            html.Strong(words),
            html.Span(f"at {tenths(point.threshold)} %" + (", the model's own" if usual else "")),
        ],
        type="button",
        className="chip",
        title=hint + ".",
        **attributes(aria_pressed="true" if at == round(position, 1) else "false", data_at=f"{at:.1f}"),
    )


def binary_confusion(confusion: Confusion) -> Component:
    """Two by two: truth in rows, decision in columns, each cell in words, shaded by its share of the row."""
    cells = {name: outcome_cell(name, words, term, kind, confusion) for name, words, term, kind in CELLS}
    malignant, benign = confusion.tp + confusion.fn, confusion.tn + confusion.fp
    head = [html.Th(), html.Th("Called malignant", scope="col"), html.Th("Called benign", scope="col")]
    rows = [
        [truth_row_head("◆ Malignant", "tone-malignant", malignant), cells["tp"], cells["fn"]],
        [truth_row_head("● Benign", "tone-benign", benign), cells["fp"], cells["tn"]],
    ]
    return html.Table(
        [html.Thead(html.Tr(head)), html.Tbody([html.Tr(row) for row in rows])],
        className="confusion",
        **attributes(aria_label="Cases by diagnosis and decision at the threshold"),
    )


def truth_row_head(words: str, tone: str, n: int) -> html.Th:
    """The truth of a row and its cases."""
    return html.Th(
        [html.Span(words, className=f"verdict-word {tone}"), html.Small(f"n = {n:,}")], scope="row"
    )


def outcome_cell(name: str, words: str, term: str, kind: str, confusion: Confusion) -> html.Td:
    """One outcome; a button that lists its cases."""
    count: int = getattr(confusion, name)
    of = confusion.tp + confusion.fn if name in ("tp", "fn") else confusion.fp + confusion.tn
    share = count / of if of else 0.0
    return html.Td(
        html.Button(
            [
                html.Span(f"{count:,}", className="cell-count", id=f"cell-{name}"),
                html.Span(words, className="cell-words"),
                html.Span(rate(share) if of else "–", className="cell-share", id=f"cell-{name}-share"),
            ],
            type="button",
            className=f"cell cell-{kind}",
            title=f"List these cases ({term})",
            **attributes(data_show=name),
        ),
        id=f"cell-{name}-box",
        style={"--share": share},
    )


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
    figures = operating_figures(confusion, percent / 100)
    return {name: value_and_interval(getattr(figures, name), kind) for name, _, kind, _ in NUMBERS}


def odds_readings(confusion: Confusion) -> list[list[float | None] | str]:
    """What performance.js makes PPV and NPV at any prevalence from, or why there is none; None for infinity."""

    def ends_or_reason(ratio: Interval) -> list[float | None] | str:
        ends = (ratio.value, ratio.low, ratio.high)
        # Ten digits are more than anybody reads.
        return (
            ratio.reason.sentence
            if ratio.reason
            else [None if math.isinf(end) else float(f"{end:.10g}") for end in ends]
        )

    return [ends_or_reason(odds_of_malignant(confusion)), ends_or_reason(odds_of_benign(confusion))]


def chosen_prevalence(wanted: float | None, confusion: Confusion) -> float:
    """The prevalence in per cent that is asked for, else that of the cases, within what may be set."""
    if wanted is not None:
        return wanted
    share = confusion.prevalence
    return min(HIGHEST, max(LOWEST, float(tenths(share.value)))) if share.defined else 10.0


def numbers_body(confusion: Confusion, percent: float, threshold: float) -> Component:
    """The table of numbers, the field for the prevalence, and what follows in words; `threshold` is a probability."""
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
            prevalence_field(percent),
            html.P(per_hundred_words(confusion, percent, threshold), id="performance-per-hundred"),
            html.Table([html.Thead(html.Tr(head)), html.Tbody(rows)], className="figures", id="numbers"),
        ]
    )


def per_hundred_words(confusion: Confusion, percent: float, threshold: float) -> str:
    """What the two answers mean of 100 lesions at a prevalence in per cent, and what acting on them is worth."""
    at = operating_figures(confusion, percent / 100)
    worth = net_benefit_interval(confusion, percent / 100, threshold)
    undefined = next((one.reason for one in (at.ppv, at.npv, worth) if one.reason), None)
    if undefined:
        return undefined.sentence
    missed = Interval(1 - at.npv.value, 1 - at.npv.high, 1 - at.npv.low)
    value, low, high = (f"{100 * one:.1f}".replace("-", "−") for one in (worth.value, worth.low, worth.high))
    return (
        f"Where {percent:g}\u00a0% are cancers: of 100 lesions that are not called benign, "
        f"{hundred_words(at.ppv)} are; of 100 that are called benign, {hundred_words(missed)}. Net benefit: {value} "
        f"cancers found per 100 lesions, false alarms paid ({low} to {high})."
    )


def hundred_words(share: Interval) -> str:
    """A share as a number of 100 with its interval."""
    return f"{tenths(share.value)} ({tenths(share.low)} to {tenths(share.high)})"


def prevalence_field(percent: float) -> Component:
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


NUMBERS_NOTE = (
    "F1 is at the prevalence of these cases; PPV, NPV and number needed to biopsy at the one you set. "
    "Intervals, by lesion: Wilson's, and Newcombe's for the balanced accuracy; log-normal for likelihood ratios and "
    "what follows from them at another prevalence."
)


def slider_readings(shown: SplitEvaluation, percent: float) -> dict[str, Any]:
    """What the browser needs to follow the slider by itself: at each position the counts, and what is read there.

    Args:
        percent: the prevalence of the cases, at which `numbers` are; `odds_readings` are for any other.
    """
    at = [one for _, one in shown.sweep]
    return {
        "step": STEP,
        "prevalence": percent,
        "thresholds": [threshold for threshold, _ in shown.sweep],
        "tp": [one.tp for one in at],
        "fp": [one.fp for one in at],
        "malignant": shown.counts.malignant,
        "benign": shown.counts.benign,
        "unscored": shown.counts.unscored,
        "tiles": [[words for tile in tile_readings(one).values() for words in tile] for one in at],
        "numbers": [
            [words for tile in number_readings(one, percent).values() for words in tile] for one in at
        ],
        "odds": [odds_readings(one) for one in at],
        "marks": {
            name: {"x": mark.x, "y": mark.y, "side": mark.side, "leftBeyond": min(mark.left_beyond, 1e9)}
            for name, figure in FIGURES.items()
            if (mark := figure.mark)
        },
    }

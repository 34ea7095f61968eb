"""The performance page's parts: choice, tiles, confusion at a threshold, framed figures, damaged models."""

import math
from collections.abc import Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from model.bundle import Bundle, Damaged
from model.delong import Difference
from model.figures.template import CONFIG
from model.intervals import Interval, Undefined, undefined
from model.metrics import Confusion

SPLIT_WORDS: dict[str, str] = {
    "test": "Test: never used in training",
    "validation": "Validation: used to choose the threshold",
}
# Tiles and cells that the slider moves; performance.js writes to the same names.
TILES: tuple[tuple[str, str, str], ...] = (
    ("sensitivity", "Sensitivity", "cancers that are caught"),
    ("specificity", "Specificity", "harmless lesions that are left alone"),
    ("accuracy", "Accuracy", "all decisions that are right"),
)
CELLS: tuple[tuple[str, str, str, str], ...] = (
    ("tp", "Cancers caught", "true positives", "right"),
    ("fn", "Cancers missed", "false negatives", "wrong"),
    ("fp", "False alarms", "false positives", "wrong"),
    ("tn", "Rightly left alone", "true negatives", "right"),
)


def tenths(share: float) -> str:
    """A share (0 to 1) in per cent with one decimal, halves upwards as in performance.js: "94.7"."""
    return f"{math.floor(1000 * share + 0.5) / 10:.1f}"


def rate(share: float) -> str:
    """A share (0 to 1) in per cent: "94.7 %"."""
    return f"{tenths(share)} %"


def spread(interval: Interval, hits: int, of: int) -> str:
    """The line below a rate: its interval and its cases, or why there is none."""
    if interval.reason is not None:
        return interval.reason.sentence
    return f"{tenths(interval.low)}–{tenths(interval.high)} % · {hits:,} of {of:,}"


def readings(confusion: Confusion) -> dict[str, tuple[str, str]]:
    """Value and line below of every tile that depends on the threshold."""
    malignant, benign = confusion.tp + confusion.fn, confusion.tn + confusion.fp
    known: dict[str, tuple[Interval, int, int]] = {
        "sensitivity": (confusion.sensitivity, confusion.tp, malignant),
        "specificity": (confusion.specificity, confusion.tn, benign),
        "accuracy": (confusion.accuracy, confusion.tp + confusion.tn, confusion.n),
    }
    return {
        name: (rate(interval.value) if interval.defined else "–", spread(interval, hits, of))
        for name, (interval, hits, of) in known.items()
    }


def choice(
    models: Sequence[Bundle], model: str, splits: Sequence[str], split: str, other: str = ""
) -> Component:
    """The selects that say what is looked at; `other` is the model to compare with, "" for none."""
    others = other_options(models, model)
    return dbc.Row(
        [
            dbc.Col(field("Model", "performance-model", model_options(models), model), xs=12, md=4),
            dbc.Col(field("Cases", "performance-split", split_options(splits), split), xs=12, md=4),
            dbc.Col(field("Compare with", "performance-compare", others, other), xs=12, md=4),
        ],
        className="g-3 performance-choice",
    )


def field(label: str, component_id: str, options: list[dict[str, str]], value: str) -> Component:
    """A select with its label."""
    # An empty value shows the placeholder, even where an option has it.
    select = dbc.Select(id=component_id, options=options, value=value, placeholder="No other model")
    return html.Div([html.Label(label, htmlFor=component_id, className="label"), select])


def model_options(models: Sequence[Bundle]) -> list[dict[str, str]]:
    """Every intact bundle; one without weights says so."""
    return [
        {"value": one.name, "label": one.name + ("" if one.runnable else " (results only, no weights here)")}
        for one in models
    ]


def other_options(models: Sequence[Bundle], model: str) -> list[dict[str, str]]:
    """Nothing, or one of the other models."""
    others = [{"value": one.name, "label": one.name} for one in models if one.name != model]
    return [{"value": "", "label": "No other model"}, *others]


def versus(mine: str, other: str, result: Difference) -> Component:
    """How two models' areas differ, in one sentence."""
    gap = result.difference
    if gap.reason is not None:
        return html.P(f"{mine} against {other}: {gap.reason.sentence}", className="note", id="versus")
    p = (
        "p not defined"
        if math.isnan(result.p)
        else "p < 0.001"
        if result.p < 0.001
        else f"p = {result.p:.3f}"
    )
    return html.P(
        f"{mine} {result.first.value:.3f} against {other} {result.second.value:.3f} on the {result.n:,} images both "
        f"have scored: difference {signed(gap.value)} ({signed(gap.low)} to {signed(gap.high)}, {p}; DeLong's test, "
        "which takes images as independent).",
        className="note",
        id="versus",
    )


def signed(value: float) -> str:
    """A difference with its sign, three decimals."""
    return f"{value:+.3f}".replace("-", "−")


def split_options(splits: Sequence[str]) -> list[dict[str, str]]:
    """The evaluated splits, in words where we know them."""
    return [{"value": name, "label": SPLIT_WORDS.get(name, name.capitalize())} for name in splits]


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


def tiles(area: Interval, confusion: Confusion) -> Component:
    """AUC, the rates at the threshold, and prevalence."""
    malignant = confusion.tp + confusion.fn
    prevalence = confusion.prevalence
    auc = f"{area.value:.3f}" if area.defined else "–"
    auc_line = area.reason.sentence if area.reason else f"{area.low:.3f}–{area.high:.3f}, by lesion"
    at = readings(confusion)
    return html.Div(
        [
            tile("auc", "AUC", auc, auc_line, "the chance that a cancer scores above a harmless lesion"),
            *(tile(name, label, *at[name], hint) for name, label, hint in TILES),
            tile(
                "prevalence",
                "Prevalence",
                rate(prevalence.value) if prevalence.defined else "–",
                spread(prevalence, malignant, confusion.n),
                "share of malignant cases among these",
            ),
        ],
        className="tiles",
    )


def threshold_slider(position: float, own: float) -> Component:
    """The threshold in per cent, and the way back to the model's own."""
    return html.Div(
        [
            html.Div(
                [
                    html.Span("Call malignant from a probability of", className="label"),
                    html.Button(
                        f"Model's own: {100 * own:.1f} %",
                        id="performance-reset",
                        type="button",
                        className="btn btn-sm btn-outline-secondary",
                    ),
                ],
                className="threshold-head",
            ),
            dcc.Slider(
                id="performance-threshold",
                min=0,
                max=100,
                step=0.1,
                value=position,
                marks={value: f"{value} %" for value in (0, 25, 50, 75, 100)},
                updatemode="drag",
            ),
        ],
        className="threshold",
    )


def binary_confusion(confusion: Confusion) -> Component:
    """Two by two: truth in rows, decision in columns, each cell in words, shaded by its share of the row."""
    cells = {name: cell(name, words, term, kind, confusion) for name, words, term, kind in CELLS}
    malignant, benign = confusion.tp + confusion.fn, confusion.tn + confusion.fp
    head = [html.Th(), html.Th("Called malignant", scope="col"), html.Th("Called benign", scope="col")]
    rows = [
        [row_head("◆ Malignant", "tone-malignant", malignant), cells["tp"], cells["fn"]],
        [row_head("● Benign", "tone-benign", benign), cells["fp"], cells["tn"]],
    ]
    return html.Table(
        [html.Thead(html.Tr(head)), html.Tbody([html.Tr(row) for row in rows])],
        className="confusion",
        **spoken("Cases by diagnosis and decision at the threshold"),
    )


def row_head(words: str, tone: str, n: int) -> html.Th:
    """The truth of a row and its cases."""
    return html.Th(
        [html.Span(words, className=f"verdict-word {tone}"), html.Small(f"n = {n:,}")], scope="row"
    )


def cell(name: str, words: str, term: str, kind: str, confusion: Confusion) -> html.Td:
    """One outcome."""
    count: int = getattr(confusion, name)
    of = confusion.tp + confusion.fn if name in ("tp", "fn") else confusion.fp + confusion.tn
    share = count / of if of else 0.0
    return html.Td(
        [
            html.Span(f"{count:,}", className="cell-count", id=f"cell-{name}"),
            html.Span(words, className="cell-words", title=term),
            html.Span(rate(share) if of else "–", className="cell-share", id=f"cell-{name}-share"),
        ],
        className=f"cell cell-{kind}",
        id=f"cell-{name}-box",
        style={"--share": share},
    )


def spoken(words: str) -> dict[str, Any]:
    """What a screen reader says of a component."""
    return {"aria-label": words}


def intervals_note() -> Component:
    """What the ranges in the tiles are."""
    return html.P(
        "Ranges are 95 % intervals: Wilson's for rates, 2,000 resamples of whole lesions for the AUC.",
        className="note",
    )


def two_columns(panels: Sequence[Component]) -> Component:
    """Panels side by side where there is room; the last of an odd number takes its row alone."""
    alone = len(panels) - 1 if len(panels) % 2 else -1
    columns = [dbc.Col(one, xs=12, lg=12 if place == alone else 6) for place, one in enumerate(panels)]
    return dbc.Row(columns, className="g-3")


def framed(title: str, body: Any, note: str | None = None) -> Component:
    """A part of the page with its heading and, where it helps, one sentence on how to read it."""
    head = [html.H2(title)] + ([html.P(note, className="note")] if note else [])
    return html.Section([html.Div(head, className="panel-head"), body], className="panel")


def graph(name: str, height: int, alternative: str) -> Component:
    """Room for a figure of `height` pixels; `alternative` is what a screen reader says instead of it."""
    return html.Div(
        dcc.Graph(
            id={"type": "performance-figure", "name": name},
            config=CONFIG,
            responsive=True,
            style={"height": f"{height}px"},
        ),
        className=f"graph graph-{name}",
        role="img",
        **spoken(alternative),
    )


def notice(sentence: str) -> Component:
    """Something about the page that the reader should know."""
    return html.P(sentence, className="notice", role="status")


def damaged(bundles: Sequence[Damaged]) -> Component | None:
    """Models that could not be read, by name, each with what is wrong."""
    if not bundles:
        return None
    # A problem may begin with the name that stands before it anyway.
    problems = [(one.name, one.problem.removeprefix(f"{one.name}: ")) for one in bundles]
    rows = [html.Li([html.Strong(name), html.Span(f": {problem}")]) for name, problem in problems]
    return html.Section(
        [html.H2("Not shown because they are damaged"), html.Ul(rows, className="warnings")],
        className="panel",
    )


def empty(damaged_bundles: Sequence[Damaged]) -> Component:
    """What to do when there is no model to look at."""
    return html.Div(
        [
            html.Section(
                [
                    html.H2("No trained model yet"),
                    html.P(
                        [
                            "This page shows how well a model works, from the scores kept with it. Make one ",
                            "with ",
                            html.Code("python -m training"),
                            ", or point ",
                            html.Code("DERMABOARD_BUNDLES"),
                            " to a folder of models.",
                        ]
                    ),
                ],
                className="panel empty",
            ),
            damaged(damaged_bundles),
        ]
    )


def stand_in() -> Component:
    """What callbacks refer to, out of sight: Dash complains of components that are missing from a page."""
    nobody = Confusion(0, 0, 0, 0)
    return html.Div(
        [
            dcc.Location(id="performance-address", refresh=False),
            choice([], "", [], ""),
            html.Div(id="performance-body"),
            tiles(undefined(Undefined.EMPTY), nobody),
            threshold_slider(50, 0.5),
            binary_confusion(nobody),
            dcc.Store(id="performance-sweep"),
        ],
        hidden=True,
    )

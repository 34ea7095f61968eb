"""/performance: how well a model works, from the scores stored in its bundle.

The address holds the choice: `?model=&split=&prevalence=&compare=` (prevalence in per cent).
"""

from collections.abc import Collection
from typing import Any
from urllib.parse import urlencode

import plotly.graph_objects as go
from dash import (
    ALL,
    ClientsideFunction,
    Input,
    Output,
    State,
    callback,
    clientside_callback,
    dcc,
    html,
    register_page,
)
from dash.development.base_component import Component

from dashboard import photographs
from dashboard.components import card, cases, operating, subgroups
from dashboard.components import performance as parts
from dashboard.services import Services
from model import metrics
from model.bundle import Bundle, Damaged
from model.figures import benefit, calibration, confusion, curves, forest, training
from model.figures.review import figures
from model.intervals import Interval
from model.review import Review, facts, review, rows, splits, versus

register_page(__name__, path="/performance", title="Performance · Dermaboard")  # type: ignore[no-untyped-call]


def layout(
    model: str | None = None,
    split: str | None = None,
    prevalence: str | None = None,
    compare: str | None = None,
    **_: Any,
) -> Component:
    """The page of a choice; what the address does not say, or says wrongly, takes the default."""
    found = Services.current().bundles
    damaged = [one for one in found if isinstance(one, Damaged)]
    models = readable(found)
    head = html.H1("Performance")
    if not models:
        return html.Div([head, parts.empty(damaged), stand_in()], className="performance")
    chosen = pick(models, model)
    available = splits(chosen)
    part = split if split in available else next(iter(available), "")
    other = opponent(models, chosen, compare)
    unknown = model is not None and chosen.name != model
    return html.Div(
        [
            head,
            dcc.Location(id="performance-address", refresh=False),
            dcc.Store(id="performance-own", data=operating.asked(prevalence)),
            parts.notice(f"There is no model of that name; this is {chosen.name}.") if unknown else None,
            parts.choice(models, chosen.name, available, part, other.name if other else ""),
            html.Div(body(chosen, part, prevalence, other), id="performance-body"),
            parts.damaged(damaged),
        ],
        className="performance",
    )


def stand_in() -> Component:
    """What callbacks refer to where there is no model to show."""
    nobody = metrics.Confusion(0, 0, 0, 0)
    return html.Div(
        [
            parts.stand_in(),
            html.Div(operating.numbers(nobody, 10), hidden=True),
            dcc.Store(id="performance-own"),
        ]
    )


def readable(found: tuple[Bundle | Damaged, ...]) -> list[Bundle]:
    """The intact bundles."""
    return [one for one in found if isinstance(one, Bundle)]


def pick(models: list[Bundle], name: Any) -> Bundle:
    """The bundle of that name, else the one that predicts by default, else the first.

    `name` comes from an address, where a repeated parameter is a list.
    """
    wanted = (name, Services.current().settings.model)
    return next((one for choice in wanted for one in models if one.name == choice), models[0])


def opponent(models: list[Bundle], chosen: Bundle, name: Any) -> Bundle | None:
    """The bundle to compare with, if it is one and another."""
    return next((one for one in models if one.name == name and one.name != chosen.name), None)


def body(bundle: Bundle, split: str, prevalence: Any = None, other: Bundle | None = None) -> list[Component]:
    """Everything below the choice; the figures follow once the browser has said which theme it wears."""
    shown = review(bundle, split)
    position = round(100 * shown.threshold, 1)
    at = shown.confusion(position)
    usual, percent = operating.prevalence(None, at), operating.prevalence(prevalence, at)
    return [
        about(bundle, shown),
        parts.tiles(shown.area, shown.confusion(position)),
        dcc.Store(id="performance-sweep", data=shown.sweep() | {"prevalence": usual}),
        parts.intervals_note(),
        parts.two_columns(panels(bundle, shown, position, percent, other)),
        by_subgroup(shown),
        cases.cases(cases.listed(rows(bundle, split), pictured())),
        card.card(bundle.card),
    ]


def about(bundle: Bundle, shown: Review) -> Component:
    """Which model on how many cases."""
    told = [facts(bundle.card.training), f"{shown.truth.size:,} images of {shown.lesions:,} lesions"]
    drawn = html.Span("Trained on drawn lesions", className="tag") if bundle.card.synthetic else None
    return html.P([" · ".join(filter(None, told)), " ", drawn], className="note performance-about")


def panels(
    bundle: Bundle, shown: Review, position: float, percent: float, other: Bundle | None
) -> list[Component]:
    """The framed figures, most telling first."""
    slider = parts.threshold_slider(position, shown.threshold)
    matrix = parts.binary_confusion(shown.confusion(position))
    found = [
        parts.framed(
            "Decisions at a threshold",
            html.Div([slider, matrix]),
            f"Model's own: set on validation for {parts.rate(bundle.card.target_sensitivity)} sensitivity.",
        ),
        parts.framed(
            "Numbers at the threshold",
            operating.numbers(shown.confusion(position), percent),
            operating.NOTE,
        ),
        parts.framed("ROC", against(bundle, other, shown)),
        parts.framed("Precision and recall", parts.graph("pr", curves.HEIGHT, "Precision-recall curve")),
        parts.framed(
            "Decision curve",
            parts.graph("benefit", benefit.HEIGHT, "Net benefit against treating all or none"),
            "Cancers found, less false alarms weighed by the odds of the threshold.",
        ),
        parts.framed("Scores by class", parts.graph("scores", curves.HEIGHT, "Probabilities by class")),
        parts.framed(
            "Calibration",
            parts.graph("calibration", calibration.HEIGHT, "Observed against predicted share"),
            calibration_note(shown),
        ),
    ]
    if shown.matrix is not None:
        score = metrics.class_balanced_accuracy(shown.matrix)
        note = f"Balanced accuracy {parts.rate(score)}. Top right: cancers taken for something harmless."
        found.append(parts.framed("Diagnoses", parts.graph("diagnoses", confusion.HEIGHT, note), note))
    found.append(parts.framed("Training", parts.graph("training", training.HEIGHT, "Loss and AUC by epoch")))
    return found


def against(bundle: Bundle, other: Bundle | None, shown: Review) -> Component:
    """The ROC curve and, where two models are compared, how their areas differ."""
    graph = parts.graph("roc", curves.HEIGHT, area_words(shown.area))
    if other is None:
        return graph
    result = versus(bundle, other, shown.split).result
    return html.Div([graph, parts.versus(bundle.name, other.name, result)])


def pictured() -> Collection[str] | None:
    """Ids of the images that can be shown; None where no folder is set."""
    folder = Services.current().settings.images
    return None if folder is None else photographs.found(folder).keys()


def by_subgroup(shown: Review) -> Component:
    """Forest plot and table."""
    plot = parts.graph(
        "forest",
        forest.height(shown.subgroups),
        "AUC, sensitivity and specificity by subgroup; the table has them",
    )
    more = html.Details([html.Summary("As a table"), subgroups.table(shown.subgroups)], className="as-table")
    return parts.framed("Subgroups", html.Div([plot, more]), subgroups.NOTE)


def area_words(area: Interval) -> str:
    """The ROC curve in words."""
    return f"ROC curve. {area.reason.sentence}" if area.reason else f"ROC curve, area {area.value:.3f}"


def calibration_note(shown: Review) -> str:
    """The two numbers that sum a calibration up."""
    if metrics.problem(shown.truth, shown.scores) is not None:
        return ""
    error = metrics.expected_calibration_error(shown.truth, shown.scores)
    square = metrics.brier(shown.truth, shown.scores)
    return f"Expected calibration error {error:.3f}, Brier score {square:.3f}."


@callback(
    Output("performance-body", "children"),
    Output("performance-split", "options"),
    Output("performance-split", "value"),
    Output("performance-address", "search"),
    Output("performance-compare", "options"),
    Output("performance-compare", "value"),
    Input("performance-model", "value"),
    Input("performance-split", "value"),
    Input("performance-compare", "value"),
    State("performance-own", "data"),
    prevent_initial_call=True,
)
def choose(model: str, split: str, compare: str = "", prevalence: float | None = None) -> tuple[Any, ...]:
    """Another model or split; a model without the split shows the one to judge it by."""
    models = readable(Services.current().bundles)
    bundle = pick(models, model)
    other = opponent(models, bundle, compare)
    available = splits(bundle)
    part = split if split in available else next(iter(available), "")
    rival = other.name if other else ""
    # A prevalence that nobody set is that of the cases, and changes with them.
    said = {"prevalence": "" if prevalence is None else f"{prevalence:g}", "compare": rival}
    address = {"model": bundle.name, "split": part} | {name: value for name, value in said.items() if value}
    return (
        body(bundle, part, prevalence, other),
        parts.split_options(available),
        part,
        "?" + urlencode(address),
        parts.other_options(models, bundle.name),
        rival,
    )


@callback(
    Output({"type": "performance-figure", "name": ALL}, "figure"),
    Input("theme", "data"),
    State({"type": "performance-figure", "name": ALL}, "id"),
    State("performance-model", "value"),
    State("performance-split", "value"),
    State("performance-threshold", "value"),
    State("performance-compare", "value"),
)
def draw(
    theme: str, ids: list[dict[str, str]], model: str, split: str, position: float, compare: str = ""
) -> list[go.Figure]:
    """The figures of a freshly shown body, or of all in another theme."""
    if not ids:
        return []
    models = readable(Services.current().bundles)
    bundle = pick(models, model)
    other = opponent(models, bundle, compare)
    rival = versus(bundle, other, split) if other else None
    names = [one["name"] for one in ids]
    found = figures(bundle, review(bundle, split), position, theme, rival, names)
    return [found[one["name"]] for one in ids]


def readings() -> list[Output]:
    """Tiles and cells that follow the slider, in the order of `read` in performance.js."""
    tiles = [(f"tile-{name}{end}", "children") for name, _, _ in parts.TILES for end in ("", "-line")]
    cells = [
        (f"cell-{name}{end}", prop)
        for name, *_ in parts.CELLS
        for end, prop in (("", "children"), ("-share", "children"), ("-box", "style"))
    ]
    return [Output(component, prop) for component, prop in (*tiles, *cells)]


def numbers() -> list[Output]:
    """Rows that follow slider and prevalence, in the order of `weigh` in performance.js."""
    names = [f"number-{name}{end}" for name, *_ in operating.NUMBERS for end in ("", "-range")]
    return [Output(name, "children") for name in names]


def marks() -> list[Output]:
    """Operating points that follow the slider, in the order of `mark` in performance.js."""
    figures_with_one = ("roc", "pr", "scores", "benefit")
    return [Output({"type": "performance-figure", "name": name}, "extendData") for name in figures_with_one]


for function, outputs in (("read", readings()), ("mark", marks())):
    clientside_callback(
        ClientsideFunction("performance", function),
        outputs,
        Input("performance-threshold", "value"),
        State("performance-sweep", "data"),
        prevent_initial_call=True,
    )
clientside_callback(
    ClientsideFunction("performance", "weigh"),
    numbers(),
    Input("performance-threshold", "value"),
    Input("performance-prevalence", "value"),
    State("performance-sweep", "data"),
    prevent_initial_call=True,
)
clientside_callback(
    ClientsideFunction("performance", "remember"),
    Output("performance-own", "data"),
    Input("performance-prevalence", "value"),
    State("performance-sweep", "data"),
    prevent_initial_call=True,
)
clientside_callback(
    ClientsideFunction("performance", "list"),
    Output("performance-cases", "children"),
    Input("performance-outcome", "value"),
    Input("performance-threshold", "value"),
    Input("performance-lists", "data"),
    State("performance-sweep", "data"),
)
clientside_callback(
    ClientsideFunction("performance", "pick"),
    Output("performance-outcome", "value"),
    [Input(f"cell-{name}-box", "n_clicks") for name, *_ in parts.CELLS],
    prevent_initial_call=True,
)
clientside_callback(
    ClientsideFunction("performance", "reset"),
    Output("performance-threshold", "value"),
    Input("performance-reset", "n_clicks"),
    State("performance-sweep", "data"),
    prevent_initial_call=True,
)

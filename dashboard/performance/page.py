"""/performance: how well a model works, from the scores stored in its bundle. `dashboard.performance.view` says what
the address holds; the threshold slider and everything that follows it live in assets/performance.js."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from dash import ALL, MATCH, Input, Output, State, callback, dcc, html, no_update, register_page
from dash.development.base_component import Component

from dashboard.performance import (
    browser,
    cases,
    choice,
    live,
    model_card,
    panels,
    parts,
    photographs,
    threshold,
)
from dashboard.performance.view import View, drawn_runs, live_runs, read_view, view_of_query, view_query
from dashboard.services import Services
from model.bundle import Bundle
from model.evaluation.cohort import COLUMNS
from model.evaluation.figures.catalogue import FIGURES
from model.evaluation.figures.confusion import DIAGNOSES
from model.evaluation.figures.figure import FigureData
from model.evaluation.figures.forest import SUBGROUPS
from model.evaluation.figures.narrow import narrow
from model.evaluation.figures.training import TRAINING
from model.evaluation.review import (
    SplitEvaluation,
    damaged_bundles,
    evaluate_split,
    intact_bundles,
    training_words,
)
from model.evaluation.words import rate

register_page(__name__, path="/performance", title="Performance · Dermaboard", name="Performance")  # type: ignore[no-untyped-call]
browser.register_scripts()

# More cases than this: intervals come after the curves, not with them.
MANY = 20_000
# Pixels of the model card, which comes later, so that nothing moves when it does.
CARD = 480


def layout(**query: Any) -> Component:
    """The page of an address; what that does not say, or says wrongly, takes the default."""
    services = Services.current()
    models = intact_bundles(services.bundles)
    broken = panels.damaged_panel(damaged_bundles(services.bundles))
    head = html.H1("Performance")
    if not models:
        return html.Div([head, panels.no_model_panel(), broken], className="performance")
    view, notices = read_view(query, models, services.settings.model)
    return html.Div(
        [
            head,
            dcc.Location(id="performance-address", refresh=False),
            dcc.Store(id="performance-search", data=view_query(view)),
            dcc.Store(id="performance-show", data=view.selection.code),
            dcc.Store(id="performance-page", data=view.page),
            html.Div(panels.notices(notices), id="performance-notices"),
            choice.choice_of_view(models, view),
            html.Div(body_of_view(view), id="performance-body"),
            broken,
        ],
        className="performance",
    )


def body_of_view(view: View) -> list[Component]:
    """Everything below the choice. What takes long comes as an empty room that a callback fills."""
    settings, shown, data = Services.current().settings, view.review, view.figure_data()
    runs, at = live.find_runs(settings.runs), shown.confusion(view.position)
    readings = threshold.slider_readings(shown, threshold.chosen_prevalence(None, at))
    components = [
        view_summary(view, shown),
        threshold.tile_row(shown, at),
        dcc.Store(id="performance-view", data=view_query(view)),
        dcc.Store(id="performance-turns"),
        dcc.Store(id="performance-sweep", data=readings | {"runs": live_runs(runs)}),
        threshold.intervals_note(shown),
        comparison_room(view),
        panels.two_columns(threshold_panels(view, shown) + catalogued_panels(data, wide=False)),
        *catalogued_panels(data, wide=True),
        cases.cases_panel(view_query(view), settings.images is not None),
        live.training_panel(data, runs, drawn_runs(view, runs), settings.runs.is_dir()),
        model_card.robustness_panel(data),
        panels.framed("Model card", panels.room_for_later("card", CARD)),
    ]
    return [one for one in components if one is not None]


def view_summary(view: View, shown: SplitEvaluation) -> Component:
    """Which model on how many cases."""
    facts = [
        training_words(view.model.card.training),
        f"{shown.truth.size:,} images of {shown.lesions:,} lesions",
    ]
    if view.where:
        facts.append(f"only {view.filtered}")
    tag = html.Span("Trained on drawn lesions", className="tag") if view.model.card.synthetic else None
    return html.P([" · ".join(filter(None, facts)), " ", tag], className="note performance-about")


def comparison_room(view: View) -> Component:
    """The room for the comparison of several models; it is there, unseen, where one stands alone."""
    room = html.Div(panels.skeleton() if view.others else None, id="performance-versus")
    return (
        panels.framed("Models compared", room, parts.COMPARISON_NOTE, table="models") if view.others else room
    )


def threshold_panels(view: View, shown: SplitEvaluation) -> list[Component]:
    """The decisions and the numbers at the threshold."""
    at = shown.confusion(view.position)
    model = view.model.card
    return [
        panels.framed(
            "Decisions at a threshold",
            threshold.decisions_body(model, at, view.position),
            f"Model's own: set on validation for {rate(model.target_sensitivity)} sensitivity.",
            table="decisions",
        ),
        panels.framed(
            "Numbers at the threshold",
            threshold.numbers_body(at, threshold.chosen_prevalence(view.prevalence, at)),
            threshold.NUMBERS_NOTE,
            table="numbers",
        ),
    ]


def catalogued_panels(data: FigureData, wide: bool) -> list[Component]:
    """The figures of the cases that take half the width, or all of it."""
    return [
        panels.figure_panel(figure, data, BODIES[figure.name](data) if figure.name in BODIES else None)
        for figure in FIGURES.values()
        if figure.of_cases and figure.wide == wide and figure.exists(data)
    ]


def subgroups_body(data: FigureData) -> Component:
    """Forest plot and the room for its table."""
    more = html.Details(
        [html.Summary("As a table"), html.Div(panels.skeleton(), id="performance-subgroups")],
        className="as-table",
        id="performance-subgroups-table",
    )
    return html.Div([panels.figure_room(SUBGROUPS, data), more])


# Figures that are more than their drawing on the page.
BODIES: dict[str, Callable[[FigureData], Component]] = {
    DIAGNOSES.name: lambda data: parts.diagnoses_room(data.review.taxonomy),
    SUBGROUPS.name: subgroups_body,
}


def view_of(address: str | None) -> View:
    """The view of an address's part from "?" on, on the bundles that are here."""
    services = Services.current()
    return view_of_query(address, intact_bundles(services.bundles), services.settings.model)


@callback(
    Output("performance-body", "children"),
    Output("performance-notices", "children"),
    Output("performance-split", "options"),
    Output("performance-split", "value"),
    Output("performance-compare", "options"),
    Output("performance-compare", "value"),
    Output({"type": "performance-filter", "name": ALL}, "options"),
    Output({"type": "performance-filter", "name": ALL}, "value"),
    Output("performance-report", "href"),
    Output("performance-address", "search"),
    Output("performance-search", "data"),
    Output("performance-page", "data"),
    Input("performance-model", "value"),
    Input("performance-split", "value"),
    Input("performance-compare", "value"),
    Input({"type": "performance-filter", "name": ALL}, "value"),
    State("performance-search", "data"),
    prevent_initial_call=True,
)
def choose(
    model: str, split: str, compare: list[str] | None, wanted: list[str], address: str
) -> tuple[Any, ...]:
    """Another model, split, filter or comparison; what the browser keeps by itself stays as it is."""
    services = Services.current()
    models: list[Bundle] = intact_bundles(services.bundles)
    query: dict[str, Any] = parse_qs((address or "").lstrip("?"), keep_blank_values=True)
    before = query.get("model")
    query |= {"model": model, "split": split, "compare": compare or []}
    query |= dict(zip(COLUMNS, wanted, strict=True))
    query.pop("page", None)
    if before != [model]:
        # Another model has another threshold of its own.
        query.pop("threshold", None)
    view, notices = read_view(query, models, services.settings.model)
    chosen = dict(view.where)
    return (
        body_of_view(view),
        panels.notices(notices),
        choice.split_options(view.splits),
        view.split,
        choice.other_options(models, view.model.name),
        [one.name for one in view.others],
        [choice.part_options(variable, view) for variable in COLUMNS],
        [chosen.get(variable, "") for variable in COLUMNS],
        choice.report_address(view.model.name, view.split),
        view_query(view),
        view_query(view),
        1,
    )


def diagnoses_part(view: View, _: Mapping[str, Any]) -> Component | None:
    """The diagnoses."""
    matrix = view.review.matrix
    return None if matrix is None else parts.diagnoses_table(matrix, view.model.card.taxonomy)


# What comes later and is no figure.
PARTS: dict[str, Callable[[View, Mapping[str, Any]], Component | None]] = {
    "diagnoses": diagnoses_part,
    "robustness": lambda view, turn: model_card.robustness_content(
        view.figure_data(turn["theme"]), turn["narrow"]
    ),
    "card": lambda view, _: model_card.model_card(view.model.card),
}


@callback(
    Output({"type": "performance-room", "name": MATCH}, "children"),
    Input({"type": "performance-turn", "name": MATCH}, "data"),
    State({"type": "performance-turn", "name": MATCH}, "id"),
    State("performance-view", "data"),
    State("performance-threshold", "value"),
    prevent_initial_call=True,
)
def draw(turn: dict[str, Any] | None, which: dict[str, str], address: str, position: float) -> Any:
    """What has its turn: a figure that was not there, not in this theme, or not with its intervals.

    Args:
        turn: `theme` to draw in, whether to be `sure` of intervals, and whether the window is `narrow`; None when
            another view came in between.
    """
    if turn is None:
        return no_update
    view, name = view_of(address), which["name"]
    if name in PARTS:
        return PARTS[name](view, turn)
    figure, shown = FIGURES[name], view.review
    rough = figure.needs_intervals and not (turn["sure"] or shown.ready or shown.truth.size <= MANY)
    made = figure.draw(view.figure_data(turn["theme"], not rough, position))
    return panels.graph(name, narrow(made) if turn["narrow"] and figure.wide else made, rough)


@callback(
    Output("tile-auc-line", "children"),
    Output("performance-versus", "children"),
    Input("performance-view", "data"),
)
def make_sure(address: str) -> tuple[str, Component | None]:
    """The interval of the AUC, which takes longer than the AUC, and several models side by side."""
    view = view_of(address)
    return threshold.area_line(view.review), models_compared(view)


def models_compared(view: View) -> Component | None:
    """Several models side by side; nothing where one stands alone."""
    if not view.others:
        return None
    own = [evaluate_split(one, view.split, view.where) for one in view.models]
    at = [one.at(one.threshold) for one in own]
    return parts.comparison_table(view.models, at, view.figure_data().rivals)


@callback(
    Output("performance-subgroups", "children"),
    Input("performance-subgroups-table", "n_clicks"),
    State("performance-view", "data"),
    prevent_initial_call=True,
)
def tabulate(clicks: int, address: str) -> Any:
    """The table of subgroups, once somebody opens it."""
    view = view_of(address)
    return parts.subgroups_table(view.review.subgroups) if clicks == 1 else no_update


@callback(Output("performance-cases", "children"), Input("performance-listing", "data"))
def show_cases(address: str) -> list[Component | None]:
    """The cases that the address lists."""
    return cases.case_list(view_of(address), photographs.known_images(Services.current().settings.images))


@callback(
    Output({"type": "performance-room", "name": "training"}, "children"),
    Output("performance-runs", "options"),
    Output("performance-tick", "disabled"),
    Input("performance-training-turn", "data"),
    Input("performance-runs", "value"),
    Input("performance-tick", "n_intervals"),
    State("performance-view", "data"),
    prevent_initial_call=True,
)
def follow_training(
    turn: dict[str, Any] | None, names: list[str] | None, ticks: int | None, address: str
) -> tuple[Any, ...]:
    """The curves of training; asked for again and again while a run is going."""
    runs = live.find_runs(Services.current().settings.runs)
    shown = [live.trained_run(run) for run in runs if run.name in (names or ())]
    made = TRAINING.draw(view_of(address).figure_data(turn["theme"], runs=shown)) if turn else None
    return (
        no_update if made is None else panels.graph(TRAINING.name, made),
        live.run_options(runs),
        not any(run.live for run in runs),
    )

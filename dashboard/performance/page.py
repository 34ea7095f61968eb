"""/performance: how well a model works, from the scores stored in its bundle. `dashboard.performance.view` says what
the address holds; the threshold slider and everything that follows it live in assets/performance.js."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

from dash import ALL, MATCH, Input, Output, State, callback, dcc, html, no_update, register_page
from dash.development.base_component import Component

from dashboard.performance import (
    all_runs,
    browser,
    cases,
    choice,
    comparison,
    errors,
    live,
    model_card,
    outcomes,
    panels,
    parts,
    photographs,
    sections,
    summary,
    threshold,
)
from dashboard.performance.checklists import CHECKLIST_ROOMS, checklist_panels, checklist_table
from dashboard.performance.machines import machine_table
from dashboard.performance.sections import body_of_view
from dashboard.performance.view import View, read_view, view_of_query, view_query
from dashboard.services import Services
from model.bundle import Bundle
from model.evaluation.figures.catalogue import FIGURES
from model.evaluation.figures.map import MAP
from model.evaluation.figures.narrow import narrow
from model.evaluation.figures.training import TRAINING
from model.evaluation.review import damaged_bundles, intact_bundles

register_page(__name__, path="/performance", title="Performance · Dermaboard", name="Performance")  # type: ignore[no-untyped-call]
browser.register_scripts()


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
            dcc.Store(id="performance-show", data=view.selection.code if view.selection else ""),
            dcc.Store(id="performance-page", data=view.page),
            html.Div(panels.notices(notices), id="performance-notices"),
            choice.choice_of_view(models, view),
            html.Div(body_of_view(view), id="performance-body"),
            broken,
        ],
        className="performance",
    )


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
    Input("performance-overlay", "value"),
    State("performance-search", "data"),
    prevent_initial_call=True,
)
def choose(
    model: str, split: str, compare: list[str] | None, wanted: list[str], overlay: str, address: str
) -> tuple[Any, ...]:
    """Another model, split, filter or comparison; what the browser keeps by itself stays as it is."""
    services = Services.current()
    models: list[Bundle] = intact_bundles(services.bundles)
    query: dict[str, Any] = parse_qs((address or "").lstrip("?"), keep_blank_values=True)
    before = query.get("model")
    query |= {"model": model, "split": split, "compare": compare or [], "overlay": overlay or ""}
    query |= dict(zip(choice.FILTERS, wanted, strict=True))
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
        [choice.part_options(variable, view) for variable in choice.FILTERS],
        [chosen.get(variable, "") for variable in choice.FILTERS],
        choice.report_address(view.model.name, view.split),
        view_query(view),
        view_query(view),
        1,
    )


def diagnoses_part(view: View, _: Mapping[str, Any]) -> Component | None:
    """The diagnoses."""
    matrix = view.review.matrix
    return None if matrix is None else parts.diagnoses_table(matrix, view.model.card.taxonomy)


# What comes later and is no figure like the others.
PARTS: dict[str, Callable[[View, Mapping[str, Any]], Component | None]] = {
    "diagnoses": diagnoses_part,
    "robustness": lambda view, turn: model_card.robustness_content(
        view.figure_data(turn["theme"]), turn["narrow"]
    ),
    "map": lambda view, turn: panels.graph(
        MAP.name,
        MAP.draw(replace(view.figure_data(turn["theme"]), colouring=turn["colouring"])).update_layout(
            dragmode=turn["drag"] or False
        ),
    ),
    "card": lambda view, _: html.Div(
        [
            model_card.card_links(view.model.name),
            model_card.model_card(view.model.card),
            *checklist_panels(view.model.card),
        ]
    ),
    "runs": lambda view, _: all_runs.runs_table(intact_bundles(Services.current().bundles), view.split),
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
        turn: `theme` to draw in, whether to be `sure` of intervals, whether the window is `narrow`, and of the
            map its `colouring` and what a `drag` over it does; None when another view came in between.
    """
    if turn is None:
        return no_update
    view, name = view_of(address), which["name"]
    if name in PARTS:
        return PARTS[name](view, turn)
    if name in CHECKLIST_ROOMS:
        return checklist_table(view.model.card, name)
    figure, shown = FIGURES[name], view.review
    rough = figure.needs_intervals and not (turn["sure"] or shown.ready or shown.truth.size <= sections.MANY)
    made = figure.draw(view.figure_data(turn["theme"], not rough, position))
    return panels.graph(name, narrow(made) if turn["narrow"] and figure.wide else made, rough)


@callback(
    Output("performance-summary", "children"),
    Output("performance-outcomes", "children"),
    Output("performance-sources", "children"),
    Output("performance-groups", "children"),
    Output("performance-errors", "children"),
    Input("performance-at", "data"),
    State("performance-view", "data"),
)
def follow_threshold(position: float | None, address: str) -> Any:
    """What the server counts anew when the slider rests at a position in per cent; None in a new page that has it."""
    if position is None:
        return (no_update,) * 5
    view = replace(view_of(address), threshold=position)
    at = view.review.probability(position)
    known = photographs.known_images(Services.current().settings.images)
    return (
        summary.summary_body(view, at),
        outcomes.outcomes_body(view.review, at),
        sections.group_tables(view, at, True),
        sections.group_tables(view, at, False),
        errors.errors_body(view, at, known),
    )


@callback(
    Output("performance-per-hundred", "children"),
    Input("performance-at", "data"),
    Input("performance-prevalence", "value"),
    State("performance-view", "data"),
    State("performance-threshold", "value"),
    prevent_initial_call=True,
)
def weigh_per_hundred(_: float | None, prevalence: float | None, address: str, position: float) -> Any:
    """What the answers mean at the prevalence that is set; nothing new for one that is half typed."""
    if prevalence is None:
        return no_update
    shown = view_of(address).review
    return threshold.per_hundred_words(shown.confusion(position), prevalence, shown.probability(position))


@callback(Output("performance-sweep", "data"), Input("performance-view", "data"))
def send_sweep(address: str) -> dict[str, Any]:
    """What the browser follows the slider with by itself, a moment after the page that can be read without it."""
    shown = view_of(address).review
    prevalence = threshold.chosen_prevalence(None, shown.at(shown.threshold))
    return threshold.slider_readings(shown, prevalence)


@callback(
    Output("tile-auc-line", "children"),
    Output("performance-versus", "children"),
    Input("performance-view", "data"),
)
def make_sure(address: str) -> tuple[str, list[Component]]:
    """The interval of the AUC, which takes longer than the AUC, and several models side by side."""
    view = view_of(address)
    return threshold.area_line(view.review), comparison.pairs_of_view(view)


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
    Output("performance-machines", "children"),
    Input("performance-training-turn", "data"),
    Input("performance-runs", "value"),
    Input("performance-tick", "n_intervals"),
    Input("performance-smooth", "value"),
    Input("performance-log", "value"),
    State("performance-view", "data"),
    prevent_initial_call=True,
)
def follow_training(
    turn: dict[str, Any] | None,
    names: list[str] | None,
    ticks: int | None,
    smooth: str | None,
    log: list[str] | None,
    address: str,
) -> tuple[Any, ...]:
    """The curves of training and how long it took; asked for again and again while a run is going."""
    runs = live.find_runs(Services.current().settings.runs)
    chosen, view = [run for run in runs if run.name in (names or ())], view_of(address)
    drawn = [live.trained_run(run) for run in chosen]
    data = view.figure_data(turn["theme"], runs=drawn) if turn else None
    made = TRAINING.draw(replace(data, smooth=int(smooth or 1), log=bool(log))) if data else None
    return (
        no_update if made is None else panels.graph(TRAINING.name, made),
        live.run_options(runs),
        not any(run.live for run in runs),
        machine_table(live.trainings(view.models, chosen)),
    )

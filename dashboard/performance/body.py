"""Everything below the choice. What takes long comes as an empty room that a callback fills."""

from collections.abc import Callable, Collection, Sequence

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.performance import cases, live, model_card, parts, threshold
from dashboard.performance.live import Run
from dashboard.performance.panels import figure_panel, figure_room, framed, later, skeleton, two_columns
from dashboard.performance.view import View, drawn_runs, live_runs, search
from model.evaluation.figures.catalogue import FIGURES
from model.evaluation.figures.confusion import DIAGNOSES
from model.evaluation.figures.figure import FigureData
from model.evaluation.figures.forest import SUBGROUPS
from model.evaluation.review import SplitEvaluation, training_words
from model.evaluation.words import rate

# Pixels of what comes later, so that nothing moves when it does.
CARD = 480


def performance_body(
    view: View,
    shown: SplitEvaluation,
    runs: Sequence[Run],
    folder: bool,
    known: Collection[str] | None,
) -> list[Component]:
    """The page of a view.

    Args:
        runs, folder: the training runs, and whether a folder of them is set.
        known: ids whose image can be shown, None where no folder is set.
    """
    at, data = shown.confusion(view.position), view.figure_data()
    found = [
        view_summary(view, shown),
        threshold.tile_row(shown, at),
        dcc.Store(id="performance-view", data=search(view)),
        dcc.Store(id="performance-turns"),
        dcc.Store(
            id="performance-sweep",
            data=threshold.slider_readings(shown, threshold.chosen_prevalence(None, at))
            | {"runs": live_runs(runs)},
        ),
        threshold.intervals_note(shown),
        comparison_room(view),
        two_columns(threshold_panels(view, shown) + catalogued_panels(data, wide=False)),
        *catalogued_panels(data, wide=True),
        cases.cases_panel(search(view), known is not None),
        live.training_panel(data, runs, drawn_runs(view, runs), folder),
        model_card.robustness_panel(data),
        framed("Model card", later("card", CARD)),
    ]
    return [one for one in found if one is not None]


def view_summary(view: View, shown: SplitEvaluation) -> Component:
    """Which model on how many cases."""
    told = [
        training_words(view.model.card.training),
        f"{shown.truth.size:,} images of {shown.lesions:,} lesions",
    ]
    if view.where:
        told.append(f"only {view.filtered}")
    tag = html.Span("Trained on drawn lesions", className="tag") if view.model.card.synthetic else None
    return html.P([" · ".join(filter(None, told)), " ", tag], className="note performance-about")


def comparison_room(view: View) -> Component:
    """The room for the comparison of several models; it is there, unseen, where one stands alone."""
    found = html.Div(skeleton() if view.others else None, id="performance-versus")
    return framed("Models compared", found, parts.COMPARISON_NOTE, table="models") if view.others else found


def threshold_panels(view: View, shown: SplitEvaluation) -> list[Component]:
    """The decisions and the numbers at the threshold."""
    at = shown.confusion(view.position)
    model = view.model.card
    return [
        framed(
            "Decisions at a threshold",
            threshold.decisions_body(model, at, view.position),
            f"Model's own: set on validation for {rate(model.target_sensitivity)} sensitivity.",
            table="decisions",
        ),
        framed(
            "Numbers at the threshold",
            threshold.numbers_body(at, threshold.chosen_prevalence(view.prevalence, at)),
            threshold.NUMBERS_NOTE,
            table="numbers",
        ),
    ]


def catalogued_panels(data: FigureData, wide: bool) -> list[Component]:
    """The figures of the cases that take half the width, or all of it."""
    return [
        figure_panel(figure, data, BODIES[figure.name](data) if figure.name in BODIES else None)
        for figure in FIGURES.values()
        if figure.of_cases and figure.wide == wide and figure.exists(data)
    ]


def subgroups_body(data: FigureData) -> Component:
    """Forest plot and the room for its table."""
    more = html.Details(
        [html.Summary("As a table"), html.Div(skeleton(), id="performance-subgroups")],
        className="as-table",
        id="performance-subgroups-table",
    )
    return html.Div([figure_room(SUBGROUPS, data), more])


# Figures that are more than their drawing on the page.
BODIES: dict[str, Callable[[FigureData], Component]] = {
    DIAGNOSES.name: lambda data: parts.diagnoses_room(data.review.taxonomy),
    SUBGROUPS.name: subgroups_body,
}

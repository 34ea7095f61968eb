"""Everything below the choice, section by section. What takes long comes as an empty room that a callback fills."""

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from dashboard.addresses import local_address
from dashboard.performance import (
    cases,
    comparison,
    contents,
    errors,
    groups,
    live,
    model_card,
    outcomes,
    panels,
    parts,
    photographs,
    summary,
    threshold,
)
from dashboard.performance.contents import Section
from dashboard.performance.live import Run
from dashboard.performance.selection import Selection, listed_cases
from dashboard.performance.view import View, drawn_runs, live_runs, view_query
from dashboard.services import Services
from dashboard.shell.attributes import attributes
from model.evaluation.figures.catalogue import FIGURES
from model.evaluation.figures.confusion import DIAGNOSES
from model.evaluation.figures.curves import ROC
from model.evaluation.figures.figure import FigureData
from model.evaluation.figures.forest import SUBGROUPS
from model.evaluation.figures.map import COLOURINGS, MAP
from model.evaluation.for_whom import groups_for_whom
from model.evaluation.review import SplitEvaluation
from model.evaluation.words import rate

# More cases than this: intervals come after the curves, and groups after the page.
MANY = 20_000
# Pixels of the model card and of the table of runs, which come later, so that nothing moves when they do.
CARD, RUNS = 480, 160
# The figures of each section, beside what is more than a figure.
CURVES = ("roc", "pr", "calibration", "scores", "benefit")


def body_of_view(view: View) -> list[Component]:
    """The way through the page, the threshold, the sections and the drawer of cases."""
    settings, shown, data = Services.current().settings, view.review, view.figure_data()
    runs = live.find_runs(settings.runs)
    found = sections_of_view(view, shown, data, runs)
    later: dict[str, Any] = {"data": view.position} if has_many_cases(shown) else {}
    first, *rest = (contents.framed_section(one) for one in found)
    return [
        dcc.Store(id="performance-view", data=view_query(view)),
        dcc.Store(id="performance-turns"),
        # With many cases, what is counted group by group follows: page.py, `follow_threshold`. A store that is given
        # None forgets it at once, which Dash takes for a change.
        dcc.Store(id="performance-at", **later),
        # What the slider needs is most of the page's weight, and follows: page.py, `send_sweep`.
        dcc.Store(id="performance-sweep"),
        dcc.Store(id="performance-coloured", data=view.colouring),
        dcc.Store(id="performance-rested"),
        html.Div(
            [
                contents.contents(found),
                html.Div(
                    [first, threshold.threshold_bar(shown, view.position, live_runs(runs)), *rest],
                    className="performance-sections",
                ),
            ],
            className="performance-columns",
        ),
        cases.cases_drawer(view),
    ]


def has_many_cases(shown: SplitEvaluation) -> bool:
    """Whether what takes longer comes after what can be seen at once."""
    return shown.truth.size > MANY


def sections_of_view(
    view: View, shown: SplitEvaluation, data: FigureData, runs: Sequence[Run]
) -> list[Section]:
    """The sections in their order; one without anything to show is left out."""
    at = shown.probability(view.position)
    found = [
        *sections_of_figures(view, shown, data, at),
        *sections_of_groups(view, shown, data, at),
        *sections_to_check(view, data, at, runs),
    ]
    return [one for one in found if any(part is not None for part in one.body)]


def sections_of_figures(view: View, shown: SplitEvaluation, data: FigureData, at: float) -> list[Section]:
    """What is known, in words, numbers and curves."""
    later = has_many_cases(shown)
    return [
        Section(
            "summary",
            "Summary",
            [html.Div(summary.summary_body(view, at, later), id="performance-summary", className="panel")],
        ),
        Section(
            "decisions",
            "Decisions",
            decisions_of_view(view, shown, at),
            "What people see on Predict, counted on these photographs. Choose a cell to see its photographs.",
        ),
        Section(
            "curves",
            "Curves",
            [panels.two_columns(figure_panels(data, CURVES))],
            "Bands and lines are 95 % intervals over whole lesions.",
        ),
    ]


def sections_of_groups(view: View, shown: SplitEvaluation, data: FigureData, at: float) -> list[Section]:
    """For whom it holds, and against which other model."""
    later = has_many_cases(shown)
    return [
        Section(
            "sources",
            "Sources",
            [
                html.Div(
                    panels.skeleton() if later else group_tables(view, at, True), id="performance-sources"
                )
            ],
            groups.GROUPS_NOTE,
        ),
        Section(
            "subgroups",
            "Subgroups",
            [
                html.Div(
                    panels.skeleton() if later else group_tables(view, at, False), id="performance-groups"
                ),
                *figure_panels(data, (SUBGROUPS.name,)),
            ],
        ),
        Section(
            "comparison",
            "Comparison",
            [
                *comparison.comparison_room(view),
                html.Div(panels.room_for_later("runs", RUNS, title="All models")),
            ],
            comparison.COMPARISON_NOTE,
        ),
        Section("map", "Map", map_of_view(view, data)),
    ]


def sections_to_check(view: View, data: FigureData, at: float, runs: Sequence[Run]) -> list[Section]:
    """Where it fails, and how it was made."""
    settings = Services.current().settings
    known, folder = photographs.known_images(settings.images), settings.runs.is_dir()
    return [
        Section(
            "errors",
            "Errors",
            [
                None if known is not None else html.P(cases.HOW, className="note"),
                html.Div(errors.errors_body(view, at, known), id="performance-errors"),
                cases.list_controls(),
                *figure_panels(data, (DIAGNOSES.name,)),
            ],
            "Where the model fails, worst first.",
        ),
        Section(
            "training",
            "Training",
            [live.training_panel(data, runs, drawn_runs(view, runs), folder)],
            folded=True,
        ),
        Section("robustness", "Robustness", [model_card.robustness_panel(data)], folded=True),
        Section(
            "card",
            "Model card",
            [html.Div(panels.room_for_later("card", CARD), className="panel")],
            "Purpose, limits, data, licence, checksums.",
            folded=True,
        ),
    ]


def decisions_of_view(view: View, shown: SplitEvaluation, at: float) -> list[Component]:
    """Outcomes as people get them, the threshold alone, and the numbers there."""
    model, confusion = view.model.card, shown.confusion(view.position)
    two_way = html.Div(
        [
            threshold.point_buttons(shown.points, shown.threshold, view.position),
            threshold.binary_confusion(confusion),
        ]
    )
    two = [
        panels.framed(
            "Truth by outcome",
            html.Div(outcomes.outcomes_body(shown, at), id="performance-outcomes"),
            table="outcomes",
            level=html.H3,
        ),
        panels.framed(
            "At the threshold alone",
            two_way,
            f"Model's own: set on validation for {rate(model.target_sensitivity)} sensitivity.",
            table="decisions",
            level=html.H3,
        ),
    ]
    numbers = panels.framed(
        "Numbers at the threshold",
        threshold.numbers_body(confusion, threshold.chosen_prevalence(view.prevalence, confusion), at),
        threshold.NUMBERS_NOTE,
        table="numbers",
        level=html.H3,
    )
    return [
        panels.two_columns(two),
        threshold.tile_row(shown, confusion),
        threshold.intervals_note(shown),
        numbers,
    ]


def figure_panels(data: FigureData, names: Sequence[str]) -> list[Component]:
    """Some figures of the cases, as far as this model has them."""
    return [
        panels.figure_panel(figure, data, BODIES[name](data) if name in BODIES else None)
        for name in names
        if (figure := FIGURES[name]).exists(data)
    ]


def group_tables(view: View, at: float, sources: bool) -> list[Component]:
    """The table of sources, modalities and runs, or of the other groups, at a threshold, a probability."""
    found = [
        one
        for one in groups_for_whom(view.model, view.split, view.where, at)
        if (one.variable in groups.SOURCES) == sources
    ]
    if not found:
        return [
            html.P(
                "The scores do not tell several sources apart." if sources else "No group.", className="note"
            )
        ]
    warning = groups.many_words(found)
    return [
        groups.groups_table(found, "Source" if sources else "Group"),
        html.Div(groups.gap_sentences(found), className="gaps"),
        html.P(warning, className="note") if warning else html.Span(),
    ]


def map_of_view(view: View, data: FigureData) -> list[Component]:
    """The map of the images, what it is coloured by, and the labels that are probably wrong."""
    if not MAP.exists(data):
        return []
    count = "" if has_many_cases(view.review) else f": {label_error_count(view):,}"
    colour = dbc.Select(
        id="performance-colouring",
        options=[{"value": name, "label": words} for name, words in COLOURINGS.items()],
        value=view.colouring,
        className="filter",
    )
    labels = html.Button(
        f"Labels to check{count}",
        type="button",
        className="btn btn-sm btn-outline-secondary",
        title="Images that the network confidently takes for another diagnosis than their label (confident learning)",
        **attributes(data_show="labels"),
    )
    controls = html.Div(
        [
            html.Div([html.Label("Colour by", htmlFor="performance-colouring", className="label"), colour]),
            html.Div(
                [drag_button(*one) for one in DRAGS],
                className="drags",
                role="group",
                **attributes(aria_label="What a finger or the mouse does on the map"),
            ),
            labels,
        ],
        className="row-apart",
    )
    return [controls, *figure_panels(data, (MAP.name,))]


# What dragging over the map does: the name that Plotly has for it, a word and a hint. assets/map.js presses one.
DRAGS: tuple[tuple[str, str, str], ...] = (
    ("", "Move", "Dragging scrolls the page"),
    ("lasso", "Lasso", "Draw around points to see their images"),
    ("select", "Box", "Draw a box over points to see their images"),
)


def drag_button(name: str, words: str, hint: str) -> Component:
    """A button that says what dragging over the map does."""
    return html.Button(
        words,
        type="button",
        className="btn btn-sm btn-outline-secondary",
        title=hint,
        **attributes(data_drag=name, aria_pressed="false"),
    )


def label_error_count(view: View) -> int:
    """How many labels are probably wrong."""
    return listed_cases(view.model, view.split, view.where, Selection("labels"), 0.0).size


def sketch_address(data: FigureData) -> str:
    """Where the first drawing of the ROC curve is."""
    query = [("model", data.bundle.name), ("split", data.review.split), *data.where]
    return local_address(f"/performance/sketch/roc.svg?{urlencode([*query, ('threshold', data.position)])}")


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
    ROC.name: lambda data: panels.figure_room(ROC, data, sketch=sketch_address(data)),
    DIAGNOSES.name: lambda data: parts.diagnoses_room(data.review.taxonomy),
    SUBGROUPS.name: subgroups_body,
}

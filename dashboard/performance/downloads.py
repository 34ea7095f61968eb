"""What can be saved from the performance page: tables as CSV, figures for a journal, the report.

The addresses take the page's own parameters (see `dashboard.performance.view`), so that what is saved is what is seen.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import plotly.graph_objects as go
from flask import Blueprint, Response, abort, request

from dashboard.performance.cases import decision_outcome
from dashboard.performance.live import find_runs, trained_run
from dashboard.performance.selection import listed_cases
from dashboard.performance.threshold import NUMBERS, chosen_prevalence
from dashboard.performance.view import View, drawn_runs, read_view
from dashboard.services import Services
from model.bundle import BundleError
from model.evaluation.figures.catalogue import FIGURES
from model.evaluation.figures.figure import (
    INTERVAL_COLUMNS,
    CsvTable,
    Figure,
    FigureData,
    interval_cells,
)
from model.evaluation.figures.sketch import roc_sketch
from model.evaluation.figures.template import palette
from model.evaluation.operating import operating_figures
from model.evaluation.outcomes import OUTCOME_ORDER
from model.evaluation.paired import paired_comparison
from model.evaluation.review import intact_bundles
from model.evaluation.rows import evaluated_rows

blueprint = Blueprint("downloads", __name__, url_prefix="/performance")

CARD_TYPES: dict[str, str] = {"html": "text/html", "pdf": "application/pdf", "md": "text/markdown"}
# Cases that are read from the scores at a time.
BLOCK = 1000


def requested_view() -> View:
    """The view of this request. Answers 404 where there is no model at all."""
    services = Services.current()
    models = intact_bundles(services.bundles)
    if not models:
        abort(404)
    return read_view(request.args.to_dict(flat=False), models, services.settings.model)[0]


def printed_data(view: View) -> FigureData:
    """What the figures of a view are drawn from, in the light theme and with the training runs of the view."""
    runs = find_runs(Services.current().settings.runs)
    shown = drawn_runs(view, runs)
    return view.figure_data("light", runs=[trained_run(run) for run in runs if run.name in shown])


def download_name(view: View, name: str, ending: str) -> str:
    """A file name that says what is in it, of letters that every system takes."""
    words = [one.name for one in view.models] + [view.split, *(part for _, part in view.where), name]
    return re.sub(r"[^A-Za-z0-9._-]+", "-", "-".join(filter(None, words)))[:120] + ending


def uncached(body: Any, mimetype: str, filename: str = "") -> Response:
    """An answer that no cache keeps; a file to save where it has a name."""
    response = Response(body, mimetype=mimetype)
    if filename:
        response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/table/<name>.csv")
def send_table(name: str) -> Response:
    """A table of the view as CSV, sent while it is made."""
    figure = FIGURES.get(name)
    make = figure.table if figure else None
    if make is None and name not in TABLES:
        abort(404)
    view = requested_view()
    table = make(printed_data(view)) if make else TABLES[name](view)
    return uncached(table.lines(), "text/csv", download_name(view, name, ".csv"))


@blueprint.get("/figure/<name>.json")
def send_figure(name: str) -> Response:
    """A figure of the view as it is printed: light, titled, with its size; the browser makes PNG or SVG of it."""
    if name not in FIGURES:
        abort(404)
    view, figure = requested_view(), FIGURES[name]
    data = printed_data(view)
    if not figure.exists(data):
        abort(404, "This model has no such figure.")
    drawn = for_print(figure.draw(data), figure, view, data)
    body = {
        "figure": json.loads(str(drawn.to_json())),
        "filename": download_name(view, name, ""),
        "width": drawn.layout.width,
        "height": drawn.layout.height,
    }
    return uncached(json.dumps(body), "application/json")


@blueprint.get("/sketch/roc.svg")
def send_sketch() -> Response:
    """The ROC curve of the view in one colour, which the page shows until it can draw its figures."""
    return uncached(roc_sketch(requested_view().figure_data()), "image/svg+xml")


@blueprint.get("/report/<name>.html")
def send_report(name: str) -> Response:
    """The whole review of a model and split as one file; model and split as the path and `?split=` say."""
    # plotly.js is read for it, and no other address needs that.
    from model.evaluation.report import model_report

    services = Services.current()
    models = [one for one in intact_bundles(services.bundles) if one.name == name]
    if not models:
        abort(404)
    query = request.args.to_dict(flat=False) | {"model": [name]}
    view = read_view(query, models, name)[0]
    try:
        prevalence = None if view.prevalence is None else view.prevalence / 100
        text = model_report(view.model, view.split, view.where, prevalence)
    except BundleError as error:
        abort(404, str(error))
    return uncached(text, "text/html", download_name(view, "review", ".html"))


@blueprint.get("/card/<name>.<ending>")
def send_card(name: str, ending: str) -> Response:
    """A model's card as a file, with its checklists."""
    # What draws PDFs is slow to import, and no other address here needs it.
    from model.evaluation.cardfile import CARD_FORMATS

    make = CARD_FORMATS.get(f".{ending}")
    found = [one for one in intact_bundles(Services.current().bundles) if one.name == name]
    if make is None or not found:
        abort(404)
    filename = re.sub(r"[^A-Za-z0-9._-]+", "-", f"{name}-card")
    return uncached(make(found[0].card), CARD_TYPES[ending], f"{filename}.{ending}")


def for_print(drawn: go.Figure, figure: Figure, view: View, data: FigureData) -> go.Figure:
    """A figure that stands alone: on white, with a title that says what it is of."""
    of = [" and ".join(one.name for one in view.models)]
    if figure.of_cases:
        of += [view.split, f"n = {data.review.truth.size:,}"]
        of += [f"only {view.filtered}"] if view.where else []
    top = (drawn.layout.margin.t or 12) + 40
    return drawn.update_layout(
        title={
            "text": f"<b>{figure.title}</b> · {', '.join(of)}",
            "font": {"size": 15},
            "x": 0,
            "xref": "paper",
            "xanchor": "left",
            "yref": "container",
            "y": 1,
            "yanchor": "top",
            "pad": {"t": 10},
        },
        margin={"t": top, "b": 16, "l": 16},
        paper_bgcolor=palette("light").surface,
        plot_bgcolor=palette("light").surface,
        height=(drawn.layout.height or 400) + 40,
        width=1100 if figure.wide else 720,
    )


def decisions_csv(view: View) -> CsvTable:
    """The four outcomes at the threshold."""
    shown = view.review
    at, threshold = shown.confusion(view.position), shown.probability(view.position)
    cells = [
        ("malignant", "malignant", at.tp),
        ("malignant", "benign", at.fn),
        ("benign", "malignant", at.fp),
        ("benign", "benign", at.tn),
    ]
    return CsvTable(("threshold", "truth", "decision", "cases"), [(threshold, *one) for one in cells])


def outcomes_csv(view: View) -> CsvTable:
    """Truth by outcome at the threshold."""
    shown = view.review
    threshold = shown.probability(view.position)
    rows = [
        (threshold, shown.malignant_from(threshold), truth, str(outcome), counts.count(outcome))
        for truth, counts in zip(("malignant", "benign"), shown.outcomes(threshold), strict=True)
        for outcome in OUTCOME_ORDER
    ]
    return CsvTable(("benign_below", "malignant_from", "truth", "outcome", "cases"), rows)


def numbers_csv(view: View) -> CsvTable:
    """Every number at the threshold, each with its interval."""
    shown = view.review
    at, threshold = shown.confusion(view.position), shown.probability(view.position)
    percent = chosen_prevalence(view.prevalence, at)
    figures = operating_figures(at, percent / 100)
    named = {"auc": shown.area, "auc_by_lesion": shown.auc_by_lesion}
    named |= {"sensitivity": at.sensitivity, "specificity": at.specificity, "accuracy": at.accuracy}
    named |= {name: getattr(figures, name) for name, *_ in NUMBERS}
    return CsvTable(
        ("threshold", "prevalence_for_ppv_and_npv", "number", *INTERVAL_COLUMNS),
        [(threshold, percent / 100, name, *interval_cells(one)) for name, one in named.items()],
    )


def models_csv(view: View) -> CsvTable:
    """Several models, each with the view's own, figure by figure; differences are the first less the second."""
    head = (
        "first",
        "second",
        "images_of_both",
        "figure",
        "of_first",
        "of_second",
        "difference",
        "low",
        "high",
    )
    rows = [
        (
            *(pair.first, pair.second, pair.cases.truth.size, one.name, one.first, one.second),
            *(one.difference.value, one.difference.low, one.difference.high),
        )
        for other in view.others
        for pair in (paired_comparison(view.model, other, view.split, view.where),)
        for one in pair.figures
    ]
    return CsvTable(head, rows)


def cases_csv(view: View) -> CsvTable:
    """Every listed case, worst errors first."""
    threshold = view.review.probability(view.position)
    places = listed_cases(view.model, view.split, view.where, view.listed, threshold, view.others)
    table = evaluated_rows(view.model, view.split, view.where)
    columns = [str(name) for name in table.columns]

    def each() -> Iterator[list[Any]]:
        for start in range(0, len(places), BLOCK):
            block = table.iloc[places[start : start + BLOCK]]
            for row in block.to_dict("records"):
                yield [decision_outcome(row, threshold), threshold, *(row[name] for name in columns)]

    return CsvTable(("outcome", "threshold", *columns), each())


# The tables that belong to no figure.
TABLES: dict[str, Callable[[View], CsvTable]] = {
    "outcomes": outcomes_csv,
    "decisions": decisions_csv,
    "numbers": numbers_csv,
    "models": models_csv,
    "cases": cases_csv,
}

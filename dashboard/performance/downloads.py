"""What can be taken along from the performance page: tables as CSV, figures for a journal.

The addresses take the page's own parameters (see `dashboard.performance.view`), so that what is saved is what is seen.
"""

import json
import re

from flask import Blueprint, Response, abort, request

from dashboard.performance import drawing, live
from dashboard.performance.tables import TABLES, Table, lines, training
from dashboard.performance.view import View, drawn, read
from dashboard.services import Services
from model.bundle import BundleError
from model.evaluation.review import intact

blueprint = Blueprint("downloads", __name__, url_prefix="/performance")


def asked() -> View:
    """The view of this request. Answers 404 where there is no model at all."""
    services = Services.current()
    models = intact(services.bundles)
    if not models:
        abort(404)
    return read(request.args.to_dict(flat=False), models, services.settings.model)[0]


def runs_of(view: View) -> list[live.Run]:
    """The training runs that this view draws."""
    found = live.find_runs(Services.current().settings.runs)
    names = drawn(view, found)
    return [run for run in found if run.name in names]


def filename(view: View, name: str, ending: str) -> str:
    """A name that says what is in the file, of letters that every system takes."""
    words = [one.name for one in view.models] + [view.split, *(part for _, part in view.where), name]
    return re.sub(r"[^A-Za-z0-9._-]+", "-", "-".join(filter(None, words)))[:120] + ending


@blueprint.get("/table/<name>.csv")
def table(name: str) -> Response:
    """A table of the view as CSV, sent while it is made."""
    if name not in TABLES and name != "training":
        abort(404)
    view = asked()
    found: Table = training(view, runs_of(view)) if name == "training" else TABLES[name](view)
    answer = Response(lines(found), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{filename(view, name, ".csv")}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.get("/figure/<name>.json")
def figure(name: str) -> Response:
    """A figure of the view as it is printed: light, titled, with its size; the browser makes PNG or SVG of it."""
    if name not in drawing.NAMES:
        abort(404)
    view = asked()
    if name == "training":
        made = drawing.training_figure(view, runs_of(view), "light")
    else:
        try:
            made = drawing.figure(view, name, view.position, "light")
        except drawing.NoFigure:
            abort(404, "This model has no such figure.")
    drawing.for_print(made, view, name)
    body = {
        "figure": json.loads(str(made.to_json())),
        "filename": filename(view, name, ""),
        "width": made.layout.width,
        "height": made.layout.height,
    }
    answer = Response(json.dumps(body), mimetype="application/json")
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.get("/report/<name>.html")
def whole(name: str) -> Response:
    """The whole review of a model and split as one file; model and split as the path and `?split=` say."""
    # plotly.js is read for it, and no other address needs that.
    from model.evaluation.report import report

    services = Services.current()
    models = [one for one in intact(services.bundles) if one.name == name]
    if not models:
        abort(404)
    query = request.args.to_dict(flat=False) | {"model": [name]}
    view = read(query, models, name)[0]
    try:
        prevalence = None if view.prevalence is None else view.prevalence / 100
        text = report(view.model, view.split, view.where, prevalence)
    except BundleError as error:
        abort(404, str(error))
    answer = Response(text, mimetype="text/html")
    answer.headers["Content-Disposition"] = f'attachment; filename="{filename(view, "review", ".html")}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer

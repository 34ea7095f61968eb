"""REST API v1, health and metrics: the same path to a prediction as the page takes."""

from flask import Blueprint, Flask, Response, request

from dashboard.api import (
    bin,
    examples,
    health,
    models,
    monitoring,
    patients,
    pictures,
    predictions,
    problems,
    reference,
    retention,
)
from dashboard.api.address import ROOT
from dashboard.api.problems import Problem
from dashboard.services import Services

__all__ = ["ROOT", "install"]

JSON = ("application/json", "application/merge-patch+json")
FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")

# Routes beside those that change something which take a JSON object.
WITH_JSON = ("retention.hold_prediction", "patients.merge_one_patient", "patients.merge_one_lesion")

rest = Blueprint("rest", __name__, url_prefix=ROOT)


def install_api(server: Flask, services: Services) -> None:
    """Add the routes to the server, and a problem document to every error below them."""
    monitoring.install_counters(server, services)
    problems.install_problem_documents(server)
    server.before_request(check_api_request)
    for module in (predictions, pictures, patients, bin, retention, models, examples, health, reference):
        server.register_blueprint(module.blueprint)
    server.register_blueprint(models.changes)
    server.register_blueprint(rest)


def check_api_request() -> None:
    """What holds for every request to the API. Raises Problem."""
    if not request.path.startswith(f"{ROOT}/"):
        return
    if request.method == "PATCH" or request.endpoint in WITH_JSON:
        require_json_object()
    if request.endpoint == "predictions.create_prediction":
        require_one_file()


def require_one_file() -> None:
    """A form with one file, under its name: spectree fails at any other. Raises Problem."""
    if request.mimetype not in FORMS:
        raise Problem(415, "not_a_form", "Send the photograph as multipart/form-data, in the part “file”.")
    names = [name for name, _ in request.files.items(multi=True)]
    if "file" in request.form or "file" not in names:
        raise problems.no_file()
    if len(names) > 1:
        raise Problem(422, "invalid", "Send one file at a time, as the part “file”.")


def require_json_object() -> None:
    """A body of JSON has to be one: spectree takes what is none for an empty one."""
    if request.mimetype not in JSON:
        raise Problem(415, "not_json", "Send the change as JSON, with the content type application/json.")
    if not isinstance(request.get_json(force=True, silent=False), dict):
        raise Problem(422, "invalid", "The body has to be one JSON object.")


@rest.get("/<path:unknown>")
def unknown_address(unknown: str) -> Response:
    """Any other address: without this route, Dash would answer it with a page."""
    raise Problem(404, "not_found", problems.NOTHING)

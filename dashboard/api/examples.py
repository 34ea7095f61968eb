"""Routes of the drawn examples: pictures to try things with, which nobody may take for photographs of patients."""

from flask import Blueprint, Response, send_from_directory

from dashboard import examples
from dashboard.api.address import ROOT
from dashboard.api.problems import Problem
from dashboard.api.spec import EXAMPLES, Answers, documented

blueprint = Blueprint("examples", __name__, url_prefix=f"{ROOT}/examples")


@blueprint.get("/<int:number>")
@documented(
    Answers(
        what="A JPEG file.",
        files=("image/jpeg",),
        errors={404: "There is no example of that number."},
    ),
    EXAMPLES,
    "readExample",
    number="Counted from 1.",
)
def example(number: int) -> Response:
    """A drawn example image: a drawing, not a photograph of a patient."""
    names = examples.example_names()
    if not 1 <= number <= len(names):
        raise Problem(404, "not_found", "There is no drawn example of that number.")
    return send_from_directory(examples.FOLDER, names[number - 1], max_age=86400)

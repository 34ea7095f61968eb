"""Routes for administrators: the legal hold on a prediction, and all that is stored of a lesion."""

from itertools import chain

from flask import Blueprint, Response, make_response, stream_with_context
from pydantic import Field

from dashboard.api import schemas
from dashboard.api.address import ROOT
from dashboard.api.answers import json_response, private_response
from dashboard.api.inputs import Input, Note, with_example
from dashboard.api.predictions import ID, MISSING, NO_JSON
from dashboard.api.spec import PREDICTIONS, Answers, documented
from dashboard.cases import current_actor, hold_cases, release_cases
from dashboard.patients import erase_subject, subject_file
from dashboard.services import Services
from dashboard.store.subjects import Subject

blueprint = Blueprint("retention", __name__, url_prefix=ROOT)


ERRORS = MISSING | {422: "A field does not fit."}


class NewHold(Input):
    """Why nobody may delete a prediction."""

    model_config = with_example(reason="a lawsuit", whole_lesion=False)

    reason: Note = Field(min_length=1, description="Stands in the audit trail.")
    whole_lesion: bool = Field(False, description="Hold every prediction of the same lesion.")


class WholeLesion(Input):
    """Whether something is for one prediction or for its lesion."""

    whole_lesion: bool = Field(False, description="Every prediction of the same lesion.")


class LesionReference(Input):
    """Which lesion."""

    lesion: str = Field(min_length=1, max_length=128, description="The reference.")
    patient: str | None = Field(
        None,
        min_length=1,
        max_length=128,
        description="Whose lesion; without it that of nobody who is named, exactly as it was given.",
    )

    def subject(self) -> Subject:
        """The same for the store."""
        return Subject(self.patient, self.lesion)


@blueprint.post("/predictions/<string:record_id>/hold")
@documented(
    Answers(
        schema=schemas.ChangedIds,
        what="The ids of what was not held before.",
        errors=ERRORS | NO_JSON,
    ),
    PREDICTIONS,
    "holdPrediction",
    record_id=ID,
)
def hold_prediction(record_id: str, json: NewHold) -> Response:
    """Put a legal hold on a prediction: nobody can delete it, and it does not grow too old."""
    held = hold_cases(current_actor(), Services.current(), record_id, json.reason, json.whole_lesion)
    return private_response(json_response(schemas.ChangedIds(ids=list(held))), "private, no-store")


@blueprint.delete("/predictions/<string:record_id>/hold")
@documented(
    Answers(schema=schemas.ChangedIds, what="The ids of what was held.", errors=ERRORS),
    PREDICTIONS,
    "releasePrediction",
    record_id=ID,
)
def release_prediction(record_id: str, query: WholeLesion) -> Response:
    """Release the legal hold on a prediction."""
    released = release_cases(current_actor(), Services.current(), record_id, query.whole_lesion)
    return private_response(json_response(schemas.ChangedIds(ids=list(released))), "private, no-store")


@blueprint.get("/lesion")
@documented(
    Answers(files=("application/zip",), what="The photographs, and the rest as JSON.", errors=ERRORS),
    PREDICTIONS,
    "readLesion",
)
def read_lesion(query: LesionReference) -> Response:
    """Everything that is stored of a lesion, as one file: also what is in the bin, and who saw it."""
    return subject_response(query.subject(), "lesion.zip")


def subject_response(subject: Subject, name: str) -> Response:
    """Everything of a subject as one file."""
    body = subject_file(current_actor(), Services.current(), subject)
    response = Response(stream_with_context(chain([next(body)], body)), mimetype="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return private_response(response, "private, no-store")


@blueprint.delete("/lesion")
@documented(
    Answers(status=204, what="It is gone for good.", errors=ERRORS | {409: "A prediction is on legal hold."}),
    PREDICTIONS,
    "eraseLesion",
)
def erase_all_of_lesion(query: LesionReference) -> Response:
    """Erase a lesion: its predictions, in the bin, too, with photographs and what the audit trail quotes of it."""
    erase_subject(current_actor(), Services.current(), query.subject())
    return make_response("", 204)

"""Routes of predictions: make one, list them, look at one, add to it, delete it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from flask import Blueprint, Response, make_response, request

from dashboard.addresses import local_address
from dashboard.api import schemas
from dashboard.api.address import ROOT
from dashboard.api.answers import (
    changed_since,
    json_response,
    prediction_response,
    private_response,
    revision_seen,
)
from dashboard.api.inputs import (
    Change,
    ContextChange,
    KeyHeader,
    Listing,
    MatchHeader,
    NewPrediction,
    Part,
)
from dashboard.api.shown import api_prediction_page
from dashboard.api.spec import PREDICTIONS, Answers, documented
from dashboard.cases import change_cases, current_actor, delete_cases, predict_part, predict_photograph
from dashboard.services import LIMITS, Services
from dashboard.store import Conflict, Finding, NotFound, Record

MISSING = {404: "There is no such prediction."}
ID = "Of the prediction."
# What a route that takes a JSON object refuses before it looks at the fields.
NO_JSON = {400: "The body is not JSON.", 415: "The content type is not JSON."}
TAG = {"ETag": "The revision, for If-Match."}
REFUSED = {
    409: "The idempotency key was used for another request.",
    413: "The file is too large, or has too many pixels.",
    415: "The file is not an image in a supported format, or the request is not a multipart form.",
    422: "The file is damaged, animated or too small, a field does not fit, or there is no such model.",
    400: "The request cannot be read.",
}

blueprint = Blueprint("predictions", __name__, url_prefix=f"{ROOT}/predictions")


@blueprint.post("")
@documented(
    Answers(
        status=201,
        schema=schemas.PredictionSchema,
        what="Predicted and stored.",
        errors=REFUSED,
        headers=TAG | {"Location": "Where the prediction is."},
    ),
    PREDICTIONS,
    "createPrediction",
)
def create_prediction(form: NewPrediction, headers: KeyHeader) -> Response:
    """Send a photograph, get a prediction.

    The photograph is decoded, predicted and stored without its metadata. The same `Idempotency-Key` with the same
    file gives the first prediction again.
    """
    # One byte beyond the limit is enough for the decoder to see that the file is too large.
    data = form.file.stream.read(LIMITS.max_bytes + 1)
    record = predict_photograph(
        current_actor(),
        Services.current(),
        data,
        form.file.filename or "",
        model=form.model,
        operating_point=form.operating_point,
        context=form.context(),
        key=headers.key,
        crop=form.part(),
        replaces=form.replaces,
    )
    return created(record)


def created(record: Record) -> Response:
    """A prediction that was stored now."""
    response = prediction_response(record, 201)
    response.headers["Location"] = local_address(f"{ROOT}/predictions/{record.id}")
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/<string:record_id>/parts")
@documented(
    Answers(
        status=201,
        schema=schemas.PredictionSchema,
        what="Predicted and stored.",
        errors=MISSING
        | NO_JSON
        | {
            422: "The part is too small or lies outside, or there is no model.",
        },
        headers=TAG | {"Location": "Where the prediction is."},
    ),
    PREDICTIONS,
    "cropPrediction",
    record_id=ID,
)
def crop_prediction(record_id: str, json: Part) -> Response:
    """Predict from another part of a stored photograph, turned or not.

    The new prediction replaces the one that is named; both are kept.
    """
    return created(predict_part(current_actor(), Services.current(), record_id, json.crop()))


@blueprint.get("")
@documented(
    Answers(
        schema=schemas.PredictionList,
        what="One page of them.",
        errors={422: "A filter, column, limit or cursor does not fit."},
    ),
    PREDICTIONS,
    "listPredictions",
)
def list_predictions(query: Listing) -> Response:
    """List predictions, the newest first.

    All filters that are given must hold; several values of one mean any of them. Follow `next` with `after`: pages
    stay right when predictions come and go meanwhile.
    """
    found = api_prediction_page(Services.current().store.page(query.query()))
    return private_response(json_response(found), "private, no-store")


@blueprint.get("/<string:record_id>")
@documented(
    Answers(schema=schemas.PredictionSchema, what="The prediction.", errors=MISSING, headers=TAG),
    PREDICTIONS,
    "readPrediction",
    record_id=ID,
)
def read_prediction(record_id: str) -> Response:
    """One prediction as it is now."""
    response = prediction_response(Services.current().store.get(record_id))
    response.make_conditional(request)
    return response


@blueprint.patch("/<string:record_id>")
@documented(
    Answers(
        schema=schemas.PredictionSchema,
        what="The prediction as it is now.",
        errors=MISSING
        | NO_JSON
        | {
            412: "Somebody changed it since the revision in If-Match.",
            422: "A field does not fit.",
        },
        headers=TAG,
    ),
    PREDICTIONS,
    "changePrediction",
    record_id=ID,
)
def change_prediction(record_id: str, json: Change, headers: MatchHeader) -> Response:
    """Change the context of a prediction, append a review to it, or both.

    The body is a JSON merge patch: null empties a field of the context, what is left out stays as it is. Send the
    ETag that you have seen as `If-Match`, and nothing is written over what somebody else wrote meanwhile.
    """
    services, actor, finding = Services.current(), current_actor(), None
    fields = {} if json.context is None else named_fields(json.context)
    if json.review is not None:
        actor = current_actor(json.review.reviewer)
        finding = Finding(**json.review.model_dump(exclude={"reviewer"}))
    seen = revision_seen(headers.match, partial(services.store.get, record_id), "prediction")
    with precondition(seen):
        (record,) = change_cases(actor, services, {record_id: seen}, fields, finding)
        return prediction_response(record)


@blueprint.delete("/<string:record_id>")
@documented(
    Answers(
        status=204,
        what="It is in the bin, with its pictures.",
        errors=MISSING
        | {409: "It is on legal hold.", 412: "Somebody changed it since the revision in If-Match."},
    ),
    PREDICTIONS,
    "deletePrediction",
    record_id=ID,
)
def delete_prediction(record_id: str, headers: MatchHeader) -> Response:
    """Delete a prediction with its pictures and reviews.

    It goes to the bin, from which it can be put back for 30 days. Then it is deleted for good.
    """
    services = Services.current()
    seen = revision_seen(headers.match, partial(services.store.get, record_id), "prediction")
    with precondition(seen):
        if not delete_cases(current_actor(), services, [record_id], seen):
            raise NotFound(record_id)
    return make_response("", 204)


@contextmanager
def precondition(seen: int | None) -> Iterator[None]:
    """Says 412 where somebody was faster than a client that has named a revision."""
    try:
        yield
    except Conflict as error:
        if seen is None or error.record is None:
            raise
        raise changed_since(error.record.revision, "prediction") from error


def named_fields(change: ContextChange) -> dict[str, Any]:
    """The fields that the change names."""
    return {name: getattr(change, name) for name in change.model_fields_set}

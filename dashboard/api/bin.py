"""Routes of the bin: what is in it, putting something back, and deleting it for good."""

from flask import Blueprint, Response, make_response

from dashboard.api import schemas
from dashboard.api.address import ROOT
from dashboard.api.answers import json_response, prediction_response, private_response
from dashboard.api.predictions import ID
from dashboard.api.spec import PREDICTIONS, Answers, documented
from dashboard.cases import binned_cases, current_actor, delete_binned_cases, put_back_cases
from dashboard.services import Services
from dashboard.store import NotFound
from dashboard.store.bin import BinnedCase

MISSING = {404: "There is no such prediction in the bin."}

blueprint = Blueprint("bin", __name__, url_prefix=f"{ROOT}/bin")


@blueprint.get("")
@documented(Answers(schema=schemas.BinList, what="What is in the bin."), PREDICTIONS, "listBin")
def list_bin() -> Response:
    """List deleted predictions that can still be put back, those that were deleted last first."""
    cases, every = binned_cases(current_actor(), Services.current())
    found = schemas.BinList(items=[api_binned_case(case) for case in cases], total=every)
    return private_response(json_response(found), "private, no-store")


@blueprint.post("/<string:record_id>")
@documented(
    Answers(schema=schemas.PredictionSchema, what="The prediction, as it was.", errors=MISSING),
    PREDICTIONS,
    "putBackPrediction",
    record_id=ID,
)
def put_back_prediction(record_id: str) -> Response:
    """Put a deleted prediction back, with its pictures and reviews."""
    services = Services.current()
    if not put_back_cases(current_actor(), services, [record_id]):
        raise NotFound(record_id)
    return prediction_response(services.store.get(record_id))


@blueprint.delete("/<string:record_id>")
@documented(
    Answers(status=204, what="It is gone for good.", errors=MISSING | {409: "It is on legal hold."}),
    PREDICTIONS,
    "deletePredictionForGood",
    record_id=ID,
)
def delete_prediction_for_good(record_id: str) -> Response:
    """Delete a prediction for good that is in the bin, with its pictures and reviews."""
    if not delete_binned_cases(current_actor(), Services.current(), [record_id]):
        raise NotFound(record_id)
    return make_response("", 204)


def api_binned_case(case: BinnedCase) -> schemas.BinnedPrediction:
    """A case in the bin as the API shows it."""
    record = case.record
    return schemas.BinnedPrediction(
        id=record.id,
        created=record.created,
        filename=record.filename,
        lesion=record.context.lesion,
        deleted=case.binned,
        deleted_by=case.who,
        until=case.ends,
        held=case.hold and case.hold.reason,
    )

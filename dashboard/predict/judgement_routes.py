"""`/judgements`: what a reader says of a photograph before and after its result is shown, and the switch for it."""

from typing import Any

from flask import Blueprint, Response, request

from dashboard.addresses import local_address
from dashboard.cases import current_actor
from dashboard.judging import COOKIE, judge_case, switch_judging
from dashboard.services import Services
from dashboard.store import InputError
from dashboard.users.visitors import asks_who

blueprint = Blueprint("judgements", __name__, url_prefix="/judgements")
YEARS = 10 * 365 * 24 * 3600


@blueprint.post("/<string:record_id>")
def add_judgement(record_id: str) -> Response:
    """Store `{"opinion": ..., "diagnosis": ..., "seen": ...}`; 204, or a problem document."""
    said = body_of_request()
    opinion, diagnosis, seen = said.get("opinion"), said.get("diagnosis") or None, said.get("seen", False)
    if not (isinstance(opinion, str) and isinstance(diagnosis, str | None) and isinstance(seen, bool)):
        raise InputError("Say what you see: benign, uncertain or malignant.")
    judge_case(current_actor(), Services.current(), record_id, opinion, diagnosis, seen)
    return Response(status=204)


@blueprint.post("/switch")
def switch_judge_first() -> Response:
    """Switch by `{"on": true}` or false; a browser where nobody signs in gets a cookie to be known by."""
    on = body_of_request().get("on")
    if not isinstance(on, bool):
        raise InputError("Say whether to judge first: true or false.")
    key = switch_judging(current_actor(), Services.current(), on)
    answer = Response(status=204)
    if not asks_who():
        answer.set_cookie(
            COOKIE,
            key,
            max_age=YEARS,
            path=local_address("/"),
            secure=request.is_secure,
            httponly=True,
            samesite="Lax",
        )
    return answer


def body_of_request() -> dict[str, Any]:
    """The JSON object that was sent. Raises InputError."""
    found = request.get_json(silent=True)
    if not isinstance(found, dict):
        raise InputError("Send a JSON object.")
    return found

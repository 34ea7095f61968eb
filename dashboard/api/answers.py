"""Answers from what routes found: JSON, and who may keep it."""

from flask import Response
from pydantic import BaseModel

from dashboard.api.shown import api_prediction
from dashboard.store import Record


def prediction_response(record: Record, status: int = 200) -> Response:
    """A prediction with its revision as ETag."""
    response = json_response(api_prediction(record), status)
    response.set_etag(str(record.revision))
    return private_response(response, "private, no-cache")


def json_response(answer: BaseModel, status: int = 200) -> Response:
    """An answer as JSON."""
    return Response(answer.model_dump_json(), status, mimetype="application/json")


def private_response(response: Response, how: str) -> Response:
    """An answer that no proxy may keep."""
    response.headers["Cache-Control"] = how
    return response

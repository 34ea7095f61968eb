"""Answers from what routes found: JSON, who may keep it, and whether it is still what the client has seen."""

from collections.abc import Callable
from typing import Protocol

from flask import Response, request
from pydantic import BaseModel

from dashboard.api.problems import Problem
from dashboard.api.shown import api_prediction
from dashboard.store import Record


def prediction_response(record: Record, status: int = 200) -> Response:
    """A prediction with its revision as ETag."""
    response = json_response(api_prediction(record), status)
    response.set_etag(str(record.revision))
    return private_response(response, "private, no-cache")


class Revised(Protocol):
    """What has a revision, which each change counts up."""

    @property
    def revision(self) -> int: ...


def revision_seen(match: str | None, find: Callable[[], Revised], what: str) -> int | None:
    """The revision that the client has seen and that is there still; None where any will do, which `*` says, too.

    Args:
        match: the header If-Match.
        find: looks for what is to be changed.
        what: it is, in one word.

    Raises Problem 412 where somebody has changed it since.
    """
    tags = request.if_match
    if match is None or tags.star_tag:
        return None
    now = find().revision
    if not tags.contains(str(now)):
        raise changed_since(now, what)
    return now


def changed_since(now: int, what: str) -> Problem:
    """It is not what the client has seen, but at the revision `now`."""
    return Problem(
        412,
        "changed",
        f"Somebody changed this {what} meanwhile. Nothing was written: look at it again, then decide.",
        {"ETag": f'"{now}"'},
        revision=now,
    )


def json_response(answer: BaseModel, status: int = 200) -> Response:
    """An answer as JSON."""
    return Response(answer.model_dump_json(), status, mimetype="application/json")


def private_response(response: Response, how: str) -> Response:
    """An answer that no proxy may keep."""
    response.headers["Cache-Control"] = how
    return response

"""Every error as an RFC 9457 problem document: `code` for programs, `detail` a sentence for people."""

import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, current_app, jsonify, request
from flask.json.provider import DefaultJSONProvider
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from dashboard.api.monitoring import Monitoring
from dashboard.logs import request_id, route_rule
from dashboard.services import LIMITS, ModelUnavailable
from dashboard.store import Conflict, InputError, MissingFile, NotFound, QueryError, StoreError
from dashboard.store.errors import NoPatient
from model.images import ImageError

MEDIA_TYPE = "application/problem+json"
IMAGE_STATUS = {
    "too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "too_many_pixels": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "not_an_image": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "unsupported": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "busy": HTTPStatus.SERVICE_UNAVAILABLE,
}
SENTENCES = {
    400: "The request cannot be read: its body is not what its headers say.",
    405: "This address does not take such a request. The header “Allow” says which it takes.",
}
NOTHING = "There is nothing at this address."
# Where dashboard/server/bridge.py says why it could not take a request whole: "slow" or "full".
REFUSED = "dermaboard.refused"
REFUSALS = {
    "slow": (408, "too_slow", "The request came in too slowly. Try again on a better line."),
    "full": (503, "store", "The server has no room for what was sent. Try again later."),
}

log = logging.getLogger(__name__)


class Problem(Exception):
    """An error that a route answers with: status, code, sentence and headers."""

    def __init__(
        self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.headers = dict(headers or {})
        self.more = more

    def response(self) -> Response:
        """The problem document."""
        return problem_document(self.status, self.code, str(self), self.headers, **self.more)


def problem_document(
    status: int, code: str, detail: str, headers: Mapping[str, str] | None = None, **more: Any
) -> Response:
    """An RFC 9457 problem document; `more` are its extension members."""
    Monitoring.of(current_app).error(code)
    body = {"title": HTTPStatus(status).phrase, "status": int(status), "detail": detail, "code": code, **more}
    if asked := request_id():
        body["request_id"] = asked
    response = jsonify(body)
    response.status_code = status
    response.content_type = MEDIA_TYPE
    response.headers["Cache-Control"] = "no-store"
    response.headers.update(headers or {})
    return response


class Reader(DefaultJSONProvider):
    """Flask's JSON, to which what is nested too deeply is no JSON, and no mistake of the server."""

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """As the provider's. Raises ValueError."""
        try:
            return super().loads(s, **kwargs)
        except RecursionError as error:
            raise ValueError("It is nested too deeply.") from error


def install_problem_documents(server: Flask) -> None:
    """A problem document to every error; pages that don't exist are pages of their own."""
    server.json = Reader(server)
    handlers: tuple[tuple[type[Exception], Callable[..., Response | HTTPException]], ...] = (
        (Problem, Problem.response),
        (ImageError, image_problem),
        (ModelUnavailable, model_problem),
        (NotFound, missing_problem),
        (Conflict, conflict_problem),
        (QueryError, query_problem),
        (InputError, input_problem),
        (StoreError, store_problem),
        (HTTPException, http_problem),
        (Exception, unexpected_problem),
    )
    for kind, answer in handlers:
        server.register_error_handler(kind, answer)
    server.before_request(refuse_partial_request)


def refuse_partial_request() -> None:
    """Refuse a request that did not come in whole. Raises Problem."""
    if REFUSED in request.environ:
        raise Problem(*REFUSALS[request.environ[REFUSED]])


def invalid(error: ValidationError) -> Problem:
    """Input that does not fit its schema: the first fault in words, all of them by field."""
    faults = [
        {"field": ".".join(map(str, one["loc"])) or "body", "detail": fault_sentence(one)}
        for one in error.errors()
    ]
    missing = any(one["loc"] == ("file",) and one["type"] == "missing" for one in error.errors())
    if missing:
        return no_file()
    return Problem(422, "invalid", faults[0]["detail"], errors=faults)


def no_file() -> Problem:
    """The one part that every prediction needs is not there."""
    return Problem(422, "no_file", "The request holds no file: send the image as the multipart part “file”.")


def fault_sentence(fault: Any) -> str:
    """One fault that pydantic found, as a sentence."""
    name = ".".join(map(str, fault["loc"]))
    if fault["type"] == "extra_forbidden":
        return f"There is no field “{name}” here."
    reason = str(fault["msg"]).removeprefix("Value error, ").rstrip(".")
    return f"“{name}”: {reason[:1].lower()}{reason[1:]}." if name else f"{reason}."


def image_problem(error: ImageError) -> Response:
    """A file that cannot be used."""
    status = IMAGE_STATUS.get(error.code, HTTPStatus.UNPROCESSABLE_ENTITY)
    again = {"Retry-After": "2"} if error.code == "busy" else None
    return problem_document(status, error.code, str(error), again)


def model_problem(error: ModelUnavailable) -> Response:
    """No model, or a damaged one, is the server's fault; a wrong name is the client's."""
    return problem_document(
        503 if error.code in ("no_model", "damaged_model") else 422, error.code, str(error)
    )


def missing_problem(error: NotFound) -> Response:
    """A prediction that was deleted or never was, or a file that it should have."""
    if isinstance(error, MissingFile):
        log.error("%s: %s", route_rule(), error)
        return problem_document(404, "missing_file", str(error))
    if isinstance(error, NoPatient):
        return problem_document(404, "not_found", str(error))
    return problem_document(
        404, "not_found", "There is no prediction under this address. It may have been deleted."
    )


def conflict_problem(error: Conflict) -> Response:
    """Somebody else was faster, or an idempotency key stands for another image."""
    more: dict[str, Any] = {"revision": error.record.revision} if error.record is not None else {}
    return problem_document(409, "conflict", str(error), **more)


def query_problem(error: QueryError) -> Response:
    """A list that cannot be asked for like this."""
    return problem_document(422, "query", str(error))


def input_problem(error: InputError) -> Response:
    """Something that cannot be kept with a prediction."""
    return problem_document(422, "invalid", str(error))


def store_problem(error: StoreError) -> Response:
    """A full disk, a lost database: why is in the log, for whoever runs the server."""
    log.error("The store cannot be used: %s", error)
    return problem_document(
        503, "store", f"The server cannot keep predictions at the moment. Try again later. {in_the_log()}"
    )


def http_problem(error: HTTPException) -> Response | HTTPException:
    """Flask's own errors; redirections, and those that bring their own answer, stay as they are."""
    code = error.code or 500
    if code < 400 or error.response is not None:
        return error
    if code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return too_large().response()
    if code == HTTPStatus.METHOD_NOT_ALLOWED and nothing_here():
        return problem_document(404, "not_found", NOTHING)
    detail = SENTENCES.get(code) or error.description or "The request cannot be answered."
    headers = {name: value for name, value in error.get_headers() if name in ("Allow", "WWW-Authenticate")}
    return problem_document(code, HTTPStatus(code).phrase.lower().replace(" ", "_"), detail, headers)


def nothing_here() -> bool:
    """Whether no route of ours has this address, with any method."""
    adapter = current_app.create_url_adapter(request)
    try:
        return adapter is None or adapter.match(method="GET")[0] in ("rest.unknown_address", "/<path:path>")
    except HTTPException:
        return False


def too_large() -> Problem:
    """More than the limit, in the file or beside it."""
    if (request.content_length or 0) > LIMITS.max_bytes:
        what = "file" if request.mimetype == "multipart/form-data" else "request"
        sentence = f"The {what} is larger than the limit of {LIMITS.max_bytes / 1e6:.0f} MB."
        return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", sentence)
    sentence = "The fields beside the file are too long or too many. Send the image as the part “file”."
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "fields_too_large", sentence)


def unexpected_problem(error: Exception) -> Response:
    """Anything else: logged in full here, one sentence there."""
    log.exception("Unexpected error at %s", route_rule(), exc_info=error)
    sentence = "Something went wrong on the server; the photograph was not stored. Try again."
    return problem_document(500, "internal", f"{sentence} {in_the_log()}")


def in_the_log() -> str:
    """How whoever runs the server finds what happened."""
    return f"The server's log says more of request {request_id()}."

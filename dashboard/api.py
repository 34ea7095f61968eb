"""REST API v1: the same path to a prediction as the page takes. Errors are RFC 9457 problem documents."""

import logging
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, request, send_from_directory
from werkzeug.exceptions import HTTPException

from dashboard import examples
from dashboard.services import LIMITS, ModelUnavailable, Services
from dashboard.store import NotFound, Record, StoreError
from model.images import ImageError

ROOT = "/api/v1"
# What belongs to one person stays in that person's browser; it never changes, so it need not be asked for again.
PRIVATE = "private, max-age=31536000, immutable"

IMAGE_STATUS = {
    "too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "too_many_pixels": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "not_an_image": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "unsupported": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
}

api = Blueprint("api", __name__, url_prefix=ROOT)
log = logging.getLogger(__name__)


def problem(status: int, code: str, detail: str) -> Response:
    """An RFC 9457 problem document: `title` and `status` for HTTP, `code` for programs, `detail` for people."""
    body = {"title": HTTPStatus(status).phrase, "status": int(status), "detail": detail, "code": code}
    response = jsonify(body)
    response.status_code = status
    response.content_type = "application/problem+json"
    response.headers["Cache-Control"] = "no-store"
    return response


def as_json(record: Record) -> dict[str, Any]:
    """A stored prediction as the API shows it."""
    return {
        "id": record.id,
        "created": record.created.isoformat(),
        "filename": record.filename,
        "sha256": record.sha256,
        "width": record.width,
        "height": record.height,
        "probability": record.probability,
        "threshold": record.threshold,
        "decision": str(record.decision),
        "diagnosis": record.diagnosis,
        "probabilities": dict(record.probabilities),
        "warnings": [asdict(caution) for caution in record.cautions],
        "model": record.model,
        "model_version": record.model_version,
        "model_sha256": record.model_sha256,
        "milliseconds": record.milliseconds,
        "links": {
            "self": f"{ROOT}/predictions/{record.id}",
            "page": f"/history/{record.id}",
            "image": f"{ROOT}/predictions/{record.id}/image",
            "thumbnail": f"{ROOT}/predictions/{record.id}/thumbnail",
            "heatmap": f"{ROOT}/predictions/{record.id}/heatmap",
        },
    }


@api.before_request
def same_site_only() -> Response | None:
    """Refuse what another web site makes this browser send: there is no log-in that would stop it."""
    if (
        request.method not in ("GET", "HEAD", "OPTIONS")
        and request.headers.get("Sec-Fetch-Site") == "cross-site"
    ):
        return problem(403, "cross_site", "Another web site may not send or delete photographs here.")
    return None


@api.post("/predictions")
def create() -> tuple[Response, int, dict[str, str]]:
    """Multipart part `file`, optional field `model`: predict, store, and answer 201 with the prediction."""
    upload = request.files.get("file")
    if upload is None:
        raise ImageError("no_file", "The request holds no file: send the image as the multipart part “file”.")
    # One byte beyond the limit is enough for the decoder to see that the file is too large.
    data = upload.stream.read(LIMITS.max_bytes + 1)
    record = Services.current().predict(data, upload.filename or "", request.form.get("model") or None)
    return (
        jsonify(as_json(record)),
        201,
        {"Location": f"{ROOT}/predictions/{record.id}", "Cache-Control": "no-store"},
    )


@api.get("/predictions/<record_id>")
def read(record_id: str) -> tuple[Response, int, dict[str, str]]:
    """One stored prediction."""
    return (
        jsonify(as_json(Services.current().store.get(record_id))),
        200,
        {"Cache-Control": "private, no-cache"},
    )


@api.delete("/predictions/<record_id>")
def delete(record_id: str) -> tuple[str, int]:
    """Delete one prediction with its images: 204, and 404 when there is none."""
    if not Services.current().store.delete([record_id]):
        raise NotFound(record_id)
    return "", 204


@api.get("/predictions/<record_id>/<any(image, thumbnail, heatmap):part>")
def picture(record_id: str, part: str) -> Response:
    """The upright photograph, its thumbnail (both JPEG without metadata) or the heatmap (PNG)."""
    store = Services.current().store
    data = {"image": store.image, "thumbnail": store.thumbnail, "heatmap": store.heatmap}[part](record_id)
    response = Response(data, mimetype="image/png" if part == "heatmap" else "image/jpeg")
    response.headers["Cache-Control"] = PRIVATE
    return response


@api.get("/examples/<int:number>")
def example(number: int) -> Response:
    """A drawn example image, counted from 1: a drawing to try the page with, not a photograph of a patient."""
    names = examples.names()
    if not 1 <= number <= len(names):
        return problem(404, "not_found", "There is no drawn example of that number.")
    return send_from_directory(examples.FOLDER, names[number - 1], max_age=86400)


@api.get("/<path:unknown>")
def nothing(unknown: str) -> Response:
    """Any other address: without this route, Dash would answer it with a page."""
    return problem(404, "not_found", "There is nothing at this address of the API.")


def install(server: Flask) -> None:
    """Add the routes to the server, and a problem document to every error below /api/."""
    server.register_blueprint(api)
    for kind, answer in (
        (ImageError, image_problem),
        (ModelUnavailable, model_problem),
        (NotFound, missing_problem),
        (StoreError, store_problem),
        (HTTPException, http_problem),
        (Exception, unexpected_problem),
    ):
        server.register_error_handler(kind, answer)


def image_problem(error: ImageError) -> Response:
    """A file that cannot be used."""
    return problem(IMAGE_STATUS.get(error.code, HTTPStatus.UNPROCESSABLE_ENTITY), error.code, str(error))


def model_problem(error: ModelUnavailable) -> Response:
    """No model at all is the server's fault; a wrong name is the client's."""
    return problem(503 if error.code == "no_model" else 422, error.code, str(error))


def missing_problem(error: NotFound) -> Response:
    """A prediction that was deleted or never was."""
    return problem(404, "not_found", "There is no prediction under this address. It may have been deleted.")


def store_problem(error: StoreError) -> Response:
    """A full disk, a lost database: why is in the log, for whoever runs the server."""
    log.error("The store cannot be used: %s", error)
    return problem(503, "store", "The server cannot keep predictions at the moment. Try again later.")


def http_problem(error: HTTPException) -> Response | HTTPException:
    """Flask's own errors: a problem document for the API, as they are elsewhere."""
    if not request.path.startswith("/api/"):
        return error
    code = error.code or 500
    if code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return problem(
            code, "too_large", f"The file is larger than the limit of {LIMITS.max_bytes / 1e6:.0f} MB."
        )
    detail = error.description or "The request cannot be answered."
    response = problem(code, HTTPStatus(code).phrase.lower().replace(" ", "_"), detail)
    if code == HTTPStatus.METHOD_NOT_ALLOWED:
        response.headers["Allow"] = dict(error.get_headers()).get("Allow", "")
    return response


def unexpected_problem(error: Exception) -> Response:
    """Anything else: logged in full here, one sentence there."""
    if not request.path.startswith("/api/"):
        raise error
    log.exception("Unexpected error at %s", request.path, exc_info=error)
    return problem(
        500, "internal", "Something went wrong on the server; the photograph was not stored. Try again."
    )

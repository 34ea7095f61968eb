"""The API's own documentation: the OpenAPI document, and a page with Swagger UI from an installed package."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from flask import Blueprint, Response, jsonify

from dashboard.addresses import local_address
from dashboard.api.address import ROOT
from dashboard.api.spec import openapi_document
from dashboard.shell.templates import rendered

# Only its files are wanted, which are Swagger UI's own release.
SWAGGER = Path(str(find_spec("flask_swagger_ui").origin)).parent / "dist"  # type: ignore[union-attr]

blueprint = Blueprint(
    "reference", __name__, url_prefix=ROOT, static_folder=str(SWAGGER), static_url_path="/docs"
)


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """The OpenAPI 3.1 document of this API."""
    response = jsonify(openapi_document())
    response.add_etag()
    response.headers["Cache-Control"] = "no-cache"
    return response


@blueprint.get("/docs")
def reference_page() -> Response:
    """The document as a page for people."""
    page = rendered("reference.html", root=local_address(""), api=local_address(ROOT), version=version())
    return Response(page, mimetype="text/html")


@cache
def version() -> str:
    """Swagger UI's version: the fingerprint of its files."""
    return (SWAGGER / "VERSION").read_text("utf-8").strip()

"""The API's own documentation: the OpenAPI document, and a page with Swagger UI from an installed package."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from flask import Blueprint, Response, jsonify

from dashboard.addresses import local_address
from dashboard.api.address import ROOT
from dashboard.api.spec import openapi_document

# Only its files are wanted, which are Swagger UI's own release.
SWAGGER = Path(str(find_spec("flask_swagger_ui").origin)).parent / "dist"  # type: ignore[union-attr]

PAGE = """<!DOCTYPE html>
<html lang="en" data-root="{root}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>REST API · Dermaboard</title>
<link rel="icon" href="{root}/assets/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="{api}/docs/swagger-ui.css?v={version}">
<style>
body {{ margin: 0 auto; max-width: 1280px; font-family: system-ui, sans-serif; }}
html.dark-mode body {{ background: #1c2022; }}
.back {{ padding: 16px 20px 0; }}
.back a {{ color: #1d4ed8; }}
html.dark-mode .back a {{ color: #93b4fd; }}
.swagger-ui .info {{ margin: 24px 0 0; }}
</style>
<script src="{root}/assets/theme.js"></script>
</head>
<body>
<nav class="back"><a href="{root}/">← Dermaboard</a></nav>
<main id="reference" data-document="{api}/openapi.json"></main>
<noscript>This page needs JavaScript. The document itself is at <a href="{api}/openapi.json">{api}/openapi.json</a>.
</noscript>
<script src="{api}/docs/swagger-ui-bundle.js?v={version}"></script>
<script src="{root}/assets/reference.js"></script>
</body>
</html>"""

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
    return Response(
        PAGE.format(root=local_address(""), api=local_address(ROOT), version=version()), mimetype="text/html"
    )


@cache
def version() -> str:
    """Swagger UI's version: the fingerprint of its files."""
    return (SWAGGER / "VERSION").read_text("utf-8").strip()

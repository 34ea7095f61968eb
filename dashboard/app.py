"""The application factory: wires settings, services, API and pages together, and nothing else."""

import hashlib
import re
import sys
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote

import dash
from dash import ClientsideFunction, Dash, Input, Output, clientside_callback
from dash.exceptions import DependencyException
from flask import Blueprint, Flask, Request, Response, request

from dashboard import __version__, addresses, api, logs, security
from dashboard.api import problems
from dashboard.history import exports
from dashboard.jobs import worker as jobs
from dashboard.performance import downloads, photographs
from dashboard.predict import cards, judgement_routes, paste_routes
from dashboard.server import callbacks, delivery
from dashboard.server.scripts import LightDash
from dashboard.services import EXTENSION, LIMITS, Services, build_services
from dashboard.settings import Settings, load_settings
from dashboard.shell.frame import shell
from dashboard.users.guard import ask_who
from dashboard.users.roles import module_permission
from dashboard.users.visitors import may
from model.bundle import Bundle

ASSETS = Path(__file__).resolve().parent.parent / "assets"
# Only its files are wanted; importing the package would take as long as all of Flask.
BOOTSTRAP = Path(str(find_spec("flask_bootstrap").origin)).parent / "static" / "bootstrap5"  # type: ignore[union-attr]
PAGE_MODULES = (
    "dashboard.predict.page",
    "dashboard.performance.page",
    "dashboard.performance.case_page",
    "dashboard.history.page",
    "dashboard.case.page",
    "dashboard.case_report.page",
    "dashboard.case_report.lesion_sheet",
    "dashboard.patient.page",
    "dashboard.patient.lesion_page",
    "dashboard.compare.cases_page",
    "dashboard.compare.page",
    "dashboard.monitoring.page",
    "dashboard.admin.page",
    "dashboard.admin.account",
    "dashboard.bin.page",
    "dashboard.shell.not_found_404",
)
YEAR = 31_536_000
# Dash's route for every address that no other route has.
PAGES = "/<path:path>"
# Room for the multipart frame and the form fields around the largest image.
MAX_REQUEST = LIMITS.max_bytes + 200_000

INDEX = """<!DOCTYPE html>
<html lang="en" data-bs-theme="light" data-root="ROOT">
<head>
{%metas%}
<meta name="color-scheme" content="light dark">
<title>{%title%}</title>
<link rel="icon" href="ROOT/assets/favicon.svg" type="image/svg+xml">
<script src="ROOT/assets/theme.js?v=THEME"></script>
<link rel="stylesheet" href="ROOT/vendor/css/bootstrap.min.css?v=BOOTSTRAP">
{%css%}
</head>
<body>
{%app_entry%}
{%config%}
{%scripts%}
{%renderer%}
</body>
</html>"""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
}


def create_app(settings: Settings | None = None, services: Services | None = None) -> Dash:
    """A ready application.

    Args:
        settings: read from the environment when left out.
        services: built from the settings when left out.
    """
    services = services or build_services(settings or load_settings())
    server, prefix = make_server(services), services.settings.prefix
    app = LightDash(
        __package__,
        server=server,  # type: ignore[arg-type]  # Dash takes a Flask application here, its hint does not
        use_pages=True,
        routes_pathname_prefix="/",
        requests_pathname_prefix=f"{prefix}/",
        pages_folder="",
        assets_folder=str(ASSETS),
        # One is loaded in the head, before anything is painted, the other by the page of the API's documentation.
        assets_ignore=r"^(theme\.js|reference\.(js|css))$",
        use_async=False,
        enable_mcp=False,
        health_endpoint="health",
        title="Dermaboard",
        update_title="",
        include_pages_meta=False,
        # Or every page would travel with the layouts of all, a hundred kilobytes, to be checked in the browser.
        suppress_callback_exceptions=True,
        index_string=index(prefix),
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
    )
    register_pages()
    # Anew for everybody: it says who is there, and the licences of the models that are installed now.
    app.layout = lambda: shell(__version__, installed_licences(services))
    clientside_callback(
        ClientsideFunction("theme", "switch"), Output("theme", "data"), Input("theme-switch", "n_clicks")
    )
    clientside_callback(
        ClientsideFunction("navigation", "mark"),
        Output("navigation", "data-at"),
        Input("_pages_location", "pathname"),
    )
    set_up(server)
    callbacks.check_callbacks(app)
    server.register_error_handler(DependencyException, missing_script)
    protect(server, content_policy(app))
    return app


def installed_licences(services: Services) -> list[tuple[str, str]]:
    """Each installed model's name and the licence that its card states."""
    cards = [bundle.card for bundle in services.bundles if isinstance(bundle, Bundle)]
    return [(card.name, card.licence) for card in cards]


def register_pages() -> None:
    """Run the pages' modules anew: Dash hands their callbacks to the first application that asks, and forgets them."""
    for name in PAGE_MODULES:
        sys.modules.pop(name, None)
        page = import_module(name)
        dash.page_registry[name]["layout"] = guarded_layout(name, page.layout)


def guarded_layout(name: str, layout: Callable[..., Any]) -> Callable[..., Any]:
    """The layout of a page to those who may see it, and to others that of an unknown address."""

    @wraps(layout)
    def guarded(**parameters: Any) -> Any:
        # A page's module is registered where it is imported: not before there is an application.
        missing = sys.modules[PAGE_MODULES[-1]].layout
        return layout(**parameters) if may(module_permission(name)) else missing()

    return guarded


def missing_script(_: DependencyException) -> Response:
    """A script that no library of ours has; Dash calls that a mistake of the server."""
    return problems.problem_document(404, "not_found", problems.NOTHING)


def set_up(server: Flask) -> None:
    """What Dash leaves to the first request: two at once would break it, and it adds scripts to the content policy."""
    with server.test_request_context("/health/live"):
        server.preprocess_request()


class Arrived(Request):
    """A request whose files stay in memory: all of it has come in, and only few are answered at once."""

    def _get_file_stream(self, *_: Any, **__: Any) -> IO[bytes]:
        """Called by Werkzeug, which would write files to the system's temporary folder."""
        return BytesIO()


def make_server(services: Services) -> Flask:
    """Everything but the pages: Dash puts those on top."""
    server = Flask("dashboard", static_folder=None)
    server.request_class = Arrived
    server.config["MAX_CONTENT_LENGTH"] = MAX_REQUEST
    server.extensions[EXTENSION] = services
    addresses.serve_below_prefix(server, services.settings.prefix)
    logs.install_request_ids(server)
    security.refuse_foreign_requests(server, services.settings)
    ask_who(server, services.settings, services.store)
    if services.settings.auth == "oidc":
        # Only here: what it imports takes a tenth of a second.
        from dashboard.users import oidc

        server.register_blueprint(oidc.blueprint)
    server.register_blueprint(vendor())
    server.register_blueprint(photographs.blueprint(services.settings.images))
    server.register_blueprint(downloads.blueprint)
    server.register_blueprint(cards.blueprint)
    server.register_blueprint(judgement_routes.blueprint)
    server.register_blueprint(paste_routes.blueprint)
    server.register_blueprint(exports.routes)
    api.install_api(server, services)
    jobs.install_jobs(server, services)
    delivery.compress_responses(server)
    return server


def fingerprint(path: Path) -> str:
    """A short digest of a file for its address, so that browsers may keep it until it changes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def index(prefix: str) -> str:
    """The page's frame with the addresses of what it loads first."""
    versions = {
        "THEME": fingerprint(ASSETS / "theme.js"),
        "BOOTSTRAP": fingerprint(BOOTSTRAP / "css/bootstrap.min.css"),
    }
    return re.sub("|".join(("ROOT", *versions)), lambda name: versions.get(name[0], prefix), INDEX)


def vendor() -> Blueprint:
    """Bootstrap from the installed package: a clinic's network may have no way out."""
    blueprint = Blueprint("vendor", __name__, static_folder=str(BOOTSTRAP), static_url_path="/vendor")
    blueprint.get_send_file_max_age = lambda filename: YEAR  # type: ignore[method-assign]
    return blueprint


def protect(server: Flask, policy: str) -> None:
    """Security headers on every answer, and the status 404 on pages that don't exist."""

    headers = (HEADERS | {"Content-Security-Policy": policy}).items()

    @server.after_request
    def _(response: Response) -> Response:
        there = {name.lower() for name, _ in response.headers}
        response.headers.extend([(name, value) for name, value in headers if name.lower() not in there])
        if response.status_code == 200 and request.endpoint == PAGES and not page_exists(request.path):
            response.status_code = 404
        return response


def content_policy(app: Dash) -> str:
    """Nothing from elsewhere. Plotly and React write style attributes, so inline styles have to be allowed."""
    scripts = " ".join(app.csp_hashes())
    return (
        f"default-src 'self'; script-src 'self' {scripts}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; object-src 'none'; "
        "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    )


def page_exists(path: str) -> bool:
    """Whether a page answers at this path; `<name>` in a page's template stands for one path segment.

    A page whose template has such parts may be registered with `exists`, a function of these parts by their names that
    says which of them are there: an unknown prediction is as missing as an unknown page.
    """
    for page in filter(not_the_404, dash.page_registry.values()):
        parts = template_values(str(page["path_template"] or page["path"]), path)
        if parts is not None:
            if not may(module_permission(str(page["module"]))):
                return False
            exists: Callable[..., bool] = page.get("exists") or (lambda **_: True)
            return exists(**parts) if parts else True
    return False


def not_the_404(page: dict[str, Any]) -> bool:
    """The page for unknown addresses has an address itself, which is as unknown as the others."""
    return not str(page["module"]).endswith("not_found_404")


def template_values(template: str, path: str) -> dict[str, str] | None:
    """What a path says in the named parts of a page's template; None for a path of another shape."""
    wanted, given = template.strip("/").split("/"), path.strip("/").split("/")
    pairs = list(zip(wanted, given, strict=False))
    if len(wanted) != len(given) or not all(w == g or (w.startswith("<") and g) for w, g in pairs):
        return None
    return {w.strip("<>"): unquote(g) for w, g in pairs if w.startswith("<")}

"""The look at every request before it is answered: who asks, whether they may, and whether their browser meant it."""

import math
import time
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from flask import (
    Blueprint,
    Flask,
    Request,
    Response,
    abort,
    current_app,
    redirect,
    render_template,
    request,
    session,
)
from flask.sessions import SecureCookieSessionInterface
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager, login_user, logout_user
from flask_wtf.csrf import CSRFError, CSRFProtect, generate_csrf
from sqlalchemy import select
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized
from werkzeug.wrappers import Response as AnyResponse

from dashboard.addresses import local_address
from dashboard.logs import FROM_PROXY
from dashboard.settings import Settings, is_loopback, variable
from dashboard.store.repository import Store
from dashboard.store.schema import store as store_table
from dashboard.users.accounts import Accounts, User
from dashboard.users.attempts import Attempts
from dashboard.users.credentials import LONGEST_SESSION, Credentials, Visitor
from dashboard.users.roles import AT_PROVIDER, PUBLIC, ROUTES, Permission
from dashboard.users.trail import Trail
from dashboard.users.visitors import EXTENSION, current_visitor, may

READS = frozenset({"GET", "HEAD", "OPTIONS"})
# Dash's routes of every page, and of pages that are not Dash's.
PAGES = ("/", "/<path:path>", "reference.reference_page", "users.signed_in")
CALLBACKS = "/_dash-update-component"
# The cookie from which Dash's script, and ours, take what they send along.
CSRF_COOKIE = "_csrf_token"
ATTEMPTS = "30 per minute"
# In the session of a browser in which somebody has logged out: a provider that still knows them asks who is there.
SIGNED_OUT = "signed-out"
# Where somebody begins, by what they may.
FIRST_PAGES = (
    (Permission.PREDICT, "/"),
    (Permission.SEE, "/history"),
    (Permission.PERFORMANCE, "/performance"),
    # Somebody who has to choose a password first.
    (Permission.ENTER, "/account"),
)
# Endpoint -> what whoever asks there has done with a photograph or with many cases.
NOTED = {
    "pictures.read_image": "photograph seen",
    "pictures.read_original": "photograph seen",
    "pictures.read_thumbnail": "photograph seen",
    "pictures.read_report": "report taken",
    "exports.download_export": "exported",
}
SAME_LOOK = 600.0
MOST_SEEN = 10_000
NOTHING = "There is nothing at this address."
SIGN_IN = "Log in first, or send the header “Authorization: Bearer TOKEN”."
STALE = "The page is too old, or was opened by somebody else. Load it again."
NO_MATCH = "User name and password do not match. After 5 wrong passwords the account rests for 10 minutes."
TRY_AGAIN = "The page was open for too long. Sign in once more."
UNKNOWN = "Dermaboard does not know you. Ask whoever runs it here to add your user name."
TOO_MANY = "Too many people tried to sign in from here. Wait a minute, then try again."
UNSAFE = (
    "Nobody can sign in here: the connection is not encrypted, and a password could be read on its way. Use the "
    f"address that begins with https. Where a proxy encrypts, {variable('proxy')} has to name it."
)

blueprint = Blueprint("users", __name__, template_folder="templates")
csrf = CSRFProtect()


class Cookies(SecureCookieSessionInterface):
    """Flask's signed cookie, sent over encrypted lines only; a browser on this computer needs none."""

    def get_cookie_secure(self, app: Flask) -> bool:
        """Called by Flask."""
        return not is_local()


def is_local() -> bool:
    """Whether the browser is on this computer, by the name that it uses for it."""
    return is_loopback(urlsplit(f"//{request.host}").hostname or "")


def ask_who(server: Flask, settings: Settings, store: Store) -> None:
    """Let nobody see or do anything that a role does not allow; nothing where there is no log-in."""
    if settings.auth == "none":
        return
    with store.reading() as connection:
        server.secret_key = connection.execute(select(store_table.c.cookie_key)).scalar_one()
    server.config.update(
        SESSION_COOKIE_NAME="dermaboard_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=LONGEST_SESSION,
        SESSION_REFRESH_EACH_REQUEST=False,
        WTF_CSRF_CHECK_DEFAULT=False,
        # As long as the session.
        WTF_CSRF_TIME_LIMIT=None,
    )
    server.session_interface = Cookies()
    server.extensions[EXTENSION] = users = Users(settings, Accounts(store), Credentials(store), Trail(store))
    login = LoginManager(server)
    login.session_protection = None
    login.user_loader(lambda secret: users.credentials.of_session(secret, is_busy()))
    login.request_loader(users.visitor_without_session)
    csrf.init_app(server)
    server.before_request(check_visitor)
    server.after_request(give_csrf_cookie)
    server.after_request(note_what_was_seen)
    server.register_blueprint(blueprint)
    Limiter(
        get_remote_address,
        app=server,
        storage_uri=f"{Attempts.STORAGE_SCHEME[0]}://",
        storage_options={"store": store},  # type: ignore[dict-item]  # of any kind, whatever the hint says
        default_limits=[ATTEMPTS],
        default_limits_exempt_when=lambda: not tries_to_sign_in(),
        on_breach=lambda _: sign_in_page(TOO_MANY, 429),
    )


@dataclass(frozen=True)
class Users:
    """What the application knows of users."""

    settings: Settings
    accounts: Accounts
    credentials: Credentials
    trail: Trail
    # Who has seen what in the last minutes: a page that asks for a picture again is no new look at it.
    seen: dict[tuple[str, str, str], float] = field(default_factory=dict)

    @staticmethod
    def current() -> "Users":
        """Those of the running application, which has a log-in."""
        found: Users = current_app.extensions[EXTENSION]
        return found

    def visitor_without_session(self, asked: Request) -> Visitor | None:
        """Who asks by a token, or by the word of a named proxy."""
        kind, _, secret = asked.headers.get("Authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return self.credentials.of_token(secret.strip())
        if self.settings.auth == "proxy" and asked.environ.get(FROM_PROXY):
            return self.credentials.of_name(asked.headers.get(self.settings.user_header, ""))
        return None


def tries_to_sign_in() -> bool:
    """Whether a request is one of those of which only so many are answered."""
    return request.endpoint in AT_PROVIDER or (
        request.endpoint == "users.sign_in" and request.method == "POST"
    )


def note_what_was_seen(response: Response) -> Response:
    """Write down who looked at a photograph, or took something along."""
    visitor, action = current_visitor(), NOTED.get(request.endpoint or "")
    if visitor is None or action is None or response.status_code not in (200, 304):
        return response
    users, now = Users.current(), time.monotonic()
    values = request.view_args or {}
    line = (visitor.name, action, str(values.get("record_id") or values.get("name")))
    if action != "exported" and now - users.seen.get(line, -math.inf) < SAME_LOOK:
        return response
    if len(users.seen) > MOST_SEEN:
        users.seen.clear()
    users.seen[line] = now
    users.trail.write(*line, text=request.query_string.decode("utf-8", "replace"))
    return response


def is_busy() -> bool:
    """Whether somebody is there: a page that asks by itself every few seconds does not say so."""
    if request.endpoint != CALLBACKS:
        return True
    body = request.get_json(silent=True)
    changed = body.get("changedPropIds") if isinstance(body, dict) else None
    return not changed or not all(str(name).endswith(".n_intervals") for name in changed)


def check_visitor() -> AnyResponse | None:
    """Refuse what a role may not see as if it were not there, and everything to those whom nobody knows."""
    if request.endpoint in PUBLIC:
        return None
    visitor = current_visitor()
    if visitor is None:
        return ask_to_sign_in()
    # No route has the address, or takes such a request: Flask says so.
    if request.endpoint is None:
        return None
    if request.endpoint == "/" and not may(Permission.PREDICT):
        return redirect(local_address(first_page(visitor)))
    if not may(ROUTES.get(request.endpoint)):
        abort(404, NOTHING)
    # A program with a token has no page that could have been forged.
    if request.method not in READS and not (visitor.by_token and not session):
        try:
            csrf.protect()
        except CSRFError:
            abort(403, STALE)
    return None


def ask_to_sign_in() -> AnyResponse:
    """The way to the log-in for people, and the status 401 for programs. Raises Unauthorized."""
    people = request.endpoint in PAGES or "text/html" in request.headers.get("Accept", "")
    if request.method in READS and people:
        wanted = urlencode({"next": request.full_path.rstrip("?")})
        return redirect(local_address(f"/login?{wanted}"))
    raise Unauthorized(SIGN_IN, www_authenticate=WWWAuthenticate("bearer"))


def give_csrf_cookie(response: Response) -> Response:
    """With every page, what its writes send along. A browser asks for the page again: somebody else may be there."""
    if request.endpoint in PAGES and current_visitor() is not None:
        path, secure = local_address("/"), not is_local()
        response.set_cookie(CSRF_COOKIE, generate_csrf(), path=path, secure=secure, samesite="Lax")
        response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.route("/login", methods=["GET", "POST"])
def sign_in() -> AnyResponse:
    """The page to log in at, and what it sends."""
    users, visitor = Users.current(), current_visitor()
    if visitor is not None and (request.method in READS or users.settings.auth != "local"):
        return redirect(page_after(visitor, request.args.get("next", "")), 303)
    if users.settings.auth == "proxy":
        return sign_in_page(UNKNOWN, 403)
    if not (request.is_secure or is_local()):
        return sign_in_page(UNSAFE, 403)
    # HEAD comes here, too, and nobody counts it as a try, nor asks for a page's token.
    if request.method in READS or users.settings.auth == "oidc":
        return sign_in_page()
    try:
        csrf.protect()
    except CSRFError:
        return sign_in_page(TRY_AGAIN, 400)
    name, password = request.form.get("username", ""), request.form.get("password", "")
    user = users.accounts.with_password(name.strip(), password)
    if user is None:
        # Some type their password into the wrong field: it can be erased.
        users.trail.write("", "log-in refused", text=name[:64])
        return sign_in_page(NO_MATCH, 401)
    return let_in(user, request.args.get("next", ""), stays="stays" in request.form)


def let_in(user: User, wanted: str, stays: bool = False) -> AnyResponse:
    """Begin a session of a user who has shown who it is, on the page that was wanted."""
    end_session()
    visitor = Users.current().credentials.open_session(user, stays)
    login_user(visitor)
    session.permanent = stays
    return redirect(page_after(visitor, wanted), 303)


@blueprint.post("/logout")
def sign_out() -> AnyResponse:
    """End the session."""
    end_session()
    if Users.current().settings.auth == "oidc":
        session[SIGNED_OUT] = True
    return redirect(local_address("/login"), 303)


@blueprint.get("/signed-in")
def signed_in() -> AnyResponse:
    """For a window that was opened to log in again while a page with something typed waits in another."""
    return Response(render_template("signed_in.html", root=local_address("")))


def sign_in_page(problem: str = "", status: int = 200) -> Response:
    """The page to log in at, with what went wrong; without the form where it would be of no use."""
    page = render_template(
        "login.html",
        root=local_address(""),
        problem=problem,
        username=request.form.get("username", ""),
        asks=problem not in (UNKNOWN, UNSAFE),
        provider=Users.current().settings.oidc_host,
        wanted=urlencode({"next": request.args.get("next", "")}),
    )
    return Response(page, status, headers={"Cache-Control": "no-store"})


def end_session() -> None:
    """End the session of the browser that asks, if it has one, and forget what its cookie held."""
    visitor = current_visitor()
    if visitor is not None and (secret := session.get("_user_id")):
        Users.current().trail.write(visitor.name, "logged out", visitor.name)
        Users.current().credentials.close_session(secret)
    logout_user()
    session.clear()


def page_after(visitor: Visitor, wanted: str) -> str:
    """Where to go after logging in: to the page that was asked for, if it is one of ours."""
    wanted = wanted.replace("\\", "/")
    parts = urlsplit(wanted)
    ours = wanted.startswith("/") and not wanted.startswith("//") and not (parts.netloc or parts.scheme)
    first = first_page(visitor)
    anywhere = ours and parts.path != "/" and first != FIRST_PAGES[-1][1]
    return local_address(wanted if anywhere else first)


def first_page(visitor: Visitor) -> str:
    """Where somebody begins."""
    return next(path for permission, path in FIRST_PAGES if permission in visitor.permissions)

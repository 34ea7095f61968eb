"""Logging in at a provider of OpenID Connect: the authorization code flow with PKCE, by Authlib.

Nothing is kept of the provider: its addresses and keys are asked for anew at each log-in, and from the issuer's own
host only. Imported only where `DERMABOARD_AUTH=oidc` says so.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import FlaskIntegration, FlaskOAuth2App
from flask import Blueprint, redirect, request, session, url_for
from joserfc.errors import JoseError
from pydantic import BaseModel
from requests import RequestException
from werkzeug.wrappers import Response as AnyResponse

from dashboard.settings import Settings
from dashboard.users.accounts import LONGEST_SUBJECT, Identity
from dashboard.users.guard import SIGNED_OUT, UNSAFE, Users, is_local, let_in, sign_in_page
from dashboard.users.roles import Role

# Seconds to wait for the provider, and by how many its clock and ours may differ.
PATIENCE, LEEWAY = 10, 60
# Not those that sign with a secret of both, or not at all, whatever the provider says that it supports.
ALGORITHMS = [f"{family}{size}" for family in ("RS", "PS", "ES") for size in (256, 384, 512)]
# Of several roles the first of these counts.
BY_RIGHTS = (Role.ADMINISTRATOR, Role.CLINICIAN, Role.SCIENTIST, Role.VIEWER)
# What people call somebody: the first of these claims that there is.
NAMES = ("preferred_username", "email", "name", "sub")
# Log-ins that one browser may have begun, and how long the page may be that they lead to: a cookie holds them.
PENDING, LONGEST_PAGE = 3, 1000

AWAY = (
    "{host} does not answer as it should, and nobody can sign in without it. Wait a minute, then try again. If that "
    "does not help, ask whoever runs Dermaboard here."
)
STALE_START = "This sign-in is used up, is too old, or was begun in another browser. Sign in once more."
REFUSED = "{host} did not let you in."
FORGED = "What {host} answered cannot be trusted, so you are not signed in. Try again."
NO_ROLE = "{host} knows you, but gives you no role in Dermaboard. Ask whoever runs Dermaboard here for one."
REMOVED = "Your account was taken away or switched off. Ask whoever runs Dermaboard here to let you in again."

log = logging.getLogger(__name__)
blueprint = Blueprint("oidc", __name__)


class ProviderError(Exception):
    """Nobody is let in. `str()` is a sentence for whoever wanted to log in.

    Args:
        reason: for the audit trail; empty where nothing belongs there.
    """

    def __init__(self, status: int, sentence: str, reason: str = "") -> None:
        super().__init__(sentence)
        self.status, self.reason = status, reason


class Addresses(BaseModel):
    """What a provider says of itself, of which nothing else is used."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


class Provider(FlaskOAuth2App):  # type: ignore[misc]  # Authlib has no types
    """The provider that the settings name, for one request."""

    def __init__(self, settings: Settings) -> None:
        assert settings.oidc_issuer and settings.oidc_client and settings.oidc_secret
        super().__init__(
            FlaskIntegration("oidc"),
            "oidc",
            client_id=settings.oidc_client,
            client_secret=settings.oidc_secret.get_secret_value(),
            client_kwargs={
                "scope": "openid profile email",
                "code_challenge_method": "S256",
                "default_timeout": PATIENCE,
                # A redirection could lead anywhere.
                "max_redirects": 0,
            },
        )
        self.server_metadata: dict[str, Any] = {}
        self.issuer, self.claim = settings.oidc_issuer, settings.oidc_claim
        self.host = settings.oidc_host

    def load_server_metadata(self) -> dict[str, Any]:
        """What Authlib needs to know of the provider, fetched when it first asks. Raises ValueError."""
        if not self.server_metadata:
            address = self.issuer.rstrip("/") + "/.well-known/openid-configuration"
            with self._get_session() as asking:
                answer = asking.get(address, withhold_token=True)
            answer.raise_for_status()
            found = Addresses.model_validate_json(answer.content)
            if found.issuer != self.issuer:
                raise ValueError(f"It calls itself {found.issuer}.")
            for one in (found.authorization_endpoint, found.token_endpoint, found.jwks_uri):
                if urlsplit(one)[:2] != urlsplit(self.issuer)[:2]:
                    raise ValueError(f"{one} is not at the issuer's host.")
            self.server_metadata = found.model_dump() | {"id_token_signing_alg_values_supported": ALGORITHMS}
        return self.server_metadata

    def begin(self, back: str, wanted: str, anew: bool) -> str:
        """The address to send a browser to. The browser's session holds what its answer is compared with.

        Args:
            back: the address of ours that the browser comes back to.
            wanted: the page that it goes to in the end.
            anew: the provider asks who it is even where it knows.

        Raises:
            ProviderError: the provider does not answer.
        """
        with self.sentences():
            asked = self.create_authorization_url(back, **({"prompt": "login"} if anew else {}))
        begun = sorted(
            (name for name in session if name.startswith("_state_")), key=lambda name: session[name]["exp"]
        )
        for name in begun[: 1 - PENDING]:
            del session[name]
        address: str = asked.pop("url")
        self.save_authorize_data(redirect_uri=back, wanted=wanted[:LONGEST_PAGE], **asked)
        return address

    def finish(self) -> tuple[Identity, str]:
        """Who has come back from the provider, and the page that was wanted. Raises ProviderError."""
        state = request.args.get("state", "")
        kept = self.framework.get_state_data(session, state)
        if kept is None or not ({"code", "error"} & {*request.args}):
            raise ProviderError(400, STALE_START)
        if "error" in request.args:
            self.framework.clear_state_data(session, state)
            log.warning("Log-in at %s: %r", self.host, request.args["error"][:100])
            raise ProviderError(403, REFUSED.format(host=self.host))
        right = {"iss": self.issuer, "aud": self.client_id}
        options = {name: {"essential": True, "value": value} for name, value in right.items()}
        with self.sentences():
            claims = self.authorize_access_token(claims_options=options, leeway=LEEWAY)["userinfo"]
        name = next(str(claims[one]) for one in NAMES if claims.get(one))
        if not 0 < len(claims["sub"]) <= LONGEST_SUBJECT:
            raise ProviderError(403, FORGED.format(host=self.host), "a subject that is too long")
        role = role_of_claim(claims.get(self.claim))
        if role is None:
            raise ProviderError(403, NO_ROLE.format(host=self.host), f"no role: {name}")
        return Identity(self.issuer, claims["sub"], name, role), kept["wanted"]

    @contextmanager
    def sentences(self) -> Iterator[None]:
        """Turn what may go wrong at a provider into a ProviderError; the log says what it was."""
        try:
            yield
        except (RequestException, ValueError) as error:
            log.error("Log-in at %s: %s", self.host, error)
            raise ProviderError(503, AWAY.format(host=self.host)) from error
        except (AuthlibBaseError, JoseError, KeyError, TypeError) as error:
            log.error("Log-in at %s: %s", self.host, error)
            raise ProviderError(403, FORGED.format(host=self.host), f"{error}"[:200]) from error


def role_of_claim(claim: object) -> Role | None:
    """The role that a claim names, the first of BY_RIGHTS where it names several; None where it names none."""
    named = claim if isinstance(claim, list) else [claim]
    return next((role for role in BY_RIGHTS if role in named), None)


@blueprint.get("/login/start")
def start() -> AnyResponse:
    """The way to the provider."""
    if not (request.is_secure or is_local()):
        return sign_in_page(UNSAFE, 403)
    provider = Provider(Users.current().settings)
    back = url_for("oidc.finish", _external=True)
    try:
        return redirect(provider.begin(back, request.args.get("next", ""), SIGNED_OUT in session))
    except ProviderError as error:
        return sign_in_page(str(error), error.status)


@blueprint.get("/login/finish")
def finish() -> AnyResponse:
    """The way back from the provider."""
    users = Users.current()
    try:
        identity, wanted = Provider(users.settings).finish()
        user = users.accounts.of_identity(identity)
        if user is None:
            raise ProviderError(403, REMOVED, f"removed or switched off: {identity.name}")
    except ProviderError as error:
        if error.reason:
            users.trail.write("", "log-in refused", text=error.reason)
        return sign_in_page(str(error), error.status)
    return let_in(user, wanted)

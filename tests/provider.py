"""A small provider of OpenID Connect on loopback. It lets in whom it is told to, and lies where a test wants that."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests
from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "dermaboard", "s3cret"


@cache
def rsa_key(number: int = 1) -> RSAKey:
    """A key of the provider, or of somebody else; all go by the same name."""
    return RSAKey.generate_key(2048, {"kid": "key", "use": "sig"})


def signed(claims: dict[str, Any]) -> str:
    """An ID token as it should be."""
    return jwt.encode({"alg": "RS256", "kid": "key"}, claims, rsa_key())


class SmallProvider:
    """What tests change, and what was asked.

    Attributes:
        person: claims of whoever sits at the browser.
        changed: claims that are written over those that are right; None takes one out.
        sign: makes an ID token of claims.
        says: written over what it says of itself.
        answers: path -> status and body that are sent instead of what is right.
        asked: every path, in order.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.person: dict[str, Any] = {"sub": "1", "preferred_username": "anna", "roles": ["clinician"]}
        self.changed: dict[str, Any] = {}
        self.sign: Callable[[dict[str, Any]], str] = signed
        self.says: dict[str, Any] = {}
        self.answers: dict[str, tuple[int, bytes]] = {}
        self.asked: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}

    def way_back(self, way_there: str) -> str:
        """Where a browser is sent after it has come to the provider."""
        return str(requests.get(way_there, allow_redirects=False, timeout=10).headers["Location"])

    def description(self) -> dict[str, Any]:
        """What it says of itself. It signs in no way that nobody could trust, and says that it would."""
        places = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        return {
            "issuer": self.address,
            **{name: f"{self.address}/{path}" for name, path in places.items()},
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
        } | self.says

    def code(self, query: dict[str, str]) -> str:
        """A code for a browser that came with this query."""
        assert query["client_id"] == CLIENT and query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256" and "openid" in query["scope"].split()
        code = secrets.token_urlsafe(8)
        self._codes[code] = query
        return code

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """Status and answer for a code; it can be used once, by whoever began."""
        begun = self._codes.pop(form.get("code", ""), None)
        proof = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(proof).rstrip(b"=").decode()
        client = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if authorization != f"Basic {client}":
            return 401, {"error": "invalid_client"}
        if begun is None or (begun["code_challenge"], begun["redirect_uri"]) != (
            challenge,
            form["redirect_uri"],
        ):
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        right = {"iss": self.address, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": begun["nonce"]}
        claims = right | self.person | self.changed
        token = self.sign({name: value for name, value in claims.items() if value is not None})
        return 200, {"access_token": "unused", "token_type": "Bearer", "id_token": token}


@contextmanager
def small_provider() -> Iterator[SmallProvider]:
    """A running provider."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, query = urlsplit(self.path).path, dict(parse_qsl(urlsplit(self.path).query))
            provider.asked.append(path)
            if path in provider.answers:
                self.answer(*provider.answers[path])
            elif path == "/.well-known/openid-configuration":
                self.answer(200, provider.description())
            elif path == "/keys":
                self.answer(200, {"keys": [rsa_key().as_dict(private=False)]})
            elif path == "/authorize":
                back = urlencode({"code": provider.code(query), "state": query["state"]})
                self.answer(302, {}, f"{query['redirect_uri']}?{back}")
            else:
                self.answer(404, {})

        def do_POST(self) -> None:
            provider.asked.append(self.path)
            form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            wrong = provider.answers.get(self.path)
            self.answer(*(wrong or provider.token(form, self.headers.get("Authorization", ""))))

        def answer(self, status: int, body: dict[str, Any] | bytes, location: str = "") -> None:
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            if location or status in (301, 302):
                self.send_header("Location", location or content.decode())
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider = SmallProvider(f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()

"""What goes over the wire: compressed, and kept by browsers for as long as its address names its content."""

import threading
from collections import OrderedDict

from flask import Flask, Request, Response, g, request
from flask_compress import Compress

YEAR = 31_536_000
# Files that come with the program. Their addresses carry a version, a time of change or a digest.
STATIC = ("/assets/", "/vendor/", "/_dash-component-suites/")
FINGERPRINTS = ("m", "v")
# Enough for every script and style sheet of the pages, once in each coding that browsers ask for.
KEPT = 24_000_000


class Kept:
    """Compressed files, so that a script of megabytes is compressed once and not for every visitor."""

    def __init__(self, limit: int = KEPT) -> None:
        self.limit = limit
        self._found: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> bytes | None:
        """What was kept under this key."""
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
            return self._found.get(key)

    def set(self, key: str, value: bytes) -> None:
        """Keep it, and drop what was not asked for the longest where all of it would be too much."""
        with self._lock:
            self._found[key] = value
            while sum(map(len, self._found.values())) > self.limit:
                self._found.popitem(last=False)


def compress_responses(server: Flask) -> None:
    """Compress what compresses well, and let browsers keep what has a fingerprint."""
    server.config.update(
        COMPRESS_REGISTER=False,
        # Every browser has Brotli, which is smallest. Level 5 is a tenth smaller than the default 4, and as fast.
        COMPRESS_ALGORITHM=["br", "zstd", "gzip"],
        COMPRESS_BR_LEVEL=5,
    )
    fresh = Compress(server)
    server.config.update(COMPRESS_CACHE_BACKEND=Kept, COMPRESS_CACHE_KEY=lambda request: g.kept_as)
    kept = Compress(server)

    @server.after_request
    def _(response: Response) -> Response:
        if response.status_code == 200 and is_static(request):
            allow_caching(response)
            # Dash fingerprints neither change nor tell a new file from an old one while it runs; a file's ETag does.
            g.kept_as = f"{request.path} {response.get_etag()[0]}"
            # Into memory: a file that is passed through would be compressed again for everybody.
            response.direct_passthrough = False
            response.get_data()
            return kept.after_request(response)
        # Clients send a strong validator back to change what they have seen: it must not grow a suffix.
        if response.get_etag()[0] and request.path.startswith("/api/"):
            return response
        return fresh.after_request(response)


def is_static(request: Request) -> bool:
    """Whether the request is for a script, a style sheet, a font or the like."""
    return request.method == "GET" and request.path.startswith(STATIC)


def allow_caching(response: Response) -> None:
    """A year for what is addressed with its fingerprint; otherwise the browser asks whether it has changed."""
    named = any(name in request.args for name in FINGERPRINTS)
    if named or (response.cache_control.max_age or 0) >= YEAR:
        response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"

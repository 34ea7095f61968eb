"""Compressed responses, and how long browsers may cache them: as long as the address names the content."""

import threading
from collections import OrderedDict

from flask import Flask, Request, Response, g, request
from flask_compress import Compress

YEAR = 31_536_000
# Files that come with the program. Their addresses carry a version, a time of change or a digest.
STATIC = ("/assets/", "/vendor/", "/_dash-component-suites/")
FINGERPRINTS = ("m", "v")
# Bytes: enough for every script and style sheet of the pages, once in each coding that browsers ask for.
CACHED = 24_000_000


class CompressedFiles:
    """A cache of compressed files, so that a script of megabytes is not compressed for every visitor."""

    def __init__(self, limit: int = CACHED) -> None:
        self.limit = limit
        self._files: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> bytes | None:
        """The file with this key; None when there is none."""
        with self._lock:
            if key in self._files:
                self._files.move_to_end(key)
            return self._files.get(key)

    def set(self, key: str, value: bytes) -> None:
        """Add a file, and drop those that were used least recently while all of them are larger than the limit."""
        with self._lock:
            self._files[key] = value
            while sum(map(len, self._files.values())) > self.limit:
                self._files.popitem(last=False)


def compress_responses(server: Flask) -> None:
    """Compress what compresses well, and let browsers cache what has a fingerprint."""
    server.config.update(
        COMPRESS_REGISTER=False,
        # Every browser has Brotli, which is smallest. Level 5 is a tenth smaller than the default 4, and as fast.
        COMPRESS_ALGORITHM=["br", "zstd", "gzip"],
        COMPRESS_BR_LEVEL=5,
    )
    anew = Compress(server)
    server.config.update(
        COMPRESS_CACHE_BACKEND=CompressedFiles, COMPRESS_CACHE_KEY=lambda request: g.cache_key
    )
    cached = Compress(server)

    @server.after_request
    def _(response: Response) -> Response:
        if response.status_code == 200 and is_static(request):
            allow_caching(response)
            # Dash fingerprints neither change nor tell a new file from an old one while it runs; a file's ETag does.
            g.cache_key = f"{request.path} {response.get_etag()[0]}"
            # Into memory: a file that is passed through would be compressed again for everybody.
            response.direct_passthrough = False
            response.get_data()
            return cached.after_request(response)
        # Clients send a strong validator back to change what they have seen: it must not grow a suffix.
        if response.get_etag()[0] and request.path.startswith("/api/"):
            return response
        return anew.after_request(response)


def is_static(request: Request) -> bool:
    """Whether the request is for a script, a style sheet, a font or the like."""
    return request.method == "GET" and request.path.startswith(STATIC)


def allow_caching(response: Response) -> None:
    """A year for what is addressed with its fingerprint; otherwise the browser asks whether it has changed."""
    named = any(name in request.args for name in FINGERPRINTS)
    if named or (response.cache_control.max_age or 0) >= YEAR:
        response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"

"""Between the event loop of the web server and the application, which answers in threads.

A request reaches a thread when all of it has come in, and an answer leaves its thread when it is made: whoever sends
or listens slowly costs a socket, and nobody else waits for it.
"""

import asyncio
import contextvars
import logging
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Any, NamedTuple
from urllib.parse import unquote_to_bytes

from dashboard.api.problems import REFUSED

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]

# Seconds without a byte after which a client is let go, and that it has for a whole body: 25 MB at 0.3 Mbit/s.
PATIENCE = 30.0
LONGEST = 600.0
THREADS = 8
# Bytes of a body that wait in memory; the rest of it waits in the data folder.
IN_MEMORY = 500_000
# Bytes that are sent at once.
PIECE = 65_536
# Seconds after which a piece is sent although it is smaller.
PAUSE = 0.2

log = logging.getLogger(__name__)


class Gone(Exception):
    """The client is not there any more."""


class Body(NamedTuple):
    """What came in: its bytes without those beyond the limit, the size it has or claims, and why it is not whole."""

    file: IO[bytes]
    size: int
    whole: bool = True
    refused: str = ""


class WsgiAnswer(NamedTuple):
    """The head of an answer and the way to its pieces."""

    status: int
    headers: list[tuple[bytes, bytes]]
    iterable: Iterable[bytes]
    pieces: Iterator[bytes]


class Bridge:
    """A WSGI application as an ASGI one.

    Args:
        app: called in one of `THREADS` threads.
        folder: where large bodies wait.
        limit: bytes of a body that are kept; the application sees from its length that there was more.
        space: bytes that the bodies of all requests in progress may take together; a body beyond it is refused.
    """

    def __init__(self, app: Wsgi, folder: Path, limit: int, space: int) -> None:
        self.app, self.folder, self.limit, self.space = app, str(folder), limit, space
        # Only the event loop's own thread touches these.
        self.used = 0
        self.sizes: dict[IO[bytes], int] = {}
        self.threads = ThreadPoolExecutor(THREADS, "answer")

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """One request, as ASGI has it."""
        with SpooledTemporaryFile(IN_MEMORY, dir=self.folder) as file:
            try:
                body = await self.take(scope, receive, file)
                await self.answer(environ(scope, body), body.whole, receive, send)
            except (Gone, TimeoutError):
                return
            except Exception:
                log.exception("The request could not be answered")
            finally:
                self.used -= self.sizes.pop(file, 0)

    async def take(self, scope: Any, receive: Receive, file: IO[bytes]) -> Body:
        """The body of a request. Raises Gone."""
        headers = dict(scope["headers"])
        claimed = int(headers.get(b"content-length", 0))
        # What is too much is read to its end, for most clients listen only then; nothing of it is kept.
        kept = claimed <= self.limit
        if claimed > self.limit and b"expect" in headers:
            return Body(file, claimed, whole=False)
        size, full = 0, False
        try:
            async with asyncio.timeout(LONGEST):
                async for chunk in body_chunks(receive):
                    size += len(chunk)
                    kept = kept and size <= self.limit
                    full = full or (kept and self.used + len(chunk) > self.space)
                    if kept and not full:
                        self.used += len(chunk)
                        self.sizes[file] = self.sizes.get(file, 0) + len(chunk)
                        file.write(chunk)
        except TimeoutError:
            return Body(file, max(size, claimed), whole=False, refused="slow")
        except OSError:
            log.exception("There is no room for what was sent")
            return Body(file, max(size, claimed), whole=False, refused="full")
        file.seek(0)
        # A body that is too large is told so, though there was no room for it either.
        full = full and kept
        if full:
            log.warning("The uploads in progress take all the space that they may have")
        return Body(file, size, refused="full" if full else "")

    async def answer(self, wanted: dict[str, Any], whole: bool, receive: Receive, send: Send) -> None:
        """Send what the application answers. Raises Gone, or TimeoutError where the client does not listen."""
        # Flask keeps its request in the context: every piece has to be made in the same one.
        context, loop = contextvars.copy_context(), asyncio.get_running_loop()

        async def run(function: Callable[..., Any], *values: Any) -> Any:
            return await loop.run_in_executor(self.threads, context.run, function, *values)

        answer, piece, more = await run(begin, self.app, wanted)
        try:
            headers = answer.headers if whole else [*answer.headers, (b"connection", b"close")]
            left = asyncio.ensure_future(receive()) if more else None
            await send({"type": "http.response.start", "status": answer.status, "headers": headers})
            await give(send, piece, more)
            while more:
                if left is not None and left.done():
                    raise Gone
                piece, more = await run(gather, answer.pieces)
                await give(send, piece, more)
        finally:
            await run(close, answer)


async def body_chunks(receive: Receive) -> Any:
    """The pieces of a body. Raises Gone, or TimeoutError where none comes."""
    more = True
    while more:
        async with asyncio.timeout(PATIENCE):
            message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        more = message.get("more_body", False)
        yield message.get("body", b"")


async def give(send: Send, piece: bytes, more: bool) -> None:
    """Send a piece of an answer, no faster than the client reads. Raises TimeoutError where it doesn't read."""
    for start in range(0, max(len(piece), 1), PIECE):
        body = piece[start : start + PIECE]
        rest = more or start + PIECE < len(piece)
        async with asyncio.timeout(PATIENCE):
            await send({"type": "http.response.body", "body": body, "more_body": rest})


def begin(app: Wsgi, wanted: dict[str, Any]) -> tuple[WsgiAnswer, bytes, bool]:
    """The application's answer to a request, its first piece, and whether there may be more: all on one way."""
    answer = call(app, wanted)
    try:
        return answer, *gather(answer.pieces)
    except BaseException:
        close(answer)
        raise


def close(answer: WsgiAnswer) -> None:
    """Let the application let go of an answer."""
    getattr(answer.iterable, "close", lambda: None)()


def call(app: Wsgi, wanted: dict[str, Any]) -> WsgiAnswer:
    """The application's answer to a request."""
    head: list[Any] = []

    def start(status: str, headers: list[tuple[str, str]], _: Any = None) -> Callable[[bytes], None]:
        encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        head[:] = int(status.split(" ", 1)[0]), encoded
        return head.append

    iterable = app(wanted, start)
    status, headers = head
    return WsgiAnswer(status, headers, iterable, iter(iterable))


def gather(pieces: Iterator[bytes]) -> tuple[bytes, bool]:
    """The next piece of an answer, and whether there may be more."""
    found, size, began = [], 0, time.monotonic()
    for piece in pieces:
        found.append(piece)
        size += len(piece)
        if size >= PIECE or time.monotonic() - began > PAUSE:
            return b"".join(found), True
    return b"".join(found), False


def environ(scope: Any, body: Body) -> dict[str, Any]:
    """A request as WSGI has it."""
    server, client = scope.get("server") or ("localhost", 80), scope.get("client") or ("", 0)
    found: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "REMOTE_ADDR": client[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": body.file,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        # With an underscore, X_Forwarded_Host would be taken for X-Forwarded-Host, which a proxy looks after.
        if b"_" not in name:
            key = "HTTP_" + name.decode("latin-1").upper().replace("-", "_")
            joint = "; " if name == b"cookie" else ","
            text = value.decode("latin-1")
            found[key] = f"{found[key]}{joint}{text}" if key in found else text
    if "HTTP_CONTENT_TYPE" in found:
        found["CONTENT_TYPE"] = found.pop("HTTP_CONTENT_TYPE")
    chunked = found.pop("HTTP_TRANSFER_ENCODING", "")
    if found.pop("HTTP_CONTENT_LENGTH", "") or chunked:
        found["CONTENT_LENGTH"] = str(body.size)
    if body.refused:
        found[REFUSED] = body.refused
    return found

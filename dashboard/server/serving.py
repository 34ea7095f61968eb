"""The web server: uvicorn on a socket that is bound already, with connections that don't outstay their welcome.

One process serves, or several that share the socket, see `run_processes`.
"""

import json
import logging
import os
import socket
import sys
from asyncio import TimerHandle, Transport
from contextlib import suppress
from tempfile import TemporaryDirectory
from typing import Any

import uvicorn
from flask import Flask
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.supervisors import Multiprocess

from dashboard.api.problems import MEDIA_TYPE
from dashboard.server import bridge
from dashboard.services import EXTENSION

# Seconds that running requests have to finish when the server is stopped.
GRACE = 30
# Seconds for which a thread may hold Python's lock while others wait. Whoever comes back from the graph or the disk
# waits so long for it, several times a request; by default 5 ms.
HELD = 0.0005
# As many connections as this may be open at once, where the system lets a program have them.
SOCKETS = 65_536


class Connection(H11Protocol):
    """A connection that ends when its client asks nothing, or does not take what it asked for.

    uvicorn waits for ever for the first request and for a client that doesn't read.
    """

    alarm: TimerHandle
    since: float
    state: Any = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Called by the event loop."""
        super().connection_made(transport)
        # The event loop does this only for sockets that were made with a protocol; without it, answers wait 40 ms.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop."""
        self.alarm.cancel()
        super().connection_lost(exc)

    def watch(self) -> None:
        """Look whether anything has changed, again and again; how long a body takes is for the bridge to say."""
        unsent = self.transport.get_write_buffer_size()
        asks_nothing = self.cycle is None or self.cycle.response_complete
        state, now = (id(self.cycle), asks_nothing, unsent), self.loop.time()
        if state != self.state:
            self.state, self.since = state, now
        elif (asks_nothing or unsent) and now - self.since > bridge.PATIENCE:
            self.transport.abort()
        self.alarm = self.loop.call_later(bridge.PATIENCE / 6, self.watch)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, or has a head of more than 64 kB."""
        detail = "This is no HTTP request, or its headers are too long."
        problem = {"title": "Bad Request", "status": 400, "detail": detail, "code": "bad_request"}
        body = json.dumps(problem).encode()
        if self.cycle is None or self.cycle.response_complete:
            head = (
                f"HTTP/1.1 400 Bad Request\r\nContent-Type: {MEDIA_TYPE}\r\nContent-Length: {len(body)}\r\n"
            )
            self.transport.write(
                f"{head}Cache-Control: no-store\r\nConnection: close\r\n\r\n".encode() + body
            )
        self.transport.close()


def bridged(app: Flask) -> bridge.Bridge:
    """An application as uvicorn takes it; its process answers requests from now on."""
    sys.setswitchinterval(HELD)
    settings, limit = app.extensions[EXTENSION].settings, app.config["MAX_CONTENT_LENGTH"]
    # The bridge says what goes wrong; the rest are clients' mistakes.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    space = settings.upload_space * 1_000_000 // settings.workers
    return bridge.Bridge(app, settings.data_dir, limit, space)


def configured(app: bridge.Bridge | str, **more: Any) -> uvicorn.Config:
    """How uvicorn serves an application, or what a factory of that name makes."""
    return uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        loop="asyncio",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        # These are for dashboard/security.py to judge.
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=int(bridge.PATIENCE),
        timeout_graceful_shutdown=GRACE,
        **more,
    )


def web_server(app: Flask) -> uvicorn.Server:
    """A server for the application that is not running yet."""
    return uvicorn.Server(configured(bridged(app)))


def run(app: Flask, listener: socket.socket) -> None:
    """Serve until Ctrl-C or SIGTERM; requests that are running then are answered first."""
    allow_connections()
    web_server(app).run(sockets=[listener])


def run_processes(factory: str, workers: int, listener: socket.socket) -> None:
    """Serve with so many processes until Ctrl-C or SIGTERM. One that dies is replaced.

    Args:
        factory: `module:function`, which makes in each of them what it serves, see `bridged`.
    """
    allow_connections()
    # uvicorn tells at this level when a process has died.
    logging.getLogger("uvicorn.error").setLevel(logging.INFO)
    with TemporaryDirectory(prefix="metrics-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        config = configured(
            factory,
            factory=True,
            workers=workers,
            # Longer than anything that keeps a process from answering, such as loading a model.
            timeout_worker_healthcheck=60,
        )
        Multiprocess(config, sockets=[listener]).run()


def allow_connections() -> None:
    """Let the process have many sockets: systems allow 256 or 1,024 for a program that doesn't ask for more."""
    try:
        import resource
    except ImportError:  # Windows has no such limit.
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = SOCKETS if hard == resource.RLIM_INFINITY else min(SOCKETS, hard)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))

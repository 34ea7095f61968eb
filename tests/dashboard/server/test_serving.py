"""The web server itself: clients that send or listen slowly, bodies that are too large, and the end of the process."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from flask import Flask

from dashboard.app import make_server
from dashboard.server import bridge
from dashboard.server.serving import web_server
from dashboard.services import Services
from dashboard.store import Query
from tests import files
from tests.benchmarks.http import complete, request
from tests.dashboard.test_app import ROOT, free_port

MANY = 150
LIVE = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
# What clients leave behind that never get further.
HALVES = {
    "nothing": b"",
    "half a head": b"GET / HTTP/1.1\r\nHost: loc",
    "half a body": request(files.jpeg(), 1)[:-100],
    "an answer, and then nothing": LIVE,
}


@pytest.fixture
def server(services: Services) -> Flask:
    return make_server(services)


@pytest.fixture
def port(server: Flask) -> Iterator[int]:
    """The port at which the server is served, in a thread."""
    with serving(server) as (number, _):
        yield number


@contextlib.contextmanager
def serving(server: Flask) -> Iterator[tuple[int, bridge.Bridge]]:
    """Serve a server in a thread: its port, and what takes its uploads."""
    listener = socket.create_server(("127.0.0.1", 0))
    running = web_server(server)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
    number = listener.getsockname()[1]
    thread.start()
    yield number, cast(bridge.Bridge, running.config.app)
    running.force_exit = running.should_exit = True
    thread.join(30)
    assert not thread.is_alive()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients have a second."""
    monkeypatch.setattr(bridge, "PATIENCE", 1)


def connected(port: int) -> socket.socket:
    """A connection that gives up after a minute."""
    return socket.create_connection(("127.0.0.1", port), timeout=60)


def answer(client: socket.socket) -> bytes:
    """One whole answer."""
    found = b""
    while not complete(found):
        piece = client.recv(65536)
        assert piece, found
        found += piece
    return found


def asked(port: int, data: bytes = LIVE) -> bytes:
    """The answer to a request on a connection of its own."""
    with connected(port) as client:
        client.sendall(data)
        return answer(client)


@pytest.mark.parametrize("name", HALVES)
def test_clients_that_get_no_further_hinder_nobody(port: int, services: Services, name: str) -> None:
    with contextlib.ExitStack() as stack:
        stalled = [stack.enter_context(connected(port)) for _ in range(MANY)]
        for client in stalled:
            client.sendall(HALVES[name])
        assert asked(port, request(files.jpeg(), 1)).startswith(b"HTTP/1.1 201")
    assert services.store.page(Query()).total == 1


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("name", HALVES)
def test_clients_that_get_no_further_are_let_go(port: int, services: Services, name: str) -> None:
    with connected(port) as client:
        client.sendall(HALVES[name])
        found = b""
        # A reset says the same as an end.
        with contextlib.suppress(ConnectionResetError):
            while piece := client.recv(65536):
                found += piece
    assert (b"408" in found and b"too_slow" in found) if name == "half a body" else b"408" not in found
    assert services.store.page(Query()).total == 0


@pytest.mark.usefixtures("impatient")
def test_clients_that_do_not_listen_are_let_go(server: Flask, port: int) -> None:
    ended = threading.Event()

    def endless() -> Iterator[bytes]:
        try:
            while True:
                yield bytes(100_000)
        finally:
            ended.set()

    server.add_url_rule("/endless", view_func=endless)
    with contextlib.ExitStack() as stack:
        for _ in range(2 * bridge.THREADS):
            stack.enter_context(connected(port)).sendall(LIVE.replace(b"/health/live", b"/endless"))
        assert asked(port).startswith(b"HTTP/1.1 200")
        assert ended.wait(60)


def test_nothing_is_made_for_a_client_that_left(server: Flask, port: int) -> None:
    ended = threading.Event()

    def endless() -> Iterator[bytes]:
        try:
            while True:
                yield bytes(100_000)
        finally:
            ended.set()

    server.add_url_rule("/endless", view_func=endless)
    with connected(port) as client:
        client.sendall(LIVE.replace(b"/health/live", b"/endless"))
        assert client.recv(10)
    assert ended.wait(60)


@pytest.mark.parametrize("path", ["/api/v1/predictions", "/exports/images.zip", "/api/v1/nothing"])
@pytest.mark.parametrize("chunked", [False, True])
def test_bodies_that_are_too_large_get_a_problem_document(port: int, path: str, chunked: bool) -> None:
    size, piece = 120_000_000, bytes(1_000_000)
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n"
    head += "Transfer-Encoding: chunked\r\n\r\n" if chunked else f"Content-Length: {size}\r\n\r\n"
    with connected(port) as client:
        client.sendall(head.encode())
        for _ in range(size // len(piece)):
            client.sendall(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
        client.sendall(b"0\r\n\r\n" if chunked else b"")
        found = answer(client)
        assert found.startswith(b"HTTP/1.1 404" if path.endswith("nothing") else b"HTTP/1.1 413")
        assert b"application/problem+json" in found
        # All of it was read: the connection goes on.
        client.sendall(LIVE)
        assert answer(client).startswith(b"HTTP/1.1 200")


def test_a_body_that_asks_first_is_not_sent(port: int) -> None:
    head = b"POST /api/v1/predictions HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
    head += b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 120000000\r\n\r\n"
    assert asked(port, head).startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize("data", [b"\x16\x03\x01\r\n\r\n", b"GET / HTTP/1.1\r\nX: " + 200_000 * b"a"])
def test_what_is_no_request_gets_a_problem_document(port: int, data: bytes) -> None:
    found = asked(port, data)
    assert found.startswith(b"HTTP/1.1 400")
    assert b"application/problem+json" in found


def test_headers_with_underscores_are_nobodys(server: Flask, port: int) -> None:
    server.add_url_rule("/seen", view_func=lambda: str(sorted(bridge_headers())))
    found = asked(
        port, LIVE.replace(b"/health/live", b"/seen").replace(b"\r\n\r\n", b"\r\nX_A: 1\r\nX-B: 2\r\n\r\n")
    )
    assert b"X-B" in found and b"X-A" not in found


def bridge_headers() -> list[str]:
    from flask import request

    return [name.title() for name, _ in request.headers]


def test_large_bodies_wait_in_the_data_folder(
    port: int, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/nowhere")
    big = files.jpeg() + bytes(2 * bridge.IN_MEMORY)
    assert asked(port, request(big, 1)).startswith(b"HTTP/1.1 201")
    assert services.store.page(Query()).total == 1


@pytest.fixture
def start(bundle_root: Path, tmp_path: Path) -> Iterator[Callable[..., tuple[subprocess.Popen[str], int]]]:
    """Start `python -m dashboard` in a process, behind the words of another command."""
    running: list[subprocess.Popen[str]] = []

    def process(*before: str) -> tuple[subprocess.Popen[str], int]:
        port = free_port()
        environment = {
            **os.environ,
            "DERMABOARD_PORT": port,
            "DERMABOARD_BUNDLES": str(bundle_root),
            "DERMABOARD_DATA_DIR": str(tmp_path / "data"),
        }
        command = [*before, sys.executable, "-m", "dashboard"]
        started = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        running.append(started)
        assert started.stdout is not None
        assert port in started.stdout.readline()
        asked(int(port))
        return started, int(port)

    yield process
    for one in running:
        one.kill()
        one.communicate(timeout=60)


def test_a_request_that_is_running_is_answered_before_the_end(
    start: Callable[..., tuple[subprocess.Popen[str], int]],
) -> None:
    process, port = start()
    whole = request(files.jpeg(), 1)
    with connected(port) as running, connected(port) as idle:
        running.sendall(whole[:-10])
        idle.sendall(LIVE)
        answer(idle)
        process.send_signal(signal.SIGTERM)
        # The idle connection ends: the server has begun to stop.
        assert idle.recv(1) == b""
        running.sendall(whole[-10:])
        assert answer(running).startswith(b"HTTP/1.1 201")
    assert process.wait(60) == 0


PRIVATE = ("unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child")


def test_the_first_process_of_a_container_stops_too(
    start: Callable[..., tuple[subprocess.Popen[str], int]],
) -> None:
    if shutil.which("unshare") is None or subprocess.run([*PRIVATE, "true"], check=False).returncode:
        pytest.skip("no process namespaces here")
    process, port = start(*PRIVATE)
    (first,) = (Path("/proc") / str(process.pid) / "task" / str(process.pid) / "children").read_text().split()
    os.kill(int(first), signal.SIGTERM)
    assert process.wait(60) == 0
    with pytest.raises(OSError):
        connected(port)


def test_uploads_beyond_the_space_for_them_are_refused_until_others_end(services: Services) -> None:
    small = services.settings.model_copy(update={"upload_space": 1})
    body = 700_000
    head = f"POST /api/v1/predictions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {body}\r\n\r\n".encode()
    with serving(make_server(replace(services, settings=small))) as (port, uploads), connected(port) as first:
        first.sendall(head + bytes(body - 1))
        until(lambda: uploads.used == body - 1)
        with connected(port) as second:
            second.sendall(head + bytes(body))
            found = answer(second)
        assert b"503" in found.split(b"\r\n")[0] and b"no room for what was sent" in found
        with connected(port) as other:
            other.sendall(LIVE)
            assert b"200" in answer(other).split(b"\r\n")[0]
        first.sendall(b"0")
        assert b"503" not in answer(first).split(b"\r\n")[0]
        until(lambda: uploads.used == 0)
        with connected(port) as third:
            third.sendall(head + bytes(body))
            assert b"503" not in answer(third).split(b"\r\n")[0]


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_large_is_told_so_where_there_is_no_room_either(
    services: Services, chunked: bool
) -> None:
    small = services.settings.model_copy(update={"upload_space": 1})
    size, piece = 30_000_000, bytes(1_000_000)
    head = "POST /api/v1/predictions HTTP/1.1\r\nHost: localhost\r\n"
    head += "Content-Type: multipart/form-data; boundary=x\r\n"
    head += "Transfer-Encoding: chunked\r\n\r\n" if chunked else f"Content-Length: {size}\r\n\r\n"
    with serving(make_server(replace(services, settings=small))) as (port, _), connected(port) as client:
        client.sendall(head.encode())
        for _ in range(size // len(piece)):
            client.sendall(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
        client.sendall(b"0\r\n\r\n" if chunked else b"")
        assert answer(client).startswith(b"HTTP/1.1 413")


def until(happens: Callable[[], bool]) -> None:
    """Wait for something, a minute at most."""
    end = time.monotonic() + 60
    while not happens():
        assert time.monotonic() < end
        time.sleep(0.01)

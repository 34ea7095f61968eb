"""Clients that stop sending, against the web server itself: nobody else waits, nothing stays, and they are let go."""

import contextlib
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator

import pytest
import waitress.server
from flask import Flask

from dashboard.services import Services
from dashboard.store import Query
from tests import files
from tests.benchmarks.http import complete, request

PATIENCE = 1


@pytest.fixture
def port(server: Flask) -> Iterator[int]:
    """A waitress with little patience and two threads."""
    serving = waitress.server.create_server(
        server, host="127.0.0.1", port=0, threads=2, channel_timeout=PATIENCE, cleanup_interval=PATIENCE
    )
    thread = threading.Thread(target=serving.run, daemon=True)
    thread.start()
    yield serving.effective_port  # type: ignore[union-attr]
    serving.close()
    serving.task_dispatcher.shutdown(timeout=5)
    thread.join(5)


def connected(port: int) -> socket.socket:
    """A connection that gives up after ten seconds."""
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def test_clients_that_stop_sending_hinder_nobody(port: int, services: Services) -> None:
    whole = request(files.jpeg(), 1)
    stalled = [connected(port) for _ in range(8)]
    for client in stalled:
        client.sendall(whole[: len(whole) // 2])
    with connected(port) as other:
        other.sendall(whole)
        answer = b""
        while not complete(answer):
            answer += other.recv(65536)
        assert answer.startswith(b"HTTP/1.1 201")
    assert services.store.page(Query()).total == 1
    began = time.monotonic()
    for client in stalled:
        # The server closes what has been silent for too long; a reset says the same.
        with contextlib.suppress(ConnectionResetError):
            assert client.recv(1) == b""
        client.close()
    assert time.monotonic() - began < 10 * PATIENCE
    assert services.store.page(Query()).total == 1


def test_client_that_goes_away_leaves_nothing(port: int, services: Services) -> None:
    whole = request(files.jpeg(), 2)
    for share in (0.1, 0.5, 0.99):
        with connected(port) as client:
            client.sendall(whole[: int(share * len(whole))])
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=10) as answer:
        assert answer.status == 200
    assert services.store.page(Query()).total == 0
    pictures = [path for path in services.settings.data_dir.rglob("*") if path.suffix in (".jpg", ".tmp")]
    assert not pictures

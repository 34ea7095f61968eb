"""The pages in a browser behind a proxy that shows them below a path of its own."""

import http.client
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, expect

from tests import files
from tests.browser.conftest import ROOT, Visit, look_at

PREFIX = "/derma"


class Proxy(BaseHTTPRequestHandler):
    """Hands on what is below the prefix, and nothing else."""

    protocol_version = "HTTP/1.1"
    behind = 0

    def forward(self) -> None:
        if not self.path.startswith(f"{PREFIX}/"):
            return self.send_error(404)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        headers |= {"X-Forwarded-Host": self.headers["Host"], "X-Forwarded-Proto": "http"}
        connection = http.client.HTTPConnection("127.0.0.1", self.behind, timeout=60)
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        data = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        return None

    do_GET = do_POST = do_PATCH = do_DELETE = do_HEAD = forward

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def address(bundle_root: Path, tmp_path: Path) -> Iterator[str]:
    """Where the proxy shows the pages; the dashboard behind it is asked by the address 127.0.0.1."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "DERMABOARD_PORT": str(port),
        "DERMABOARD_BUNDLES": str(bundle_root),
        "DERMABOARD_DATA_DIR": str(tmp_path / "data"),
        "DERMABOARD_PREFIX": PREFIX,
        "DERMABOARD_PROXY": "127.0.0.1",
    }
    command = [sys.executable, "-m", "dashboard"]
    proxy = ThreadingHTTPServer(("127.0.0.1", 0), type("Here", (Proxy,), {"behind": port}))
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert f"{port}{PREFIX}" in process.stdout.readline()
        yield f"http://127.0.0.1:{proxy.server_port}{PREFIX}"
        process.terminate()
    proxy.shutdown()


def test_everything_works_below_a_prefix(visit: Visit) -> None:
    failed: list[str] = []
    page = visit.open("/")
    page.on("response", lambda answer: failed.append(answer.url) if answer.status >= 400 else None)
    photograph = FilePayload(name="arm.jpg", mimeType="image/jpeg", buffer=files.jpeg())
    page.set_input_files("#file-chooser", [photograph])
    expect(page.locator(".slot-done img").first).to_be_visible()
    page.get_by_role("link", name="Open in history").click()
    expect(page).to_have_url(re.compile(f"^{visit.address}/history/[0-9a-f-]+$"))
    expect(page.locator("#navigation [aria-current=page]")).to_have_count(1)
    page.get_by_role("link", name="Performance").click()
    look_at(page, "roc")
    page.get_by_role("link", name="History", exact=True).click()
    page.locator("#history-export-all summary").click()
    with page.expect_download() as download:
        page.locator("#history-export-all [data-export='predictions.csv']").click()
    assert "arm.jpg" in download.value.path().read_text(encoding="utf-8-sig")
    page.goto(f"{visit.address}/api/v1/docs")
    expect(page.get_by_text("/api/v1/predictions").first).to_be_visible()
    assert not failed

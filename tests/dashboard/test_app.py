"""The factory's wiring, and `python -m dashboard` as a person starts it."""

import os
import re
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from dashboard.app import create_app, template_values
from dashboard.services import Services
from dashboard.shell.text import DISCLAIMER

ROOT = Path(__file__).parents[2]


@contextmanager
def started(**environment: str) -> Iterator[subprocess.Popen[str]]:
    """`python -m dashboard` in its own process, ended afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dashboard"],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=20)


def free_port() -> str:
    """A port that nobody listens on at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return str(listener.getsockname()[1])


def test_health_answers(client: FlaskClient) -> None:
    assert client.get("/health").status_code == 200


def test_dash_is_set_up_before_the_first_request(services: Services) -> None:
    app = create_app(services=services)
    assert "_pages_content.children" in str(list(app.callback_map))
    policy = app.server.test_client().get("/health").headers["Content-Security-Policy"]
    assert app.csp_hashes()
    assert all(digest in policy for digest in app.csp_hashes())


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/", 200),
        ("/performance", 200),
        ("/history", 200),
        ("/api/v1/docs", 200),
        ("/nowhere", 404),
        ("/not-found-404", 404),
        ("/report/nope", 404),
        ("/healthy-skin", 404),
        ("/health/x", 404),
        ("/api/", 404),
        ("/api/v2/models", 404),
        ("/vendor/nope.css", 404),
        ("/_dash-component-suites/dash/nope.js", 404),
        ("/_dash-component-suites/nope/nope.js", 404),
        ("/history/", 200),
        ("/health", 200),
    ],
)
def test_pages_have_their_status(client: FlaskClient, address: str, status: int) -> None:
    assert client.get(address).status_code == status


@pytest.mark.parametrize(
    ("template", "path", "same"),
    [
        ("/", "/", True),
        ("/history", "/history/", True),
        ("/history/<case_id>", "/history/0198", True),
        ("/history/<case_id>", "/history/", False),
        ("/history/<case_id>", "/history/a/b", False),
        ("/history", "/histories", False),
    ],
)
def test_addresses_match_their_templates(template: str, path: str, same: bool) -> None:
    assert (template_values(template, path) is not None) is same


def test_page_loads_nothing_from_elsewhere(client: FlaskClient) -> None:
    page = client.get("/").get_data(as_text=True)
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert addresses
    assert all(address.startswith("/") and not address.startswith("//") for address in addresses)
    for address in addresses:
        assert client.get(address).status_code == 200, address


def test_bootstrap_is_kept_by_browsers(client: FlaskClient) -> None:
    assert "max-age=31536000" in client.get("/vendor/css/bootstrap.min.css").headers["Cache-Control"]
    assert client.get("/vendor/../../setup.py").status_code == 404


def test_disclaimer_is_on_every_page(client: FlaskClient) -> None:
    assert DISCLAIMER in client.get("/_dash-layout").text


def test_start_serves_and_says_where(bundle_root: Path, tmp_path: Path) -> None:
    port = free_port()
    with started(
        DERMABOARD_PORT=port, DERMABOARD_BUNDLES=str(bundle_root), DERMABOARD_DATA_DIR=str(tmp_path / "data")
    ) as process:
        assert process.stdout is not None
        assert f"http://127.0.0.1:{port}" in process.stdout.readline()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
            assert answer.status == 200


def test_port_in_use_is_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with started(DERMABOARD_PORT=port, DERMABOARD_DATA_DIR=str(tmp_path)) as process:
            _, printed = process.communicate(timeout=120)
    assert process.returncode == 2
    assert f"port {port}" in printed
    assert "DERMABOARD_PORT" in printed
    assert "Traceback" not in printed


def test_wrong_setting_is_a_sentence() -> None:
    with started(DERMABOARD_PORT="http") as process:
        _, printed = process.communicate(timeout=120)
    assert process.returncode == 2
    assert "DERMABOARD_PORT" in printed
    assert "Traceback" not in printed


def test_missing_model_is_a_sentence(bundle_root: Path, tmp_path: Path) -> None:
    with started(
        DERMABOARD_PORT=free_port(),
        DERMABOARD_MODEL="absent",
        DERMABOARD_BUNDLES=str(bundle_root),
        DERMABOARD_DATA_DIR=str(tmp_path),
    ) as process:
        _, printed = process.communicate(timeout=120)
    assert process.returncode == 2
    assert "DERMABOARD_MODEL='absent'" in printed
    assert "Traceback" not in printed


def test_every_answer_carries_the_security_headers(client: FlaskClient) -> None:
    for address in ("/", "/api/v1/examples/1", "/api/v1/docs", "/api/v1/nothing", "/metrics"):
        headers = client.get(address).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "unsafe-eval" not in headers["Content-Security-Policy"]

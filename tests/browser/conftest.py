"""A running dashboard and a Chromium to look at it with; without a Chromium these tests are skipped by name."""

import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from dashboard.settings import variable

ROOT = Path(__file__).parents[2]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
# A drawn picture instead of a camera, and nobody asked whether the page may see it.
CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")


# A busy machine may take its time; what is wrong stays wrong.
expect.set_options(timeout=60_000)


def chromium_path() -> str | None:
    """The system's Chromium; None where there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def served(at: int = 0, **settings: str | Path) -> Iterator[str]:
    """The address of a dashboard with these settings, started as a person starts it; it ends with the block.

    Args:
        at: its port; any that is free for 0.
    """
    with socket.create_server(("127.0.0.1", at)) as free:
        port = str(free.getsockname()[1])
    chosen = {variable(name): str(value) for name, value in settings.items()}
    environment = {**os.environ, **chosen, variable("port"): port}
    command = [sys.executable, "-m", "dashboard"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert port in process.stdout.readline()
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium, without a window."""
    found = chromium_path()
    if found is None and os.environ.get("REQUIRE_BROWSER"):
        pytest.fail("REQUIRE_BROWSER is set, and there is no Chromium: browser tests may not be skipped here")
    if found is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=[*QUIET, *CAMERA])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def runs_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of training runs that the dashboard follows; empty at first."""
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="session")
def data_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the dashboard keeps what it predicts."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="session")
def address(bundle_root: Path, runs_root: Path, data_root: Path) -> Iterator[str]:
    """The address of a dashboard with the tiny model, started as a person starts it."""
    with served(bundles=bundle_root, runs=runs_root, data_dir=data_root) as address:
        yield address


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a dashboard with the models that ship."""
    with served(bundles=ROOT / "model" / "bundles", data_dir=tmp_path_factory.mktemp("shipped")) as address:
        yield address


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator["Visit"]:
    """A fresh visitor who has gone nowhere yet."""
    visit = Visit(browser, address)
    yield visit
    visit.close()


class Visit:
    """One visitor: opens pages, and notes requests that leave the machine and errors that scripts raise."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.browser, self.address = browser, address
        self.abroad: list[str] = []
        self.errors: list[str] = []
        self.pages: list[Page] = []

    def open(
        self,
        path: str = "/",
        width: int = 1280,
        scheme: str = "light",
        script: str = "",
        touch: bool = False,
    ) -> Page:
        """A page in a window of that width for someone whose system prefers that scheme; `script` runs first.

        Args:
            touch: it is a telephone.
        """
        context = self.browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme=scheme,  # type: ignore[arg-type]
            has_touch=touch,
            is_mobile=touch,
        )
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("request", lambda request: self.note(request.url))
        page.on("pageerror", lambda error: self.errors.append(error.stack or str(error)))
        self.pages.append(page)
        page.add_init_script(script)
        page.goto(self.address + path)
        return page

    def note(self, url: str) -> None:
        """Remember a request that goes anywhere but to the dashboard."""
        if not url.startswith((self.address, "data:", "blob:")):
            self.abroad.append(url)

    def close(self) -> None:
        """Close every window; no script may have failed and nothing may have left the machine."""
        for page in self.pages:
            page.context.close()
        assert not self.abroad
        assert not self.errors


# What Plotly has drawn.
FIGURE = ".js-plotly-plot .main-svg"


def look_at(page: Page, figure: str) -> None:
    """Bring a figure into view, which draws it; again where the performance page is drawn anew meanwhile."""
    room, drawn = page.locator(f".graph-{figure}"), page.locator(f".graph-{figure} {FIGURE}").first
    for _ in range(100):
        room.evaluate_all("rooms => rooms.forEach((room) => room.scrollIntoView({ block: 'center' }))")
        if drawn.is_visible():
            return
        page.wait_for_timeout(200)
    expect(drawn).to_be_visible()


def predict(address: str, image: bytes, filename: str, **fields: str) -> str:
    """The id of a prediction that the API made of an image."""
    edge = "edge"
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    parts += [
        f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n'
        "Content-Type: image/jpeg\r\n\r\n".encode(),
        image,
        f"\r\n--{edge}--\r\n".encode(),
    ]
    request = urllib.request.Request(
        f"{address}/api/v1/predictions",
        b"".join(parts),
        {"Content-Type": f"multipart/form-data; boundary={edge}"},
    )
    with urllib.request.urlopen(request) as answer:
        return str(json.load(answer)["id"])

"""A telephone on a slow line: what moves after a choice, when the result stands, when the history has rows."""

from __future__ import annotations

import io
import os
import statistics
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, CDPSession, Page

from dashboard.store import database
from tests.benchmarks.history_rows import fill
from tests.benchmarks.http import large_photograph
from tests.benchmarks.measure import Measure
from tests.benchmarks.page import LINE
from tests.benchmarks.performance import browser
from tests.benchmarks.serving import serving

VISITS, ROWS = 5, 1000
# Times slower than this computer, by the browser's own developer tools.
SLOWER = 4
# Of the grain that a telephone's sensor adds: with it a photograph has as many bytes as theirs.
GRAIN = 6
BUSY = (
    f"{VISITS} visits, {LINE['downloadThroughput'] * 8e-6:.1f} Mbit/s, 150 ms, a processor {SLOWER}x slower"
)

# Milliseconds from an event to the first picture on the screen that shows something, as the page itself sees it.
WATCH = """
window.seen = {};
window.watch = (name, selector) => {
  const began = performance.now();
  const look = () => {
    const node = document.querySelector(selector);
    if (!node || !node.checkVisibility({ visibilityProperty: true })) return requestAnimationFrame(look);
    // What this picture holds is on the screen when the next one begins.
    requestAnimationFrame(() => { window.seen[name] = performance.now() - began; });
  };
  look();
};
document.addEventListener("change", (event) => {
  if (event.target.id !== "file-chooser") return;
  window.watch("moved", ".slot");
  window.watch("result", ".slot .result:not(.waiting) .result-verdict");
}, true);
document.addEventListener("click", (event) => {
  if (event.target.closest("#navigation a")) {
    window.watch("rows", ".first-rows .verdict");
    window.watch("grid", ".ag-center-cols-container .ag-row .verdict");
  }
}, true);
"""


def telephone() -> list[Measure]:
    """Medians, each visit with an empty cache; how busy the machine was stands beside them."""
    with tempfile.TemporaryDirectory() as folder:
        root, photograph = Path(folder), Path(folder) / "photograph.jpg"
        photograph.write_bytes(grainy(large_photograph()))
        fill(database.database_engine(database.sqlite_url(root / "dermaboard.db")), ROWS)
        with serving(root) as (_, address), browser() as chromium:
            visits = [visit(chromium, address, photograph) for _ in range(VISITS)]
        megabytes = photograph.stat().st_size / 1e6
    moved, result, rows, grid = (
        statistics.median(one[name] for one in visits) / 1000 for name in ("moved", "result", "rows", "grid")
    )
    against = f"{BUSY}; load {os.getloadavg()[0]:.1f}"
    large = f"{against}; 12 megapixels, {megabytes:.1f} MB"
    return [
        Measure("telephone: something moves after choosing", moved, "s", large, 0.3),
        Measure("telephone: the result stands on the screen", result, "s", large, 6),
        Measure("telephone: from Predict to History's rows", rows, "s", against, 5),
        Measure("telephone: from Predict to History's whole table", grid, "s", against),
    ]


def visit(chromium: Browser, address: str, photograph: Path) -> dict[str, float]:
    """Choose a photograph on the first page, wait for its result, then go to the history; milliseconds by name."""
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.add_init_script(WATCH)
    throttle(context.new_cdp_session(page))
    page.goto(address)
    page.locator("#file-chooser").wait_for(state="attached")
    page.wait_for_load_state("networkidle")
    page.set_input_files("#file-chooser", photograph)
    seen(page, "result")
    page.get_by_role("link", name="History", exact=True).click()
    found = seen(page, "grid")
    context.close()
    return found


def grainy(jpeg: bytes) -> bytes:
    """A JPEG file with noise, in the quality that telephones save."""
    with Image.open(io.BytesIO(jpeg)) as image:
        pixels = np.asarray(image).astype(np.float32)
    noise = np.random.default_rng(1).normal(0, GRAIN, pixels.shape[:2]).astype(np.float32)
    buffer = io.BytesIO()
    Image.fromarray(np.clip(pixels + noise[..., None], 0, 255).astype(np.uint8)).save(
        buffer, "JPEG", quality=92
    )
    return buffer.getvalue()


def throttle(tools: CDPSession) -> None:
    """Make line and processor slow."""
    tools.send("Network.enable")
    tools.send("Network.emulateNetworkConditions", LINE)
    tools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})


def seen(page: Page, name: str) -> dict[str, float]:
    """What the page has seen by now, once it has seen that. Raises TimeoutError."""
    for _ in range(1200):
        found: dict[str, float] = page.evaluate("window.seen")
        if name in found:
            return found
        page.wait_for_timeout(100)
    raise TimeoutError(f"nothing was seen of: {name}")

"""The history over many predictions in a real browser without a window, and what monitoring asks of the database."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Browser

from dashboard.store import database, open_store, summary
from tests.benchmarks.history_rows import START, fill
from tests.benchmarks.measure import Measure, medians
from tests.benchmarks.performance import browser
from tests.benchmarks.serving import serving

# BENCHMARK_ROWS makes a shorter run; the bars are for a million.
ROWS = int(os.environ.get("BENCHMARK_ROWS", "1000000"))
VISITS = 5
# The heading and the filters, from the server's answer.
PAINTED = "() => document.querySelector('#history-q')?.offsetHeight > 0"
GRID = "() => document.querySelectorAll('.ag-center-cols-container .ag-row .verdict').length > 3"
GALLERY = "() => document.querySelectorAll('.gallery-item').length > 3"
FILTERED = "/history?outcome=malignant&review=open&sort=probability.desc"


def history_page() -> list[Measure]:
    """First paint of the grid, of a filtered one and of the gallery; what the monitoring page counts."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        fill(database.database_engine(database.sqlite_url(root / "dermaboard.db")), ROWS)
        return [*pages(root), *counts(root)]


def pages(root: Path) -> list[Measure]:
    """From the request to the first rows, for visitors who have been here before and for one who has not."""
    told = f"{ROWS:,} predictions, median of {VISITS} visits"
    found: list[Measure] = []
    with serving(root) as (_, address), browser() as chromium:
        ((paint, rows),) = visit(chromium, address + "/history", GRID, 1)
        one = f"{ROWS:,} predictions, empty cache"
        found += [
            Measure("/history, first paint of the page", paint, "s", one, 1.5),
            Measure("/history, first rows", rows, "s", one),
        ]
        for name, path, shown in (
            ("/history, first rows again", "/history", GRID),
            ("/history, filtered and sorted", FILTERED, GRID),
            ("/history as pictures", "/history?view=gallery", GALLERY),
        ):
            visits = visit(chromium, address + path, shown, VISITS + 1)[1:]
            taken = statistics.median(rows for _, rows in visits)
            found.append(Measure(name, taken, "s", told))
    return found


def visit(chromium: Browser, address: str, shown: str, times: int) -> list[tuple[float, float]]:
    """Seconds until the page's own content is painted, and until something in it is shown; by visits of one visitor."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    taken: list[tuple[float, float]] = []
    for _ in range(times):
        page = context.new_page()
        began = time.perf_counter()
        page.goto(address, wait_until="commit")
        page.wait_for_function(PAINTED, polling=20)
        painted = time.perf_counter() - began
        page.wait_for_function(shown, polling=20)
        taken.append((painted, time.perf_counter() - began))
        page.close()
    context.close()
    return taken


def counts(root: Path) -> list[Measure]:
    """What the monitoring page asks, for the newest 90 days and for everything."""
    store = open_store(root)
    try:
        version = summary.model_versions(store)[0]
        newest = store.latest().id
        last = store.get(newest).created if newest else START
        found: list[Measure] = []
        for words, since in (("90 days", last - timedelta(days=90)), ("everything", None)):

            def ask() -> None:
                summary.photographs_by_day(store, since, version)  # noqa: B023
                summary.newest_photographs(store, since, version)  # noqa: B023
                summary.count_outcomes(store, since, version)  # noqa: B023

            (seconds,) = medians([ask], repeat=3, warm=1)
            found.append(Measure(f"monitoring counts, {words}", seconds, "s", f"{ROWS:,} predictions", 2))
        return found
    finally:
        store.close()

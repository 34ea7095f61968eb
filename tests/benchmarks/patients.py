"""A patient's and a lesion's page over a million predictions of 100,000 patients."""

from __future__ import annotations

import os
import random
import statistics
import tempfile
import time
from pathlib import Path

from dashboard.app import create_app
from dashboard.settings import Settings
from dashboard.store import database
from tests.benchmarks.history import postgres
from tests.benchmarks.history_rows import LESIONS_A_PATIENT, fill, patients_of, row_id
from tests.benchmarks.measure import Measure
from tests.dashboard.calls import page

# BENCHMARK_ROWS makes a shorter run; the bars are for a million.
MANY = int(os.environ.get("BENCHMARK_ROWS", "1000000"))
VISITS = 200


def patients() -> list[Measure]:
    """Both pages as the server answers them, on each database."""
    with tempfile.TemporaryDirectory() as folder, postgres() as server:
        root = Path(folder)
        urls = {"SQLite": str(database.sqlite_url(root / "dermaboard.db"))} | server
        return [measure for name, url in urls.items() for measure in pages(root, name, url)]


def pages(root: Path, name: str, url: str) -> list[Measure]:
    """Milliseconds within which 95 of 100 pages are answered."""
    engine = database.database_engine(url)
    fill(engine, MANY)
    engine.dispose()
    app = create_app(Settings(data_dir=root, database_url=url))
    client, rng, people = app.server.test_client(), random.Random(1), patients_of(MANY)
    found = []
    for kind, number in (("patients", people), ("lesions", people * LESIONS_A_PATIENT)):
        seconds = []
        for visit in range(VISITS + 5):
            began = time.perf_counter()
            page(client, f"/{kind}/{row_id(rng.randrange(number))}")
            # The first ones load what every later one finds loaded.
            seconds += [time.perf_counter() - began] if visit >= 5 else []
        told = f"{VISITS} pages of {people:,} patients, {MANY:,} predictions"
        late = statistics.quantiles(seconds, n=20)[-1] * 1000
        found.append(Measure(f"{name}: /{kind}/..., 95th percentile", late, "ms", told, bar=100))
    return found

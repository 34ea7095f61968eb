"""`kill -9` of those that work on a job: each of its photographs is predicted again once."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import URL, func, select

from dashboard.services import build_services
from dashboard.settings import Settings
from dashboard.store.jobs import JobQueue
from dashboard.store.schema import predictions
from model.images import Photograph
from tests.dashboard.store.killed import said
from tests.tiny import write_tiny_bundle

ROOT = Path(__file__).parents[3]
# More of them take longer and show the same.
ITEMS = int(os.environ.get("JOB_ITEMS", "60"))
# With leases that are over sooner.
WORKER = """
from datetime import timedelta
from dashboard import __main__
from dashboard.jobs import worker
from dashboard.store import jobs
jobs.LEASE, worker.PAUSE = timedelta(seconds=2), 0.1
raise SystemExit(__main__.main(["worker"]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kill -9 is for POSIX")
def test_workers_that_are_killed_lose_nothing_and_do_nothing_twice(url: URL, tmp_path: Path) -> None:
    write_tiny_bundle(tmp_path / "bundles", "other", seed=5)
    address = url.render_as_string(hide_password=False)
    settings = Settings(
        bundles=tmp_path / "bundles", data_dir=tmp_path / "data", database_url=address, threads=1
    )
    services = build_services(settings)
    rng = np.random.default_rng(0)
    ids = []
    for number in range(ITEMS):
        pixels = rng.integers(0, 255, (80, 80, 3), np.uint8)
        picture = Photograph(pixels, f"{number:064x}", "PNG")
        ids.append(services.store.add(picture, said(picture), f"{number}.png").id)
    bundle = services.bundle("other")
    queue = JobQueue(services.store)
    job = queue.put("other", bundle.card.sha256, bundle.card.operating_point, ids)
    environment = os.environ | {
        "DERMABOARD_BUNDLES": str(settings.bundles),
        "DERMABOARD_DATA_DIR": str(settings.data_dir),
        "DERMABOARD_DATABASE_URL": address,
        "DERMABOARD_THREADS": "1",
    }

    def started() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", WORKER], cwd=ROOT, env=environment)

    def done() -> int:
        now = queue.job(job.id)
        assert now is not None
        return len(now.pairs)

    workers = [started(), started()]
    try:
        for killed in range(1, 4):
            before = time.monotonic()
            while done() < ITEMS * killed // 5 and time.monotonic() - before < 120:
                time.sleep(0.01)
            workers[0].kill()
            workers.pop(0).wait()
            workers.append(started())
        ends = time.monotonic() + 240
        while done() < ITEMS and time.monotonic() < ends:
            time.sleep(0.1)
    finally:
        # The one that started last may not listen yet.
        workers[-1].kill()
        workers[-1].wait()
        workers[0].send_signal(signal.SIGTERM)
        assert workers[0].wait(60) == 0
    after = queue.job(job.id)
    assert after is not None and not after.active and after.failed == 0
    made = {services.store.get(str(pair.after)).sha256 for pair in after.pairs}
    assert len(made) == ITEMS
    with services.store.reading() as connection:
        rows = connection.execute(
            select(func.count()).select_from(predictions).where(predictions.c.model == "other")
        ).scalar_one()
    assert rows == ITEMS
    services.store.close()

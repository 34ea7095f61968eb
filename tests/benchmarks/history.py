"""The store with a million predictions: pages, many at once, and everything at constant memory.

SQLite always; PostgreSQL where TEST_POSTGRES_URL names a server, as `.ci/postgres python -m tests.benchmarks history`
does.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import psutil
from sqlalchemy import text
from sqlalchemy.engine import make_url

from dashboard.store import OneOf, Query, Range, Search, Store, Text, database
from dashboard.store.export import csv_table
from dashboard.store.files import Files
from dashboard.store.names import fold
from dashboard.store.places import LocalFolder
from dashboard.store.query import ALWAYS_SORTABLE
from model.outcome import Outcome
from tests.benchmarks.history_rows import MODELS, SITES, START, TAGS, WORDS, fill, lesion_name
from tests.benchmarks.measure import Measure

# BENCHMARK_ROWS and BENCHMARK_SECONDS make a shorter run; the bars are for a million, and for a minute.
MANY = int(os.environ.get("BENCHMARK_ROWS", "1000000"))
SECONDS = float(os.environ.get("BENCHMARK_SECONDS", "60"))
QUERIES, WRITERS, READERS = 300, 100, 20
PAGE = 50
POSTGRES = "TEST_POSTGRES_URL"


def history() -> list[Measure]:
    """Pages on each database, many writers on one SQLite file, and an export."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        urls = {"SQLite": str(database.sqlite_url(root / "many.db"))}
        with postgres() as server:
            found = [measure for name, url in (urls | server).items() for measure in pages(root, name, url)]
        return [*found, *export(root, urls["SQLite"]), *crowd(root)]


@contextmanager
def postgres() -> Iterator[dict[str, str]]:
    """An empty database on the server that is named; none without one."""
    if POSTGRES not in os.environ:
        yield {}
        return
    server = make_url(os.environ[POSTGRES])
    name = f"dermaboard_{uuid4().hex}"
    engine = database.database_engine(server)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        yield {"PostgreSQL": server.set(database=name).render_as_string(False)}
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


def opened(root: Path, url: str) -> Store:
    """A store that only reads its database."""
    return Store(database.database_engine(url), Files(LocalFolder(root)))


def pages(root: Path, name: str, url: str) -> list[Measure]:
    """How long the pages take that people ask for most, and any others; and how long a prediction takes to keep."""
    began = time.perf_counter()
    engine = database.database_engine(url)
    fill(engine, MANY)
    engine.dispose()
    filled = time.perf_counter() - began
    store = opened(root, url)
    usual = late(store, [usual_question(random.Random(number)) for number in range(QUERIES)], following=True)
    other = late(store, [question(random.Random(number), MANY) for number in range(QUERIES)])
    store.close()
    told = f"{QUERIES} pages of {PAGE} and what follows them"
    return [
        Measure(f"{name}: {MANY:,} predictions written", filled, "s", bar=120 if name == "SQLite" else None),
        Measure(f"{name}: newest first, one filter, 95th percentile", usual, "ms", told, bar=100),
        Measure(
            f"{name}: any page or search, 95th percentile",
            other,
            "ms",
            f"{QUERIES} pages of {PAGE}",
            bar=1000,
        ),
    ]


def late(store: Store, queries: list[Query], following: bool = False) -> float:
    """Milliseconds within which 95 of 100 pages are there."""
    for query in queries[:5]:
        # The first ones load what every later one finds loaded.
        store.page(query)
    seconds: list[float] = []
    for query in queries:
        began = time.perf_counter()
        page = store.page(query)
        seconds.append(time.perf_counter() - began)
        if following and page.next is not None:
            began = time.perf_counter()
            store.page(replace(query, after=page.next))
            seconds.append(time.perf_counter() - began)
    return statistics.quantiles(seconds, n=20)[-1] * 1000


def usual_question(rng: random.Random) -> Query:
    """Newest first, alone or with one filter."""
    one = rng.choice(
        (None, *choices(rng), Text("lesion", fold(lesion_name(rng.randrange(MANY // 4))), "equals"))
    )
    return Query(limit=PAGE, filters=() if one is None else (one,))


def choices(rng: random.Random) -> list[OneOf | Range]:
    """A filter of each kind that has an index of its own."""
    low, day = rng.random() * 0.9, START + timedelta(days=rng.randrange(990))
    return [
        OneOf("outcome", frozenset({rng.choice(tuple(Outcome))})),
        OneOf("diagnosis", frozenset({rng.choice(("mel", "nv", "df", "bcc"))})),
        OneOf("review", frozenset({rng.choice(("open", "reviewed", "confirmed", "missed", "overcalled"))})),
        OneOf("model", frozenset({rng.choice(MODELS)[0]})),
        Range("created", day, day + timedelta(days=rng.choice((1, 30)))),
        Range("probability", low, low + rng.choice((0.01, 0.1))),
    ]


def question(rng: random.Random, count: int) -> Query:
    """Any order that any number of rows has, up to three filters, often a search, sometimes a page far behind."""
    kinds = [
        *choices(rng),
        OneOf("site", frozenset(rng.sample(SITES, 2))),
        OneOf("tag", frozenset({rng.choice(TAGS)})),
    ]
    filters: list[OneOf | Range | Search] = list(rng.sample(kinds, rng.choice((0, 0, 1, 1, 2, 3))))
    if rng.random() < 0.25:
        words = (
            rng.choice(WORDS),
            f"IMG_{rng.randrange(count):07d}",
            rng.choice(TAGS),
            f"L-{rng.randrange(9999):07d}",
        )
        filters.append(Search(rng.choice(words)))
    sort = ((rng.choice(ALWAYS_SORTABLE), rng.choice(("asc", "desc"))),) if rng.random() < 0.7 else ()
    far = rng.choice((0, 0, 0, PAGE, 10 * PAGE, rng.randrange(count))) if not filters else 0
    return Query(offset=far, limit=PAGE, sort=sort, filters=tuple(filters))  # type: ignore[arg-type]


def export(root: Path, url: str) -> list[Measure]:
    """Everything as CSV: how much the process grows between a tenth and the whole."""
    store, process = opened(root, url), psutil.Process()
    began, written, after_tenth = time.perf_counter(), 0, 0
    for part in csv_table(store, store.stream(Query())):
        written += part.count(b"\r\n")
        if not after_tenth and written > MANY // 10:
            after_tenth = own(process)
    grown = own(process) - after_tenth
    store.close()
    told = f"{written - 1:,} rows in {time.perf_counter() - began:.0f} s"
    return [Measure("export as CSV: growth after the first tenth", max(grown, 0) / 1e6, "MB", told, 50)]


def own(process: psutil.Process) -> int:
    """Bytes that a process keeps for itself: pages of the mapped database are the system's, to drop when it likes."""
    memory = process.memory_info()
    # Linux counts mapped files as shared, though only one process maps them.
    return memory.rss - memory.shared if psutil.LINUX else process.memory_full_info().uss


def crowd(root: Path) -> list[Measure]:
    """Writers and readers on one SQLite file until it is killed; what was acknowledged has to be there."""
    folder = root / "crowd"
    folder.mkdir()
    command = [sys.executable, "-m", "tests.benchmarks.crowd", str(folder), str(WRITERS), str(READERS)]
    # Into a file: a pipe that nobody empties would stop them all.
    with (folder / "told").open("w") as out:
        process = subprocess.Popen(command, stdout=out)
        time.sleep(SECONDS + 5)
        process.kill()
        process.wait()
    told = [line.split() for line in (folder / "told").read_text().splitlines() if line.endswith(".")]
    store = opened(folder, str(database.sqlite_url(folder / "dermaboard.db")))
    store.sweep()
    there = {record.id for record in store.stream(Query())}
    store.close()
    kept = {words[1]: float(words[2]) for words in told if words[0] == "kept"}
    reads = [words for words in told if words[0] == "read"]
    errors = [words for words in told if words[0] == "error"]
    lost = len(kept.keys() - there)
    waited = statistics.quantiles(kept.values(), n=20)[-1] if len(kept) > 1 else float("nan")
    against = f"{len(kept)} kept, {len(reads)} pages read in {SECONDS:.0f} s; {' '.join(errors[0]) if errors else ''}"
    return [
        Measure(f"{WRITERS} writers, {READERS} readers: errors", len(errors), "errors", against, 0),
        Measure("acknowledged and lost after kill -9", lost if kept else float("nan"), "lost", against, 0),
        Measure("until a prediction is kept among them, 95th percentile", waited, "s", against, 5),
    ]

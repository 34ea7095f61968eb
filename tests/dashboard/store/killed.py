"""The writer that test_kill.py kills: forks children that add, review, delete and put back until they are killed.

Run as `python killed.py FOLDER ROUNDS SEED`; prints one line of JSON a problem, and at the end how often it killed.
"""

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import numpy as np

from dashboard.store import Query, Store, database
from dashboard.store.bin import CaseBin
from dashboard.store.files import Files
from dashboard.store.places import LocalFolder
from dashboard.store.thumbnails import keep_thumbnail
from model.images import Photograph
from model.predictor import Decision, Prediction
from tests.dashboard.reviews import add_review


def opened(folder: Path) -> Store:
    """The store without a sweep: that is the parent's to call."""
    return Store(
        database.database_engine(database.sqlite_url(folder / "dermaboard.db")), Files(LocalFolder(folder))
    )


def photograph(rng: random.Random) -> Photograph:
    """One of six small images."""
    shade = rng.randrange(6)
    return Photograph(np.full((24, 32, 3), 40 * shade, np.uint8), f"{shade:064x}", "JPEG")


def said(picture: Photograph) -> Prediction:
    """A prediction of it."""
    return Prediction(
        **dict.fromkeys(("model", "model_version"), "x"),
        sha256=picture.sha256, width=32, height=24, model_sha256="a" * 64, probability=0.2,
        operating_point="", threshold=0.5, malignant_from=0.5, decision=Decision.BENIGN, diagnosis=None,
        probabilities={}, heatmap=np.zeros((7, 7), np.float32), cautions=(), milliseconds=1.0,
    )  # fmt: skip


def write(folder: Path, acknowledged: int, seed: int) -> None:
    """Add, review, delete and put back without end; what was added or deleted is told before the next step."""
    rng, store = random.Random(seed), opened(folder)
    mine: list[str] = []
    while True:
        if len(mine) > 3 and rng.random() < 0.4:
            gone = mine.pop(rng.randrange(len(mine)))
            os.write(acknowledged, f"?{gone}\n".encode())
            store.delete([gone])
        elif mine and rng.random() < 0.3:
            one = [rng.choice(mine)]
            CaseBin(store).put(one)
            CaseBin(store).put_back(one)
        else:
            picture = photograph(rng)
            mine.append(store.add(picture, said(picture), "x.jpg").id)
            os.write(acknowledged, f"+{mine[-1]}\n".encode())
            # As somebody who looks at it.
            keep_thumbnail(store, picture.sha256, b"small")
            add_review(store, [mine[-1]], "Anna", "nv", "expert", add_tags=["x"])


def problems(folder: Path, kept: set[str], doubtful: set[str]) -> list[str]:
    """What is wrong after a start-up sweep."""
    store = opened(folder)
    # Somebody might still be writing what is fresh.
    for path in folder.rglob("*.tmp"):
        os.utime(path, (0, 0))
    store.sweep()
    listed = {record.id: record for record in store.stream(Query())}
    binned = {case.record.id: case.record for case in CaseBin(store).cases()[0]}
    records = listed | binned
    found = [f"lost {one}" for one in kept - set(records)]
    names = {store.files.image(record.sha256) for record in records.values()}
    names |= {
        name for one in records.values() if store.files.place.has(name := store.files.thumbnail(one.sha256))
    }
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    there -= {name for name in there if name.startswith("dermaboard.db") or name == "images/.store"}
    found += [f"no file {name}" for name in names - there] + [f"nobody's {name}" for name in there - names]
    if listed.keys() & binned.keys():
        found.append("in the list and in the bin")
    if store.page(Query(limit=1)).total != len(listed):
        found.append("miscounted")
    for record in listed.values():
        if record.revision != len(store.reviews(record.id)):
            found.append(f"half a review of {record.id}")
    kept |= set(records)
    kept -= doubtful - set(records)
    store.close()
    return found


def main(folder: Path, rounds: int, seed: int) -> None:
    """Kill a writer again and again, and look."""
    rng, kept = random.Random(seed), set[str]()
    database.migrate(database.database_engine(database.sqlite_url(folder / "dermaboard.db")))
    first = opened(folder)
    first.sweep()
    first.close()
    for number in range(rounds):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            write(folder, writing, seed * 1000 + number)
        os.close(writing)
        # Most are killed while they write, some while they start.
        told = os.read(reading, 65536) if rng.random() < 0.8 else b""
        time.sleep(rng.uniform(0, 0.08))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        while part := os.read(reading, 65536):
            told += part
        os.close(reading)
        lines = told.decode().split()
        doubtful = {line[1:] for line in lines if line[0] == "?"}
        kept |= {line[1:] for line in lines if line[0] == "+"}
        kept -= doubtful
        for problem in problems(folder, kept, doubtful):
            print(json.dumps([number, problem]))
    print(json.dumps({"killed": rounds, "kept": len(kept)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))

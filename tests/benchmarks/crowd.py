"""Writers and readers on one SQLite file, until somebody kills them: `python -m tests.benchmarks.crowd FOLDER W R`."""

from __future__ import annotations

import hashlib
import itertools
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from dashboard.store import Query, Store, open_store
from model.images import Photograph
from model.predictor import Decision, Prediction


def tell(*words: str) -> None:
    """One line in one piece; a line without its full stop was cut off."""
    os.write(1, f"{' '.join(words)} .\n".encode())


def write(store: Store, name: int, number: int) -> None:
    """Keep one small prediction."""
    digest = hashlib.sha256(b"%d %d" % (name, number)).hexdigest()
    picture = Photograph(np.full((24, 32, 3), number % 256, np.uint8), digest, "JPEG")
    said = Prediction(
        sha256=digest, width=32, height=24, model="x", model_version="1", model_sha256="a" * 64, probability=0.2,
        operating_point="", threshold=0.5, malignant_from=0.5, decision=Decision.BENIGN, diagnosis=None,
        probabilities={}, heatmap=np.zeros((7, 7), np.float32), cautions=(), milliseconds=1.0,
    )  # fmt: skip
    began = time.perf_counter()
    kept = store.add(picture, said, f"{name}-{number}.jpg").id
    tell("kept", kept, f"{time.perf_counter() - began:.3f}")


def read(store: Store, name: int, number: int) -> None:
    """Read one page."""
    store.page(Query(limit=50, sort=(("probability", "desc"),) if number % 2 else ()))
    tell("read", str(name))


def forever(work: Callable[[Store, int, int], None], store: Store, name: int) -> None:
    """Do it again and again; what goes wrong is told."""
    for number in itertools.count():
        try:
            work(store, name, number)
        except Exception as error:
            tell("error", type(error).__name__, str(error))


def main(folder: Path, writers: int, readers: int) -> None:
    """Start them all."""
    store = open_store(folder)
    for work, count in ((write, writers), (read, readers)):
        for name in range(count):
            threading.Thread(target=forever, args=(work, store, name), daemon=True).start()
    threading.Event().wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))

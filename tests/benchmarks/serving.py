"""What a user waits for and what a server costs: size, start, memory, one prediction."""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from model.images import decode, square
from model.predictor import Predictor
from tests.benchmarks.measure import Measure, medians
from tests.benchmarks.subjects import ROOT, bundle, keras_model, photograph

STARTS, PREDICTIONS, REPEAT = 3, 10, 50


def size() -> list[Measure]:
    """What the bundle weighs in the repository."""
    total = sum(path.stat().st_size for path in bundle().path.rglob("*") if path.is_file())
    return [Measure("bundle of dermanet on disk", total / 1e6, "MB", bar=45)]


def server() -> list[Measure]:
    """From the command to the first page, and the memory after ten photographs."""
    seconds, megabytes = [], []
    for _ in range(STARTS):
        began = time.perf_counter()
        with serving() as (process, address):
            seconds.append(time.perf_counter() - began)
            for _ in range(PREDICTIONS):
                predict(address)
            megabytes.append(resident(process) / 1e6)
    return [
        Measure("start of the server to the first page", statistics.median(seconds), "s", bar=2),
        Measure(
            f"resident memory after {PREDICTIONS} predictions", statistics.median(megabytes), "MB", bar=350
        ),
    ]


def prediction() -> list[Measure]:
    """One photograph from its bytes to the result, beside Keras with the same decoder."""
    data, network, predictor = photograph(), keras_model(), Predictor(bundle())
    side = bundle().card.input_size

    def ours() -> object:
        return predictor.predict(decode(data))

    def keras() -> object:
        return network.predict(square(decode(data).pixels, side)[None], verbose=0)

    fast, slow = medians([ours, keras], REPEAT)
    against = f"keras_model.predict {slow * 1000:.0f} ms, ours {fast * 1000:.1f} ms"
    return [
        Measure("one prediction, JPEG 600x450 to result: speed-up", slow / fast, "x", against, 15, "higher")
    ]


@contextmanager
def serving(data: Path | None = None, workers: int = 1) -> Iterator[tuple[psutil.Process, str]]:
    """`python -m dashboard` on a free port over this data folder or an empty one, from its first page on.

    Args:
        workers: processes that serve.
    """
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        environment = {
            k: v
            for k, v in os.environ.items()
            if not k.startswith("DERMABOARD_") or k == "DERMABOARD_BUNDLES"
        }
        environment |= {"DERMABOARD_PORT": str(port), "DERMABOARD_DATA_DIR": str(data or folder)}
        environment |= {"DERMABOARD_WORKERS": str(workers)}
        command = [sys.executable, "-m", "dashboard"]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
        try:
            address = f"http://127.0.0.1:{port}"
            first_page(process, address)
            yield psutil.Process(process.pid), address
        finally:
            process.terminate()
            process.wait(timeout=20)


def first_page(process: subprocess.Popen[bytes], address: str) -> None:
    """Wait for the page and for the layout that fills it."""
    for path in ("/", "/_dash-layout"):
        while True:
            if process.poll() is not None:
                raise RuntimeError(f"the server ended with status {process.returncode}")
            try:
                with urllib.request.urlopen(address + path, timeout=10) as answer:
                    answer.read()
                break
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.01)


def predict(address: str) -> float:
    """Post one photograph as the page does; the probability of the answer."""
    frame = "dermaboard-benchmark"
    head = f'--{frame}\r\nContent-Disposition: form-data; name="file"; filename="drawn.jpg"\r\n'
    body = f"{head}Content-Type: image/jpeg\r\n\r\n".encode() + photograph() + f"\r\n--{frame}--\r\n".encode()
    request = urllib.request.Request(f"{address}/api/v1/predictions", body)
    request.add_header("Content-Type", f"multipart/form-data; boundary={frame}")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return float(json.load(answer)["probability"])


def resident(process: psutil.Process) -> int:
    """Bytes of a process and its children."""
    return sum(one.memory_info().rss for one in [process, *process.children(recursive=True)])

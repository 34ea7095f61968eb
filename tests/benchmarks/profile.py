"""Where one request's processor time goes: a JPEG of 600x450 sent to the application, predicted and stored.

Named functions are wrapped, and each is charged the time of its thread less what other named functions took in it.
What no name has is Flask, Pydantic and all the rest; so the parts add up to what the process took. The graph has one
thread, so that it runs where it is called. The web server around the application is not in it.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from pkgutil import resolve_name
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch
from wsgiref.types import WSGIEnvironment

from flask import Flask
from werkzeug.test import EnvironBuilder, run_wsgi_app

from dashboard.app import create_app
from dashboard.settings import Settings
from tests.benchmarks.http import FRAME, request
from tests.benchmarks.measure import Measure
from tests.benchmarks.subjects import bundle, photograph

WARM, REQUESTS = 30, 200
# A part's name, and the functions whose time is its own, each where it is looked up when it is called.
PARTS: dict[str, tuple[str, ...]] = {
    "decoding": ("dashboard.cases.decode",),
    "square": ("model.predictor.square",),
    "graph": ("model.engine.Engine.run",),
    "quality": ("model.predictor.measure",),
    "novelty": ("model.predictor.appearance", "model.predictor.Predictor.looks"),
    "similar cases": ("model.reference.Reference.nearest",),
    "evidence": ("model.predictor.Predictor.heatmap",),
    "rest of the prediction": ("model.predictor.Predictor.predict_many",),
    "coding of the photograph": ("dashboard.store.files.encode_exactly",),
    "files": (
        "dashboard.store.places.LocalFolder.has",
        "dashboard.store.places.LocalFolder.read",
        "dashboard.store.places.LocalFolder.stage",
        "dashboard.store.places.LocalStaged.commit",
        "dashboard.store.places.LocalStaged.discard",
        "dashboard.store.places.sync_file",
        "dashboard.store.places.sync_folder",
    ),
    "record and database": ("dashboard.store.repository.Store.add",),
    "form": ("werkzeug.formparser.FormDataParser.parse",),
    "validation": ("dashboard.api.spec.Checks.request_validation",),
    "answer": ("dashboard.api.predictions.created",),
}


class Clock:
    """Processor time by part, each without what other parts took within it."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._inner = threading.local()

    def timed(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, whose time is charged to a part."""

        def call(*arguments: Any, **options: Any) -> Any:
            outer, self._inner.seconds = getattr(self._inner, "seconds", 0.0), 0.0
            began = time.thread_time()
            try:
                return function(*arguments, **options)
            finally:
                took = time.thread_time() - began
                self.seconds[part] += took - self._inner.seconds
                self._inner.seconds = outer + took

        return call


@contextmanager
def charged(clock: Clock) -> Iterator[None]:
    """Wraps every function of PARTS."""
    with ExitStack() as wrapped:
        for part, names in PARTS.items():
            for name in names:
                wrapped.enter_context(patch(name, clock.timed(part, resolve_name(name))))
        yield


def profile() -> list[Measure]:
    """Milliseconds of processor time a request, part by part, and all of it."""
    clock = Clock()
    with TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), bundles=bundle().path.parent, threads=1)
        server = create_app(settings).server
        for number in range(WARM):
            send(server, upload(number))
        uploads = [upload(number) for number in range(WARM, WARM + REQUESTS)]
        with charged(clock):
            began = time.process_time()
            for environ in uploads:
                send(server, environ)
            whole = time.process_time() - began
    parts = clock.seconds | {"Flask and the rest": whole - sum(clock.seconds.values())}
    found = sorted(parts.items(), key=lambda part: -part[1])
    return [
        Measure(name, seconds * 1000 / REQUESTS, "ms", f"{seconds / whole:.0%} of the whole")
        for name, seconds in (("one request: processor time", whole), *found)
    ]


def upload(number: int) -> WSGIEnvironment:
    """What the application gets of a request of the benchmark `http`."""
    _, _, body = request(photograph(), number).partition(b"\r\n\r\n")
    kind = f"multipart/form-data; boundary={FRAME.decode()}"
    return EnvironBuilder("/api/v1/predictions", method="POST", data=body, content_type=kind).get_environ()


def send(server: Flask, environ: WSGIEnvironment) -> None:
    """Have a request answered. Raises RuntimeError where nothing was stored."""
    answer, status, _ = run_wsgi_app(server.wsgi_app, environ)
    if not status.startswith("201"):
        raise RuntimeError(f"{status}: {b''.join(answer)!r}")

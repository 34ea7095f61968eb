"""Counters and times for Prometheus, one set an application, served at /metrics."""

import os
import time

from flask import Blueprint, Flask, Response, current_app, g, request
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.multiprocess import MultiProcessCollector

from dashboard.services import Services
from dashboard.store import Record, StoreError

EXTENSION = "dermaboard-monitoring"
# Seconds: a page or picture takes the first ones, a prediction the middle, a batch under load the last.
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

blueprint = Blueprint("monitoring", __name__)


class Monitoring:
    """What is counted. Safe to use from several threads."""

    def __init__(self) -> None:
        # With several processes, each writes its counts into a folder, and whoever is asked adds them up. The variable
        # is the library's own, which the first process sets for those that it starts.
        self.shared = "PROMETHEUS_MULTIPROC_DIR" in os.environ
        # When a counter was made would be a series more for each.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = registry = CollectorRegistry()
        # What `model` has had so far.
        self.models: set[tuple[str, str, str, str]] = set()
        ProcessCollector(registry=registry)
        self.requests = Counter(
            "dermaboard_http_requests",
            "HTTP requests by route and status.",
            ("method", "route", "status"),
            registry=registry,
        )
        self.seconds = Histogram(
            "dermaboard_http_request_seconds",
            "Time to answer, from the complete request to the complete answer.",
            ("method", "route"),
            buckets=BUCKETS,
            registry=registry,
        )
        self.predictions = Counter(
            "dermaboard_predictions",
            "Photographs predicted and stored, each once for a version of a model; no drawn examples.",
            ("model", "outcome"),
            registry=registry,
        )
        self.repeats = Counter(
            "dermaboard_repeated_predictions",
            "Stored predictions of photographs that the same version had predicted before, and of drawn examples.",
            ("model",),
            registry=registry,
        )
        self.inference = Histogram(
            "dermaboard_prediction_seconds",
            "Time of a stored prediction, from decoded pixels to the result; repeats included.",
            ("model",),
            buckets=BUCKETS,
            registry=registry,
        )
        self.warnings = Counter(
            "dermaboard_prediction_warnings",
            "Warnings of the photographs in dermaboard_predictions_total.",
            ("code",),
            registry=registry,
        )
        self.errors = Counter(
            "dermaboard_errors", "Problem documents by their code.", ("code",), registry=registry
        )
        self.model = Gauge(
            "dermaboard_model_info",
            "1 for every model that can answer.",
            ("model", "version", "sha256", "default"),
            registry=registry,
            multiprocess_mode="mostrecent",
        )

    @staticmethod
    def of(server: Flask) -> "Monitoring":
        """The counters of an application."""
        found: Monitoring = server.extensions[EXTENSION]
        return found

    def text(self) -> bytes:
        """Everything counted so far, in Prometheus's text format."""
        registry = self.registry
        if self.shared:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)

    def predicted(self, record: Record, counted: bool) -> None:
        """Count a stored prediction.

        Args:
            counted: see dashboard/store/counted.py.
        """
        self.inference.labels(record.model).observe(record.milliseconds / 1000)
        if not counted:
            self.repeats.labels(record.model).inc()
            return
        self.predictions.labels(record.model, str(record.outcome)).inc()
        for caution in record.cautions:
            self.warnings.labels(caution.code).inc()

    def count_models(self, services: Services) -> None:
        """Say which models can answer now; as before where the database is away."""
        try:
            runnable, _, default = services.standing()
        except StoreError:
            return
        now = {
            (one.name, one.card.version, one.card.sha256, str(one.name == default).lower())
            for one in runnable
        }
        for labels in self.models | now:
            self.model.labels(*labels).set(int(labels in now))
        self.models |= now

    def error(self, code: str) -> None:
        """Count a problem document."""
        self.errors.labels(code).inc()


def install_counters(server: Flask, services: Services) -> None:
    """Count every request of this application, and serve the counts."""
    monitoring = server.extensions[EXTENSION] = Monitoring()
    services.store.listeners.append(monitoring.predicted)

    @server.before_request
    def _() -> None:
        g.began = time.perf_counter()

    @server.after_request
    def _(response: Response) -> Response:
        # Rules and known methods, never what came in: an id in a label would make a time series of every prediction.
        route = request.url_rule.rule if request.url_rule is not None else "none"
        method = request.method if request.method in METHODS else "other"
        monitoring.requests.labels(method, route, response.status_code).inc()
        if "began" in g:
            monitoring.seconds.labels(method, route).observe(time.perf_counter() - g.began)
        return response

    server.register_blueprint(blueprint)


@blueprint.get("/metrics")
def read_counters() -> Response:
    """Everything counted so far in Prometheus's text format."""
    monitoring = Monitoring.of(current_app)
    monitoring.count_models(Services.current())
    response = Response(monitoring.text())
    response.content_type = CONTENT_TYPE_PLAIN_0_0_4
    response.headers["Cache-Control"] = "no-store"
    return response

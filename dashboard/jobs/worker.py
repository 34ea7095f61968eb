"""Predicting again with another model, in the background.

The jobs are in the store: they outlive page and server, and every process that serves, or works, takes part in them.
"""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from flask import Flask, current_app

from dashboard.cases import Actor, predict_again
from dashboard.services import ModelUnavailable, Services, operating_point_of
from dashboard.store import NotFound, QueryError, StoreError
from dashboard.store.jobs import Job, JobItem, JobQueue
from dashboard.users.roles import Permission
from model.images import ImageError

EXTENSION = "dermaboard-jobs"
# As many as one may select; a whole history is a matter for `python -m model score`.
MOST = 1000
# Seconds after which a worker without work looks whether another process was asked for something.
PAUSE = 2.0

log = logging.getLogger(__name__)


@dataclass
class Jobs:
    """What one process does for the jobs of its store: takes them, and works on them in one thread."""

    services: Services
    _asked: threading.Event = field(default_factory=threading.Event)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _thread: threading.Thread | None = None

    @staticmethod
    def current() -> "Jobs":
        """The jobs of the running application; needs a Flask application context."""
        jobs: Jobs = current_app.extensions[EXTENSION]
        return jobs

    @property
    def queue(self) -> JobQueue:
        """Where the jobs are."""
        return JobQueue(self.services.store)

    def start(self, actor: Actor, ids: Sequence[str], model: str, operating_point: str | None = None) -> Job:
        """Add a job to the end of the queue.

        Raises:
            ModelUnavailable: no such model can run, or it has no such operating point.
            NotAllowed: the actor may not predict.
            QueryError: nothing, or too much, is asked for.
            StoreError: it cannot be stored.
        """
        actor.require(Permission.PREDICT)
        bundle = self.services.bundle(model)
        point = operating_point_of(bundle, operating_point)
        if not 0 < len(set(ids)) <= MOST:
            raise QueryError(f"Choose between 1 and {MOST:,} predictions.")
        wanted = distinct_predictions(self.services, ids)
        job = self.queue.put(bundle.name, bundle.card.sha256, point.name, wanted, actor.name)
        self.work_in_background()
        return job

    def get(self, job_id: str) -> Job | None:
        """The job as it is now; None where there is none with that id."""
        return self.queue.job(job_id)

    def cancel(self, job_id: str) -> None:
        """Stop a job after the images that are being predicted. What it has predicted stays."""
        self.queue.cancel(job_id)

    def retry(self, job_id: str) -> int:
        """Try again what an ended job could not do, or did not begin. Returns how many."""
        count = self.queue.retry(job_id)
        self.work_in_background()
        return count

    def work_in_background(self) -> None:
        """Have a thread at work, from now on until the process ends."""
        with self._lock:
            if self._thread is None:
                # A daemon: a server that is stopped does not wait for it, and what is stored is stored whole.
                self._thread = threading.Thread(target=self.work, name="predict-again", daemon=True)
                self._thread.start()
        self._asked.set()

    def work(self) -> None:
        """Work until `stop` is called."""
        while not self._stopped.is_set():
            self._asked.clear()
            try:
                item = self._take()
                if item is not None:
                    self._finish(item)
                    continue
            except StoreError as error:
                log.warning("The jobs rest: %s", error)
            # The next item is somebody else's; this one is begun again when its lease is over.
            except Exception:
                log.exception("A job failed")
            self._asked.wait(PAUSE)

    def stop(self) -> None:
        """End the work after the image that is being predicted."""
        self._stopped.set()
        self._asked.set()

    def _take(self) -> JobItem | None:
        """Something to do, of what this process has the models for."""
        models = [bundle.card.sha256 for bundle in self.services.runnable]
        return self.queue.take(models) if self.queue.waiting(models) else None

    def _finish(self, item: JobItem) -> None:
        """Predict one image again; an error becomes the problem of this one and does not end the job."""
        after, problem = None, ""
        try:
            # Whether they may was asked when they began the job.
            actor = Actor(item.who, frozenset({Permission.PREDICT}))
            made = (item.model, item.operating_point, item.key)
            after = predict_again(actor, self.services, item.prediction_id, *made).id
        except NotFound:
            problem = "It was deleted, or its image is missing."
        except (ImageError, ModelUnavailable, StoreError) as error:
            problem = str(error)
        except Exception:
            log.exception("Predicting %s again with %s failed", item.prediction_id, item.model)
            problem = "Something went wrong on the server; the log says what."
        self.queue.finish(item, after, problem)


def distinct_predictions(services: Services, ids: Sequence[str]) -> tuple[str, ...]:
    """Predictions without those that repeat an earlier one: the same model at the same point, the same photograph."""
    records = services.store.get_many(ids)
    kept: dict[object, str] = {}
    for one in ids:
        record = records.get(one)
        same = record and (record.sha256, record.model_sha256, record.operating_point, record.outcome)
        kept.setdefault(same or one, one)
    return tuple(kept.values())


def install_jobs(server: Flask, services: Services) -> None:
    """Give the server its jobs."""
    server.extensions[EXTENSION] = Jobs(services)

"""Predicting again with another model, in the background: one worker a server process, jobs in its memory.

A job outlives the page that asked for it, not the server: what it has predicted by then is kept, as every prediction
is, and asking again goes on where it stopped, because an image that the model has answered already is not repeated.
"""

import logging
import queue
import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from flask import Flask, current_app

from dashboard.cases import Actor, predict_again
from dashboard.services import ModelUnavailable, Services, operating_point_of
from dashboard.store import NotFound, QueryError, StoreError
from dashboard.users.roles import Permission
from model.images import ImageError

EXTENSION = "dermaboard-jobs"
# As many as one may select; a whole history is a matter for `python -m model score`.
MOST = 1000
# Finished jobs that are remembered.
REMEMBERED_JOBS = 100

log = logging.getLogger(__name__)


class State(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Pair:
    """A prediction and the one that was made again for its image; None and a sentence where that failed."""

    before: str
    after: str | None
    problem: str = ""


@dataclass(frozen=True)
class Job:
    """One request to predict again; a snapshot.

    Attributes:
        model: name of the bundle.
        ids: the predictions it began with, without repeats.
        actor: who asked for it.
        pairs: what is done so far, in the order of `ids`.
        ended: when it came to its end.
    """

    id: str
    created: datetime
    model: str
    operating_point: str
    ids: tuple[str, ...]
    actor: Actor = field(default_factory=Actor)
    pairs: tuple[Pair, ...] = ()
    state: State = State.QUEUED
    ended: datetime | None = None

    @property
    def active(self) -> bool:
        """Whether the job waits or runs."""
        return self.state in (State.QUEUED, State.RUNNING)

    @property
    def failed(self) -> int:
        """How many could not be predicted again."""
        return sum(pair.after is None for pair in self.pairs)


@dataclass
class Jobs:
    """The jobs of one server process and the thread that works on them."""

    services: Services
    _jobs: dict[str, Job] = field(default_factory=dict)
    _waiting: "queue.SimpleQueue[str]" = field(default_factory=queue.SimpleQueue)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _thread: threading.Thread | None = None

    @staticmethod
    def current() -> "Jobs":
        """The jobs of the running application; needs a Flask application context."""
        jobs: Jobs = current_app.extensions[EXTENSION]
        return jobs

    def start(self, actor: Actor, ids: Sequence[str], model: str, operating_point: str | None = None) -> Job:
        """Add a job to the end of the queue.

        Raises:
            ModelUnavailable: no such model can run, or it has no such operating point.
            NotAllowed: the actor may not predict.
            QueryError: nothing, or too much, is asked for.
        """
        actor.require(Permission.PREDICT)
        point = operating_point_of(self.services.bundle(model), operating_point)
        if not 0 < len(set(ids)) <= MOST:
            raise QueryError(f"Choose between 1 and {MOST:,} predictions.")
        wanted = distinct_predictions(self.services, ids)
        job = Job(secrets.token_urlsafe(12), datetime.now(UTC), model, point.name, wanted, actor)
        with self._lock:
            self._jobs[job.id] = job
            self._forget()
            if self._thread is None:
                # A daemon: a server that is stopped does not wait for it, and what is stored is stored whole.
                self._thread = threading.Thread(target=self._work, name="predict-again", daemon=True)
                self._thread.start()
        self._waiting.put(job.id)
        return job

    def get(self, job_id: str) -> Job | None:
        """The job as it is now; None when this server process has none with that id."""
        with self._lock:
            return self._jobs.get(job_id)

    def cancel(self, job_id: str) -> None:
        """Stop a job after the image it is at. What it has predicted stays."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is not None and job.active:
                self._jobs[job_id] = replace(job, state=State.CANCELLED, ended=datetime.now(UTC))

    def _forget(self) -> None:
        """Drop the oldest finished jobs."""
        done = [job.id for job in self._jobs.values() if not job.active]
        for job_id in done[: max(0, len(done) - REMEMBERED_JOBS)]:
            del self._jobs[job_id]

    def _work(self) -> None:
        """Work until the server stops."""
        while True:
            job_id = self._waiting.get()
            try:
                self._run(job_id)
            # The next job is somebody else's.
            except Exception:
                log.exception("Job %s failed", job_id)

    def _run(self, job_id: str) -> None:
        """One job from its first image to its last, unless it is cancelled, and perhaps forgotten, meanwhile."""
        job = self._step(job_id, state=State.RUNNING)
        while job is not None and len(job.pairs) < len(job.ids):
            pair = self._predict_again(job, job.ids[len(job.pairs)])
            job = self._step(job_id, pairs=(*job.pairs, pair))
        self._step(job_id, state=State.FINISHED, ended=datetime.now(UTC))

    def _step(self, job_id: str, **changes: Any) -> Job | None:
        """Change a job. Returns it, or None when it has ended or was forgotten."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None:
                return None
            if job.active or "pairs" in changes:
                self._jobs[job_id] = job = replace(job, **changes)
            return job if job.active else None

    def _predict_again(self, job: Job, record_id: str) -> Pair:
        """Predict one image again; an error becomes the problem of this pair and does not end the job."""
        try:
            after = predict_again(job.actor, self.services, record_id, job.model, job.operating_point)
            return Pair(record_id, after.id)
        except NotFound:
            return Pair(record_id, None, "It was deleted, or its image is missing.")
        except (ImageError, ModelUnavailable, StoreError) as error:
            return Pair(record_id, None, str(error))
        except Exception:
            log.exception("Predicting %s again with %s failed", record_id, job.model)
            return Pair(record_id, None, "Something went wrong on the server; the log says what.")


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

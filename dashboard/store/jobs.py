"""Jobs: predictions that are to be made again, shared among any number of processes, whichever of them are stopped.

Whoever works on an item holds a lease on it. A process that is killed holds its lease until it is over; then somebody
else begins the item again. What is stored for an item is stored once: its key, see `JobItem.key`, is that of a request.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy import (
    Connection,
    RowMapping,
    and_,
    delete,
    exists,
    insert,
    not_,
    null,
    or_,
    select,
    update,
)

from dashboard.store.files import ID
from dashboard.store.schema import job_items, jobs, utc_now

if TYPE_CHECKING:
    from dashboard.store.repository import Store

# For one photograph: many times as long as it takes.
LEASE = timedelta(seconds=60)
# An item that was begun as often, and never came to an end, stops whoever works on it.
MOST_ATTEMPTS = 3
# Jobs are forgotten so long after their end.
REMEMBERED = timedelta(days=30)
GIVEN_UP = "It was begun three times and never came to an end; the log of the server may say why."


class State(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    CANCELLED = "cancelled"


ACTIVE = (State.QUEUED, State.RUNNING)


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
        model_sha256: of its card.
        who: asked for it.
        ids: the predictions it began with, without repeats.
        pairs: what is done so far, in the order of `ids`.
        ended: when it came to its end.
    """

    id: str
    created: datetime
    model: str
    operating_point: str
    ids: tuple[str, ...]
    who: str = ""
    pairs: tuple[Pair, ...] = ()
    state: State = State.QUEUED
    ended: datetime | None = None
    model_sha256: str = field(default="", repr=False)

    @property
    def active(self) -> bool:
        """Whether the job waits or runs."""
        return self.state in ACTIVE

    @property
    def failed(self) -> int:
        """How many could not be predicted again."""
        return sum(pair.after is None for pair in self.pairs)


@dataclass(frozen=True)
class JobItem:
    """A prediction of a job that somebody has the lease on."""

    job_id: str
    position: int
    prediction_id: str
    model: str
    operating_point: str
    who: str

    @property
    def key(self) -> str:
        """An idempotency key: whoever begins the item anew gets the prediction that is there already."""
        return f"job {self.job_id} {self.position}"


class JobQueue:
    """The jobs of a store. Safe to use from several threads and processes."""

    def __init__(self, store: "Store") -> None:
        self.store = store

    def put(
        self, model: str, model_sha256: str, operating_point: str, ids: Sequence[str], who: str = ""
    ) -> Job:
        """Add a job for these predictions, without repeats, to the end of the queue."""
        job = Job(str(uuid4()), utc_now(), model, operating_point, tuple(ids), who, model_sha256=model_sha256)
        row = {name: getattr(job, name) for name in ("id", "created", "model", "operating_point", "who")}
        with self.store.writing(quiet=True) as connection:
            connection.execute(delete(jobs).where(jobs.c.ended < utc_now() - REMEMBERED))
            connection.execute(insert(jobs).values(row | {"model_sha256": model_sha256, "state": job.state}))
            items = [
                {"job_id": job.id, "position": place, "prediction_id": one} for place, one in enumerate(ids)
            ]
            connection.execute(insert(job_items), items)
        return job

    def job(self, job_id: str) -> Job | None:
        """The job as it is now; None where there is none with that id."""
        if not ID.fullmatch(job_id):
            return None
        with self.store.reading() as connection:
            row = connection.execute(select(jobs).where(jobs.c.id == job_id)).mappings().first()
            return None if row is None else job_from_row(connection, row)

    def newest(self, most: int) -> tuple[Job, ...]:
        """The jobs that were asked for last."""
        with self.store.reading() as connection:
            rows = connection.execute(select(jobs).order_by(jobs.c.created.desc()).limit(most)).mappings()
            return tuple(job_from_row(connection, row) for row in rows.all())

    def cancel(self, job_id: str) -> None:
        """Begin nothing more of a job. What it has predicted stays."""
        if not ID.fullmatch(job_id):
            return
        with self.store.writing(quiet=True) as connection:
            wanted = (jobs.c.id == job_id, jobs.c.state.in_(ACTIVE))
            connection.execute(update(jobs).where(*wanted).values(state=State.CANCELLED, ended=utc_now()))

    def retry(self, job_id: str) -> int:
        """Put what a job that has ended could not do, or did not begin, into the queue again. Returns how many."""
        if not ID.fullmatch(job_id):
            return 0
        with self.store.writing(quiet=True) as connection:
            ended = select(jobs.c.id).where(jobs.c.id == job_id, not_(jobs.c.state.in_(ACTIVE)))
            left = (job_items.c.job_id.in_(ended), job_items.c.after_id.is_(None))
            anew: dict[str, Any] = {"attempts": 0, "leased_until": None, "ended": None, "problem": None}
            count = connection.execute(update(job_items).where(*left).values(anew)).rowcount
            if count:
                again = update(jobs).where(jobs.c.id == job_id).values(state=State.QUEUED, ended=null())
                connection.execute(again)
        return count

    def waiting(self, models: Collection[str]) -> bool:
        """Whether there may be something to do; asking is cheaper than trying to take it."""
        with self.store.reading() as connection:
            return bool(connection.execute(select(exists(open_items(models)))).scalar())

    def take(self, models: Collection[str]) -> JobItem | None:
        """The lease on the item that has waited longest; None where nothing is to be done.

        Args:
            models: SHA-256 of the cards of those that this process can ask.
        """
        with self.store.writing(quiet=True) as connection:
            while True:
                first = open_items(models).order_by(jobs.c.created, jobs.c.id, job_items.c.position)
                row = connection.execute(first.limit(1)).mappings().first()
                if row is None:
                    return None
                this = and_(job_items.c.job_id == row["job_id"], job_items.c.position == row["position"])
                if row["attempts"] >= MOST_ATTEMPTS:
                    finish_item(connection, row["job_id"], row["position"], None, GIVEN_UP)
                    continue
                lease = {"leased_until": utc_now() + LEASE, "attempts": row["attempts"] + 1}
                connection.execute(update(job_items).where(this).values(lease))
                running = update(jobs).where(jobs.c.id == row["job_id"], jobs.c.state == State.QUEUED)
                connection.execute(running.values(state=State.RUNNING))
                return JobItem(**{name: row[name] for name in JobItem.__dataclass_fields__})

    def finish(self, item: JobItem, after: str | None, problem: str = "") -> None:
        """Keep what came of an item; what somebody else has kept of it meanwhile stays."""
        with self.store.writing(quiet=True) as connection:
            finish_item(connection, item.job_id, item.position, after, problem)


def open_items(models: Collection[str]) -> Any:
    """A query for the items that nobody works on.

    A lease that ends too far ahead was given by a clock that was wrong.
    """
    now = utc_now()
    lease = job_items.c.leased_until
    return (
        select(
            job_items.c.job_id,
            job_items.c.position,
            job_items.c.prediction_id,
            job_items.c.attempts,
            jobs.c.model,
            jobs.c.operating_point,
            jobs.c.who,
        )
        .join(jobs, jobs.c.id == job_items.c.job_id)
        .where(
            jobs.c.state.in_(ACTIVE),
            jobs.c.model_sha256.in_(models),
            job_items.c.ended.is_(None),
            or_(lease.is_(None), lease < now, lease > now + LEASE),
        )
    )


def finish_item(
    connection: Connection, job_id: str, position: int, after: str | None, problem: str = ""
) -> None:
    """Keep what came of an item, and end its job where it was the last."""
    now = utc_now()
    this = (
        job_items.c.job_id == job_id,
        job_items.c.position == position,
        job_items.c.ended.is_(None),
    )
    connection.execute(update(job_items).where(*this).values(after_id=after, problem=problem, ended=now))
    left = exists().where(job_items.c.job_id == job_id, job_items.c.ended.is_(None))
    done = update(jobs).where(jobs.c.id == job_id, jobs.c.state.in_(ACTIVE), not_(left))
    connection.execute(done.values(state=State.FINISHED, ended=now))


def job_from_row(connection: Connection, row: RowMapping) -> Job:
    """A job with its items."""
    wanted = select(job_items).where(job_items.c.job_id == row["id"]).order_by(job_items.c.position)
    items = connection.execute(wanted).mappings().all()
    pairs = tuple(
        Pair(item["prediction_id"], item["after_id"], item["problem"] or "")
        for item in items
        if item["ended"] is not None
    )
    ids = tuple(item["prediction_id"] for item in items)
    plain = ("id", "created", "model", "operating_point", "who", "ended", "model_sha256")
    return Job(**{name: row[name] for name in plain}, ids=ids, pairs=pairs, state=State(row["state"]))

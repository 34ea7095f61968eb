"""Jobs in the store: leases, clocks that jump, items that stop whoever works on them, models that others have."""

from datetime import timedelta

import pytest

from dashboard.store import Store
from dashboard.store.jobs import LEASE, MOST_ATTEMPTS, REMEMBERED, Job, JobItem, JobQueue, State
from tests.clock import Clock

MODEL = "a" * 64
IDS = ("one", "two", "three")


@pytest.fixture
def queue(store: Store) -> JobQueue:
    return JobQueue(store)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("dashboard.store.jobs.utc_now", clock)
    return clock


def put_job(queue: JobQueue, *ids: str) -> Job:
    return queue.put("dermanet", MODEL, "sensitivity-95", ids or IDS, "Anna")


def taken(queue: JobQueue) -> JobItem:
    item = queue.take([MODEL])
    assert item is not None
    return item


def test_a_job_is_done_item_by_item(queue: JobQueue) -> None:
    job = put_job(queue)
    assert queue.job(job.id) == job and job.state is State.QUEUED and queue.waiting([MODEL])
    for number, wanted in enumerate(IDS):
        item = taken(queue)
        assert (item.prediction_id, item.model, item.who) == (wanted, "dermanet", "Anna")
        assert queue.job(job.id).state is State.RUNNING  # type: ignore[union-attr]
        queue.finish(item, f"after {number}" if number else None, "" if number else "It is gone.")
    done = queue.job(job.id)
    assert done is not None and done.state is State.FINISHED and done.ended is not None
    assert [pair.after for pair in done.pairs] == [None, "after 1", "after 2"] and done.failed == 1
    assert queue.take([MODEL]) is None and not queue.waiting([MODEL])


def test_the_first_that_was_asked_for_is_the_first_that_is_begun(queue: JobQueue, clock: Clock) -> None:
    first = put_job(queue, "a", "b")
    clock.now += timedelta(seconds=1)
    second = put_job(queue, "c")
    assert [taken(queue).job_id for _ in range(3)] == [first.id, first.id, second.id]
    assert [job.id for job in queue.newest(9)] == [second.id, first.id]


def test_nobody_works_on_what_another_has_the_lease_on(queue: JobQueue, clock: Clock) -> None:
    put_job(queue, "a")
    first = taken(queue)
    assert queue.take([MODEL]) is None
    clock.now += LEASE + timedelta(seconds=1)
    # Whoever had it is gone, or as slow as if it were.
    again = taken(queue)
    assert again == first and again.key == first.key
    queue.finish(again, "new")
    queue.finish(first, "late")
    assert [pair.after for pair in queue.job(first.job_id).pairs] == ["new"]  # type: ignore[union-attr]


@pytest.mark.parametrize("jump", [timedelta(days=400), timedelta(days=-400)])
def test_a_clock_that_jumps_keeps_nothing_back(queue: JobQueue, clock: Clock, jump: timedelta) -> None:
    job = put_job(queue, "a", "b")
    taken(queue)
    clock.now += jump
    for _ in range(2):
        queue.finish(taken(queue), "x")
    done = queue.job(job.id)
    assert done is not None and done.state is State.FINISHED and len(done.pairs) == 2


def test_what_stops_everybody_is_given_up(queue: JobQueue, clock: Clock) -> None:
    job = put_job(queue, "a", "b")
    for _ in range(MOST_ATTEMPTS):
        assert taken(queue).prediction_id == "a"
        clock.now += LEASE + timedelta(seconds=1)
    assert taken(queue).prediction_id == "b"
    now = queue.job(job.id)
    assert now is not None and now.active and "three times" in now.pairs[0].problem


def test_the_last_item_that_is_given_up_ends_its_job(queue: JobQueue, clock: Clock) -> None:
    job = put_job(queue, "a")
    for _ in range(MOST_ATTEMPTS):
        taken(queue)
        clock.now += LEASE + timedelta(seconds=1)
    assert queue.take([MODEL]) is None
    assert queue.job(job.id).state is State.FINISHED  # type: ignore[union-attr]
    # Somebody may want it all the same.
    assert queue.retry(job.id) == 1 and taken(queue).prediction_id == "a"


def test_another_version_of_the_model_leaves_it_to_those_that_have_it(queue: JobQueue) -> None:
    put_job(queue, "a")
    assert not queue.waiting(["b" * 64]) and queue.take(["b" * 64]) is None
    assert queue.take(["b" * 64, MODEL]) is not None


def test_a_cancelled_job_is_not_begun_again_unless_somebody_wants_it(queue: JobQueue) -> None:
    job = put_job(queue, "a", "b", "c")
    queue.finish(taken(queue), "x")
    late = taken(queue)
    queue.cancel(job.id)
    assert queue.take([MODEL]) is None
    queue.finish(late, "y")
    now = queue.job(job.id)
    assert now is not None and now.state is State.CANCELLED and len(now.pairs) == 2
    assert queue.retry(job.id) == 1
    queue.finish(taken(queue), "z")
    assert queue.job(job.id).state is State.FINISHED  # type: ignore[union-attr]


def test_a_running_job_is_not_tried_again(queue: JobQueue) -> None:
    job = put_job(queue)
    taken(queue)
    assert queue.retry(job.id) == 0


def test_old_jobs_are_forgotten(queue: JobQueue, clock: Clock) -> None:
    old = put_job(queue, "a")
    queue.finish(taken(queue), "x")
    clock.now += REMEMBERED + timedelta(days=1)
    new = put_job(queue, "b")
    assert queue.job(old.id) is None and queue.newest(9) == (new,)


@pytest.mark.parametrize("unknown", ["", "unknown", "\x00", "a" * 36, "-" * 36])
def test_there_is_no_such_job(queue: JobQueue, unknown: str) -> None:
    assert queue.job(unknown) is None

"""Predicting again in the background, without a page."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dashboard.cases import NOBODY, predict_again, predict_photograph
from dashboard.jobs.worker import MOST, Jobs, distinct_predictions
from dashboard.services import ModelUnavailable, Services
from dashboard.settings import Settings
from dashboard.store import Context, QueryError, Record, StoreError
from dashboard.store.jobs import Job, JobItem, JobQueue, State
from tests.tiny import write_tiny_bundle


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A second model beside "tiny", and nothing that other tests would see."""
    for name, seed in (("tiny", 0), ("other", 5)):
        write_tiny_bundle(tmp_path / "bundles", name, seed=seed)
    return Settings(bundles=tmp_path / "bundles", data_dir=tmp_path / "data", model="tiny", threads=1)


@pytest.fixture
def jobs(services: Services) -> Iterator[Jobs]:
    jobs = Jobs(services)
    yield jobs
    jobs.stop()


@pytest.fixture
def record(services: Services, lesion_jpeg: bytes) -> Record:
    return predict_photograph(NOBODY, services, lesion_jpeg, "hand.jpg", "tiny", context=Context(lesion="L1"))


def until(jobs: Jobs, job: Job, done: Callable[[Job], bool]) -> Job:
    """The job once it is so."""
    for _ in range(600):
        now = jobs.get(job.id)
        assert now is not None
        if done(now):
            return now
        time.sleep(0.05)
    raise AssertionError(now)


def ended(job: Job) -> bool:
    return not job.active


def test_a_prediction_is_made_again_for_the_same_image(services: Services, record: Record) -> None:
    again = predict_again(NOBODY, services, record.id, "other")
    assert (again.model, again.sha256, again.filename) == ("other", record.sha256, record.filename)
    assert again.context.lesion == "L1"
    assert services.store.image(again.id) == services.store.image(record.id)
    # Asking again repeats nothing, and neither does asking the model that has answered already.
    assert predict_again(NOBODY, services, record.id, "other").id == again.id
    assert predict_again(NOBODY, services, again.id, "tiny").id == record.id
    # Deleting one leaves the other its image.
    services.store.delete([record.id])
    assert services.store.image(again.id)


def test_a_job_tells_how_far_it_is(jobs: Jobs, services: Services, record: Record, mole_jpeg: bytes) -> None:
    second = predict_photograph(NOBODY, services, mole_jpeg, "mole.jpg", "tiny")
    job = jobs.start(NOBODY, [record.id, "gone", second.id, record.id], "other", "sensitivity-95")
    assert job.ids == (record.id, "gone", second.id) and job.state is State.QUEUED
    done = until(jobs, job, ended)
    assert done.state is State.FINISHED and done.failed == 1 and done.ended is not None
    assert [pair.before for pair in done.pairs] == list(job.ids)
    assert "deleted" in done.pairs[1].problem
    assert services.store.get(str(done.pairs[2].after)).model == "other"
    assert jobs.get(job.id) == done and done.operating_point == "sensitivity-95"


def test_repeats_of_a_model_on_a_photograph_are_one(
    jobs: Jobs, services: Services, record: Record, lesion_jpeg: bytes
) -> None:
    again = services.store.get(predict_photograph(NOBODY, services, lesion_jpeg, "again.jpg", "tiny").id)
    other = predict_photograph(NOBODY, services, lesion_jpeg, "again.jpg", "tiny", "sensitivity-90")
    ids = [record.id, "gone", again.id, other.id]
    assert distinct_predictions(services, ids) == (record.id, "gone", other.id)


def test_a_job_is_cancelled_and_keeps_what_it_has(
    jobs: Jobs, services: Services, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*_: object) -> Record:
        time.sleep(0.1)
        return record

    monkeypatch.setattr("dashboard.jobs.worker.predict_again", slow)
    job = jobs.start(NOBODY, [record.id, *map(str, range(50))], "other")
    waiting = jobs.start(NOBODY, ["never"], "other")
    until(jobs, job, lambda now: len(now.pairs) > 0)
    jobs.cancel(job.id)
    jobs.cancel(waiting.id)
    time.sleep(0.3)
    after = until(jobs, job, ended)
    assert after.state is State.CANCELLED and 0 < len(after.pairs) < 10
    assert jobs.get(waiting.id) == until(jobs, waiting, ended) and not jobs.get(waiting.id).pairs  # type: ignore[union-attr]
    # The worker is free for the next one.
    assert until(jobs, jobs.start(NOBODY, [record.id], "other"), ended).state is State.FINISHED


def test_an_unexpected_error_is_one_images_problem(
    jobs: Jobs, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Record:
        raise RuntimeError("secret path")

    monkeypatch.setattr("dashboard.jobs.worker.predict_again", broken)
    done = until(jobs, jobs.start(NOBODY, [record.id], "other"), ended)
    assert done.failed == 1 and "secret" not in done.pairs[0].problem


def test_a_photograph_that_is_gone_is_its_items_problem(
    jobs: Jobs, services: Services, record: Record, mole_jpeg: bytes
) -> None:
    second = predict_photograph(NOBODY, services, mole_jpeg, "mole.jpg", "tiny")
    files = services.store.files
    kept = services.store.picture(record)
    (name,) = [name for name in files.images(record.sha256) if files.place.has(name)]
    files.place.remove(name)
    job = until(jobs, jobs.start(NOBODY, [record.id, second.id], "other"), ended)
    assert job.failed == 1 and job.pairs[0].problem and job.pairs[0].after is None
    assert services.store.get(str(job.pairs[1].after)).model == "other"
    # Once the photograph is back, the job is tried again for it alone.
    files.place.stage({name: kept}).commit()
    assert jobs.retry(job.id) == 1
    done = until(jobs, job, lambda now: ended(now) and not now.failed)
    assert services.store.get(str(done.pairs[0].after)).sha256 == record.sha256


def test_what_cannot_be_done_is_refused_at_once(jobs: Jobs, record: Record) -> None:
    with pytest.raises(ModelUnavailable, match="no model of that name"):
        jobs.start(NOBODY, [record.id], "missing")
    with pytest.raises(ModelUnavailable):
        jobs.start(NOBODY, [record.id], "other", "sensitivity-1")
    with pytest.raises(QueryError, match="between 1 and"):
        jobs.start(NOBODY, [], "other")
    with pytest.raises(QueryError, match="between 1 and"):
        jobs.start(NOBODY, [str(number) for number in range(MOST + 1)], "other")
    assert jobs.get("unknown") is None
    jobs.cancel("unknown")
    assert jobs.retry("unknown") == 0


def test_a_job_goes_on_with_another_process(
    services: Services, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Jobs(services)
    monkeypatch.setattr(asked, "work_in_background", lambda: None)
    job = asked.start(NOBODY, [record.id], "other")
    assert job.active
    other = Jobs(services)
    other.work_in_background()
    done = until(asked, job, ended)
    other.stop()
    assert services.store.get(str(done.pairs[0].after)).model == "other"


def test_what_failed_is_tried_again(
    jobs: Jobs, services: Services, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> Record:
        raise StoreError("The disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr("dashboard.jobs.worker.predict_again", full)
        job = until(jobs, jobs.start(NOBODY, [record.id, "gone"], "other"), ended)
    assert [pair.problem for pair in job.pairs] == ["The disk is full."] * 2
    assert jobs.retry(job.id) == 2
    again = until(jobs, job, lambda now: not now.active)
    assert again.failed == 1 and services.store.get(str(again.pairs[0].after)).model == "other"


def test_a_database_that_is_gone_for_a_while_loses_nothing(
    jobs: Jobs, services: Services, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.jobs.worker.PAUSE", 0.05)
    take, failures = JobQueue.take, iter(range(3))

    def unsteady(queue: JobQueue, models: list[str]) -> JobItem | None:
        if next(failures, None) is not None:
            raise StoreError("The database cannot be written.")
        return take(queue, models)

    monkeypatch.setattr(JobQueue, "take", unsteady)
    assert until(jobs, jobs.start(NOBODY, [record.id], "other"), ended).state is State.FINISHED

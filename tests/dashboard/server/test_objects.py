"""An object store that is away for a while: who uploads is told, nothing is lost, and the same key stores it later."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import fsspec
import pytest
from moto.server import ThreadedMotoServer

from dashboard.app import make_server
from dashboard.cases import NOBODY, predict_photograph
from dashboard.jobs.worker import Jobs
from dashboard.services import Services, build_services
from dashboard.settings import Settings
from dashboard.store import Query
from tests.tiny import write_tiny_bundle


class Objects:
    """A store of objects that can be switched off; what it holds stays."""

    def __init__(self) -> None:
        self.server = ThreadedMotoServer("127.0.0.1", 0)
        self.server.start()
        self.host, self.port = self.server.get_host_and_port()

    def stop(self) -> None:
        self.server.stop()

    def start(self) -> None:
        self.server = ThreadedMotoServer(self.host, self.port)
        self.server.start()


@pytest.fixture
def objects(monkeypatch: pytest.MonkeyPatch) -> Iterator[Objects]:
    found = Objects()
    where = {"endpoint_url": f"http://{found.host}:{found.port}", "key": "key", "secret": "secret"}
    # Without the library's own patience, which takes minutes.
    impatient = {"config_kwargs": {"retries": {"max_attempts": 0}, "connect_timeout": 2}}
    monkeypatch.setitem(fsspec.config.conf, "s3", where | impatient)
    fsspec.filesystem("s3").makedirs("clinic", exist_ok=True)
    yield found
    found.stop()


@pytest.fixture
def services(objects: Objects, bundle_root: Path, tmp_path: Path) -> Iterator[Services]:
    write_tiny_bundle(tmp_path / "bundles")
    write_tiny_bundle(tmp_path / "bundles", "other", seed=5)
    found = build_services(
        Settings(
            bundles=tmp_path / "bundles",
            data_dir=tmp_path / "data",
            model="tiny",
            threads=1,
            image_store="s3://clinic/photographs",
        )
    )
    yield found
    found.store.close()


def test_an_object_store_that_is_away_loses_nothing(
    services: Services, objects: Objects, lesion_jpeg: bytes, mole_jpeg: bytes
) -> None:
    client = make_server(services).test_client()
    before = predict_photograph(NOBODY, services, lesion_jpeg, "a.jpg")

    def upload() -> tuple[int, str]:
        answer = client.post(
            "/api/v1/predictions",
            data={"file": (BytesIO(mole_jpeg), "b.jpg")},
            headers={"Idempotency-Key": "one"},
        )
        return answer.status_code, answer.json.get("detail", "")

    objects.stop()
    status, sentence = upload()
    assert status == 503 and "Try again later" in sentence
    assert client.get(f"/api/v1/predictions/{before.id}/image").status_code == 503
    # What is in the database can be seen meanwhile.
    assert client.get(f"/api/v1/predictions/{before.id}").status_code == 200
    jobs = Jobs(services)
    jobs.work_in_background = lambda: None  # type: ignore[method-assign]
    job = jobs.start(NOBODY, [before.id], "other")
    item = jobs._take()
    assert item is not None
    jobs._finish(item)
    failed = jobs.get(job.id)
    assert failed is not None and failed.failed == 1 and failed.pairs[0].problem
    objects.start()
    assert upload()[0] == 201
    assert jobs.retry(job.id) == 1
    item = jobs._take()
    assert item is not None
    jobs._finish(item)
    done = jobs.get(job.id)
    assert done is not None and done.failed == 0
    assert services.store.page(Query()).total == 3
    assert client.get(f"/api/v1/predictions/{before.id}/image").status_code == 200

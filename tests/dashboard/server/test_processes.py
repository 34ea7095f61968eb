"""Several processes, and several servers: what they count adds up, and one that is killed loses nothing."""

import os
import re
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from subprocess import Popen, check_output

import fsspec
import pytest
from moto.server import ThreadedMotoServer
from sqlalchemy import URL

from dashboard.services import build_services
from dashboard.settings import Settings
from dashboard.store import Query
from model.images import encode
from tests.dashboard.test_app import free_port, started
from training.drawings.synthetic import draw_lesion

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="kill -9 is for POSIX")


@pytest.fixture(params=["none", "local"])
def auth(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def port() -> str:
    return free_port()


@pytest.fixture
def server(bundle_root: Path, tmp_path: Path, port: str, auth: str) -> Iterator[Popen[str]]:
    """Two processes that serve, and the one that started them."""
    environment = {
        "DERMABOARD_PORT": port,
        "DERMABOARD_DATA_DIR": str(tmp_path / "data"),
        "DERMABOARD_BUNDLES": str(bundle_root),
        "DERMABOARD_MODEL": "tiny",
        "DERMABOARD_WORKERS": "2",
        "DERMABOARD_AUTH": auth,
    }
    with started(**environment) as process:
        until(lambda: status(port, "/health/live") == 200)
        yield process


def until(fulfilled: Callable[[], bool]) -> None:
    """Wait until it is so."""
    ends = time.monotonic() + 60
    while not fulfilled():
        assert time.monotonic() < ends
        time.sleep(0.1)


def status(port: str, path: str, data: bytes | None = None, **headers: str) -> int:
    """The status of an answer; 0 where there is none."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", data, {name.replace("_", "-"): it for name, it in headers.items()}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def upload_once(port: str, key: str, seed: int = 1) -> int:
    """Send a photograph; the status of the answer, 0 where there is none."""
    form = b"--x\r\nContent-Disposition: form-data; name=file; filename=a.jpg\r\n\r\n%b\r\n--x--\r\n"
    sent = {"Content_Type": "multipart/form-data; boundary=x", "Idempotency_Key": key}
    return status(port, "/api/v1/predictions", form % encode(draw_lesion(seed, False, (90, 120))), **sent)


def upload(port: str, key: str) -> int:
    """Send a photograph until there is an answer."""
    while not (answer := upload_once(port, key)):
        time.sleep(0.05)
    return answer


def serving(process: Popen[str]) -> set[int]:
    """The processes that serve: those that Python's multiprocessing has started for work."""
    lines = check_output(
        ["ps", "-ww", "--ppid", str(process.pid), "-o", "pid=,args="], text=True
    ).splitlines()
    return {int(line.split()[0]) for line in lines if "spawn_main" in line}


def counted_predictions(port: str) -> int:
    """What is counted of all processes."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
        lines = re.findall(r"^dermaboard_prediction_seconds_count\{.*\} (.*)$", answer.read().decode(), re.M)
    return int(sum(map(float, lines)))


@pytest.mark.parametrize("auth", ["none"], indirect=True)
def test_a_process_that_is_killed_is_replaced_and_nothing_is_lost(
    server: Popen[str], port: str, bundle_root: Path, tmp_path: Path
) -> None:
    before = serving(server)
    assert len(before) == 2
    with ThreadPoolExecutor(6) as pool:
        answers = [pool.submit(upload, port, f"key {number}") for number in range(40)]
        until(lambda: sum(answer.done() for answer in answers) > 10)
        os.kill(min(before), signal.SIGKILL)
        # One that was killed after it had stored the photograph is asked once more with the same key.
        assert {answer.result() for answer in answers} <= {200, 201}
    until(lambda: len(serving(server) - before) == 1)
    assert counted_predictions(port) in range(39, 41)
    server.terminate()
    assert server.wait(60) == 0
    services = build_services(Settings(bundles=bundle_root, data_dir=tmp_path / "data", model="tiny"))
    assert services.store.page(Query()).total == 40
    services.store.close()


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an empty bucket in a store of objects, which the environment says how to reach."""
    objects = ThreadedMotoServer("127.0.0.1", 0)
    objects.start()
    host, port = objects.get_host_and_port()
    for name, value in (("ENDPOINT_URL", f"http://{host}:{port}"), ("KEY", "key"), ("SECRET", "secret")):
        monkeypatch.setenv(f"FSSPEC_S3_{name}", value)
    with monkeypatch.context() as settings:
        # What fsspec read of the environment when it was imported.
        settings.setitem(
            fsspec.config.conf,
            "s3",
            {"endpoint_url": f"http://{host}:{port}", "key": "key", "secret": "secret"},
        )
        fsspec.filesystem("s3").makedirs("photographs")
        yield "s3://photographs/dermaboard"
    objects.stop()


def test_a_server_of_two_that_is_killed_loses_nothing(
    empty_postgres: URL, bucket: str, bundle_root: Path, tmp_path: Path
) -> None:
    ports = free_port(), free_port()
    shared = {
        "DERMABOARD_DATABASE_URL": empty_postgres.render_as_string(hide_password=False),
        "DERMABOARD_IMAGE_STORE": bucket,
        "DERMABOARD_BUNDLES": str(bundle_root),
        "DERMABOARD_MODEL": "tiny",
    }
    with ExitStack() as stack:
        servers = []
        for port in ports:
            own = {"DERMABOARD_PORT": port, "DERMABOARD_DATA_DIR": str(tmp_path / port)}
            servers.append(stack.enter_context(started(**shared, **own)))
            until(lambda port=port: status(port, "/health/live") == 200)  # type: ignore[misc]

        def sent(number: int) -> int:
            """A photograph, to whichever server answers, as a proxy would."""
            for attempt in range(100):
                if answer := upload_once(ports[(number + attempt) % 2], f"key {number}", seed=number):
                    return answer
            return 0

        with ThreadPoolExecutor(6) as pool:
            answers = [pool.submit(sent, number) for number in range(24)]
            until(lambda: sum(answer.done() for answer in answers) > 6)
            servers[0].kill()
            assert {answer.result() for answer in answers} <= {200, 201}
        settings = Settings(
            bundles=bundle_root,
            data_dir=tmp_path / "data",
            model="tiny",
            database_url=shared["DERMABOARD_DATABASE_URL"],
            image_store=bucket,
        )
        services = build_services(settings)
        records = services.store.page(Query(limit=100)).records
        assert len(records) == len({record.sha256 for record in records}) == 24
        assert all(services.store.image(record.id) for record in records)
        services.store.close()


@pytest.mark.parametrize("auth", ["local"], indirect=True)
@pytest.mark.usefixtures("server")
def test_tries_to_log_in_are_counted_by_all_together(port: str) -> None:
    answers = [status(port, "/login", b"") for _ in range(40)]
    assert (answers.count(400), answers.count(429)) == (30, 10)

"""Archives on a cluster: the same rows as alone, resumed by part, and what happens when something dies."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import distributed
import fsspec
import pandas as pd
import pytest
from moto.server import ThreadedMotoServer

from model import archive, cluster
from model.__main__ import main
from model.images import encode
from tests.tiny import write_tiny_bundle
from training.drawings.synthetic import draw_lesion

ROOT = Path(__file__).parents[2]
Score = Callable[..., int]


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eighteen drawings in two folders, a file that is none, and what is passed over."""
    root = tmp_path_factory.mktemp("archive")
    for number in range(18):
        folder = root / f"year {number % 2}"
        folder.mkdir(exist_ok=True)
        (folder / f"{number:02}.jpg").write_bytes(encode(draw_lesion(number, number % 3 == 0)))
    (root / "year 1/broken.png").write_bytes(b"no image")
    (root / "year 1/.hidden.jpg").write_bytes(b"not looked at")
    (root / "notes.txt").write_text("not looked at")
    return root


@pytest.fixture(scope="module")
def alone(photographs: Path, bundle_root: Path, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """The table without a cluster."""
    out = tmp_path_factory.mktemp("alone") / "scores.parquet"
    assert main(["score", str(photographs), "--out", str(out), *model(bundle_root)]) == 1
    return pd.read_parquet(out)


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """The address of a scheduler with one worker in this process."""
    with distributed.LocalCluster(
        n_workers=1,
        threads_per_worker=1,
        processes=False,
        protocol="tcp",
        host="127.0.0.1",
        dashboard_address=None,
    ) as found:
        yield found.scheduler_address


@pytest.fixture
def score(scheduler: str, bundle_root: Path, monkeypatch: pytest.MonkeyPatch) -> Score:
    """`python -m model score` on the cluster, in parts of eight; nothing is waited for."""
    monkeypatch.setattr(cluster, "PAUSES", (0.01,))
    archive.worker_predictor.cache_clear()

    def run(place: Any, out: Any, *more: str, bundles: Path = bundle_root) -> int:
        where = ["--scheduler", scheduler, "--part-size", "8"]
        return main(["score", str(place), "--out", str(out), *where, *model(bundles), *more])

    return run


def model(bundles: Path) -> list[str]:
    return ["--bundles", str(bundles), "--model", "tiny"]


def table(out: Path) -> pd.DataFrame:
    """The whole of a partitioned table."""
    return pd.read_parquet(out)


def files_by_time(out: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in out.glob("*.parquet")}


def test_processes_of_this_computer_find_the_same_as_one_alone(
    photographs: Path, bundle_root: Path, alone: pd.DataFrame, tmp_path: Path
) -> None:
    command = [
        "score",
        str(photographs),
        "--out",
        str(tmp_path / "out"),
        "--workers",
        "2",
        "--part-size",
        "8",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "model", *command, *model(bundle_root)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 1 and "3 of 3 parts" in done.stderr and "1 files of this run" in done.stderr
    pd.testing.assert_frame_equal(table(tmp_path / "out"), alone)


def test_an_object_store_in_and_out(
    photographs: Path, alone: pd.DataFrame, score: Score, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects = ThreadedMotoServer("127.0.0.1", 0)
    objects.start()
    host, port = objects.get_host_and_port()
    where = {"key": "a", "secret": "b", "endpoint_url": f"http://{host}:{port}"}
    monkeypatch.setitem(fsspec.config.conf, "s3", where)
    store = fsspec.filesystem("s3")
    try:
        store.makedirs("archive", exist_ok=True)
        store.put(f"{photographs}/", "archive/photographs/", recursive=True)
        assert score("s3://archive/photographs", "s3://archive/scores") == 1
        with store.open("archive/scores/part-000001.parquet") as file:
            assert len(pd.read_parquet(file)) == 8
        names = [name.replace(str(photographs), "s3://archive/photographs") for name in alone["file"]]
        expected = alone.assign(file=names)
        parts = [pd.read_parquet(store.open(name)) for name in sorted(store.glob("archive/scores/*.parquet"))]
        pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), expected)
        assert score("s3://archive/photographs", "s3://archive/scores.csv") == 1
        with store.open("archive/scores.csv") as file:
            pd.testing.assert_frame_equal(pd.read_csv(file), expected, check_dtype=False)
    finally:
        objects.stop()


def test_a_run_is_resumed_by_part(
    photographs: Path, alone: pd.DataFrame, score: Score, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    score(photographs, out)
    (out / "part-000001.parquet").unlink()
    before = files_by_time(out)
    assert score(photographs, out) == 2
    assert "--resume" in capsys.readouterr().err
    assert score(photographs, out, "--resume") == 0
    after = files_by_time(out)
    assert len(after) == 3 and before.items() < after.items()
    pd.testing.assert_frame_equal(table(out), alone)


def test_a_run_of_another_model_is_not_gone_on_with(
    photographs: Path, score: Score, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    score(photographs, tmp_path / "out")
    write_tiny_bundle(tmp_path / "bundles", "tiny", seed=8)
    assert score(photographs, tmp_path / "out", "--resume", bundles=tmp_path / "bundles") == 2
    assert score(photographs, tmp_path / "out", "--resume", "--operating-point", "sensitivity-90") == 2
    assert capsys.readouterr().err.count("Nothing was changed. Choose another --out.") == 2


def test_a_part_that_always_fails_stops_no_other_and_loses_nothing(
    photographs: Path,
    alone: pd.DataFrame,
    score: Score,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read = archive.read_anywhere

    def away(name: str) -> Any:
        if name.endswith("01.jpg"):
            raise ConnectionError("The store is away.")
        return read(name)

    with monkeypatch.context() as inner:
        inner.setattr(archive, "read_anywhere", away)
        assert score(photographs, tmp_path / "out") == 1
    said = capsys.readouterr().err
    assert "2 of 3 parts" in said and "part 1: The store is away." in said and "--resume" in said
    assert score(photographs, tmp_path / "out", "--resume") == 0
    pd.testing.assert_frame_equal(table(tmp_path / "out"), alone)


def test_a_store_that_is_away_for_a_moment_costs_no_row(
    photographs: Path, alone: pd.DataFrame, score: Score, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, asked = archive.read_anywhere, set[str]()

    def away_once(name: str) -> Any:
        if len(asked) < 3 and name not in asked:
            asked.add(name)
            raise ConnectionError("The store is away.")
        return read(name)

    monkeypatch.setattr(archive, "read_anywhere", away_once)
    monkeypatch.setattr(cluster, "PAUSES", (0.01,) * 4)
    assert score(photographs, tmp_path / "out") == 1
    pd.testing.assert_frame_equal(table(tmp_path / "out"), alone)


def test_a_worker_with_another_version_of_the_model_scores_nothing(
    photographs: Path, score: Score, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    other = write_tiny_bundle(tmp_path / "bundles", "tiny", seed=8)
    monkeypatch.setattr(archive, "named_bundle", lambda *_: other)
    assert score(photographs, tmp_path / "out") == 1
    assert "this worker has another version" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (("--part-size", "10"), "multiple of 4"),
        (("--heatmaps", "maps"), "without a cluster"),
        (("--workers", "2"), "not allowed with"),
    ],
)
def test_what_a_cluster_cannot_do_is_a_sentence(
    photographs: Path,
    score: Score,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    more: tuple[str, ...],
    sentence: str,
) -> None:
    try:
        assert score(photographs, tmp_path / "out", *more) == 2
    except SystemExit as error:
        assert error.code == 2
    assert sentence in capsys.readouterr().err


def test_addresses_and_empty_places(
    bundle_root: Path, score: Score, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["score", "s3://archive/x", "--out", "x.csv", *model(bundle_root)]) == 2
    assert "--workers N" in capsys.readouterr().err
    assert score(tmp_path, tmp_path / "out") == 2
    assert "no images" in capsys.readouterr().err


class Processes:
    """A scheduler, workers and runs of the command, each a process that can be killed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[subprocess.Popen[str]] = []

    def start(self, *command: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", *command], cwd=ROOT, stderr=subprocess.PIPE, text=True
        )
        self.started.append(process)
        return process

    def scheduler(self, name: str) -> tuple[subprocess.Popen[str], list[str]]:
        """A scheduler, and what names it on the command line."""
        file = self.folder / f"{name}.json"
        listening = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file))
        process = self.start("distributed.cli.dask_scheduler", *listening)
        until(file.exists)
        return process, ["--scheduler", str(json.loads(file.read_text())["address"])]

    def worker(self, scheduler: list[str]) -> subprocess.Popen[str]:
        joining = ("--host", "127.0.0.1", "--nthreads", "1", "--no-nanny", "--no-dashboard")
        return self.start("distributed.cli.dask_worker", scheduler[1], *joining)


def until(what: Callable[[], bool]) -> None:
    ends = time.monotonic() + 120
    while not what():
        assert time.monotonic() < ends
        time.sleep(0.02)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kill -9 is for POSIX")
def test_a_scheduler_and_a_worker_that_are_killed_lose_nothing(
    photographs: Path, bundle_root: Path, alone: pd.DataFrame, tmp_path: Path
) -> None:
    out, some = tmp_path / "out", Processes(tmp_path)
    command = ("model", "score", str(photographs), "--out", str(out), "--part-size", "4", *model(bundle_root))
    try:
        boss, where = some.scheduler("first")
        run = some.start(*command, *where)
        # Nobody works yet: the run waits.
        until((out / archive.PLAN).exists)
        boss.kill()
        said = run.communicate(timeout=120)[1]
        assert run.returncode == 2 and "The scheduler does not answer" in said and "--resume" in said
        _, where = some.scheduler("second")
        worker = some.worker(where)
        run = some.start(*command, "--resume", *where)
        until(lambda: len(files_by_time(out)) > 0)
        worker.kill()
        some.worker(where)
        assert run.wait(120) in (0, 1)
    finally:
        for process in some.started:
            process.kill()
            process.communicate()
    pd.testing.assert_frame_equal(table(out), alone)

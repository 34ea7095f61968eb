"""What is kept is for its owner only, and what is deleted is gone, from the log too."""

import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dashboard.store import Context, Record, Store, open_store
from dashboard.store.backup import write_backup
from tests.dashboard.reviews import add_review

Add = Callable[..., Record]
NEEDLE = "needle in the haystack"
posix = pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")


def open_to_others(folder: Path) -> list[str]:
    """What below a folder somebody else may look at."""
    return [path.name for path in (folder, *folder.rglob("*")) if stat.S_IMODE(path.stat().st_mode) & 0o077]


def at_rest(folder: Path) -> bytes:
    """Everything in the files of an SQLite database."""
    return b"".join(path.read_bytes() for path in sorted(folder.glob("dermaboard.db*")))


@posix
@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_what_is_kept_is_for_its_owner_only(store: Store, add: Add, tmp_path: Path) -> None:
    fresh = open_store(tmp_path / "new/data")
    add()
    write_backup(store, tmp_path / "all.tar")
    assert stat.S_IMODE((tmp_path / "all.tar").stat().st_mode) == 0o600
    assert open_to_others(tmp_path / "new/data") == []
    assert open_to_others(tmp_path / "data") == ["data"]  # the fixture's own folder
    fresh.close()


@posix
def test_a_folder_of_before_is_closed_to_others(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    (tmp_path / "images").chmod(0o755)
    (tmp_path / "dermaboard.db").chmod(0o644)
    open_store(tmp_path).close()
    assert open_to_others(tmp_path / "images") == []
    assert stat.S_IMODE((tmp_path / "dermaboard.db").stat().st_mode) == 0o600


@posix
def test_the_command_line_writes_for_its_owner_only_and_into_the_data_folder(tmp_path: Path) -> None:
    code = (
        "import os, sys, tempfile; os.umask(0o022); from dashboard.__main__ import main; "
        f"status = main(['export', {str(tmp_path / 'all.csv')!r}]); print(tempfile.gettempdir()); sys.exit(status)"
    )
    environment = os.environ | {"DERMABOARD_DATA_DIR": str(tmp_path / "data"), "PYTHONPATH": str(Path.cwd())}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == str(tmp_path / "data/temporary")
    assert stat.S_IMODE((tmp_path / "all.csv").stat().st_mode) == 0o600
    assert open_to_others(tmp_path / "data") == []


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_deleted_words_are_in_no_file(store: Store, add: Add, tmp_path: Path) -> None:
    others = [add(f"{seed}.jpg", seed=seed) for seed in range(3)]
    record = add(f"{NEEDLE}.jpg", seed=5, context=Context(note=NEEDLE))
    add_review(store, [record.id], "Anna", note=NEEDLE, add_tags=[NEEDLE])
    assert NEEDLE.encode() in at_rest(tmp_path / "data")
    store.delete([record.id])
    assert NEEDLE.encode() not in at_rest(tmp_path / "data")
    assert (tmp_path / "data/dermaboard.db-wal").stat().st_size == 0
    assert store.get(others[0].id)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_reader_delays_that_and_nothing_else(store: Store, add: Add, tmp_path: Path) -> None:
    record = add(context=Context(note=NEEDLE))
    with store.reading() as connection:
        connection.exec_driver_sql("SELECT * FROM predictions").all()
        store.delete([record.id])
        assert (tmp_path / "data/dermaboard.db-wal").stat().st_size > 0
    for _ in range(600):
        if (tmp_path / "data/dermaboard.db-wal").stat().st_size == 0:
            break
        time.sleep(0.05)
    assert NEEDLE.encode() not in at_rest(tmp_path / "data")

"""Adding, reading and deleting on real files and a real database."""

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps
from sqlalchemy import text
from sqlalchemy.engine import URL

from dashboard.store import (
    NotFound,
    Query,
    Record,
    Store,
    StoreError,
    database,
    open_store,
    places,
    repository,
)
from model.cautions import Caution
from model.images import Photograph, decode
from model.predictor import Decision, Prediction

Add = Callable[..., Record]
Names = Callable[[], set[str]]
Open = Callable[[], Store]


def test_a_prediction_comes_back_as_it_was(store: Store, add: Add, reopen: Open) -> None:
    before = datetime.now(UTC)
    added = add("müller 1.jpg", probability=0.8, decision=Decision.MALIGNANT)
    store.close()
    found = reopen().get(added.id)
    assert found == added
    assert found.decision is Decision.MALIGNANT
    assert found.cautions == (Caution("small", "The image is small."),)
    assert before <= found.created <= datetime.now(UTC)
    assert found.created.utcoffset() == timedelta(0)


def test_a_binary_model_has_no_diagnosis(store: Store, add: Add) -> None:
    record = store.get(add(diagnosis=None, probabilities={}).id)
    assert record.diagnosis is None
    assert record.probabilities == {}


def test_images_are_kept_without_metadata_and_whole(store: Store, said: Callable[..., Prediction]) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "patient Jane Doe"
    buffer = BytesIO()
    Image.new("RGB", (400, 300), (200, 120, 90)).save(buffer, "JPEG", exif=exif)
    picture = decode(buffer.getvalue() + b"<script>appended</script>")
    record = store.add(picture, said(picture), "x.jpg")
    data = store.image(record.id)
    image = Image.open(BytesIO(data))
    assert dict(image.getexif()) == {0x0112: 6}
    assert ImageOps.exif_transpose(image).size == (300, 400) == (record.width, record.height)
    assert b"Jane" not in data and b"script" not in data
    assert max(Image.open(BytesIO(small := store.thumbnail(record.id))).size) == 240
    # It is made once.
    assert store.files.place.read(store.files.thumbnail(record.sha256)) == small == store.thumbnail(record.id)
    heatmap = Image.open(BytesIO(store.heatmap(record.id)))
    assert heatmap.has_transparency_data and heatmap.size == (224, 224)


def test_files_are_named_by_content_below_the_data_folder(add: Add, tmp_path: Path) -> None:
    record = add("../../../etc/passwd\0.jpg")
    digest = record.sha256
    found = {
        str(path.relative_to(tmp_path / "data"))
        for path in (tmp_path / "data").rglob("*.*")
        if path.suffix in (".png", ".jpg", ".webp")
    }
    assert found == {
        f"images/{digest[:2]}/{digest}.webp",
    }
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../x", "../x"),
        ("a\0b\n\x1b[31mc.jpg", "ab[31mc.jpg"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("\ud800.jpg", ".jpg"),
        ("'; DROP TABLE predictions; --", "'; DROP TABLE predictions; --"),
        ("\u200b👩\u200d⚕️.jpg", "\u200b👩\u200d⚕️.jpg"),
        (" \n ", "unnamed"),
        ("x" * 300, "x" * 255),
    ],
)
def test_a_file_name_is_data(store: Store, add: Add, given: str, kept: str) -> None:
    assert store.get(add(given).id).filename == kept


def test_delete_removes_row_and_files(store: Store, add: Add, files_of: Names) -> None:
    stays, goes = add(seed=1), add(seed=2)
    store.thumbnail(goes.id)
    assert store.delete([goes.id, "unknown", goes.id]) == 1
    with pytest.raises(NotFound):
        store.get(goes.id)
    for part in (store.image, store.thumbnail, store.heatmap):
        with pytest.raises(NotFound):
            part(goes.id)
    assert files_of() == {f"{stays.sha256}.webp"}
    assert store.page(Query()).total == 1


def test_a_shared_image_outlives_one_of_its_predictions(store: Store, add: Add, files_of: Names) -> None:
    first, second = add("a.jpg", seed=3), add("b.jpg", seed=3)
    assert first.sha256 == second.sha256
    store.delete([first.id])
    assert store.image(second.id) and store.thumbnail(second.id) and store.heatmap(second.id)
    store.delete([second.id])
    assert files_of() == set()


def test_many_are_deleted_at_once(
    store: Store, add: Add, monkeypatch: pytest.MonkeyPatch, files_of: Names
) -> None:
    monkeypatch.setattr(database, "CHUNK", 3)
    ids = [add(seed=seed % 4).id for seed in range(8)]
    assert store.delete(ids) == 8
    assert files_of() == set()


@pytest.mark.parametrize("name", ["../../x", "", "a" * 4000, "\0", "' OR 1=1 --", "\ud800"])
def test_unknown_ids_are_not_found(store: Store, add: Add, name: str) -> None:
    add()
    for part in (store.get, store.image, store.thumbnail, store.heatmap):
        with pytest.raises(NotFound):
            part(name)
    assert store.delete([name]) == 0


def test_a_prediction_of_another_photograph_is_refused(
    store: Store, picture: Callable[..., Photograph], said: Callable[..., Prediction], files_of: Names
) -> None:
    with pytest.raises(ValueError, match="another photograph"):
        store.add(picture(1), said(picture(2)), "x.jpg")
    with pytest.raises(ValueError, match="no probability"):
        store.add(picture(1), said(picture(1), probability=float("nan")), "x.jpg")
    assert files_of() == set()


def test_a_sum_rounded_above_one_is_one(store: Store, add: Add) -> None:
    assert store.get(add(probability=1 + 1e-7).id).probability == 1


@pytest.mark.parametrize("synced", range(2))
def test_a_full_disk_keeps_nothing(
    store: Store, add: Add, monkeypatch: pytest.MonkeyPatch, files_of: Names, synced: int
) -> None:
    real, count = places.os.fsync, iter(range(100))

    def full(descriptor: int) -> None:
        if next(count) >= synced:
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(places.os, "fsync", full)
    with pytest.raises(StoreError, match="No space left"):
        add()
    monkeypatch.undo()
    assert store.page(Query()).total == 0
    store.sweep()
    assert files_of() == set()
    assert store.image(add().id)


def test_threads_add_and_delete_at_the_same_time(store: Store, add: Add, files_of: Names) -> None:
    def one(seed: int) -> Record | None:
        # Three images between all threads: additions of an image meet deletions of the same one.
        record = add(f"{seed}.jpg", seed=seed % 3)
        if seed % 2:
            store.delete([record.id])
            return None
        return record

    with ThreadPoolExecutor(8) as pool:
        kept = [record for record in pool.map(one, range(40)) if record]
    page = store.page(Query(limit=100))
    assert page.total == 20 and {record.id for record in page.records} == {record.id for record in kept}
    assert all(store.image(record.id) and store.heatmap(record.id) for record in kept)
    digests = {record.sha256 for record in kept}
    assert files_of() == {f"{digest}.webp" for digest in digests}


def test_writers_wait_for_few_readers(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    # Twenty at once left a writer one prediction a minute: each held Python's lock in turn.
    reading, most, lock = 0, 0, threading.Lock()

    def count(*_: object) -> int:
        nonlocal reading, most
        with lock:
            reading += 1
            most = max(most, reading)
        time.sleep(0.01)
        with lock:
            reading -= 1
        return 0

    monkeypatch.setattr(repository.Pages, "count", count)
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(store.page, [Query()] * 24))
    assert 1 <= most <= repository.AT_ONCE


def test_opening_sweeps_what_a_crash_left(
    store: Store, add: Add, tmp_path: Path, files_of: Names, reopen: Open
) -> None:
    record = add()
    store.close()
    data = tmp_path / "data"
    kept = files_of()
    (data / "images/ab").mkdir(exist_ok=True)
    for name in (f"ab/{'ab' * 32}.jpg", f"ab/{'ab' * 32}.thumb.jpg"):
        (data / "images" / name).write_bytes(b"left")
    # Earlier versions wrote the number of the process into the name; it says nothing in another container.
    left, fresh = (data / f"images/ab/.dermaboard-{process}-x.tmp" for process in (os.getpid(), 99999999))
    for path in (left, fresh):
        path.write_bytes(b"half")
    os.utime(left, (0, 0))
    (data / "heatmaps").mkdir(exist_ok=True)
    (data / "heatmaps" / f"{'0' * 36}.png").write_bytes(b"left")
    (data / "images/holiday.jpg").write_bytes(b"the user's own")
    again = reopen()
    assert files_of() == kept | {"holiday.jpg", fresh.name}
    assert again.image(record.id)


def test_images_of_another_database_are_never_swept(
    store: Store, add: Add, tmp_path: Path, files_of: Names
) -> None:
    add()
    store.close()
    kept = files_of()
    open_store(tmp_path / "data", str(database.sqlite_url(tmp_path / "other.db"))).close()
    assert files_of() == kept


def test_models_are_listed(store: Store, add: Add) -> None:
    assert store.values("model") == ()
    for name in ("b", "a", "b"):
        add(model=name)
    assert store.values("model") == ("a", "b")


def test_a_folder_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="data folder"):
        open_store(tmp_path / "file")


def test_committed_rows_survive_without_closing(add: Add, url: URL) -> None:
    record = add()
    engine = database.database_engine(url)
    with engine.connect() as other:
        assert other.execute(text("SELECT id FROM predictions")).scalars().all() == [record.id]
    engine.dispose()


def test_arrays_of_the_predictor_become_plain_numbers(store: Store, add: Add) -> None:
    values: dict[str, Any] = {"nv": np.float64(0.75), "mel": np.float32(0.25)}
    record = store.get(add(probability=np.float32(0.25), probabilities=values).id)
    assert record.probability == 0.25 and dict(record.probabilities) == {"nv": 0.75, "mel": 0.25}

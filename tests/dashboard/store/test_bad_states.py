"""Disks, databases and folders in a bad way: a clear sentence, and nothing lost."""

import json
import os
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import event

from dashboard.store import (
    Context,
    NotFound,
    Query,
    QueryError,
    Range,
    Record,
    Search,
    Store,
    StoreError,
    database,
    open_store,
    text_index,
)
from dashboard.store.places import RemoteFolder
from model.images import Photograph
from model.predictor import Prediction
from tests.dashboard.reviews import add_review

Add = Callable[..., Record]


@pytest.fixture
def first_revision(tmp_path: Path) -> Path:
    """A data folder as revision 0001 left it, with two predictions."""
    engine = database.database_engine(database.sqlite_url(tmp_path / "dermaboard.db"))
    config = Config()
    config.set_main_option("script_location", "dashboard.store:migrations")
    with engine.connect().execution_options(writing=True) as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for number, name in enumerate(("Ä 1.jpg", "b.jpg")):
            row = {
                "id": f"01a20ae0-c949-743f-a804-00000000000{number}",
                "created": f"2026-11-0{number + 1} 10:00:00.000000",
                "filename": name, "folded": name.casefold(), "sha256": "a" * 64, "probability": 0.25,
                "probabilities": json.dumps({"nv": 0.75}), "warnings": json.dumps(["The image is small."]),
            }  # fmt: skip
            connection.exec_driver_sql(
                "INSERT INTO predictions VALUES (:id, :created, :filename, :folded, :sha256, 60, 40, 'tiny', '1.0', "
                f"'{'b' * 64}', :probability, 0.5, 'benign', 'nv', :probabilities, :warnings, 12.5)",
                row,
            )
    engine.dispose()
    return tmp_path


def test_predictions_of_the_first_revision_keep_everything(first_revision: Path) -> None:
    store = open_store(first_revision)
    newest, oldest = store.page(Query()).records
    assert (oldest.filename, oldest.created) == ("Ä 1.jpg", datetime(2026, 11, 1, 10, tzinfo=UTC))
    assert oldest.cautions[0].text == "The image is small." and dict(oldest.probabilities) == {"nv": 0.75}
    assert oldest.threshold == oldest.malignant_from == 0.5 and oldest.review == "open"
    assert store.page(Query()).total == 2
    assert [one.id for one in store.page(Query(filters=(Search("ä 1"),))).records] == [oldest.id]
    assert add_review(store, [newest.id], "Anna")[0].revision == 1
    store.close()


def test_a_migration_that_stops_halfway_leaves_the_old_state(
    first_revision: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dump() -> list[str]:
        with sqlite3.connect(first_revision / "dermaboard.db") as connection:
            return list(connection.iterdump())

    before = dump()

    def stop(_: object) -> None:
        raise OSError(28, "No space left on device")

    # After every table was made, filled and dropped, before the commit.
    monkeypatch.setattr(text_index, "build_text_index", stop)
    with pytest.raises(StoreError, match="No space left"):
        open_store(first_revision)
    assert dump() == before
    monkeypatch.undo()
    store = open_store(first_revision)
    assert store.page(Query()).total == 2
    store.close()


def test_a_locked_database_is_said(
    add: Add, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if store._engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL has no file to lock")
    record = add()
    with store._engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 100")
    monkeypatch.setattr(database, "BUSY_MILLISECONDS", 100)
    store._engine.dispose()
    other = sqlite3.connect(tmp_path / "data/dermaboard.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked"):
        add_review(store, [record.id], "Anna")
    # Readers go on, and so does everything when the lock is gone.
    assert store.get(record.id) == record
    other.execute("ROLLBACK")
    other.close()
    assert add_review(store, [record.id], "Anna")[0].revision == 1


def test_a_corrupt_database_is_said_and_left_alone(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    path = tmp_path / "dermaboard.db"
    data = bytearray(path.read_bytes())
    data[4096:] = os.urandom(len(data) - 4096)
    path.write_bytes(data)
    with pytest.raises(StoreError, match=r"cannot be (used|read)"):
        open_store(tmp_path)
    assert path.read_bytes() == data


def test_a_folder_that_cannot_be_written_is_said(
    store: Store, add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = add()
    store.check()

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("dashboard.store.places.NamedTemporaryFile", refuse)
    monkeypatch.setattr("dashboard.store.places.os.access", lambda *_: False)
    for attempt in (lambda: add(seed=1), store.check):
        with pytest.raises(StoreError, match="Permission denied"):
            attempt()
    monkeypatch.undo()
    assert store.page(Query()).records == (kept,)


def test_a_database_that_cannot_grow_keeps_nothing_and_loses_nothing(
    store: Store, add: Add, files_of: Callable[[], set[str]]
) -> None:
    if store._engine.dialect.name != "sqlite":
        pytest.skip("SQLite can be told how large its file may become")
    kept = add()
    before = files_of()

    def full(connection: sqlite3.Connection, *_: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    store._engine.dispose()
    event.listen(store._engine, "connect", full)
    with pytest.raises(StoreError, match="full"):
        for seed in range(1, 200):
            add(seed=seed, context=Context(note="a long note " * 100))
            before = files_of()
    event.remove(store._engine, "connect", full)
    store._engine.dispose()
    # The rows that came before are there with their images; the files of the one that did not fit are swept.
    assert store.get(kept.id) == kept and store.image(kept.id)
    store.sweep()
    assert files_of() == before
    assert add(seed=500).id in {record.id for record in store.page(Query()).records}


def test_a_database_that_is_read_only_is_read_and_says_so(
    tmp_path: Path, picture: Callable[..., Photograph], said: Callable[..., Prediction]
) -> None:
    first = open_store(tmp_path)
    kept = first.add(picture(1), said(picture(1)), "kept.jpg")
    first.close()
    store = open_store(tmp_path, f"sqlite:///file:{tmp_path}/dermaboard.db?mode=ro&uri=true")
    for attempt in (
        lambda: store.add(picture(2), said(picture(2)), "x.jpg"),
        lambda: add_review(store, [kept.id], "Anna"),
        lambda: store.delete([kept.id]),
        store.check,
    ):
        with pytest.raises(StoreError, match="readonly"):
            attempt()
    assert store.page(Query()).records == (kept,) and store.image(kept.id)
    store.close()


def test_a_missing_image_is_said_and_the_rest_is_there(store: Store, add: Add) -> None:
    record = add()
    assert store.thumbnail(record.id)
    store.files.place.remove(store.files.image(record.sha256))
    with pytest.raises(NotFound, match="missing from the data folder"):
        store.image(record.id)
    assert store.get(record.id) == record and store.thumbnail(record.id)
    assert store.delete([record.id]) == 1


@pytest.mark.parametrize("offset", [10**6, 2**62])
def test_a_page_far_behind_the_end_is_empty(store: Store, add: Add, offset: int) -> None:
    add()
    for query in (Query(offset=offset), Query(offset=offset, filters=(Search("lesion"),))):
        page = store.page(query)
        assert page.records == () and page.total == 1 and page.next is None


@pytest.mark.parametrize(
    "after", ["", "x", "W10", "bnVsbA", "[]", "ä", "eyJhIjoxfQ", "WyIyMDI2IiwgMV0", "W251bGwsIG51bGxd"]
)
def test_a_made_up_place_to_go_on_from_is_refused(after: str) -> None:
    with pytest.raises(QueryError, match="first page"):
        Query(after=after)


def test_questions_that_cannot_be_meant_are_refused() -> None:
    late, early = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    with pytest.raises(QueryError, match="wrong way round"):
        Query(filters=(Range("created", late, early),))
    with pytest.raises(QueryError, match="1,000 characters"):
        Query(filters=(Search("x" * 1001),))
    with pytest.raises(QueryError, match="not both"):
        Query(offset=5, after="W10")


def test_pages_that_follow_a_row_miss_nothing_when_rows_come_and_go(store: Store, add: Add) -> None:
    ids = [add(str(number)).id for number in range(9)]
    first = store.page(Query(limit=3))
    store.delete([first.records[-1].id])
    add("new")
    second = store.page(Query(limit=3, after=first.next))
    third = store.page(Query(limit=3, after=second.next))
    assert [one.id for one in (*second.records, *third.records)] == ids[5::-1]
    assert third.next is None


def test_images_may_lie_at_any_address(
    tmp_path: Path, picture: Callable[..., Photograph], said: Callable[..., Prediction]
) -> None:
    for address in (f"memory://{uuid4().hex}", f"file://{tmp_path}/elsewhere"):
        store = open_store(tmp_path / uuid4().hex, image_store=address)
        kept, gone = (store.add(picture(seed), said(picture(seed)), "x.jpg") for seed in (1, 2))
        assert store.image(kept.id) and store.thumbnail(kept.id) and store.heatmap(kept.id)
        store.delete([gone.id])
        assert len(list(store.files.every())) == 2
        store.files.place.stage({f"images/ab/{'ab' * 32}.jpg": b"left"}).commit()
        assert store.sweep() == 1 and store.image(kept.id)
        store.check()
        store.close()


@pytest.mark.parametrize("address", ["s3://bucket/folder", "nothing-known://x"])
def test_an_address_that_needs_something_is_said(address: str) -> None:
    try:
        import s3fs  # noqa: F401
    except ImportError:
        with pytest.raises(StoreError, match="DERMABOARD_IMAGE_STORE"):
            RemoteFolder(address)

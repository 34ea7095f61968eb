"""A backup is believed in nothing: what is wrong, too much or of another is refused, and the store stays as it was."""

import gzip
import io
import json
import tarfile
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from dashboard.store import Context, Query, Record, Search, Store, StoreError, open_store
from dashboard.store.backup import DIGEST, ROWS, add_file, write_backup
from dashboard.store.backup_rows import (
    AuditRow,
    CautionRow,
    HoldRow,
    PredictionRow,
    ReviewRow,
    TokenRow,
    TrailRow,
    UserRow,
)
from dashboard.store.case_lines import WORKED_OUT
from dashboard.store.restore import import_backup, restore_backup
from dashboard.store.schema import audit, holds, predictions, reviews
from dashboard.store.user_tables import api_tokens, trail, users
from model.cautions import Caution
from tests.dashboard.reviews import add_review

Add = Callable[..., Record]
Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def record(store: Store, add: Add) -> Record:
    """One prediction with a review, kept in all.tar."""
    added = add("arm.jpg", seed=1, context=Context(age=50, lesion="L1", note="private"))
    return add_review(store, [added.id], "Anna", "mel", "histology", note="clear", add_tags=["x"])[0]


@pytest.fixture
def backup(store: Store, record: Record, tmp_path: Path) -> Path:
    write_backup(store, tmp_path / "all.tar")
    return tmp_path / "all.tar"


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Store]:
    """An empty store elsewhere."""
    store = open_store(tmp_path / "elsewhere")
    yield store
    store.close()


def rewritten(backup: Path, change: Change) -> Path:
    """The same backup with another row, and digests that are right."""
    other = backup.with_name("other.tar")
    with tarfile.open(backup) as old, tarfile.open(other, "w", format=tarfile.PAX_FORMAT) as new:
        for entry in old.getmembers():
            data = old.extractfile(entry).read()  # type: ignore[union-attr]
            if entry.name == ROWS:
                (line,) = gzip.decompress(data).splitlines()
                row = json.loads(line)
                change(row)
                data = gzip.compress(json.dumps(row).encode() + b"\n")
            add_file(new, entry.name, io.BytesIO(data))
    return other


WRONG: dict[str, Change] = {
    "no such decision": lambda case: case["prediction"].update(decision="perhaps"),
    "a decision that its probability does not come to": lambda case: case["prediction"].update(
        decision="malignant"
    ),
    "more than certain": lambda case: case["prediction"].update(probability=1.5),
    "not a number": lambda case: case["prediction"].update(probability=float("nan")),
    "an infinite threshold": lambda case: case["prediction"].update(malignant_from=float("inf")),
    "a text for a number": lambda case: case["prediction"].update(probability="0.1"),
    "a probability of a diagnosis": lambda case: case["prediction"]["probabilities"].update(mel=2),
    "a digest that is a path": lambda case: case["prediction"].update(sha256="../../etc/passwd"),
    "an id that is a path": lambda case: case["prediction"].update(
        id="../../../../../../../../../etc/passwd"
    ),
    "no time": lambda case: case["prediction"].update(created="yesterday"),
    "a time without a zone": lambda case: case["prediction"].update(created="2026-01-01T00:00:00"),
    "a NUL": lambda case: case["prediction"].update(filename="a\0b"),
    "an age": lambda case: case["prediction"].update(age=900),
    "no such state": lambda case: case["prediction"].update(review=17),
    "a caution without a text": lambda case: case["prediction"].update(cautions=[{"code": "x"}]),
    "half a lesion": lambda case: case["prediction"].update(similar=[["a", "b"]]),
    "a column too many": lambda case: case["prediction"].update(admin=True),
    "a column too few": lambda case: case["prediction"].pop("note"),
    "a source without a diagnosis": lambda case: case["reviews"][0].update(diagnosis=None),
    "another's trail": lambda case: case["audit"][0].update(prediction_id="0" * 36),
    "half a change": lambda case: case["audit"][0].update(detail={"age": 5}),
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_a_wrong_row_is_refused_and_named(
    backup: Path, target: Store, tmp_path: Path, change: Change
) -> None:
    with pytest.raises(StoreError, match=r"line 1 of its rows is wrong"):
        restore_backup(target, rewritten(backup, change))
    assert target.page(Query()).total == 0
    assert not list((tmp_path / "elsewhere").rglob("*.*g"))


def test_what_follows_from_the_rest_is_not_believed(backup: Path, target: Store, record: Record) -> None:
    def lie(case: dict[str, Any]) -> None:
        case["prediction"].update(
            words="nothing",
            review=0,
            confirmed="nv",
            confirmed_by="expert",
            tags=["y"],
            filename_folded="zzz",
        )

    restore_backup(target, rewritten(backup, lie))
    assert target.get(record.id) == record
    assert target.page(Query(filters=(Search("clear"),))).total == 1 and target.values("tag") == ("x",)


def test_every_column_is_checked() -> None:
    rows = {PredictionRow: predictions, ReviewRow: reviews, AuditRow: audit}
    rows |= {UserRow: users, TokenRow: api_tokens, TrailRow: trail}
    for row, table in rows.items():
        places = {"seq"} & {*row.model_fields}
        assert {*row.model_fields} == {column.name for column in table.columns} - (WORKED_OUT - places)
    assert {*HoldRow.model_fields} == {column.name for column in holds.columns} - {"prediction_id"}
    assert set(CautionRow.model_fields) == {field.name for field in fields(Caution)}


def test_a_flipped_byte_in_a_picture_is_noticed(backup: Path, target: Store) -> None:
    whole = bytearray(backup.read_bytes())
    with tarfile.open(backup) as archive:
        places = [(entry.name, entry.offset_data + entry.size // 2) for entry in archive.getmembers()]
        assert all(DIGEST in entry.pax_headers for entry in archive.getmembers())
    for name, at in places:
        whole[at] ^= 1
        backup.write_bytes(whole)
        with pytest.raises(StoreError, match="damaged"):
            restore_backup(target, backup)
        assert target.page(Query()).total == 0, name
        whole[at] ^= 1


@pytest.mark.parametrize("line", [b"x", b"[" * 1000, b'{"prediction": ' * 1000])
def test_a_bomb_is_refused_at_little_memory(target: Store, tmp_path: Path, line: bytes) -> None:
    bomb = io.BytesIO()
    with gzip.open(bomb, "wb") as file:
        for _ in range(200_000_000 // (len(line) * 1000)):
            file.write(line * 1000)
    with tarfile.open(tmp_path / "bomb.tar", "w", format=tarfile.PAX_FORMAT) as archive:
        add_file(archive, "dermaboard.json", io.BytesIO(b'{"format": 2}'))
        add_file(archive, ROWS, bomb)
    tracemalloc.start()
    with pytest.raises(StoreError, match="line 1 of its rows is too long"):
        restore_backup(target, tmp_path / "bomb.tar")
    assert tracemalloc.get_traced_memory()[1] < 100_000_000
    tracemalloc.stop()


def test_a_file_that_is_mostly_holes_is_refused(target: Store, tmp_path: Path) -> None:
    hole = tarfile.TarInfo("heatmaps/" + "0" * 36 + ".png")
    hole.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": str(1 << 40)}
    with tarfile.open(tmp_path / "holes.tar", "w", format=tarfile.PAX_FORMAT) as archive:
        add_file(archive, "dermaboard.json", io.BytesIO(b'{"format": 1}'))
        data = b"1\n0\n0\n".ljust(512, b"\0")
        hole.size = len(data)
        archive.addfile(hole, io.BytesIO(data))
    with pytest.raises(StoreError, match="no place there"):
        restore_backup(target, tmp_path / "holes.tar")


def test_what_was_deleted_stays_deleted(
    store: Store, record: Record, add: Add, backup: Path, tmp_path: Path
) -> None:
    kept = add("other.jpg", seed=2)
    store.delete([record.id], who="Ben")
    done = import_backup(store, backup)
    assert (done.predictions, done.deleted) == (0, 1)
    assert [one.id for one in store.stream(Query())] == [kept.id]
    assert not list((tmp_path / "data").rglob(f"{record.sha256}*"))
    assert "private" not in str(store.audit(record.id))
    # A folder that remembers a deletion is not empty.
    store.delete([kept.id])
    with pytest.raises(StoreError, match="not empty"):
        restore_backup(store, backup)


def test_a_deletion_elsewhere_does_not_stand_in_the_trail_of_what_is_here(
    store: Store, record: Record, backup: Path, target: Store, tmp_path: Path
) -> None:
    restore_backup(target, backup)
    store.delete([record.id])
    write_backup(store, tmp_path / "later.tar")
    import_backup(target, tmp_path / "later.tar")
    assert "deleted" not in {line.action for line in target.audit(record.id)}
    assert target.image(record.id)


def test_a_backup_while_cases_are_deleted_has_none_without_its_pictures(
    store: Store, add: Add, target: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = [add(f"{seed}.jpg", seed=seed) for seed in range(6)]
    read, doomed = type(store.files.place).read, [records[1].id, records[4].id]

    def overtaken(place: Any, name: str) -> bytes:
        if doomed and "images/" in name:
            deleting = threading.Thread(target=store.delete, args=([doomed.pop()], "Ben"))
            deleting.start()
            deleting.join()
        return read(place, name)

    monkeypatch.setattr(type(store.files.place), "read", overtaken)
    written = write_backup(store, tmp_path / "all.tar")
    assert (written.predictions, written.missing) == (4, 0)
    assert restore_backup(target, tmp_path / "all.tar").missing == 0
    assert all(target.image(one.id) and target.heatmap(one.id) for one in target.stream(Query()))
    told = [(line.action, line.who) for line in target.audit(records[1].id)]
    assert told == [("binned", "Ben"), ("deleted", "Ben")]

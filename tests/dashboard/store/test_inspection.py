"""`check` says what is missing or wrong, and only that."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import update

from dashboard.__main__ import main
from dashboard.store import Context, Record, Store
from dashboard.store import schema as tables
from dashboard.store.inspection import store_problems
from tests.dashboard.reviews import add_review

Add = Callable[..., Record]


@pytest.fixture
def records(store: Store, add: Add) -> list[Record]:
    kept = [add(f"{seed}.jpg", seed=seed, context=Context(note="x", lesion="L")) for seed in range(5)]
    add_review(store, [kept[0].id], "Anna", "mel", "histology", note="clear", add_tags=["b", "a"])
    add_review(store, [kept[0].id], "Ben", source="withdrawn")
    return kept


def test_a_whole_store_has_no_problem(store: Store, records: list[Record]) -> None:
    assert list(store_problems(store)) == []


def test_every_fault_is_named(store: Store, records: list[Record], tmp_path: Path) -> None:
    files, data = store.files, tmp_path / "data"
    (data / files.image(records[0].sha256)).write_bytes(b"")
    for record in records[2:3]:
        store.thumbnail(record.id)
        damaged = data / files.thumbnail(record.sha256)
        damaged.write_bytes(damaged.read_bytes()[:60])
    with store.writing() as connection:
        for record, wrong in (
            (records[1], {"evidence": None}),
            (records[3], {"decision": "perhaps"}),
            (records[4], {"words": "other"}),
        ):
            connection.execute(
                update(tables.predictions).where(tables.predictions.c.id == record.id).values(wrong)
            )
    found = "\n".join(store_problems(store))
    assert len(found.splitlines()) == 5
    for part in (
        f"{records[0].id}: {files.image(records[0].sha256)} is missing or empty",
        f"{records[1].id}: {files.heatmap(records[1].id)} is missing or empty",
        f"{records[2].id}: {files.thumbnail(records[2].sha256)} is damaged",
        f"{records[3].id}: its row cannot be right, prediction.decision",
        f"{records[4].id}: words do not agree",
    ):
        assert part in found


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_the_command_says_it_with_its_status(
    store: Store,
    records: list[Record],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DERMABOARD_DATA_DIR", str(tmp_path / "data"))
    assert main(["check"]) == 0
    assert "Everything is there" in capsys.readouterr().out
    store.files.place.remove(store.files.image(records[0].sha256))
    assert main(["check"]) == 1
    assert "1 things are wrong" in capsys.readouterr().out

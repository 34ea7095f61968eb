"""A backup brings back everything, also into the other kind of database."""

import json
import shutil
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dashboard.__main__ import main
from dashboard.store import Context, OneOf, Query, Record, Search, Store, StoreError, open_store
from dashboard.store.backup import write_backup
from dashboard.store.bin import CaseBin
from dashboard.store.holds import Holds
from dashboard.store.inspection import store_problems
from dashboard.store.restore import backup_times, import_backup, restore_backup
from dashboard.users.accounts import Accounts
from dashboard.users.credentials import Credentials
from dashboard.users.roles import Role
from dashboard.users.trail import Trail, trail_problems
from tests.dashboard.reviews import add_review

Add = Callable[..., Record]


@pytest.fixture
def three(store: Store, add: Add) -> list[Record]:
    """Two predictions of one image and one of another, with reviews; a fourth was deleted."""
    kept = [
        add("a.jpg", seed=1, context=Context(age=50, lesion="L1", note="ümlaut")),
        add("b.jpg", seed=1),
        add(seed=2),
    ]
    add_review(
        store, [kept[0].id, kept[2].id], "Anna", "mel", "histology", note="clear margins", add_tags=["x"]
    )
    store.delete([add(seed=3).id], who="Ben")
    return [store.get(record.id) for record in kept]


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Store]:
    """An empty store elsewhere."""
    store = open_store(tmp_path / "elsewhere")
    yield store
    store.close()


def test_what_was_lost_comes_back(store: Store, three: list[Record], target: Store, tmp_path: Path) -> None:
    trails = [store.audit(record.id) for record in three]
    reviews = store.reviews(three[0].id)
    image, heatmap = store.image(three[0].id), store.heatmap(three[1].id)
    written = write_backup(store, tmp_path / "all.tar")
    assert (written.predictions, written.files, written.missing) == (3, 2, 0)
    store.close()
    shutil.rmtree(tmp_path / "data")

    assert restore_backup(target, tmp_path / "all.tar").predictions == 3
    assert list(target.stream(Query())) == three[::-1]
    assert [target.audit(record.id) for record in three] == trails
    assert target.reviews(three[0].id) == reviews
    assert target.image(three[0].id) == image and target.heatmap(three[1].id) == heatmap
    assert target.page(Query()).total == 3 and target.values("tag") == ("x",)
    assert target.page(Query(filters=(Search("margins"),))).total == 2
    assert target.sweep() == 0
    with target.reading() as connection:
        gone = connection.exec_driver_sql("SELECT who FROM audit WHERE action = 'deleted'").scalars().all()
    assert gone == ["Ben"]


def test_bin_holds_users_tokens_and_trail_come_back(
    store: Store, three: list[Record], target: Store, tmp_path: Path
) -> None:
    CaseBin(store).put([three[0].id], "Ben")
    Holds(store).put([three[0].id, three[1].id], "a lawsuit", "Ann")
    Accounts(store).add("anna", Role.CLINICIAN, "correct horse")
    token = Credentials(store).add_token("anna", 3)
    Trail(store).write("anna", "exported", "predictions.csv", "q=ümlaut")
    written = write_backup(store, tmp_path / "all.tar")
    assert (written.predictions, written.binned, written.users, written.files) == (2, 1, 1, 2)
    assert restore_backup(target, tmp_path / "all.tar") == written

    assert CaseBin(target).cases() == CaseBin(store).cases() and target.audit(three[0].id) == store.audit(
        three[0].id
    )
    for record in three[:2]:
        assert Holds(target).of(record.id) == Holds(store).of(record.id) is not None
    assert Accounts(target).with_password("anna", "correct horse")
    assert Credentials(target).of_token(token)
    assert Trail(target).lines() == Trail(store).lines() and not list(trail_problems(target))
    assert not list(store_problems(target)) and target.sweep() == 0
    assert CaseBin(target).put_back([three[0].id]) and target.get(three[0].id) == three[0]
    with pytest.raises(StoreError, match="not empty"):
        restore_backup(target, tmp_path / "all.tar")


def test_an_import_takes_neither_bin_nor_users(
    store: Store, three: list[Record], target: Store, tmp_path: Path
) -> None:
    CaseBin(store).put([three[2].id])
    Accounts(store).add("anna", Role.CLINICIAN, "correct horse")
    write_backup(store, tmp_path / "all.tar")
    assert import_backup(target, tmp_path / "all.tar").predictions == 2
    assert CaseBin(target).cases() == ((), 0) and Accounts(target).all() == ()
    assert target.sweep() == 0 and len(list(target.files.every())) == 1
    # What is in the bin there stays in it.
    CaseBin(store).put_back([three[2].id])
    write_backup(store, tmp_path / "later.tar")
    import_backup(target, tmp_path / "later.tar")
    CaseBin(target).put([three[2].id])
    assert import_backup(target, tmp_path / "later.tar").deleted == 1
    assert CaseBin(target).cases()[1] == 1 and CaseBin(target).put_back([three[2].id])


def test_the_manifest_says_when_to_delete_it_and_what_it_has_not(
    store: Store, three: list[Record], tmp_path: Path
) -> None:
    write_backup(store, tmp_path / "all.tar")
    with tarfile.open(tmp_path / "all.tar") as archive:
        told = json.loads(archive.extractfile("dermaboard.json").read())  # type: ignore[union-attr]
    written, ends = backup_times(tmp_path / "all.tar")
    assert (told["created"], told["delete_after"]) == (written.isoformat(), ends.isoformat())
    assert (ends - written).days == 30 and "sessions" in told["left_out"]


def test_a_store_with_predictions_is_not_restored_over(
    store: Store, three: list[Record], tmp_path: Path
) -> None:
    write_backup(store, tmp_path / "all.tar")
    with pytest.raises(StoreError, match="not empty"):
        restore_backup(store, tmp_path / "all.tar")


def test_a_part_is_brought_into_another_store_beside_what_is_there(
    store: Store, three: list[Record], target: Store, tmp_path: Path
) -> None:
    query = Query(filters=(OneOf("review", frozenset({"missed"})),))
    assert write_backup(store, tmp_path / "part.tar", query).predictions == 2
    assert import_backup(target, tmp_path / "part.tar").predictions == 2
    write_backup(store, tmp_path / "all.tar")
    second = import_backup(target, tmp_path / "all.tar")
    assert (second.predictions, second.known, second.missing) == (1, 2, 0)
    assert {record.id for record in target.stream(Query())} == {record.id for record in three}
    assert len(target.reviews(three[0].id)) == 1 and target.page(Query()).total == 3


def test_a_missing_picture_is_counted_and_stops_nothing(
    store: Store, three: list[Record], target: Store, tmp_path: Path
) -> None:
    store.files.place.remove(store.files.image(three[0].sha256))
    # Two of them have it.
    assert write_backup(store, tmp_path / "all.tar").missing == 2
    assert restore_backup(target, tmp_path / "all.tar").missing == 2


def test_a_damaged_file_changes_nothing(
    store: Store, three: list[Record], target: Store, tmp_path: Path
) -> None:
    write_backup(store, tmp_path / "all.tar")
    whole = (tmp_path / "all.tar").read_bytes().rstrip(b"\0")
    with tarfile.open(tmp_path / "foreign.tar", "w") as archive:
        archive.add(__file__, "dermaboard.json")
    broken = {
        "empty": b"",
        "text": b"no archive at all" * 1000,
        "foreign": (tmp_path / "foreign.tar").read_bytes(),
    }
    broken |= {f"cut at {share}": whole[: len(whole) * share // 10] for share in range(1, 10)}
    for name, data in broken.items():
        (tmp_path / "broken.tar").write_bytes(data)
        with pytest.raises(StoreError, match=r"backup|read"):
            restore_backup(target, tmp_path / "broken.tar")
        assert target.page(Query()).total == 0, name
    target.sweep()
    assert not list((tmp_path / "elsewhere").rglob("*.*g"))
    with pytest.raises(StoreError, match="cannot be read"):
        restore_backup(target, tmp_path / "nowhere.tar")


def test_names_that_lead_out_of_the_folder_are_refused(target: Store, tmp_path: Path) -> None:
    for name in ("../evil.jpg", "images/../../evil.jpg", "/etc/evil", "heatmaps/x/" + "0" * 36 + ".png"):
        with tarfile.open(tmp_path / "evil.tar", "w") as archive:
            (tmp_path / "head").write_text('{"format": 1}')
            archive.add(tmp_path / "head", "dermaboard.json")
            archive.add(tmp_path / "head", name)
        with pytest.raises(StoreError, match="no place there"):
            restore_backup(target, tmp_path / "evil.tar")


def test_a_backup_is_written_over_nothing(store: Store, tmp_path: Path) -> None:
    (tmp_path / "all.tar").write_text("mine")
    with pytest.raises(StoreError, match="exists already"):
        write_backup(store, tmp_path / "all.tar")
    assert (tmp_path / "all.tar").read_text() == "mine"


def test_the_command_line_backs_up_restores_and_exports(
    store: Store,
    three: list[Record],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_backup(store, tmp_path / "all.tar")
    monkeypatch.setenv("DERMABOARD_DATA_DIR", str(tmp_path / "other"))
    assert main(["restore", str(tmp_path / "all.tar")]) == 0
    told = capsys.readouterr().out
    assert "3 predictions are here again" in told and "deleted or erased since is here again" in told
    assert main(["restore", str(tmp_path / "all.tar")]) == 2
    assert "not empty" in capsys.readouterr().err
    assert main(["import", str(tmp_path / "all.tar")]) == 0
    assert main(["backup", str(tmp_path / "again.tar")]) == 0
    assert main(["export", str(tmp_path / "all.parquet")]) == 0
    assert (tmp_path / "again.tar").exists() and (tmp_path / "all.parquet").exists()

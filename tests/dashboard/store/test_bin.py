"""The bin: what is deleted is nowhere, can be put back as it was for 30 days, and is then gone with its files."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine, update

from dashboard.store import Conflict, Context, NotFound, OneOf, Query, Record, Search, Store
from dashboard.store.bin import KEPT, CaseBin
from dashboard.store.counted import count_miscounted
from dashboard.store.errors import Held, InputError, StoreError
from dashboard.store.export import csv_table
from dashboard.store.holds import Holds
from dashboard.store.inspection import store_problems
from dashboard.store.patients import Patients
from dashboard.store.schema import binned, predictions
from dashboard.store.summary import count_outcomes, model_versions, newest_photographs, same_image
from tests.clock import Clock
from tests.dashboard.reviews import add_review

Add = Callable[..., Record]
Names = Callable[[], set[str]]
DAY = timedelta(days=1)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bin_(store: Store, clock: Clock) -> CaseBin:
    return CaseBin(store, clock)


@pytest.fixture
def record(store: Store, add: Add) -> Record:
    """A case that people have worked on."""
    added = add("arm.jpg", seed=1, probability=0.3, context=Context(age=50, lesion="L1", note="itches"))
    return add_review(store, [added.id], "Anna", "mel", "histology", note="clear margins", add_tags=["x"])[0]


def counted(store: Store) -> int:
    """Photographs that monitoring counts."""
    return sum(count_outcomes(store).photographs.values())


def test_what_is_deleted_is_nowhere(
    store: Store, add: Add, bin_: CaseBin, record: Record, engine: Engine
) -> None:
    kept = add("leg.jpg", seed=2)
    assert bin_.put([record.id, "unknown", record.id], "Ben") == (record.id,)
    for ask in (store.get, store.image, store.thumbnail, store.heatmap, store.reviews):
        with pytest.raises(NotFound):
            ask(record.id)
    assert store.get_many([record.id]) == {} and same_image(store, record.sha256) == ()
    assert Patients(store).cases_of_lesion(record.lesion_id) == ()
    assert store.page(Query()).records == (kept,) and list(store.stream(Query())) == [kept]
    for search in ("arm", "itches", "margins"):
        assert store.page(Query(filters=(Search(search),))).total == 0
    assert store.page(Query(filters=(OneOf("tag", frozenset({"x"})),))).total == 0
    assert store.values("tag") == () == store.values("site") and store.latest().id == kept.id
    assert counted(store) == 1 and len(newest_photographs(store).scores) == 1
    assert [version.photographs for version in model_versions(store)] == [1]
    assert record.id not in b"".join(csv_table(store, store.stream(Query()))).decode()
    with pytest.raises(NotFound):
        store.change({record.id: None}, {"age": 1})
    with engine.connect() as connection:
        assert count_miscounted(connection) == 0
    assert [(one.record, one.who) for one in bin_.cases()[0]] == [(record, "Ben")] and bin_.cases()[1] == 1
    assert [line.action for line in store.audit(record.id)][-1] == "binned"
    assert list(store_problems(store)) == []


def test_what_is_put_back_is_what_it_was(store: Store, add: Add, bin_: CaseBin, record: Record) -> None:
    later = add("later.jpg", seed=3)
    reviews, image, heatmap = store.reviews(record.id), store.image(record.id), store.heatmap(record.id)
    bin_.put([record.id], "Ben")
    assert store.sweep() == 0
    assert bin_.put_back([record.id, "unknown"], "Cem") == (record.id,)
    assert store.get(record.id) == record and store.reviews(record.id) == reviews
    assert store.image(record.id) == image and store.heatmap(record.id) == heatmap
    assert store.page(Query(filters=(Search("margins"),))).records == (record,)
    assert store.page(Query(filters=(OneOf("tag", frozenset({"x"})),))).records == (record,)
    # In its old place.
    assert store.page(Query()).records == (later, record) and store.latest().id == later.id
    last = [(line.action, line.who) for line in store.audit(record.id)][-2:]
    assert last == [("binned", "Ben"), ("put back", "Cem")]
    assert bin_.cases() == ((), 0) and bin_.put_back([record.id]) == () and list(store_problems(store)) == []


def test_the_first_prediction_of_a_photograph_counts_again(store: Store, add: Add, bin_: CaseBin) -> None:
    first, second = add(seed=1, probability=0.1), add(seed=1, probability=0.2)
    bin_.put([first.id])
    assert newest_photographs(store).scores == (0.2,)
    bin_.put_back([first.id])
    assert newest_photographs(store).scores == (0.1,) and list(store_problems(store)) == []
    # SQLite gives the number of its last row to the next one.
    bin_.put([second.id])
    third = add(seed=2)
    bin_.put_back([second.id])
    assert {one.id for one in store.stream(Query())} == {first.id, second.id, third.id}
    assert list(store_problems(store)) == []


def test_a_case_is_deleted_for_good_after_thirty_days(
    store: Store, add: Add, bin_: CaseBin, clock: Clock, record: Record, files_of: Names
) -> None:
    before = files_of()
    shared = add("same.jpg", seed=1)
    bin_.put([record.id], "Ben")
    clock.now += KEPT - timedelta(seconds=1)
    assert bin_.expire() == () and bin_.cases()[0][0].ends > clock.now
    clock.now += timedelta(seconds=1)
    assert bin_.expire() == (record.id,) and bin_.expire() == ()
    assert bin_.put_back([record.id]) == () and store.image(shared.id)
    # The other case shows the same photograph.
    assert files_of() == before
    assert CaseBin(store).put([shared.id]) and CaseBin(store).delete([shared.id], "Ann") == (shared.id,)
    assert files_of() == set()
    trail = [(line.action, line.who) for line in store.audit(record.id)]
    assert trail[-2:] == [("binned", "Ben"), ("deleted", "retention")]
    assert "itches" not in str(store.audit(record.id)) and "margins" not in str(store.audit(record.id))
    assert list(store_problems(store)) == []


def test_a_clock_that_jumps_back_deletes_nothing_early(
    store: Store, bin_: CaseBin, clock: Clock, record: Record
) -> None:
    bin_.put([record.id])
    clock.now -= 400 * DAY
    assert bin_.expire() == () and bin_.retire(10 * DAY) == ()
    clock.now += 400 * DAY
    assert bin_.expire() == ()
    clock.now += KEPT
    assert bin_.expire() == (record.id,)


def test_old_cases_go_to_the_bin_and_then_for_good(
    store: Store, add: Add, bin_: CaseBin, clock: Clock, engine: Engine
) -> None:
    old, young = add(seed=1), add(seed=2)
    held = add(seed=3, context=Context(lesion="L2"))
    with engine.begin() as connection:
        aged = predictions.c.id.in_([old.id, held.id])
        connection.execute(update(predictions).where(aged).values(created=clock.now - 400 * DAY))
    Holds(store).put([held.id], "a lawsuit", "Ann")
    assert bin_.retire(401 * DAY) == ()
    assert bin_.retire(365 * DAY) == (old.id,)
    assert {one.id for one in store.stream(Query())} == {young.id, held.id}
    assert bin_.cases()[0][0].who == "retention"
    clock.now += KEPT
    assert bin_.expire() == (old.id,)


def test_what_is_held_is_not_deleted(
    store: Store, add: Add, bin_: CaseBin, clock: Clock, record: Record
) -> None:
    other, holds = add(seed=2), Holds(store)
    with pytest.raises(InputError, match="why"):
        holds.put([record.id], " ")
    with pytest.raises(NotFound):
        holds.put(["unknown"], "why")
    assert holds.put([record.id], "a lawsuit", "Ann") == (record.id,)
    assert holds.put([record.id], "another one", "Ben") == ()
    hold = holds.of(record.id)
    assert hold is not None and (hold.reason, hold.who) == ("a lawsuit", "Ann")
    for attempt in (bin_.put, store.delete):
        with pytest.raises(Held, match=r"Ann .*a lawsuit"):
            attempt([other.id, record.id])
    assert store.get(other.id) and store.get(record.id)
    assert holds.release([record.id, other.id], "Cem") == (record.id,) and holds.of(record.id) is None
    told = [(line.action, line.who, dict(line.detail)) for line in store.audit(record.id)][-2:]
    assert told == [
        ("held", "Ann", {"hold": [None, "a lawsuit"]}),
        ("released", "Cem", {"hold": ["a lawsuit", None]}),
    ]
    # In the bin, too.
    bin_.put([record.id])
    holds.put([record.id], "a lawsuit")
    clock.now += 2 * KEPT
    assert bin_.expire() == ()
    with pytest.raises(Held):
        bin_.delete([record.id])
    assert bin_.put_back([record.id]) == (record.id,) and holds.of(record.id)


def test_a_case_that_was_changed_meanwhile_stays(store: Store, bin_: CaseBin, record: Record) -> None:
    with pytest.raises(Conflict, match="Anna"):
        bin_.put([record.id], revision=0)
    assert store.get(record.id) == record and bin_.cases()[1] == 0


def test_many_go_and_come_back_at_once(store: Store, add: Add, bin_: CaseBin) -> None:
    """People delete and put back the same cases at the same time: each is in one place, and whole."""
    ids = [add(f"{seed}.jpg", seed=seed % 4).id for seed in range(12)]
    moved: list[str] = []
    lock = threading.Lock()

    def work(number: int) -> None:
        done = (bin_.put if number % 2 else CaseBin(store).put_back)(ids)
        with lock:
            moved.extend(done)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(24)))
    there = {one.id for one in store.stream(Query())}
    binned_ids = {one.record.id for one in bin_.cases()[0]}
    assert there | binned_ids == set(ids) and not there & binned_ids
    assert sum(len(store.audit(one)) for one in ids) == len(moved) + len(there)
    assert store.sweep() == 0 and list(store_problems(store)) == []


def test_a_hold_set_while_the_bin_is_emptied_holds(
    store: Store, add: Add, bin_: CaseBin, clock: Clock
) -> None:
    ids = [add(seed=seed).id for seed in range(20)]
    bin_.put(ids)
    clock.now += KEPT
    with ThreadPoolExecutor(4) as pool:
        emptied = [pool.submit(CaseBin(store, clock).expire) for _ in range(2)]
        held = pool.submit(Holds(store).put, ids[10:], "a lawsuit")
        gone = [one for done in emptied for one in done.result()]
    # Whichever came first: what is held is there, what is gone is gone once.
    try:
        kept = set(held.result())
    except NotFound:
        kept = set()
    assert sorted([*gone, *(one.record.id for one in bin_.cases()[0])]) == sorted(ids)
    assert {one.record.id for one in bin_.cases()[0]} == kept
    assert store.sweep() == 0


def test_a_stop_between_row_and_files_leaves_files_only(
    store: Store,
    bin_: CaseBin,
    record: Record,
    clock: Clock,
    files_of: Names,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bin_.put([record.id])
    clock.now += KEPT

    def stopped(_store: Store, _deleted: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Store, "remove_files", stopped)
        with pytest.raises(KeyboardInterrupt):
            bin_.expire()
    assert bin_.cases() == ((), 0) and len(files_of()) == 1
    assert store.sweep() == 1 and files_of() == set()


def test_a_damaged_case_in_the_bin_says_so_and_can_be_deleted(
    store: Store, bin_: CaseBin, record: Record, engine: Engine
) -> None:
    bin_.put([record.id])
    with engine.begin() as connection:
        line = connection.execute(binned.select()).one().line
        line["prediction"]["width"] = -1
        connection.execute(update(binned).values(line=line))
    with pytest.raises(StoreError, match="stays in the bin: prediction"):
        bin_.put_back([record.id])
    assert bin_.cases()[1] == 1 and bin_.delete([record.id]) == (record.id,)

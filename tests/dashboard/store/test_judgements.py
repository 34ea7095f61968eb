"""What readers say before and after they see a result: stored once, kept everywhere, counted."""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread

import pytest

from dashboard.store import Conflict, InputError, NotFound, OneOf, Query, Record, Store, open_store
from dashboard.store.backup import write_backup
from dashboard.store.bin import CaseBin
from dashboard.store.export import csv_table, json_lines
from dashboard.store.inspection import store_problems
from dashboard.store.judgements import HIDDEN, UNTOLD, Judge, Judgements, Opened, hidden_record
from dashboard.store.restore import restore_backup
from dashboard.store.schema import utc_now
from dashboard.store.summary import count_judged

ANNA, BERT = "a" * 32, "b" * 32
Add = Callable[..., Record]


@pytest.fixture
def anna(store: Store) -> Judge:
    """A reader who judges first from now on."""
    Judgements(store).switch(ANNA, True)
    return Judge(ANNA, "anna", Judgements(store).since(ANNA, False))


def said(store: Store, record: Record) -> list[tuple[str, bool]]:
    return [(one.opinion, one.seen) for one in store.get(record.id).judgements]


def test_a_judgement_comes_first_and_once_and_can_be_changed_after(
    store: Store, add: Add, anna: Judge
) -> None:
    record, judgements = add(), Judgements(store)
    assert judgements.hidden(anna, [record]) == {record.sha256}
    with pytest.raises(Conflict, match="not judged this photograph yet"):
        judgements.add(record.id, anna, "benign", None, seen=True)
    judgements.add(record.id, anna, "benign", "mel", seen=False)
    assert judgements.hidden(anna, [record]) == frozenset()
    with pytest.raises(Conflict, match="judged this photograph already"):
        judgements.add(record.id, anna, "malignant", None, seen=False)
    judgements.add(record.id, anna, "malignant", None, seen=True)
    assert said(store, record) == [("benign", False), ("malignant", True)]
    first = store.get(record.id).judgements[0]
    assert (first.who, first.reader, first.diagnosis) == ("anna", ANNA, "mel")
    lines = [(line.action, line.who, line.detail["judgement"]) for line in store.audit(record.id)[1:]]
    assert lines == [("judged", "anna", [None, "benign"]), ("judged", "anna", ["benign", "malignant"])]
    # Nobody's review is older for it.
    assert store.get(record.id).revision == record.revision
    assert not list(store_problems(store))


def test_what_may_have_been_seen_is_not_judged(store: Store, add: Add, anna: Judge) -> None:
    judgements, record = Judgements(store), add(seed=1)
    sees = replace(anna, since=None)
    with pytest.raises(Conflict, match="may have seen the result"):
        judgements.add(record.id, sees, "benign", None, seen=False)
    # Who switches it off and on again may have looked meanwhile.
    judgements.switch(ANNA, False)
    assert judgements.since(ANNA, True) is None
    judgements.switch(ANNA, True)
    later = replace(anna, since=judgements.since(ANNA, False))
    assert judgements.hidden(later, [record]) == frozenset()
    for seen in (False, True):
        with pytest.raises(Conflict, match="may have seen the result"):
            judgements.add(record.id, later, "benign", None, seen=seen)
    # The same photograph, predicted again, tells nothing new; another one does.
    assert judgements.hidden(later, [add(seed=1), other := add(seed=2)]) == {other.sha256}
    assert store.get(record.id).judgements == ()


def test_what_does_not_fit_is_refused(store: Store, add: Add, anna: Judge) -> None:
    record, judgements = add(), Judgements(store)
    for opinion, diagnosis in (("no_result", None), ("", None), ("benign", "nonsense")):
        with pytest.raises(InputError):
            judgements.add(record.id, anna, opinion, diagnosis, seen=False)
    with pytest.raises(NotFound):
        judgements.add("0" * 36, anna, "benign", None, seen=False)
    assert store.get(record.id).judgements == ()


def test_of_two_tabs_one_judges_first(store: Store, add: Add, anna: Judge) -> None:
    record, start, failed = add(), Barrier(4), list[Exception]()

    def judge(opinion: str) -> None:
        start.wait()
        try:
            Judgements(store).add(record.id, anna, opinion, None, seen=False)
        except Conflict as error:
            failed.append(error)

    threads = [Thread(target=judge, args=(one,)) for one in ("benign", "malignant", "benign", "uncertain")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(failed) == 3 and len(store.get(record.id).judgements) == 1


def test_readers_do_not_open_results_for_each_other(store: Store, add: Add, anna: Judge) -> None:
    record, judgements = add(), Judgements(store)
    bert = Judge(BERT, "bert", anna.since)
    judgements.add(record.id, anna, "benign", None, seen=False)
    assert judgements.hidden(bert, [record]) == {record.sha256}
    judgements.add(record.id, bert, "malignant", None, seen=False)
    assert [one.who for one in store.get(record.id).judgements] == ["anna", "bert"]


def test_the_setting_holds_for_whoever_has_not_chosen(store: Store) -> None:
    judgements = Judgements(store)
    judgements.set_usual(True)
    first = judgements.since(ANNA, True)
    assert first is not None and judgements.since(ANNA, False) is None
    judgements.set_usual(True)
    assert judgements.since(ANNA, True) == first
    judgements.switch(ANNA, False)
    assert judgements.since(ANNA, True) is None and judgements.since(BERT, True) == first
    judgements.set_usual(False)
    judgements.set_usual(True)
    assert (judgements.since(BERT, True) or utc_now()) > first


def test_what_would_tell_hidden_results_apart_leaves_them_out(store: Store, add: Add, anna: Judge) -> None:
    judged, hidden = add(seed=1), add(seed=2)
    Judgements(store).add(judged.id, anna, "benign", None, seen=False)
    assert anna.since is not None
    query = Query(filters=(OneOf("outcome", frozenset({"benign"})), Opened(ANNA, anna.since)))
    assert [one.id for one in store.page(query).records] == [judged.id]
    assert hidden.outcome == "benign"


def test_a_hidden_record_holds_nothing_of_the_result(add: Add) -> None:
    record = hidden_record(add())
    assert record.outcome == HIDDEN
    kept = {one.name for one in fields(Record)} - set(UNTOLD)
    assert kept == {
        *("id", "created", "filename", "sha256", "width", "height", "milliseconds", "context", "revision"),
        *("model", "model_version", "model_sha256", "crop", "replaces", "lesion_id", "optics"),
    }


def test_judgements_are_kept_in_bin_backup_and_exports(
    store: Store, add: Add, anna: Judge, tmp_path: Path
) -> None:
    record, judgements = add(), Judgements(store)
    judgements.add(record.id, anna, "uncertain", "mel", seen=False)
    judgements.add(record.id, anna, "malignant", None, seen=True)
    before = store.get(record.id)
    (row,) = list(b"".join(csv_table(store, [before])).decode().splitlines())[1:]
    assert "before the result by anna: uncertain mel" in row and "after the result by anna: malignant" in row
    assert b'"opinion": "uncertain"' in b"".join(json_lines(store, [before]))
    CaseBin(store).put([record.id])
    write_backup(store, tmp_path / "binned.tar")
    CaseBin(store).put_back([record.id])
    assert store.get(record.id).judgements == before.judgements
    write_backup(store, tmp_path / "all.tar")
    for name in ("binned", "all"):
        other = open_store(tmp_path / name)
        restore_backup(other, tmp_path / f"{name}.tar")
        if name == "binned":
            CaseBin(other).put_back([record.id])
        assert other.get(record.id).judgements == before.judgements
        assert not list(store_problems(other))
        other.close()


def test_judgements_are_counted_beside_the_outcome(store: Store, add: Add, anna: Judge) -> None:
    judgements, bert = Judgements(store), Judge(BERT, "bert", anna.since)
    for seed, first, last in ((1, "benign", ""), (2, "malignant", "benign"), (3, "uncertain", "uncertain")):
        record = add(seed=seed)
        judgements.add(record.id, anna, first, None, seen=False)
        if last:
            judgements.add(record.id, anna, last, None, seen=True)
    judgements.add(record.id, bert, "malignant", None, seen=False)
    assert count_judged(store) == {
        ("benign", "benign", ""): 1,
        ("malignant", "benign", "benign"): 1,
        ("uncertain", "benign", "uncertain"): 1,
        ("malignant", "benign", ""): 1,
    }
    assert not count_judged(store, utc_now() + timedelta(days=1))

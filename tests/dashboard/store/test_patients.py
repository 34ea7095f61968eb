"""Patients and lesions: made by their names, corrected, moved, merged and parted, and what cases show of them."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dashboard.store import (
    Conflict,
    Context,
    InputError,
    NotFound,
    OneOf,
    Query,
    Record,
    Search,
    Store,
    Text,
    open_store,
)
from dashboard.store.backup import write_backup
from dashboard.store.bin import CaseBin
from dashboard.store.export import csv_table
from dashboard.store.inspection import store_problems
from dashboard.store.patients import Patients
from dashboard.store.placing import Patient
from dashboard.store.restore import import_backup, restore_backup
from dashboard.store.schema import utc_now

Add = Callable[..., Record]


@pytest.fixture
def people(store: Store) -> Patients:
    return Patients(store)


def patient(people: Patients, identifier: str) -> Patient:
    """The one patient with this identifier."""
    (found,) = people.find(identifier)
    return found


def names(store: Store, *records: Record) -> list[tuple[str | None, str | None]]:
    """Patient and lesion of cases as they are now."""
    found = [store.get(record.id).context for record in records]
    return [(context.patient, context.lesion) for context in found]


def test_names_find_a_lesion_or_make_one(store: Store, people: Patients, add: Add) -> None:
    first = add("a.jpg", seed=1, context=Context(patient="P-014", lesion="Left calf"))
    same = add("b.jpg", seed=2, context=Context(patient="p-014", lesion="left calf"))
    other = add("c.jpg", seed=3, context=Context(patient="P-022", lesion="Left calf"))
    nobody = add("d.jpg", seed=4)
    loose = add("e.jpg", seed=5, context=Context(patient="P-014"))
    assert first.lesion_id == same.lesion_id != other.lesion_id and nobody.lesion_id is None
    assert names(store, same, loose) == [("P-014", "Left calf"), ("P-014", None)]
    assert [one.details.identifier for one in people.find("p-0")] == ["P-014", "P-022"]
    assert [one.details.identifier for one in people.find("P-014", limit=1)] == ["P-014"]
    assert people.find("P-0", after="P-014") == (patient(people, "P-022"),) and people.find("x") == ()
    found = people.lesions(patient(people, "P-014").id)
    assert [(one.lesion.details.name, one.predictions) for one in found] == [("Left calf", 2), (None, 1)]
    assert store.page(Query(filters=(Text("patient", "p-014", "equals"),))).total == 3
    assert store.page(Query(filters=(Search("p-022 calf"),))).total == 1
    assert not list(store_problems(store))


def test_a_lesion_of_nobody_who_is_named_is_known_by_exactly_its_text(store: Store, add: Add) -> None:
    first, same, other = (
        add(f"{seed}.jpg", seed=seed, context=Context(lesion=name))
        for seed, name in enumerate(("L1", "L1", "l1"))
    )
    of_a_patient = add("p.jpg", seed=4, context=Context(patient="P-1", lesion="L1"))
    assert first.lesion_id == same.lesion_id
    assert len({first.lesion_id, other.lesion_id, of_a_patient.lesion_id}) == 3


def test_the_story_of_a_lesion_is_sorted_by_the_day_of_the_photograph(store: Store, add: Add) -> None:
    days = ("2026-05-20", None, "2025-03-12T10:00:00+01:00", "2025-03-12", "2025-09-18T08:00:00Z")
    for seed, taken in enumerate(days):
        add(f"{seed}.jpg", seed=seed, context=Context(patient="P-1", lesion="1", taken=taken))
    lesion_id = store.page(Query()).records[0].lesion_id or ""
    lesion = OneOf("lesion_id", frozenset({lesion_id}))
    page = store.page(Query(sort=(("taken", "asc"),), filters=(lesion,)))
    wanted = [days[3], days[2], days[4], days[0], None]
    assert [one.context.taken for one in page.records] == wanted
    assert [one.context.taken for one in Patients(store).cases_of_lesion(lesion_id)] == wanted
    (summary,) = Patients(store).lesions(Patients(store).find("P-1")[0].id)
    assert (summary.predictions, summary.undated, summary.first_taken, summary.last_taken) == (
        5,
        1,
        "2025-03-12",
        "2026-05-20",
    )


@pytest.mark.parametrize(
    ("taken", "sentence"),
    [
        ("26.11.2026", "a date or a time like"),
        ("2026-02-30", "The date taken does not fit"),
        ("1899-12-31", "before 1900"),
        ("today", "a date or a time like"),
    ],
)
def test_what_is_no_date_is_refused(taken: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        Context(taken=taken)


def test_a_date_in_the_future_is_refused(store: Store, add: Add) -> None:
    for late in (utc_now() + timedelta(days=2), utc_now() + timedelta(hours=1)):
        with pytest.raises(InputError, match="lies in the future"):
            add(context=Context(taken=late.isoformat(timespec="seconds")))
    # It is tomorrow already on the other side of the earth.
    record = add(context=Context(taken=utc_now().date().isoformat()))
    with pytest.raises(InputError, match="lies in the future"):
        store.change({record.id: None}, {"taken": "2199-01-01"})


def test_a_date_before_birth_is_refused_from_either_side(store: Store, people: Patients, add: Add) -> None:
    record = add("a.jpg", seed=1, context=Context(patient="P-1", lesion="1", taken="2001-05-01"))
    someone = patient(people, "P-1")
    with pytest.raises(InputError, match="taken in 2001"):
        people.correct(someone.id, {"birth_year": 2002})
    with pytest.raises(InputError, match="lies in the future"):
        people.correct(someone.id, {"birth_year": utc_now().year + 1})
    people.correct(someone.id, {"birth_year": 1990})
    with pytest.raises(InputError, match="before the year of birth, 1990"):
        store.change({record.id: None}, {"taken": "1989-12-31"})
    with pytest.raises(InputError, match="before the year of birth"):
        add("b.jpg", seed=2, context=Context(patient="P-1", lesion="2", taken="1980-01-01"))
    assert store.get(record.id).context.taken == "2001-05-01" and store.page(Query()).total == 1


def test_two_patients_cannot_have_one_identifier(people: Patients, store: Store, add: Add) -> None:
    add("a.jpg", seed=1, context=Context(patient="P-1", lesion="1"))
    record = add("b.jpg", seed=2, context=Context(patient="P-2", lesion="1"))
    second = patient(people, "P-2")
    with pytest.raises(Conflict, match="There is a patient p-1 already"):
        people.correct(second.id, {"identifier": "p-1"})
    with pytest.raises(InputError, match="keeps an identifier"):
        people.correct(second.id, {"identifier": None})
    people.correct(second.id, {"identifier": "P-3"}, "Ann")
    assert names(store, record) == [("P-3", "1")] and not people.find("P-2")
    assert store.page(Query(filters=(Search("p-3"),))).total == 1
    assert store.page(Query(filters=(Search("p-2"),))).total == 0
    line = people.history(second.id)[-1]
    assert (line.action, line.who, line.detail["identifier"]) == ("corrected", "Ann", ["P-2", "P-3"])
    assert store.audit(record.id)[-1].detail["patient"] == ["P-2", "P-3"]
    assert not list(store_problems(store))


def test_two_people_who_correct_one_patient_notice_each_other(people: Patients, add: Add) -> None:
    add(context=Context(patient="P-1", lesion="1"))
    seen = patient(people, "P-1")
    people.correct(seen.id, {"phototype": "II", "sex": "female"}, "Ann", seen.revision)
    with pytest.raises(Conflict, match="changed meanwhile by Ann"):
        people.correct(seen.id, {"phototype": "V"}, "Ben", seen.revision)
    now = patient(people, "P-1").details
    assert (now.phototype, now.sex) == ("II", "female")
    with pytest.raises(InputError, match="skin phototype is one of I, II"):
        people.correct(seen.id, {"phototype": "VII"})
    with pytest.raises(NotFound, match="no patient"):
        people.correct("\0", {"sex": "male"})


def test_a_lesion_is_corrected_and_moves_between_patients(store: Store, people: Patients, add: Add) -> None:
    record = add("a.jpg", seed=1, context=Context(patient="P-1", lesion="1", taken="2020-01-01"))
    add("b.jpg", seed=2, context=Context(patient="P-2", lesion="1"))
    lesion_id = record.lesion_id or ""
    with pytest.raises(Conflict, match="There is a lesion 1 of P-2 already"):
        people.correct_lesion(lesion_id, {"patient": "P-2"})
    people.correct(patient(people, "P-2").id, {"birth_year": 2021})
    with pytest.raises(InputError, match="taken in 2020"):
        people.correct_lesion(lesion_id, {"patient": "P-2", "name": "2"})
    people.correct(patient(people, "P-2").id, {"birth_year": 1961})
    moved = people.correct_lesion(
        lesion_id, {"patient": "p-2", "name": "2", "site": "posterior torso"}, "Ann"
    )
    assert names(store, record) == [("P-2", "2")] and moved.details.site == "posterior torso"
    assert people.lesions(patient(people, "P-1").id) == ()
    assert people.history(lesion_id)[-1].detail == {
        "name": ["1", "2"],
        "site": [None, "posterior torso"],
        "patient": ["P-1", "P-2"],
    }
    people.correct_lesion(lesion_id, {"patient": "P-9"})
    assert names(store, record) == [("P-9", "2")] and not list(store_problems(store))


def test_an_unnamed_patient_gets_a_name(store: Store, people: Patients, add: Add) -> None:
    records = [add(f"{seed}.jpg", seed=seed, context=Context(lesion="L1")) for seed in (1, 2)]
    lesion = people.lesion(records[0].lesion_id or "")
    people.correct(lesion.patient_id, {"identifier": "P-1"})
    assert names(store, *records) == [("P-1", "L1")] * 2
    # Who is named has left the unnamed ones.
    assert add("3.jpg", seed=3, context=Context(lesion="L1")).lesion_id != lesion.id


def test_a_merge_of_patients_is_undone(store: Store, people: Patients, add: Add) -> None:
    mine = add("a.jpg", seed=1, context=Context(patient="P-1", lesion="1"))
    same_name = add("b.jpg", seed=2, context=Context(patient="P-2", lesion="1"))
    other = add("c.jpg", seed=3, context=Context(patient="P-2", lesion="2"))
    one, two = patient(people, "P-1"), patient(people, "P-2")
    assert people.merge(two.id, one.id, "Ann").id == one.id
    assert names(store, mine, same_name, other) == [("P-1", "1"), ("P-1", "1 (P-2)"), ("P-1", "2")]
    assert people.get(two.id).merged_into == one.id and people.lesions(two.id) == ()
    for target in (one.id, two.id):
        with pytest.raises((Conflict, InputError)):
            people.merge(two.id, target)
    # The name of before leads to the one who remains.
    late = add("d.jpg", seed=4, context=Context(patient="P-2", lesion="3"))
    assert names(store, late) == [("P-1", "3")]
    assert not list(store_problems(store))
    people.undo_merge(two.id, "Ben")
    assert names(store, mine, same_name, other, late) == [
        ("P-1", "1"),
        ("P-2", "1"),
        ("P-2", "2"),
        ("P-1", "3"),
    ]
    assert [line.action for line in people.history(two.id)] == ["merged", "merge undone"]
    with pytest.raises(Conflict, match="not merged"):
        people.undo_merge(two.id)
    assert not list(store_problems(store))


def test_a_merge_of_lesions_is_undone_and_a_split_is_a_change_of_cases(
    store: Store, people: Patients, add: Add
) -> None:
    first, second = (
        add(f"{name}.jpg", seed=seed, context=Context(patient="P-1", lesion=name))
        for seed, name in enumerate("12")
    )
    foreign = add("f.jpg", seed=8, context=Context(patient="P-2", lesion="1"))
    one, two = first.lesion_id or "", second.lesion_id or ""
    with pytest.raises(InputError, match="two patients"):
        people.merge_lesion(foreign.lesion_id or "", one)
    people.merge_lesion(two, one, "Ann")
    late = add("late.jpg", seed=9, context=Context(patient="P-1", lesion="2"))
    assert names(store, first, second, late) == [("P-1", "1")] * 3
    with pytest.raises(Conflict, match="was merged"):
        people.correct_lesion(two, {"name": "3"})
    people.undo_lesion_merge(two, "Ann")
    assert names(store, first, second, late) == [("P-1", "1"), ("P-1", "2"), ("P-1", "1")]
    store.change({late.id: None}, {"lesion": "3"}, who="Ann")
    assert names(store, late) == [("P-1", "3")] and store.get(late.id).lesion_id not in (one, two)
    assert store.audit(late.id)[-1].detail == {"lesion": ["1", "3"]}
    assert not list(store_problems(store))


@pytest.mark.parametrize("fields", [{"patient": None}, {"patient": None, "lesion": "1", "note": "x"}])
def test_a_case_leaves_its_patient(store: Store, add: Add, fields: dict[str, Any]) -> None:
    record = add(context=Context(patient="P-1", lesion="1"))
    store.change({record.id: None}, fields)
    # Its lesion was one of this patient: alone, the text would stand for somebody's.
    assert names(store, record) == [(None, None)] and store.get(record.id).lesion_id is None
    store.change({record.id: None}, {"patient": "P-2", "lesion": "4"})
    assert names(store, record) == [("P-2", "4")] and not list(store_problems(store))


def test_a_case_in_the_bin_comes_back_to_what_its_lesion_is_by_then(
    store: Store, people: Patients, add: Add
) -> None:
    first = add("a.jpg", seed=1, context=Context(patient="P-1", lesion="1"))
    second = add("b.jpg", seed=2, context=Context(patient="P-1", lesion="2"))
    CaseBin(store).put([second.id])
    people.merge_lesion(second.lesion_id or "", first.lesion_id or "")
    people.correct(patient(people, "P-1").id, {"identifier": "P-9"})
    CaseBin(store).put_back([second.id])
    assert names(store, second) == [("P-9", "1")] and store.get(second.id).lesion_id == first.lesion_id
    assert not list(store_problems(store))


def test_a_photograph_of_a_deleted_case_is_not_predicted_again(
    store: Store, add: Add, picture: Callable[..., Any], said: Callable[..., Any]
) -> None:
    record = add(context=Context(patient="P-1", lesion="1"))
    again = picture(0)
    store.delete([record.id])
    with pytest.raises(NotFound):
        store.add(again, said(again), "a.jpg", record.context, source=record.id)
    assert store.page(Query()).total == 0


def test_a_backup_has_patients_and_an_import_keeps_those_that_are_here(
    store: Store,
    people: Patients,
    add: Add,
    tmp_path: Path,
    picture: Callable[..., Any],
    said: Callable[..., Any],
) -> None:
    record = add("a.jpg", seed=1, context=Context(patient="P-1", lesion="1", taken="2020-01-01"))
    nobody = add("b.jpg", seed=2, context=Context(lesion="L1"))
    mine = patient(people, "P-1")
    people.correct(mine.id, {"birth_year": 1961, "risk_factors": "many moles"}, "Ann")
    merged = add("c.jpg", seed=3, context=Context(patient="P-2", lesion="7"))
    people.merge(patient(people, "P-2").id, mine.id)
    CaseBin(store).put([merged.id])
    write_backup(store, tmp_path / "all.tar")
    there = open_store(tmp_path / "there")
    restore_backup(there, tmp_path / "all.tar")
    assert Patients(there).get(mine.id) == people.get(mine.id)
    assert Patients(there).history(mine.id) == people.history(mine.id)
    assert there.get(record.id) == store.get(record.id) and there.get(nobody.id) == store.get(nobody.id)
    assert not list(store_problems(there))
    Patients(there).undo_merge(people.find("P-2")[0].id)
    CaseBin(there).put_back([merged.id])
    assert there.get(merged.id).context.patient == "P-2"
    there.close()

    here, own_picture = open_store(tmp_path / "here"), picture(77)
    new = here.add(own_picture, said(own_picture), "own.jpg", Context(patient="p-1", lesion="9"))
    own = Patients(here).find("P-1")[0]
    import_backup(here, tmp_path / "all.tar")
    assert Patients(here).find("P-1") == (own,) and here.get(new.id).context.patient == "p-1"
    assert here.get(record.id).context.patient == "p-1" and here.get(record.id).context.taken == "2020-01-01"
    assert not list(store_problems(here))
    here.close()


def test_a_table_says_who_and_when(store: Store, add: Add) -> None:
    add(context=Context(patient="P-1", lesion="1", taken="2020-01-01", skin_tone=5))
    head, row = b"".join(csv_table(store, store.stream(Query()))).decode().splitlines()
    cells = dict(zip(head.split(","), row.split(","), strict=True))
    assert (cells["patient"], cells["lesion"], cells["taken"], cells["skin_tone"]) == (
        "P-1",
        "1",
        "2020-01-01",
        "5",
    )

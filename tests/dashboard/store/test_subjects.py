"""All that is stored of a patient or lesion: as one file, and erased, with what the audit trail quotes of it."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dashboard.__main__ import main
from dashboard.cases import NOBODY, Actor, NotAllowed
from dashboard.patients import erase_subject, subject_file
from dashboard.services import Services
from dashboard.settings import Settings
from dashboard.store import Context, NotFound, Query, Record, Search, Store
from dashboard.store.bin import CaseBin
from dashboard.store.errors import Held
from dashboard.store.holds import Holds
from dashboard.store.inspection import store_problems
from dashboard.store.patients import Patients
from dashboard.store.subjects import Subject, erase_rows_of_subject, ids_of_subject, subject_zip
from dashboard.users.trail import Sought, Trail, trail_problems
from tests.dashboard.reviews import add_review

Add = Callable[..., Record]
Names = Callable[[], set[str]]
L1 = Subject(lesion="L1")


@pytest.fixture
def lesion(store: Store, add: Add) -> list[Record]:
    """Two cases of L1, of which one is in the bin, and one of l1, which is another lesion."""
    cases = [
        add(f"{number}.jpg", seed=number, context=Context(lesion=name, note=f"note {number}"))
        for number, name in enumerate(("L1", "L1", "l1"))
    ]
    add_review(store, [cases[0].id], "Anna", "mel", "histology", note="clear margins", add_tags=["x"])
    CaseBin(store).put([cases[1].id], "Ben")
    return cases


def test_a_lesion_is_erased_from_list_and_bin(
    store: Store, add: Add, lesion: list[Record], files_of: Names
) -> None:
    shared = add("same.jpg", seed=1)
    erased = erase_rows_of_subject(store, L1, "Ann")
    # The lesion, and its patient, who is not named, go with the cases.
    assert (
        erased[:2] == (lesion[0].id, lesion[1].id) and erased[2] == lesion[0].lesion_id and len(erased) == 4
    )
    assert ids_of_subject(store, L1) == () == erase_rows_of_subject(store, L1)
    assert {one.id for one in store.stream(Query())} == {lesion[2].id, shared.id}
    assert CaseBin(store).cases() == ((), 0) and store.page(Query(filters=(Search("margins"),))).total == 0
    # Another case shows the same photograph.
    assert len(files_of()) == 2 and store.image(shared.id)
    for record in lesion[:2]:
        told = store.audit(record.id)
        assert (told[-1].action, told[-1].who) == ("deleted", "Ann") and "note" not in str(told).replace(
            "'note'", ""
        )
    assert not list(store_problems(store))


def test_a_held_case_keeps_its_lesion(store: Store, lesion: list[Record]) -> None:
    Holds(store).put([lesion[1].id], "a lawsuit")
    with pytest.raises(Held, match="a lawsuit"):
        erase_rows_of_subject(store, L1)
    assert store.get(lesion[0].id) and CaseBin(store).cases()[1] == 1


def test_the_data_of_a_lesion_are_one_file(store: Store, lesion: list[Record]) -> None:
    trail = {lesion[0].id: [{"who": "eve", "action": "photograph seen"}]}
    data = b"".join(subject_zip(store, L1, trail))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        told = json.loads(archive.read("cases.json"))
        assert {name.split(".")[0] for name in archive.namelist()} == {
            "cases",
            *(f"photographs/{record.id}" for record in lesion[:2]),
        }
        first, second = told["cases"]
        assert archive.read(first["photograph"]) == store.image(lesion[0].id)
    assert told["lesion"] == "L1" and [first["prediction"]["id"], second["prediction"]["id"]] == [
        lesion[0].id,
        lesion[1].id,
    ]
    assert first["reviews"][0]["note"] == "clear margins" and first["trail"][0]["who"] == "eve"
    assert (first["deleted"], second["deleted_by"]) == (None, "Ben") and second["audit"][-1][
        "action"
    ] == "binned"


@pytest.fixture
def services(store: Store, tmp_path: Path) -> Services:
    """Services with a log-in and no model."""
    settings = Settings(data_dir=tmp_path / "data", auth="local")
    return Services(settings, store, (), None)  # type: ignore[arg-type]


def test_what_the_audit_trail_quotes_is_erased_and_the_chain_holds(
    services: Services, store: Store, lesion: list[Record]
) -> None:
    trail = Trail(store)
    for text in ("lesion=L1", "q=big+L1+left", "L1", "q=L12", "lesion=L2", ""):
        trail.write("anna", "exported", "predictions.csv", text)
    trail.write("eve", "photograph seen", lesion[1].id, "size=large")
    erased = erase_subject(Actor("Ann", NOBODY.permissions), services, L1)
    assert {lesion[0].id, lesion[1].id, lesion[0].lesion_id} < set(erased)
    texts = [line.text for line in reversed(trail.lines())]
    # Erased are two cases, the lesion and its patient, who is not named.
    assert texts == [None, None, None, "q=L12", "lesion=L2", "", None, *[""] * 4]
    assert [(line.who, line.action, line.subject) for line in trail.lines(Sought(subject=lesion[1].id))] == [
        ("Ann", "erased", lesion[1].id),
        ("eve", "photograph seen", lesion[1].id),
    ]
    assert not list(trail_problems(store))


def test_only_an_administrator_erases_and_takes(services: Services, lesion: list[Record]) -> None:
    work: tuple[Callable[..., Any], ...] = (erase_subject, subject_file)
    for attempt in work:
        with pytest.raises(NotAllowed):
            attempt(Actor("Eve"), services, L1)
        with pytest.raises(NotFound, match="“L3”"):
            attempt(NOBODY, services, Subject(lesion="L3"))


def test_the_command_line_takes_and_erases_and_sweeps(
    store: Store,
    lesion: list[Record],
    url: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DERMABOARD_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("DERMABOARD_DATABASE_URL", url.render_as_string(hide_password=False))
    file = str(tmp_path / "l1.zip")
    assert main(["subject-data", "--lesion", "L3", file]) == 2 and not Path(file).exists()
    assert "no case of the lesion “L3”" in capsys.readouterr().err
    assert main(["subject-data", "--lesion", "L1", file]) == 0 and zipfile.is_zipfile(file)
    assert main(["subject-data", "--lesion", "L1", file]) == 2
    assert main(["sweep"]) == 0 and "0 were deleted for good" in capsys.readouterr().out
    assert main(["erase"]) == 2 and "--patient" in capsys.readouterr().err
    assert main(["erase", "--lesion", "L1"]) == 0 and "4 cases and records" in capsys.readouterr().out
    assert main(["erase", "--lesion", "L1"]) == 2
    assert [one.id for one in store.stream(Query())] == [lesion[2].id]


def test_a_patient_is_taken_and_erased_with_whom_he_turned_out_to_be(
    services: Services, store: Store, add: Add
) -> None:
    first = add("a.jpg", seed=1, context=Context(patient="P-1", lesion="1", note="itches"))
    second = add("b.jpg", seed=2, context=Context(patient="P-2", lesion="1"))
    other = add("c.jpg", seed=3, context=Context(patient="P-3", lesion="1"))
    people = Patients(store)
    one, two = (people.find(name)[0] for name in ("P-1", "P-2"))
    people.correct(one.id, {"birth_year": 1961, "note": "afraid of needles"}, "Ann")
    people.merge(two.id, one.id, "Ann")
    CaseBin(store).put([second.id], "Ben")
    Trail(store).write("anna", "exported", "predictions.csv", "patient=P-1")
    subject = Subject(patient="p-2")
    with zipfile.ZipFile(io.BytesIO(b"".join(subject_file(NOBODY, services, subject)))) as archive:
        told = json.loads(archive.read("cases.json"))
    assert [one["identifier"] for one in told["patients"]] == ["P-1", "P-2"]
    assert told["patients"][0]["audit"][0]["detail"]["note"] == [None, "afraid of needles"]
    assert {one["prediction"]["id"] for one in told["cases"]} == {first.id, second.id}
    erased = erase_subject(Actor("Ann", NOBODY.permissions), services, Subject(patient="P-1"))
    assert {first.id, second.id, one.id, two.id} < set(erased)
    assert [one.details.identifier for one in people.find()] == ["P-3"] and store.get(other.id)
    assert "needles" not in str(people.history(one.id)) and people.history(one.id)[-1].action == "deleted"
    assert Trail(store).lines(Sought(subject="predictions.csv"))[0].text is None
    # A photograph that comes in afterwards is of a new record.
    late = add("d.jpg", seed=4, context=Context(patient="P-1", lesion="1"))
    (new,) = people.find("P-1")
    assert new.id != one.id and new.details.note is None and late.lesion_id != first.lesion_id
    assert not list(store_problems(store))


def test_one_lesion_of_a_patient_is_erased_and_no_other_of_that_name(store: Store, add: Add) -> None:
    ours = add("a.jpg", seed=1, context=Context(patient="P-1", lesion="1"))
    others = [
        add("b.jpg", seed=2, context=Context(patient="P-1", lesion="2")),
        add("c.jpg", seed=3, context=Context(patient="P-2", lesion="1")),
        add("d.jpg", seed=4, context=Context(lesion="1")),
    ]
    assert set(erase_rows_of_subject(store, Subject("P-1", "1"))) == {ours.id, ours.lesion_id}
    assert {one.id for one in store.stream(Query())} == {one.id for one in others}
    assert Patients(store).find("P-1")

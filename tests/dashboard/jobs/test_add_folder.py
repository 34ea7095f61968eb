"""`python -m dashboard add`: a folder with a table is stored, and no row sinks another."""

from pathlib import Path

import pytest

from dashboard.__main__ import main
from dashboard.cases import COMMAND_LINE
from dashboard.jobs.add_folder import add_rows, read_rows
from dashboard.patients import erase_subject
from dashboard.services import Services
from dashboard.store import InputError, Query
from dashboard.store.subjects import Subject
from model.images import encode
from training.drawings.synthetic import draw_lesion


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three photographs and something that is none."""
    folder = tmp_path / "photographs"
    (folder / "arm").mkdir(parents=True)
    for number, name in enumerate(("one.jpg", "two.jpg", "arm/three.jpg")):
        (folder / name).write_bytes(encode(draw_lesion(number, False)))
    (folder / "notes.txt").write_text("no photograph")
    return folder


def table(folder: Path, text: str) -> Path:
    path = folder.parent / "table.csv"
    path.write_text(text, encoding="utf-8-sig")
    return path


def test_photographs_are_stored_with_what_the_table_says(services: Services, folder: Path) -> None:
    rows = read_rows(
        table(
            folder,
            "File;Patient;Lesion reference;Site;Date;Modality;Note;Age\n"
            "one.jpg;P-1;left arm;back;2026-05-03;dermoscopic;grew;61\n"
            "arm/three.jpg;P-2;;;2026-05-04T10:00;;;\n",
        )
    )
    done = list(add_rows(COMMAND_LINE, services, folder, rows))
    assert [(one.file, one.problem) for one in done] == [
        ("one.jpg", ""),
        ("arm/three.jpg", ""),
        ("notes.txt", "The table has no row for it."),
        ("two.jpg", "The table has no row for it."),
    ]
    second, first = services.store.page(Query()).records
    assert (first.filename, first.context.patient, first.context.lesion) == ("one.jpg", "P-1", "left arm")
    assert (first.context.site, first.context.taken, first.context.age) == ("back", "2026-05-03", 61)
    assert (second.filename, second.context.patient, second.context.note) == ("three.jpg", "P-2", None)
    assert first.lesion_id and second.lesion_id
    # The same command again stores nothing twice.
    again = list(add_rows(COMMAND_LINE, services, folder, rows))
    assert [one.known for one in again[:2]] == [True, True]
    assert services.store.page(Query()).total == 2


def test_a_bad_row_leaves_the_others(services: Services, folder: Path) -> None:
    text = (
        "file,age,taken,modality\n"
        "gone.jpg,,,\n../table.csv,,,\nnotes.txt,,,\none.jpg,old,,\n"
        "one.jpg,,2999-01-01,\none.jpg,,,by eye\ntwo.jpg,44,,close-up\n"
    )
    done = list(add_rows(COMMAND_LINE, services, folder, read_rows(table(folder, text))))
    gone, outside, none, age, ahead, kind, good = done[:7]
    assert gone.problem == outside.problem == "There is no such file in the folder."
    assert none.problem
    assert age.problem == "The age is a whole number, not 'old'."
    assert "future" in ahead.problem
    assert "dermoscopic, close-up" in kind.problem
    assert not good.problem and "the table says close-up, the model took it for dermoscopic" in good.remark
    assert [one.filename for one in services.store.page(Query()).records] == ["two.jpg"]


def test_a_patient_erased_while_the_rows_are_stored_is_made_anew(services: Services, folder: Path) -> None:
    rows = read_rows(table(folder, "file,patient,lesion\none.jpg,P-1,1\ntwo.jpg,P-1,1\n"))
    adding = add_rows(COMMAND_LINE, services, folder, rows)
    assert not next(adding).problem
    (first,) = services.store.page(Query()).records
    erase_subject(COMMAND_LINE, services, Subject("P-1"))
    assert not next(adding).problem
    (second,) = services.store.page(Query()).records
    assert second.filename == "two.jpg" and second.context.patient == "P-1"
    assert second.lesion_id not in (None, first.lesion_id)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("file,diagnose\none.jpg,nv\n", "does not know 'diagnose'. Its columns may be: file, modality, age"),
        ("patient,lesion\n1,2\n", "needs file"),
        ("file,patient,Patient\n", "each column once"),
    ],
)
def test_another_table_is_refused_as_a_whole(folder: Path, text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read_rows(table(folder, text))


def test_what_is_no_text_is_refused(folder: Path) -> None:
    (folder.parent / "table.xlsx").write_bytes(b"PK\x03\x04\xff\xfe")
    with pytest.raises(InputError, match="save it as CSV in UTF-8"):
        read_rows(folder.parent / "table.xlsx")


def test_the_command_says_what_became_of_each(
    bundle_root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DERMABOARD_DATA_DIR", str(folder.parent / "data"))
    monkeypatch.setenv("DERMABOARD_BUNDLES", str(bundle_root))
    told = str(table(folder, "file\tpatient\none.jpg\tP-1\ntwo.jpg\tP-1\narm/three.jpg\tP-2\n"))
    assert main(["add", str(folder), "--table", told]) == 1
    said = capsys.readouterr().out
    assert "notes.txt: The table has no row for it." in said
    assert "3 photographs are stored, 0 were here already, 1 are not stored." in said
    (folder / "notes.txt").unlink()
    assert main(["add", str(folder), "--table", told]) == 0
    assert "0 photographs are stored, 3 were here already, 0 are not stored." in capsys.readouterr().out
    assert main(["add", str(folder / "nowhere"), "--table", told]) == 2
    assert "There is no folder" in capsys.readouterr().err

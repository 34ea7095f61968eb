"""Tables as people have them: read into the same cases, or refused in one sentence before a picture is decoded."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from training.cases import CasesError, read_cases

HEADER = "lesion_id,image_id,dx,dx_type,age,sex,localization"
CODES = ("mel", "nv", "bcc", "nv", "bkl", "nv")
Reader = Callable[..., pd.DataFrame]


def row(number: int, **fields: str) -> str:
    """A row of HAM10000_metadata.csv, with other fields where they are given."""
    usual = {
        "lesion_id": f"L{number}",
        "image_id": f"CASE_{number}",
        "dx": CODES[number],
        "dx_type": "histo",
        "age": str(40 + number),
        "sex": "female",
        "localization": "back",
    }
    return ",".join((usual | fields).values())


ROWS = [row(number) for number in range(6)]
PLAIN = "\n".join([HEADER, *ROWS]) + "\n"


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    """Writes a table beside images/CASE_0.jpg to CASE_5.jpg, which hold no picture, and reads it."""
    images = tmp_path / "images"
    images.mkdir()
    for number in range(6):
        (images / f"CASE_{number}.jpg").write_bytes(b"picture %d" % number)

    def write_and_read(content: str | bytes | Sequence[str], **options: str) -> pd.DataFrame:
        path = tmp_path / "table.csv"
        text = content if isinstance(content, str | bytes) else "\n".join([HEADER, *content]) + "\n"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_cases([path], [images], **options)

    return write_and_read


def test_a_plain_table(read: Reader, tmp_path: Path) -> None:
    cases = read(PLAIN)
    assert list(cases["label"]) == list(CODES) and list(cases["label_original"]) == list(CODES)
    assert (
        list(cases["malignant"]) == [True, False, True, False, False, False]
        and cases["malignant"].dtype == bool
    )
    assert cases["age"].dtype == float and list(cases["age"]) == [40, 41, 42, 43, 44, 45]
    assert set(cases["modality"]) == {"dermoscopic"} and cases["skin_tone"].isna().all()
    assert set(cases["source"]) == {""} and set(cases["licence"]) == {""}
    assert cases["path"][3] == str(tmp_path / "images" / "CASE_3.jpg")
    assert list(cases["lesion_id"]) == [f"L{number}" for number in range(6)]


def test_what_the_command_states_takes_the_place_of_what_tables_say(read: Reader) -> None:
    cases = read(PLAIN, source="drawn", licence="MIT")
    assert set(cases["source"]) == {"drawn"} and set(cases["licence"]) == {"MIT"}


@pytest.mark.parametrize(
    "content",
    [
        PLAIN.replace(",", "\t"),
        PLAIN.replace(",", ";"),
        PLAIN.replace(",", "|"),
        "sep=;\n" + PLAIN.replace(",", ";"),
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace("\n", "\r"),
        "\n,,,\n" + PLAIN,
        "\n".join(f"{n},{line}" if n else f",{line}" for n, line in enumerate(PLAIN.splitlines())),
        PLAIN.encode("utf-8-sig"),
        PLAIN.encode("utf-16"),
        PLAIN.replace(",", "\t").encode("utf-16-be"),
        b"\xff\xfe\x00\x00" + PLAIN.encode("utf-32-le"),
        PLAIN + ",,,,,,\n,,,,,,\n",
        PLAIN + "\n \n",
        PLAIN.replace("\n", ",\n"),
        PLAIN.replace(HEADER, HEADER.upper()),
        PLAIN.replace("mel", "MEL").replace("nv", "Nevus").replace("bcc", " bcc "),
        PLAIN.replace(",dx_type", ',"dx_type"').replace("back", '"back, left"'),
        PLAIN.encode("utf-16-le"),
        PLAIN.replace("CASE_1,", "CASE_1.jpg,").replace("CASE_2,", "CASE_2.PNG,"),
    ],
)
def test_other_spellings_give_the_same_cases(read: Reader, content: str | bytes) -> None:
    cases = read(content).drop(columns=["site", "label_original"])
    pd.testing.assert_frame_equal(cases, read(PLAIN).drop(columns=["site", "label_original"]))


def test_a_western_spreadsheet(read: Reader) -> None:
    assert set(read(PLAIN.replace("back", "Rücken").encode("cp1252"))["site"]) == {"rücken"}


def test_ages_as_registries_write_them(read: Reader) -> None:
    ages = ["85+", "unknown", "", "> 89", "45,5", "7 years"]
    rows = [row(number, age=f'"{age}"') for number, age in enumerate(ages)]
    np.testing.assert_array_equal(read(rows)["age"], [85, np.nan, np.nan, 89, 45.5, 7])


def test_an_image_without_a_lesion_is_a_lesion_of_its_own(
    read: Reader, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = read([row(0, lesion_id=""), row(1, lesion_id=""), row(2, lesion_id="unknown"), row(3)])
    assert list(cases["lesion_id"]) == ["image:CASE_0", "image:CASE_1", "image:CASE_2", "L3"]
    assert "3 of 4 images name no lesion" in capsys.readouterr().out


def test_rows_without_benign_or_malignant_are_left_out_and_counted(
    read: Reader, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = read([row(0), row(1, dx=""), row(2, dx="scc"), row(3, dx="unknown"), row(4, dx="benign")])
    assert list(cases["label"]) == ["mel", "scc", "unknown"] and list(cases["malignant"]) == [
        True,
        True,
        False,
    ]
    assert (
        "2 of 5 rows say neither benign nor malignant, left out: empty (1), unknown (1)"
        in capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"\xff\xfe", "is empty"),
        (b",,,\n,,\n", "is empty"),
        (HEADER + "\n", "no rows"),
        (b"PK\x03\x04" + bytes(50), "workbook"),
        (bytes(range(256)), "no text"),
        (
            "image,label\nCASE_0,mel\n",
            "image, label; .*lesion_id, image_id, dx, dx_type, age, sex, localization",
        ),
        (HEADER + ",dx\n" + row(0) + ",mel\n", "the column dx more than once"),
        ([row(0), row(1) + ",more"], "row 3 has 8 fields"),
        ([row(0), "L1,CASE_1,m"], "row 3 has 3 fields"),
        ([row(0), row(1, dx="melanom")], "row 3: dx is 'melanom', but known are akiec"),
        ([row(0), "", row(1, age="old")], "row 4: age is 'old'"),
        ("\n\n" + PLAIN.replace("43", "-1"), "row 7: age is '-1'"),
        ("sep=,\nimage,label\n", "no rows|has the columns"),
        ("sep=,\n", "is empty"),
        ([row(0), row(1, age="999")], "row 3: age is '999'"),
        ([row(0), row(1, image_id="")], "row 3: image_id is ''"),
        ([row(0), row(1), row(1, lesion_id="L9")], "row 4: image_id is 'CASE_1', as in row 3"),
        ([row(0), row(1, image_id="CASE_9")], "1 of 2 images .*CASE_9"),
        ([row(0, dx="")], "no row that says benign or malignant"),
        ([row(0), '"' + row(1)], "no table"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_sentence(
    read: Reader, content: str | bytes | list[str], says: str
) -> None:
    with pytest.raises(CasesError, match=says) as caught:
        read(content)
    assert "\n" not in str(caught.value)


def test_paths_that_are_no_tables_and_no_folders(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(PLAIN)
    with pytest.raises(CasesError, match="is a folder"):
        read_cases([tmp_path], [tmp_path])
    with pytest.raises(CasesError, match="does not exist"):
        read_cases([tmp_path / "other.csv"], [tmp_path])
    with pytest.raises(CasesError, match="is no folder"):
        read_cases([tmp_path / "table.csv"], [tmp_path / "images"])


def test_names_that_begin_with_a_dot_are_skipped(read: Reader, tmp_path: Path) -> None:
    (tmp_path / "images" / "._CASE_1.jpg").write_bytes(b"AppleDouble")
    hidden = tmp_path / "images" / ".thumbnails"
    hidden.mkdir()
    (hidden / "CASE_1.jpg").write_bytes(b"small")
    assert read(PLAIN)["path"][1] == str(tmp_path / "images" / "CASE_1.jpg")


def test_images_are_found_in_several_folders(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("\n".join([HEADER, row(0), row(1)]))
    for name in ("one/CASE_0.jpg", "two/deep/CASE_1.PNG", "two/notes.txt", "two/CASE_0.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    cases = read_cases([tmp_path / "table.csv"], [tmp_path / "two", tmp_path / "one"])
    assert [Path(path).name for path in cases["path"]] == ["CASE_0.jpg", "CASE_1.PNG"]


def test_two_different_pictures_under_one_id_are_refused(read: Reader, tmp_path: Path) -> None:
    other = tmp_path / "images" / "masks"
    other.mkdir()
    (other / "CASE_1.png").write_bytes(b"picture 1")
    assert len(read(PLAIN)) == 6
    (other / "CASE_1.png").write_bytes(b"a mask")
    with pytest.raises(
        CasesError, match=r"CASE_1 is the name of two different pictures: .*CASE_1.jpg and .*CASE_1.png"
    ):
        read(PLAIN)


FULL = (
    "image_id,lesion_id,dx,malignant,dx_original,dx_type,"
    "age,sex,localization,skin_tone,modality,file,source,licence\n"
)


def folder(path: Path, name: str, rows: Sequence[str]) -> Path:
    """A data set's folder: a table with all columns, and a file for each row."""
    home = path / name
    home.mkdir()
    for line in rows:
        file = home / next(field for field in line.split(",") if field.endswith(".jpg"))
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(f"{name} {line}".encode())
    (home / "metadata.csv").write_text(FULL + "\n".join(rows) + "\n")
    return home / "metadata.csv"


def test_several_data_sets_with_all_columns(tmp_path: Path) -> None:
    first = folder(tmp_path, "one", ["A_1,,nv,0,NV,,55,male,head/neck,,dermoscopic,images/A_1.jpg,One,CC0"])
    second = folder(
        tmp_path,
        "two",
        [
            "B_1,P_1,unknown,1,Keratoacanthoma,histopathology,60,male,upper_extremity,4,dermoscopic,d/B_1.jpg,Two,NC",
            "B_2,P_1,unknown,1,Keratoacanthoma,histopathology,60,male,upper_extremity,4,close-up,c/B_2.jpg,Two,NC",
            "B_3,P_2,unknown,1,SCC,,60,male,,,dermoscopic,d/B_3.jpg,Two,NC",
            "B_4,P_3,unknown,0,Exogenous,,60,male,,,dermoscopic,d/B_4.jpg,Two,NC",
        ],
    )
    cases = read_cases([first, second], [])
    assert list(cases["label"]) == ["nv", "scc", "scc", "unknown", "unknown"]
    assert list(cases["malignant"]) == [False, True, True, True, False]
    assert list(cases["lesion_id"]) == ["image:A_1", "P_1", "P_1", "P_2", "P_3"]
    assert list(cases["modality"]) == ["dermoscopic", "dermoscopic", "close-up", "dermoscopic", "dermoscopic"]
    assert list(cases["source"]) == ["One", "Two", "Two", "Two", "Two"] and cases["licence"][1] == "NC"
    assert cases["skin_tone"][1] == 4 and np.isnan(cases["skin_tone"][0])
    assert list(cases["confirmation"][:2]) == ["unknown", "histo"] and cases["site"][1] == "upper extremity"
    assert cases["path"][2] == str(tmp_path / "two" / "c" / "B_2.jpg")
    assert cases["label_original"][1] == "Keratoacanthoma"


def test_an_image_in_two_tables_counts_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = "A_1,,nv,0,NV,,55,male,,,dermoscopic,A_1.jpg,One,CC0"
    first, second = folder(tmp_path, "one", [line]), folder(tmp_path, "two", [line])
    with pytest.raises(CasesError, match=r"A_1 is the name of two different pictures"):
        read_cases([first, second], [])
    (tmp_path / "two" / "A_1.jpg").write_bytes((tmp_path / "one" / "A_1.jpg").read_bytes())
    assert len(read_cases([first, second], [])) == 1
    assert "1 rows name an image of a table before" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (
            "A_1,,nv,1,NV,,55,male,,,dermoscopic,A_1.jpg,One,CC0",
            "row 2: dx is 'nv', which cannot be malignant",
        ),
        ("A_1,,nv,maybe,NV,,55,male,,,dermoscopic,A_1.jpg,One,CC0", "row 2: malignant is 'maybe'"),
        ("A_1,,nv,0,NV,,55,male,,7,dermoscopic,A_1.jpg,One,CC0", "row 2: skin_tone is '7'"),
    ],
)
def test_columns_that_contradict_or_make_no_sense(tmp_path: Path, line: str, says: str) -> None:
    with pytest.raises(CasesError, match=says):
        read_cases([folder(tmp_path, "one", [line])], [])

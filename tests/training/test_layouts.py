"""The published layouts, each as its publisher has it; images are files that hold no picture."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from training.cases import CasesError, read_cases

Reader = Callable[..., pd.DataFrame]


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    """Writes tables and the images that are named, and reads them in one go."""

    def write_and_read(tables: dict[str, str], images: str) -> pd.DataFrame:
        for name in images.split():
            file = tmp_path / "images" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(name.encode())
        for name, text in tables.items():
            (tmp_path / name).write_text(text)
        return read_cases([tmp_path / name for name in tables], [tmp_path / "images"])

    return write_and_read


def column(cases: pd.DataFrame, name: str) -> list[object]:
    return list(cases.sort_values("image_id")[name])


TRUTH_2018 = (
    "image,MEL,NV,BCC,AKIEC,BKL,DF,VASC\nA,1.0,0.0,0.0,0.0,0.0,0.0,0.0\nB,0.0,0.0,0.0,1.0,0.0,0.0,0.0\n"
)


def test_isic_2018(read: Reader) -> None:
    cases = read({"ISIC2018_Task3_Training_GroundTruth.csv": TRUTH_2018}, "A.jpg B.jpg")
    assert column(cases, "label") == ["mel", "akiec"] and column(cases, "label_original") == ["MEL", "AKIEC"]
    assert column(cases, "lesion_id") == ["image:A", "image:B"]


def test_isic_2018_with_its_lesions(read: Reader) -> None:
    groups = "image,lesion_id,diagnosis_confirm_type\nB,HAM_2,histopathology\nA,HAM_1,confocal\n"
    cases = read({"LesionGroupings.csv": groups, "GroundTruth.csv": TRUTH_2018}, "A.jpg B.jpg")
    assert column(cases, "lesion_id") == ["HAM_1", "HAM_2"]
    assert column(cases, "confirmation") == ["confocal", "histo"]


@pytest.mark.parametrize("swapped", [False, True])
def test_isic_2019(read: Reader, swapped: bool, capsys: pytest.CaptureFixture[str]) -> None:
    head = "image,MEL,NV,BCC,AK,BKL,DF,VASC,SCC,UNK\n"
    rows = [
        f"{name}," + ",".join("1.0" if name == other else "0.0" for other in "ABCDEFGHI")
        for name in "ABCDEFGHI"
    ]
    facts = "image,age_approx,anatom_site_general,lesion_id,sex\nA,55.0,anterior torso,HAM_1,female\nH,,,,\n"
    tables = {"truth.csv": head + "\n".join(rows) + "\n", "metadata.csv": facts}
    cases = read(
        dict(reversed(tables.items())) if swapped else tables, " ".join(f"{name}.jpg" for name in "ABCDEFGHI")
    )
    assert column(cases, "label") == ["mel", "nv", "bcc", "akiec", "bkl", "df", "vasc", "unknown"]
    assert column(cases, "malignant") == [True, False, True, True, False, False, False, True]
    assert column(cases, "age")[0] == 55 and column(cases, "lesion_id")[:2] == ["HAM_1", "image:B"]
    assert column(cases, "sex")[:2] == ["female", "unknown"] and column(cases, "site")[0] == "anterior torso"
    assert "1 of 9 rows say neither benign nor malignant, left out: UNK (1)" in capsys.readouterr().out


def test_metadata_without_diagnoses_is_refused(read: Reader) -> None:
    facts = "image,age_approx,anatom_site_general,lesion_id,sex\nA,55.0,anterior torso,HAM_1,female\n"
    with pytest.raises(
        CasesError, match=r"metadata.csv has the columns image.*HAM10000 \(lesion_id.*beside it"
    ):
        read({"metadata.csv": facts}, "A.jpg")


@pytest.mark.parametrize("wrong", ["0.4,0.6,0,0,0,0,0", "1,1,0,0,0,0,0", "0,0,0,0,0,0,0"])
def test_one_class_a_row(read: Reader, wrong: str) -> None:
    with pytest.raises(CasesError, match="row 4: one of MEL, NV, BCC, AKIEC, BKL, DF, VASC is 1"):
        read({"truth.csv": TRUTH_2018 + f"C,{wrong}\n"}, "A.jpg B.jpg C.jpg")


def test_isic_2020(read: Reader, capsys: pytest.CaptureFixture[str]) -> None:
    head = "image_name,lesion_id,sex,age_approx,anatom_site_general_challenge,diagnosis,benign_malignant,target\n"
    rows = (
        "A,IL_1,male,45.0,head/neck,unknown,benign,0\n"
        "B,IL_2,female,50.0,torso,melanoma,malignant,1\n"
        "C,IL_3,female,,palms/soles,lichenoid keratosis,benign,0\n"
        "D,IL_4,female,50.0,torso,atypical melanocytic proliferation,benign,0\n"
    )
    cases = read({"train.csv": head + rows}, "A.jpg B.jpg C.jpg D.jpg")
    assert column(cases, "label") == ["unknown", "mel", "bkl", "unknown"]
    assert column(cases, "malignant") == [False, True, False, False]
    assert column(cases, "site")[2] == "palms/soles" and column(cases, "lesion_id")[0] == "IL_1"


def test_isic_cli(read: Reader, capsys: pytest.CaptureFixture[str]) -> None:
    head = (
        "isic_id,attribution,copyright_license,age_approx,anatom_site_general,diagnosis_1,diagnosis_2,diagnosis_3,"
        "diagnosis_4,diagnosis_confirm_type,image_type,lesion_id,sex\n"
    )
    soft = "Benign soft tissue proliferations - Vascular"
    rows = [
        "A,x,CC-0,40,back,Benign,Benign melanocytic proliferations,Nevus,,histopathology,dermoscopic,L1,female",
        "B,x,CC-0,85,,Malignant,Malignant epidermal proliferations,Keratoacanthoma,,,clinical: close-up,,",
        "C,x,CC-0,85,,Benign,Benign epidermal proliferations,Epidermal nevus,,,dermoscopic,,",
        f"D,x,CC-0,85,,Benign,{soft},Lymphangioma,,,dermoscopic,,",
        f"E,x,CC-0,85,,Benign,{soft},,,,dermoscopic,,",
        "F,x,CC-0,85,,Malignant,Malignant soft tissue proliferations - Vascular,Kaposi sarcoma,,,dermoscopic,,",
        "G,x,CC-0,85,,Indeterminate,Indeterminate epidermal proliferations,Solar or actinic keratosis,,,dermoscopic,,",
        "H,x,CC-0,85,,Indeterminate,Indeterminate melanocytic proliferations,,,,dermoscopic,,",
        "I,x,CC-0,85,,Benign,Benign melanocytic proliferations,Nevus,,,clinical: overview,,",
        'J,x,CC-0,85,,Benign,Benign melanocytic proliferations,Nevus,"Nevus, Flammeus",,dermoscopic,,',
    ]
    cases = read(
        {"isic.csv": head + "\n".join(rows) + "\n"}, " ".join(f"{name}.jpg" for name in "ABCDEFGHIJ")
    )
    assert column(cases, "image_id") == list("ABCDEFGJ")
    assert column(cases, "label") == [
        "nv",
        "scc",
        "unknown",
        "unknown",
        "vasc",
        "unknown",
        "akiec",
        "unknown",
    ]
    assert column(cases, "malignant") == [False, True, False, False, False, True, True, False]
    assert (
        column(cases, "modality")[:2] == ["dermoscopic", "close-up"] and column(cases, "licence")[0] == "CC-0"
    )
    assert (
        column(cases, "confirmation")[0] == "histo"
        and column(cases, "label_original")[2] == "Epidermal nevus"
    )
    said = capsys.readouterr().out
    assert (
        "1 of 10 rows say neither benign nor malignant" in said
        and "1 of 10 images are neither dermoscopic" in said
    )


def test_isic_cli_as_it_was(read: Reader) -> None:
    head = "isic_id,attribution,copyright_license,benign_malignant,diagnosis\n"
    cases = read({"old.csv": head + "A,x,CC-0,malignant,melanoma\nB,x,CC-0,benign,\n"}, "A.jpg B.jpg")
    assert column(cases, "label") == ["mel", "unknown"] and column(cases, "malignant") == [True, False]


def test_pad_ufes_20(read: Reader) -> None:
    head = "patient_id,lesion_id,age,gender,fitspatrick,region,diagnostic,img_id,biopsed\n"
    rows = [
        "PAT_1,881,55,FEMALE,3.0,NECK,BCC,PAT_1_881_14.png,True",
        "PAT_1,881,55,FEMALE,3.0,NECK,BCC,PAT_1_881_15.png,True",
        "PAT_2,882,8,,,ARM,NEV,PAT_2_882_1.png,False",
        "PAT_3,883,80,MALE,1.0,FACE,SCC,PAT_3_883_1.png,True",
        "PAT_4,884,80,MALE,1.0,FACE,ACK,PAT_4_884_1.png,False",
    ]
    images = " ".join(f"imgs_part_1/{row.split(',')[7]}" for row in rows)
    cases = read({"metadata.csv": head + "\n".join(rows) + "\n"}, images)
    assert column(cases, "image_id")[0] == "PAT_1_881_14"
    assert column(cases, "label") == ["bcc", "bcc", "nv", "unknown", "akiec"]
    assert column(cases, "malignant") == [True, True, False, True, True]
    assert set(cases["modality"]) == {"close-up"} and cases["skin_tone"].isna().all()
    assert column(cases, "sex")[1:4] == ["female", "unknown", "male"] and column(cases, "site")[0] == "neck"
    assert column(cases, "confirmation") == ["histo", "histo", "consensus", "histo", "consensus"]
    assert cases["lesion_id"].nunique() == 4


def test_derm7pt(read: Reader, capsys: pytest.CaptureFixture[str]) -> None:
    head = (
        "case_num,diagnosis,seven_point_score,elevation,location,sex,management,clinic,derm,case_id,notes\n"
    )
    rows = (
        "1,blue nevus,3,flat,back,female,excision,NEL/Nel026.jpg,NEL/Nel027.jpg,,\n"
        "2,melanoma (less than 0.76 mm),5,flat,head neck,male,excision,Aal/Aal001.JPG,Aal/Aal002.jpg,,\n"
        "3,lentigo,1,flat,back,male,none,NEL/Nel026.jpg,NEL/Nel030.jpg,,\n"
        "4,miscellaneous,1,flat,back,male,none,NEL/Nel031.jpg,NEL/Nel032.jpg,,\n"
    )
    images = "NEL/Nel026.jpg NEL/Nel027.jpg Aal/aal001.jpg Aal/Aal002.jpg NEL/Nel030.jpg NEL/Nel031.jpg NEL/Nel032.jpg"
    cases = read({"meta.csv": head + rows}, images).set_index("image_id")
    # The close-up of the first and third case is one picture, and is there once.
    assert len(cases) == 5 and cases["label"]["NEL/Nel026"] == "nv"
    assert cases["modality"]["NEL/Nel027"] == "dermoscopic" and cases["modality"]["Aal/Aal001"] == "close-up"
    assert cases["lesion_id"]["Aal/Aal001"] == cases["lesion_id"]["Aal/Aal002"] == "derm7pt:2"
    assert cases["label"]["NEL/Nel030"] == "unknown" and not cases["malignant"]["NEL/Nel030"]
    assert cases["site"]["Aal/Aal002"] == "head neck"
    assert (
        "2 of 7 rows say neither benign nor malignant, left out: miscellaneous (2)" in capsys.readouterr().out
    )


MILK = {
    "GroundTruth.csv": "lesion_id,AKIEC,BCC,BEN_OTH,BKL,DF,INF,MAL_OTH,MEL,NV,SCCKA,VASC\n"
    "IL_1,0,1,0,0,0,0,0,0,0,0,0\nIL_2,0,0,0,0,0,0,0,0,0,1,0\nIL_3,0,0,1,0,0,0,0,0,0,0,0\n",
    "Metadata.csv": "lesion_id,image_type,isic_id,attribution,copyright_license,age_approx,sex,skin_tone_class,site\n"
    + "".join(
        f"IL_{n},{kind},ISIC_{n}{kind[0]},MILK,CC-BY-NC,60,male,{n},head_neck_face\n"
        for n in (1, 2, 3)
        for kind in ("clinical: close-up", "dermoscopic")
    ),
    "Supplement.csv": "isic_id,diagnosis_full,diagnosis_confirm_type\n"
    + "".join(
        f"ISIC_{n}{kind},{name},histopathology\n"
        for n, name in ((1, "Basal cell carcinoma"), (2, "Keratoacanthoma"), (3, "Exogenous"))
        for kind in "cd"
    ),
}
MILK_IMAGES = " ".join(f"IL_{n}/ISIC_{n}{kind}.jpg" for n in (1, 2, 3) for kind in "cd")


@pytest.mark.parametrize("names", ["GMS", "SMG", "MGS", "MG", "GM"])
def test_milk10k_as_published(read: Reader, names: str) -> None:
    tables = {name: MILK[name] for letter in names for name in MILK if name.startswith(letter)}
    cases = read(tables, MILK_IMAGES)
    assert column(cases, "label") == ["bcc", "bcc", "scc", "scc", "unknown", "unknown"]
    assert column(cases, "malignant") == [True, True, True, True, False, False]
    assert column(cases, "lesion_id") == ["IL_1", "IL_1", "IL_2", "IL_2", "IL_3", "IL_3"]
    assert column(cases, "modality")[:2] == ["close-up", "dermoscopic"] and column(cases, "skin_tone")[5] == 3
    if "S" in names:
        assert column(cases, "label_original")[2] == "Keratoacanthoma" and set(cases["confirmation"]) == {
            "histo"
        }


def test_a_folder_a_class(tmp_path: Path) -> None:
    for split in ("train", "test"):
        for name in ("benign", "malignant", "nv"):
            (tmp_path / "set" / split / name).mkdir(parents=True)
            for number in range(2):
                (tmp_path / "set" / split / name / f"{number}.jpg").write_bytes(
                    f"{split} {name} {number}".encode()
                )
    cases = read_cases([], [tmp_path / "set"]).set_index("image_id")
    assert len(cases) == 12 and cases["lesion_id"].is_unique
    assert cases["label"]["set/train/nv/0"] == "nv" and cases["label"]["set/test/malignant/1"] == "unknown"
    assert list(cases.groupby(cases["malignant"]).size()) == [8, 4]
    assert Path(cases["path"]["set/test/benign/0"]).read_bytes() == b"test benign 0"
    parts = read_cases([], [tmp_path / "set" / "train", tmp_path / "set" / "test"])
    assert len(parts) == 12 and parts["image_id"].is_unique


def test_folders_without_a_class(tmp_path: Path) -> None:
    (tmp_path / "melanoma_images" / "all").mkdir(parents=True)
    with pytest.raises(CasesError, match="no images"):
        read_cases([], [tmp_path])
    with pytest.raises(CasesError, match="Name a table"):
        read_cases([], [])
    (tmp_path / "melanoma_images" / "all" / "1.jpg").write_bytes(b"1")
    with pytest.raises(CasesError, match=r"1.jpg lies in no folder that is named by a class"):
        read_cases([], [tmp_path])

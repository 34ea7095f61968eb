"""The script in training/README.md that makes tables of what publishers offer."""

import re
from pathlib import Path

import pytest

from training.cases import read_cases

ROOT = Path(__file__).parents[2]
# The publishers' columns, as far as they matter, in the publishers' own files.
FILES = {
    "ham10000/HAM10000_metadata": "lesion_id,image_id,dx,dx_type,age,sex,localization\n"
    "HAM_1,A,mel,histo,50,male,back\n",
    "ham10000/part1/A.jpg": "",
    "isic2017/metadata.csv": "isic_id,file,copyright_license,image_type,diagnosis_1,diagnosis_3\n"
    "B,images/B.jpg,CC-0,dermoscopic,Benign,Nevus\n",
    "isic2017/images/B.jpg": "",
    "isic2019/ISIC_2019_Training_GroundTruth.csv": "image,MEL,NV,BCC,AK,BKL,DF,VASC,SCC,UNK\n"
    "A,1.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0\nC,0.0,0.0,0.0,0.0,0.0,0.0,0.0,1.0,0.0\n",
    "isic2019/ISIC_2019_Training_Metadata.csv": "image,age_approx,anatom_site_general,lesion_id,sex\n"
    "A,50.0,,HAM_1,male\nC,60.0,,BCN_1,female\n",
    # ISIC 2019 has HAM10000's images too, and they need not be the same files.
    "isic2019/ISIC_2019_Training_Input/A.jpg": "another copy",
    "isic2019/ISIC_2019_Training_Input/C.jpg": "",
    "milk10k/MILK10k_Training_GroundTruth.csv": "lesion_id,AKIEC,BCC,MEL,NV,SCCKA\nIL_1,0,0,0,0,1\n",
    "milk10k/MILK10k_Training_Metadata.csv": "lesion_id,image_type,isic_id,copyright_license,skin_tone_class\n"
    "IL_1,dermoscopic,D,CC-BY-NC,1\nIL_1,clinical: close-up,E,CC-BY-NC,1\n",
    "milk10k/MILK10k_Training_Supplement.csv": "isic_id,diagnosis_full\nD,Keratoacanthoma\nE,Keratoacanthoma\n",
    "milk10k/MILK10k_Training_Input/IL_1/D.jpg": "",
    "milk10k/MILK10k_Training_Input/IL_1/E.jpg": "",
}


def test_its_tables_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    script, _ = re.findall(r"```python\n(.*?)```", (ROOT / "training/README.md").read_text(), re.DOTALL)
    exec(script, {})
    tables = [Path(folder) / "metadata.csv" for folder in ("ham10000", "isic2017", "isic2019", "milk10k")]
    cases = read_cases(tables, []).set_index("image_id")
    assert cases["source"].to_dict() == {
        "A": "HAM10000",
        "B": "ISIC 2017",
        "C": "BCN_20000",
        "D": "MILK10k",
        "E": "MILK10k",
    }
    assert cases["label"].tolist() == ["mel", "nv", "unknown", "scc", "scc"]
    assert cases["malignant"].tolist() == [True, False, True, True, True]
    assert cases["licence"].tolist() == ["CC BY-NC 4.0", "CC-0", "CC BY-NC 4.0", "CC-BY-NC", "CC-BY-NC"]
    assert cases["modality"].tolist() == ["dermoscopic"] * 4 + ["close-up"]
    assert cases["path"]["A"] == "ham10000/part1/A.jpg"

"""The seven diagnoses of HAM10000 (Tschandl et al. 2018, doi:10.1038/sdata.2018.161), in the order of every array."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Diagnosis:
    """One diagnostic category: its code in HAM10000, its clinical and its plain name, and its side of the decision."""

    code: str
    name: str
    plain: str
    malignant: bool


DIAGNOSES: tuple[Diagnosis, ...] = (
    # Pre-malignant or in situ; the literature on HAM10000 counts it with the malignant classes, and so do we.
    Diagnosis("akiec", "Actinic keratosis / Bowen's disease", "Early skin cancer from sun damage", True),
    Diagnosis("bcc", "Basal cell carcinoma", "Skin cancer that rarely spreads", True),
    Diagnosis("bkl", "Benign keratosis", "Harmless warty or sun spot", False),
    Diagnosis("df", "Dermatofibroma", "Harmless firm nodule", False),
    Diagnosis("mel", "Melanoma", "Dangerous skin cancer", True),
    Diagnosis("nv", "Melanocytic nevus", "Mole", False),
    Diagnosis("vasc", "Vascular lesion", "Harmless blood-vessel spot", False),
)
CODES: tuple[str, ...] = tuple(diagnosis.code for diagnosis in DIAGNOSES)
BY_CODE: dict[str, Diagnosis] = {diagnosis.code: diagnosis for diagnosis in DIAGNOSES}
MALIGNANT: frozenset[str] = frozenset(diagnosis.code for diagnosis in DIAGNOSES if diagnosis.malignant)
# Order and names in a matrix. Malignant first: the cancers that were taken for something harmless then stand
# together, top right.
SHOWN: tuple[str, ...] = ("mel", "bcc", "akiec", "nv", "bkl", "df", "vasc")
SHORT: dict[str, str] = {
    "mel": "Melanoma",
    "bcc": "Basal cell",
    "akiec": "Actinic / Bowen",
    "nv": "Nevus",
    "bkl": "Benign keratosis",
    "df": "Dermatofibroma",
    "vasc": "Vascular",
}

"""What a source's words mean: names that hold the word of a diagnosis need not be one."""

import pytest

from training.tables.labels import MALIGNANCY, code_of, diagnosis_of, malignant_by_name


@pytest.mark.parametrize(
    ("code", "names"),
    [
        (
            "mel",
            "Melanoma|Melanoma Invasive|Melanoma in situ|melanoma (in situ)|Melanoma metastasis|Lentigo maligna",
        ),
        (
            "nv",
            "Nevus|Nevus, NOS, Compound|Nevus, BAP-1 deficient|Blue nevus|reed or spitz nevus|clark nevus|Naevus",
        ),
        (
            "nv",
            "Nevus, Recurrent or persistent|Nevus, Spilus|Nevus, Acral|Nevus, Balloon cell|melanocytic nevi",
        ),
        ("bcc", "Basal cell carcinoma|Basal cell carcinoma, Nodular"),
        (
            "akiec",
            "Solar or actinic keratosis|Squamous cell carcinoma in situ, Bowens disease|Actinic keratoses",
        ),
        ("bkl", "Seborrheic keratosis|Solar lentigo|Lichen planus like keratosis|lichenoid keratosis"),
        ("bkl", "Pigmented benign keratosis|Ink-spot lentigo|Clear cell acanthoma"),
        ("df", "Dermatofibroma"),
        (
            "vasc",
            "Hemangioma|Hemangioma, Hobnail|Angiokeratoma|Pyogenic granuloma|vascular lesion|Cherry angioma",
        ),
        ("scc", "Squamous cell carcinoma, Invasive|Keratoacanthoma"),
        (
            "unknown",
            "Epidermal nevus|Nevus, Epidermal|Sebaceous nevus|Nevus sebaceous|Nevus flammeus",
        ),
        (
            "unknown",
            "Nevus lipomatosus superficialis|Nevus anemicus|Becker nevus|Lymphangioma|Hemolymphangioma",
        ),
        (
            "unknown",
            "Squamous cell carcinoma, NOS|Bowenoid papulosis|Dermatofibrosarcoma protuberans|Lichen planus",
        ),
        (
            "unknown",
            "Malignant soft tissue proliferations - Vascular|Angiosarcoma|Non-melanoma skin cancer|Scar",
        ),
    ],
)
def test_names(code: str, names: str) -> None:
    assert {name: diagnosis_of([name]) for name in names.split("|")} == dict.fromkeys(names.split("|"), code)


def test_the_most_specific_name_decides() -> None:
    assert diagnosis_of(["Something new", "Nevus"]) == "nv"
    assert diagnosis_of(["Nevus sebaceous", "Nevus"]) == "unknown"
    assert diagnosis_of([]) == "unknown"


@pytest.mark.parametrize(
    ("malignant", "names"),
    [
        (True, "Squamous cell carcinoma, NOS|Merkel cell carcinoma|Angiosarcoma|malignant"),
        (True, "Collision - At least one malignant proliferation|Dermatofibrosarcoma protuberans"),
        (
            False,
            "Epidermal nevus|Nevus flammeus|Lymphangioma|benign|lentigo|Collision - Only benign proliferations",
        ),
        (None, "miscellaneous|unknown|Something new|"),
    ],
)
def test_malignant_by_name(malignant: bool | None, names: str) -> None:
    assert {name: malignant_by_name(name) for name in names.split("|")} == dict.fromkeys(
        names.split("|"), malignant
    )


def test_codes_are_read_in_any_case() -> None:
    assert [code_of(code.upper()) for code in MALIGNANCY] == list(MALIGNANCY)
    assert code_of("n/a") == "unknown" and code_of("Melanocytic nevus") == "nv"
    with pytest.raises(ValueError, match="akiec, bcc, bkl"):
        code_of("melanom")

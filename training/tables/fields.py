"""A table's columns as values: each function takes a field's text and says in a ValueError what it should be."""

import re
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

import pandas as pd

from model.images import SUFFIXES
from model.modality import Modality
from training.tables.labels import MALIGNANCY, NOTHING, malignant_by_name
from training.tables.text import CaseTable

OLDEST = 120
SEXES = {"f": "female", "female": "female", "m": "male", "male": "male"}
CONFIRMATIONS = {
    "histopathology": "histo",
    "serial imaging showing no change": "follow_up",
    "single image expert consensus": "consensus",
    "confocal microscopy with consensus dermoscopy": "confocal",
}
# Tables of the archive also have overviews of the body and microscopy: no lesion as a user photographs it.
MODALITIES = {
    "": Modality.DERMOSCOPIC,
    "dermoscopic": Modality.DERMOSCOPIC,
    "dermoscopy": Modality.DERMOSCOPIC,
    "close-up": Modality.CLOSE_UP,
    "clinical": Modality.CLOSE_UP,
    "clinical: close-up": Modality.CLOSE_UP,
    "tbp tile: close-up": Modality.CLOSE_UP,
}


def parse_column(
    table: CaseTable, texts: pd.Series, parse: Callable[[str], Any], dtype: Any = "str"
) -> pd.Series:
    """Each text's value.

    Raises:
        CasesError: names the row, the column and the text of the first one that `parse` refuses.
    """
    values: dict[str, Any] = {}
    for text in texts.unique():
        try:
            values[text] = parse(text)
        except ValueError as error:
            row = texts.index[texts == text][0]
            raise table.fault(row, f"{texts.name} is {text!r}, but {error}") from error
    return pd.Series([values[text] for text in texts], index=texts.index, dtype=dtype)


def every_row(table: CaseTable, text: str) -> pd.Series:
    """One text for all rows."""
    return pd.Series(text, index=table.rows.index, dtype="str")


def parse_age(text: str) -> float:
    """An age, also "85+" and "40 years"; NaN where it says nothing."""
    if text.lower() in NOTHING:
        return float("nan")
    number = re.fullmatch(r"[>≥~]?=?\s*(\d{1,3}([.,]\d+)?)\s*(\+|y|yrs?|years?)?", text.lower())
    if number is None or (age := float(number[1].replace(",", "."))) > OLDEST:
        raise ValueError(f"an age is a number of years up to {OLDEST}, or empty")
    return age


def parse_skin_tone(text: str) -> float:
    """A class of skin tone, 0 very dark to 5 very light; NaN where it says nothing."""
    if text.lower() in NOTHING:
        return float("nan")
    if re.fullmatch(r"[0-5](\.\d+)?", text) is None or float(text) > 5:
        raise ValueError("a skin tone is a number from 0 to 5, or empty")
    return float(text)


def parse_modality(text: str) -> str:
    """`dermoscopic`, `close-up`, or empty for what is neither."""
    return str(MODALITIES.get(text.lower(), ""))


def without_ending(text: str) -> str:
    """An image's id from an id or a file's name.

    Raises:
        ValueError: nothing is left.
    """
    path = PurePosixPath(text.replace("\\", "/"))
    if not path.name:
        raise ValueError("every row needs an image")
    return str(path.with_suffix("") if path.suffix.lower() in SUFFIXES else path)


def parse_confirmation(text: str) -> str:
    """How a diagnosis was confirmed, in HAM10000's words where it has one; `unknown` where the text says nothing."""
    word = text.lower()
    return "unknown" if word in NOTHING else CONFIRMATIONS.get(word, word)


def parse_word(text: str) -> str:
    """A word of free text, the same however a source spells it; `unknown` where it says nothing."""
    word = text.lower().replace("_", " ")
    return "unknown" if word in NOTHING else word


def rows_of(
    table: CaseTable,
    image: pd.Series,
    label: pd.Series,
    original: pd.Series,
    malignant: pd.Series | None = None,
    **others: pd.Series,
) -> pd.DataFrame:
    """The columns of `training.cases.read_cases`, but for `path`; `malignant` may be missing and `modality` empty.

    Args:
        table: whose index every column has, and which is asked for those of the others that are not given.
        image: id or file name of each image.
        label: code of each.
        original: the source's own words.
        malignant: boolean with missing values, where the source says it; counts for what is `unknown`.
        others: texts of `lesion_id`, `confirmation`, `sex`, `site`, `modality` and `file` where they stand elsewhere.

    Raises:
        CasesError: a field that cannot be read.
    """

    def text(name: str, *columns: str) -> pd.Series:
        return others.get(name, table.text(*columns))

    by_label = label.map(MALIGNANCY).astype("boolean")
    by_name = parse_column(table, original, malignant_by_name, "boolean")
    ids = parse_column(table, image, without_ending)
    lesion = text("lesion_id", "lesion_id")
    return pd.DataFrame(
        {
            "image_id": ids,
            "lesion_id": lesion.where(~lesion.str.lower().isin(NOTHING), "image:" + ids),
            "patient_id": table.text("patient_id"),
            "export": table.text("export"),
            "label": label,
            "malignant": by_label.fillna(by_name if malignant is None else malignant.fillna(by_name)),
            "label_original": original,
            "confirmation": text("confirmation", "dx_type", "diagnosis_confirm_type").map(parse_confirmation),
            "age": parse_column(table, table.text("age", "age_approx"), parse_age, float),
            "sex": text("sex", "sex").str.lower().map(SEXES).fillna("unknown"),
            "site": text("site", "localization", "anatom_site_general", "anatom_site_1").map(parse_word),
            "skin_tone": parse_column(
                table, table.text("skin_tone", "skin_tone_class"), parse_skin_tone, float
            ),
            "modality": text("modality", "modality", "image_type").map(parse_modality),
            "source": table.text("source"),
            "licence": table.text("licence", "copyright_license"),
            "file": text("file", "file"),
        }
    )

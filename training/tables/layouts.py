"""The published layouts: each found by its columns, each read into the same columns (see `fields.rows_of`)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from model.modality import Modality
from training.tables import HAM10000, CasesError
from training.tables.fields import every_row, parse_column, rows_of
from training.tables.labels import MALIGNANCY, SQUAMOUS, UNKNOWN, code_of, diagnosis_of, is_malignant
from training.tables.text import CaseTable

# The challenges' letters: a code, or what else is known. SCC may hold Bowen's disease, and so is malignant and no more.
LETTERS: Mapping[str, tuple[str, bool | None]] = {
    **{code: (code, known) for code, known in MALIGNANCY.items() if code != "scc"},
    "ack": ("akiec", True),
    "ak": ("akiec", True),
    "bod": ("akiec", True),
    "nev": ("nv", False),
    "sek": ("bkl", False),
    "sccka": ("scc", True),
    "scc": (UNKNOWN, True),
    "mal_oth": (UNKNOWN, True),
    "ben_oth": (UNKNOWN, False),
    "inf": (UNKNOWN, False),
    "unk": (UNKNOWN, None),
    "": (UNKNOWN, None),
}


@dataclass(frozen=True)
class Layout:
    """How one publisher lays out a table.

    Attributes:
        name: of the data set that has it.
        columns: that tell it from the others.
        read: from a table with these columns to those of `fields.rows_of`.
    """

    name: str
    columns: frozenset[str]
    read: Callable[[CaseTable], pd.DataFrame]


def read_ham10000(table: CaseTable) -> pd.DataFrame:
    """HAM10000's columns; malignant, dx_original, skin_tone, modality, file, source and licence may follow."""
    label = parse_column(table, table.text("dx"), code_of)
    original = table.text("dx_original", "dx")
    sure = original.str.lower().map(SQUAMOUS)
    label = label.mask((label == UNKNOWN) & sure.notna(), sure)
    malignant = parse_column(table, table.text("malignant"), is_malignant, "boolean")
    against = (label.map(MALIGNANCY).astype("boolean") != malignant).fillna(False)
    if against.any():
        row = label.index[against][0]
        word = "malignant" if malignant[row] else "benign"
        raise table.fault(row, f"dx is {table.rows['dx'][row]!r}, which cannot be {word}")
    return rows_of(table, table.text("image_id"), label, original, malignant)


def read_challenge(table: CaseTable) -> pd.DataFrame:
    """ISIC 2018 and 2019: a column a class, 1 in one of them; lesions, ages and the rest from a second table."""
    letters = marked_column(table)
    return read_lettered(table, table.text("image"), letters, letters.str.upper())


def read_isic_2020(table: CaseTable) -> pd.DataFrame:
    """ISIC 2020: benign or malignant for all, a diagnosis for some."""
    names = table.text("diagnosis")
    malignant = parse_column(table, table.text("target"), is_malignant, "boolean")
    label = parse_column(table, names, lambda name: diagnosis_of([name]))
    site = table.text("anatom_site_general_challenge", "anatom_site_general")
    return rows_of(table, table.text("image_name"), label, names, malignant, site=site)


def read_archive(table: CaseTable) -> pd.DataFrame:
    """The ISIC Archive, by isic-cli or by `python -m training download`."""
    closest = [table.text(name) for name in ("diagnosis_5", "diagnosis_4", "diagnosis_3", "diagnosis")]
    group = table.text("diagnosis_2")
    names = [[name for name in row if name] for row in zip(*closest, strict=True)]
    # A group such as "Benign melanocytic proliferations" says nothing more of what has a name.
    names = [row or [name] for row, name in zip(names, group, strict=True)]
    label = pd.Series([diagnosis_of(row) for row in names], index=group.index, dtype="str")
    original = pd.Series([row[0] for row in names], index=group.index, dtype="str", name="diagnosis")
    malignant = parse_column(table, table.text("diagnosis_1", "benign_malignant"), is_malignant, "boolean")
    return rows_of(table, table.text("isic_id"), label, original, malignant)


def read_milk10k(table: CaseTable) -> pd.DataFrame:
    """MILK10k: metadata by image and truth by lesion, and, in a supplement, the full diagnosis."""
    letters = marked_column(table)
    rows = read_lettered(table, table.text("isic_id"), letters, letters.str.upper(), site=table.text("site"))
    full = table.text("diagnosis_full")
    named = full != ""
    label = parse_column(table, full, lambda name: diagnosis_of([name]))
    return rows.assign(
        label=rows["label"].mask(named, label), label_original=rows["label_original"].mask(named, full)
    )


def read_pad_ufes_20(table: CaseTable) -> pd.DataFrame:
    """PAD-UFES-20: close-ups by telephone; dermatologists agreed on what was not biopsied."""
    confirmation = table.text("biopsed").str.lower().map({"true": "histo", "false": "consensus"}).fillna("")
    return read_lettered(
        table,
        table.text("img_id"),
        table.text("diagnostic").str.lower(),
        table.text("diagnostic"),
        lesion_id=prefixed_ids("PAD-UFES-20", table.text("lesion_id")),
        confirmation=confirmation,
        sex=table.text("gender"),
        site=table.text("region"),
        modality=every_row(table, Modality.CLOSE_UP),
    )


def read_derm7pt(table: CaseTable) -> pd.DataFrame:
    """derm7pt: a dermoscopic image and a close-up of each case; some cases share one."""
    parts = []
    for column, modality in (("derm", Modality.DERMOSCOPIC), ("clinic", Modality.CLOSE_UP)):
        there = CaseTable(table.path, table.rows[table.rows[column] != ""])
        names, files = there.text("diagnosis"), there.text(column)
        parts.append(
            rows_of(
                there,
                files,
                parse_column(there, names, lambda name: diagnosis_of([name])),
                names,
                lesion_id=prefixed_ids("derm7pt", there.text("case_num")),
                site=there.text("location"),
                modality=every_row(there, modality),
                file=files,
            )
        )
    return pd.concat(parts).drop_duplicates("image_id")


def prefixed_ids(source: str, numbers: pd.Series) -> pd.Series:
    """Ids of a source that only counts its lesions, so that they differ from those of another one."""
    return (source + ":" + numbers).where(numbers != "", "")


def read_lettered(
    table: CaseTable, image: pd.Series, letters: pd.Series, original: pd.Series, **others: pd.Series
) -> pd.DataFrame:
    """Rows whose diagnosis is given in a challenge's letters, in lower case."""

    def known(word: str) -> tuple[str, bool | None]:
        if word not in LETTERS:
            raise ValueError(f"known are {', '.join(filter(None, LETTERS))}")
        return LETTERS[word]

    label = parse_column(table, letters, lambda word: known(word)[0])
    malignant = parse_column(table, letters, lambda word: known(word)[1], "boolean")
    return rows_of(table, image, label, original, malignant, **others)


def marked_column(table: CaseTable) -> pd.Series:
    """Of the columns that are a challenge's letters, the one with a 1 in each row; empty text where all are empty.

    Raises:
        CasesError: a row has none, or several, or something between 0 and 1.
    """
    letters = [name for name in table.rows.columns if name and name in LETTERS]
    marks = table.rows[letters]
    wrong = ~marks.isin(["0", "0.0", "1", "1.0", ""]).all(axis=1)
    chosen = marks.isin(["1", "1.0"])
    wrong |= (chosen.sum(axis=1) != 1) & (marks != "").any(axis=1)
    if wrong.any():
        raise table.fault(
            marks.index[wrong][0], f"one of {', '.join(letters).upper()} is 1, the others 0, in every row"
        )
    return chosen.idxmax(axis=1).where(chosen.any(axis=1), "").rename("class")


LAYOUTS: tuple[Layout, ...] = (
    Layout("HAM10000", frozenset({"image_id", "dx"}), read_ham10000),
    Layout("ISIC 2018 and 2019", frozenset({"image", "mel", "nv", "bcc"}), read_challenge),
    Layout("ISIC 2020", frozenset({"image_name", "target"}), read_isic_2020),
    Layout("MILK10k", frozenset({"isic_id", "mel", "nv", "sccka"}), read_milk10k),
    Layout("isic-cli", frozenset({"isic_id", "diagnosis_1"}), read_archive),
    Layout("isic-cli", frozenset({"isic_id", "diagnosis"}), read_archive),
    Layout("PAD-UFES-20", frozenset({"img_id", "diagnostic"}), read_pad_ufes_20),
    Layout("derm7pt", frozenset({"derm", "clinic", "diagnosis"}), read_derm7pt),
)


def is_whole(table: CaseTable) -> bool:
    """Whether a table has one of the layouts, and so needs no other one beside it."""
    return any(layout.columns <= set(table.rows.columns) for layout in LAYOUTS)


def layout_of(table: CaseTable) -> Layout:
    """The layout of a table.

    Raises:
        CasesError: it is none of them; the message names HAM10000's columns.
    """
    for layout in LAYOUTS:
        if layout.columns <= set(table.rows.columns):
            return layout
    others = ", ".join(dict.fromkeys(layout.name for layout in LAYOUTS[1:]))
    raise CasesError(
        f"{table.path} has the columns {', '.join(table.rows.columns)}; a table has those of HAM10000 ({HAM10000}) or "
        f"of {others}, or it fits to another one that is named beside it."
    )

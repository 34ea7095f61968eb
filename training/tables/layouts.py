"""The published layouts: each found by its columns, each read into the same columns (see `fields.rows_of`)."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from training.tables import CasesError
from training.tables.fields import parsed, rows_of
from training.tables.labels import SQUAMOUS, UNKNOWN, code_of, is_malignant
from training.tables.text import Table

HAM10000 = "lesion_id, image_id, dx, dx_type, age, sex, localization"


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
    read: Callable[[Table], pd.DataFrame]


def read_ham10000(table: Table) -> pd.DataFrame:
    """HAM10000's columns; malignant, dx_original, skin_tone, modality, file, source and licence may follow."""
    label = parsed(table, table.text("dx"), code_of)
    original = table.text("dx_original", "dx")
    sure = original.str.lower().map(SQUAMOUS)
    label = label.mask((label == UNKNOWN) & sure.notna(), sure)
    malignant = parsed(table, table.text("malignant"), is_malignant, "boolean")
    return rows_of(table, table.text("image_id"), label, original, malignant)


LAYOUTS: tuple[Layout, ...] = (Layout("HAM10000", frozenset({"image_id", "dx"}), read_ham10000),)


def layout_of(table: Table) -> Layout:
    """The layout of a table.

    Raises:
        CasesError: it is none of them; the message names HAM10000's columns.
    """
    for layout in LAYOUTS:
        if layout.columns <= set(table.rows.columns):
            return layout
    raise CasesError(
        f"{table.path} has the columns {', '.join(table.rows.columns)}; a table needs those of HAM10000 ({HAM10000}), "
        f"or of {', '.join(layout.name for layout in LAYOUTS[1:])}."
    )

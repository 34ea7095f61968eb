"""Tables that people make of photographs in a spreadsheet: which column means what, and what a cell says.

The command line reads them from a file, and the predict page takes what is pasted from one.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.store import InputError
from dashboard.store.fields import CONTEXT, ContextField
from model.modality import Modality

FILE, MODALITY = "file", "modality"
COLUMNS = (FILE, MODALITY, *(part.name for part in CONTEXT))
FIELDS = {part.name: part for part in CONTEXT}
# What people call the columns besides their names and labels.
ALSO = {"filename": FILE, "photograph": FILE, "date": "taken"}
KINDS = (Modality.DERMOSCOPIC, Modality.CLOSE_UP)
# With dots it is the day that comes first, wherever it is written.
DOTTED_DAY = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})")
MOST_PASTED = 1000


@dataclass(frozen=True)
class PastedRow:
    """What one row of a spreadsheet says of a photograph. An empty cell says nothing.

    Attributes:
        file: the name of the photograph; empty where the rows follow those of the page.
        fields: of `Context`, as they are stored.
        modality: what the row says the photograph was taken with.
        problems: a sentence for each cell that does not fit.
    """

    file: str
    fields: Mapping[str, Any]
    modality: Modality | None
    problems: tuple[str, ...]


def column_name(cell: str) -> str:
    """The field that a heading means; the heading itself where it means none."""
    said = cell.strip().casefold()
    meant = {name.casefold(): part.name for part in CONTEXT for name in (part.name, part.label, part.title)}
    return ALSO.get(said) or meant.get(said, said)


def column_names(head: Sequence[str], allowed: Sequence[str] = COLUMNS) -> list[str]:
    """What the columns of a table mean, by its headings. Raises InputError for others than these, or one twice."""
    names = [column_name(cell) for cell in head]
    unknown = [cell for cell, name in zip(head, names, strict=True) if name not in allowed]
    if unknown or len(set(names)) < len(names):
        wrong = f"does not know {', '.join(map(repr, unknown))}" if unknown else "needs each column once"
        raise InputError(f"The table {wrong}. Its columns may be: {', '.join(allowed)}.")
    return names


def rows_by_column(names: Sequence[str], rows: Sequence[Sequence[str]]) -> list[dict[str, str]]:
    """Rows of cells by the names of their columns, without empty rows."""
    return [
        dict(zip(names, (cell.strip() for cell in row), strict=False))
        for row in rows
        if any(map(str.strip, row))
    ]


def value_of_cell(part: ContextField, text: str) -> Any:
    """What a cell says. Raises InputError for what is no number where one has to be."""
    if part.type is int and text:
        try:
            return int(text)
        except ValueError as error:
            raise InputError(f"The {part.label.lower()} is a whole number, not {text!r}.") from error
    if part.moment and (found := DOTTED_DAY.fullmatch(text)):
        return f"{found[3]}-{found[2]:0>2}-{found[1]:0>2}"
    return text or None


def modality_of_row(row: Mapping[str, str]) -> Modality | None:
    """What the photograph was taken with, as the table says; None where it does not. Raises InputError."""
    said = row.get(MODALITY, "").casefold()
    if said and said not in KINDS:
        raise InputError(f"The modality is one of {', '.join(KINDS)}, or left out.")
    return Modality(said) if said else None


def pasted_rows(text: str, columns: Sequence[str], start: str) -> list[PastedRow]:
    """What was pasted from a spreadsheet into a cell, for the photographs from that row on.

    Args:
        text: cells with tabs between them, as spreadsheets give them away. The first line may have headings.
        columns: the names of the columns that the page shows, in their order.
        start: the column that it was pasted into, which counts where there are no headings.

    Raises:
        InputError: there are more columns than fit, or others.
    """
    # An empty line inside stands for a photograph that stays as it is.
    rows = list(csv.reader(io.StringIO(text.rstrip("\r\n")), delimiter="\t"))
    if not rows or start not in columns:
        raise InputError("Nothing was pasted: copy cells of a spreadsheet first.")
    if len(rows) > MOST_PASTED:
        raise InputError(f"These are {len(rows):,} rows; at most {MOST_PASTED:,} can be pasted at a time.")
    if any(column_name(cell) in COLUMNS for cell in rows[0] if cell.strip()):
        names, rows = column_names(rows[0], (FILE, *columns)), rows[1:]
    else:
        names = list(columns[columns.index(start) :])
    widest = max(map(len, rows), default=0)
    if widest > len(names):
        raise InputError(
            f"The cells that you copied have {widest} columns, and from here on there is room for {len(names)}: "
            f"{', '.join(names)}. Nothing was taken over."
        )
    return [pasted_row(dict(zip(names, map(str.strip, row), strict=False))) for row in rows]


def pasted_row(row: Mapping[str, str]) -> PastedRow:
    """One row as it is stored, cell by cell."""
    fields: dict[str, Any] = {}
    problems: list[str] = []
    modality = None
    for name, text in row.items():
        try:
            if name == MODALITY:
                modality = modality_of_row(row)
            elif name != FILE and text:
                fields[name] = FIELDS[name].clean(value_of_cell(FIELDS[name], text))
        except InputError as error:
            problems.append(f"“{text}”: {error}")
    return PastedRow(row.get(FILE, ""), fields, modality, tuple(problems))

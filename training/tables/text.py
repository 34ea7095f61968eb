"""A table's file, whatever wrote it, as rows of text."""

import codecs
import csv
import io
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from training.tables import HAM10000, CasesError

SEPARATORS = ",;\t|"
# The longer marks first: UTF-32's begins with UTF-16's.
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True)
class CaseTable:
    """A table that was read and not yet understood.

    Attributes:
        path: its file.
        rows: text without blanks around it, columns in lower case; the index is the row's number in a spreadsheet,
            where the header is row 1.
    """

    path: Path
    rows: pd.DataFrame

    def text(self, *columns: str) -> pd.Series:
        """The first of these columns that is there; empty text where none is."""
        for column in columns:
            if column in self.rows:
                return self.rows[column]
        return pd.Series("", index=self.rows.index, dtype=str)

    def fault(self, row: object, what: str) -> CasesError:
        """An error that names the file and the row."""
        return CasesError(f"{self.path}, row {row}: {what}.")


def read_case_table(path: Path) -> CaseTable:
    """Read a text table in any usual encoding and with any usual separator.

    Raises:
        CasesError: there is no such file, it is no text table, it has no rows, or a row does not fit the header.
    """
    (first, names), *lines = split_rows(path, decode_text(path))
    header = [name.lower() for name in names]
    while not header[-1]:
        header.pop()
    twice = next((name for name in header if header.count(name) > 1), None)
    if twice is not None:
        raise CasesError(f"{path} has the column {twice or 'without a name'} more than once.")
    rows: dict[int, list[str]] = {}
    for number, fields in lines:
        while len(fields) > len(header) and not fields[-1]:
            fields.pop()
        if len(fields) != len(header):
            raise CasesError(f"{path}, row {number} has {len(fields)} fields, the header {len(header)}.")
        rows[number] = fields
    if not rows:
        raise CasesError(f"{path} has no rows below row {first}, its header, such as {HAM10000}.")
    return CaseTable(path, pd.DataFrame.from_dict(rows, orient="index", columns=header, dtype=str))


def decode_text(path: Path) -> str:
    """The text of a file: by its byte order mark, else UTF-8, else cp1252, which Western spreadsheets write."""
    if path.is_dir():
        raise CasesError(f"{path} is a folder; name the table in it.")
    if not path.exists():
        raise CasesError(f"{path} does not exist.")
    data = path.read_bytes()
    if data.startswith(b"PK\x03\x04"):
        raise CasesError(f"{path} is a workbook or an archive; save the table as CSV.")
    mark, encoding = next(((mark, name) for mark, name in MARKS if data.startswith(mark)), (b"", ""))
    for candidate in (encoding,) if encoding else (encoding_without_mark(data), "cp1252"):
        try:
            text = data[len(mark) :].decode(candidate)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise CasesError(f"{path} is no text; save the table as CSV in UTF-8.")


def encoding_without_mark(data: bytes) -> str:
    """The encoding of text without a mark: every other byte of plain text in UTF-16 is zero."""
    if data[1:2] == b"\0":
        return "utf-16-le"
    return "utf-16-be" if data[:1] == b"\0" else "utf-8"


def split_rows(path: Path, text: str) -> list[tuple[int, list[str]]]:
    """Numbers and fields of the rows that are not blank, split where it gives the first of them most fields."""
    numbered = enumerate(text.splitlines(), start=1)
    start, first = next(((number, line) for number, line in numbered if line.strip()), (1, ""))
    separator = max(SEPARATORS, key=first.count)
    # Excel notes the separator above the header.
    if first.lower().startswith("sep="):
        separator, start = first[4:5] or separator, start + 1
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise CasesError(f"{path} is no table that can be read: {error}.") from error
    stripped = [(number, [field.strip() for field in row]) for number, row in enumerate(rows, start=1)]
    rows_with_text = [(number, row) for number, row in stripped if number >= start and any(row)]
    if not rows_with_text:
        raise CasesError(f"{path} is empty; its row 1 names the columns, such as {HAM10000}.")
    return rows_with_text

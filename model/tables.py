"""Tables that grow row by row and survive whatever interrupts them.

While a run lasts, its rows stand in a journal of JSON lines beside the table: a line is either there whole or it is cut
off when the journal is opened again. The table itself, CSV, Parquet or JSON lines, appears at the end, or when the user
stops the run, and always complete.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

ENDINGS = (".csv", ".parquet", ".jsonl")
ROW_GROUP = 10_000
# A spreadsheet takes a cell that begins so for a formula (OWASP, CSV injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r")

Row = Mapping[str, Any]


class TableError(ValueError):
    """A table or its journal cannot be used; the message says what to do."""


def spreadsheet_safe(value: Any) -> Any:
    """A text as a CSV cell that no spreadsheet takes for a formula; anything else as it is."""
    return "'" + value if isinstance(value, str) and value.startswith(FORMULA) else value


def spreadsheet_text(cell: str) -> str:
    """The text behind a cell that `spreadsheet_safe` wrote."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA) else cell


class Journal:
    """The rows of a run so far, on disk."""

    def __init__(self, out: Path, columns: Mapping[str, type], resume: bool) -> None:
        """Open the journal of a table, new or as an earlier run left it.

        Args:
            out: the table; its ending says what it will be.
            columns: names and types (str or float) of the columns, the first of which names the row.
            resume: go on with the rows of an earlier run, its table or its journal, instead of beginning anew.

        Raises:
            TableError: an unknown ending, or an interrupted run is there and `resume` is False.
        """
        if out.suffix not in ENDINGS:
            raise TableError(f"{out}: the ending must be {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}.")
        self.out, self.columns = out, columns
        self.path = journal_of(out)
        if self.path.exists() and not resume:
            raise TableError(
                f"An interrupted run left its rows in {self.path}. "
                "Go on with it by --resume, or delete that file to begin anew."
            )
        if resume and not self.path.exists() and out.exists():
            partial = self.path.with_name(self.path.name + ".partial")
            with partial.open("w", encoding="utf-8") as file:
                file.writelines(json.dumps(row) + "\n" for row in earlier_rows(out, columns))
            partial.replace(self.path)
        if self.path.exists():
            cut_unfinished_line(self.path)
        self.done = {row[next(iter(columns))] for row in self.rows()} if resume else set[str]()
        self.file = self.path.open("a", encoding="utf-8")

    def add(self, rows: Iterable[Row]) -> None:
        """Append rows; once this returns, they outlive the process."""
        self.file.writelines(json.dumps(dict(row)) + "\n" for row in rows)
        self.file.flush()

    def rows(self) -> Iterator[dict[str, Any]]:
        """The rows so far, in the order in which they came."""
        yield from whole_lines(self.path)

    def close(self) -> None:
        """Write the table from the journal, at constant memory, and remove the journal."""
        self.file.close()
        partial = self.out.with_name(f".{self.out.name}.partial")
        try:
            write_table(partial, self.out.suffix, self.rows(), self.columns)
        except OSError:
            partial.unlink(missing_ok=True)
            raise
        partial.replace(self.out)
        self.path.unlink()


def journal_of(out: Path) -> Path:
    """Where the rows of a table stand while a run lasts."""
    return out.with_name(f".{out.name}.journal")


def earlier_rows(out: Path, columns: Mapping[str, type]) -> Iterator[dict[str, Any]]:
    """The rows that an earlier run left in its journal or, finished, in its table; nothing is written.

    Raises:
        TableError: the table has other columns, or is none.
    """
    if journal_of(out).exists():
        yield from whole_lines(journal_of(out))
    elif out.exists():
        try:
            yield from read_score_table(out, columns)
        except TableError:
            raise
        except (ValueError, TypeError, KeyError, csv.Error) as error:
            raise TableError(
                f"{out} cannot be read as the table of an earlier run ({error}). Choose another --out."
            ) from error


def whole_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a journal, but for a last one that was cut off."""
    if path.exists():
        with path.open(encoding="utf-8") as file:
            for line in file:
                if line.endswith("\n"):
                    yield json.loads(line)


def cut_unfinished_line(path: Path) -> None:
    """Remove what stands behind the last line end."""
    with path.open("rb+") as file:
        whole = sum(len(line) for line in file if line.endswith(b"\n"))
        file.truncate(whole)


def write_table(path: Path, ending: str, rows: Iterator[Row], columns: Mapping[str, type]) -> None:
    """Write rows as a whole file of the kind that `ending` names."""
    if ending == ".parquet":
        write_parquet(path, rows, columns)
        return
    with path.open("w", encoding="utf-8", newline="" if ending == ".csv" else None) as file:
        if ending == ".csv":
            table = csv.DictWriter(file, list(columns))
            table.writeheader()
            table.writerows({name: spreadsheet_safe(row.get(name)) for name in columns} for row in rows)
        else:
            file.writelines(json.dumps({name: row.get(name) for name in columns}) + "\n" for row in rows)


def write_parquet(path: Path, rows: Iterator[Row], columns: Mapping[str, type]) -> None:
    """Write rows as Parquet, whose columns have their types even where every cell is empty."""
    import pyarrow as pa
    from pyarrow import parquet

    kinds = {str: pa.string(), float: pa.float64()}
    schema = pa.schema([(name, kinds[kind]) for name, kind in columns.items()])
    with parquet.ParquetWriter(path, schema) as writer:
        while group := [{name: row.get(name) for name in columns} for row in islice(rows, ROW_GROUP)]:
            writer.write_table(pa.Table.from_pylist(group, schema))


def read_score_table(path: Path, columns: Mapping[str, type]) -> Iterator[dict[str, Any]]:
    """The rows of a table that `write_table` wrote.

    Raises:
        TableError: it has other columns.
    """
    if path.suffix == ".parquet":
        from pyarrow import parquet

        file = parquet.ParquetFile(path)
        same_columns(path, file.schema_arrow.names, columns)
        for batch in file.iter_batches():
            yield from batch.to_pylist()
    elif path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as text:
            table = csv.DictReader(text)
            same_columns(path, table.fieldnames or [], columns)
            for row in table:
                yield {name: cell_value(row[name], kind) for name, kind in columns.items()}
    else:
        with path.open(encoding="utf-8") as text:
            for line in text:
                row = json.loads(line)
                same_columns(path, list(row), columns)
                yield row


def same_columns(path: Path, names: Sequence[str], columns: Mapping[str, type]) -> None:
    """Raise TableError unless a table has exactly these columns."""
    if list(names) != list(columns):
        raise TableError(f"{path} has other columns than this run would write. Choose another --out.")


def cell_value(cell: str, kind: type) -> Any:
    """A CSV cell as the value that was written; None for an empty one."""
    if not cell:
        return None
    return spreadsheet_text(cell) if kind is str else kind(cell)

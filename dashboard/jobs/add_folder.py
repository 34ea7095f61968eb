"""`python -m dashboard add FOLDER --table FILE`: photographs of a folder, with what a table says of each."""

import csv
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dashboard.cases import Actor, predict_photograph
from dashboard.context_tables import (
    COLUMNS,
    FILE,
    column_names,
    modality_of_row,
    rows_by_column,
    value_of_cell,
)
from dashboard.services import LIMITS, Services
from dashboard.store import Context, InputError, StoreError
from dashboard.store.fields import CONTEXT
from dashboard.store.summary import same_image
from model.images import ImageError
from model.outcome import Outcome


@dataclass(frozen=True)
class Added:
    """What became of a row of the table, or of a file without one.

    Attributes:
        file: as the table names it.
        problem: why it is not stored; empty where it is.
        known: it was stored before, and stays as it is.
        remark: what to look at although it is stored.
    """

    file: str
    problem: str = ""
    known: bool = False
    remark: str = ""


def read_rows(table: Path) -> list[dict[str, str]]:
    """The rows of a table with commas, semicolons or tabs between its columns, by the names of the fields.

    Raises:
        InputError: it is no such table, has columns that nothing is known of, or none for the file.
    """
    try:
        lines = table.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The table {table} cannot be read: save it as CSV in UTF-8. ({error})") from error
    head = lines[0] if lines else ""
    rows = list(csv.reader(lines, delimiter=max("\t;,", key=head.count)))
    if not rows:
        raise InputError(f"The table {table} is empty.")
    names = column_names(rows[0])
    if FILE not in names:
        raise InputError(f"The table needs file. Its columns may be: {', '.join(COLUMNS)}.")
    return rows_by_column(names, rows[1:])


def add_rows(
    actor: Actor, services: Services, folder: Path, rows: list[dict[str, str]], model: str | None = None
) -> Iterator[Added]:
    """Predict and store the photographs of a table one by one, and say what became of each.

    A row that cannot be stored leaves the others as they are. A file that is stored already is passed over, so that
    the same command goes on where it stopped. Photographs of the folder without a row are named last.

    Raises:
        InputError: there is no such folder.
    """
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}.")
    for row in rows:
        yield add_row(actor, services, folder, row, model)
    named = {(folder / row.get(FILE, "")).resolve() for row in rows}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith(".") and path.resolve() not in named:
            yield Added(str(path.relative_to(folder)), "The table has no row for it.")


def add_row(
    actor: Actor, services: Services, folder: Path, row: Mapping[str, str], model: str | None = None
) -> Added:
    """Predict and store one photograph."""
    name = row.get(FILE, "")
    path = folder / name
    if not name or not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
        return Added(name, "There is no such file in the folder.")
    try:
        said = modality_of_row(row)
        context = Context(**{part.name: value_of_cell(part, row.get(part.name, "")) for part in CONTEXT})
        with path.open("rb") as file:
            data = file.read(LIMITS.max_bytes + 1)
        if same_image(services.store, hashlib.sha256(data).hexdigest()):
            return Added(name, known=True)
        record = predict_photograph(actor, services, data, path.name, model, context=context)
    except (ImageError, InputError, StoreError, OSError) as error:
        return Added(name, str(error))
    remarks = []
    if said is not None and record.modality != said:
        remarks.append(f"the table says {said}, the model took it for {record.modality}")
    if record.outcome == Outcome.NO_RESULT:
        remarks.append("there is no result: take the photograph again")
    return Added(name, remark="; ".join(remarks))

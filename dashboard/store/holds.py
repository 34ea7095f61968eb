"""Legal holds: cases that nobody may delete, whether they are in the list or in the bin, until the hold is released."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Connection, delete, exists, insert, select

from dashboard.store.changes import MISSING, audit_row
from dashboard.store.database import in_batches
from dashboard.store.errors import Held, InputError, NotFound
from dashboard.store.files import ID
from dashboard.store.names import MAX_NAME, MAX_NOTE, clean_line, clean_text
from dashboard.store.schema import audit, binned, holds, predictions, utc_now

if TYPE_CHECKING:
    from dashboard.store.backup_rows import HoldRow
    from dashboard.store.repository import Store


@dataclass(frozen=True)
class Hold:
    """Why nobody may delete a case, who said so, and when."""

    created: datetime
    who: str
    reason: str


class Holds:
    """The legal holds of a store."""

    def __init__(self, store: "Store") -> None:
        self.store = store

    def of(self, record_id: str) -> Hold | None:
        """The hold on a case; None where there is none."""
        with self.store.reading() as connection:
            return find_holds(connection, [record_id]).get(record_id)

    def put(self, ids: Sequence[str], reason: str, who: str = "") -> tuple[str, ...]:
        """Put a hold on cases, in the list or in the bin. One that is held already stays as it is.

        Returns:
            The ids that were not held before.

        Raises:
            InputError: there is no reason, or it is too long.
            NotFound: none of the cases is there.
        """
        reason, name = clean_text(reason, MAX_NOTE, "The reason"), clean_line(who, MAX_NAME, "The name")
        if not reason:
            raise InputError("Say why nobody may delete it: the reason stands in the audit trail.")
        with self.store.writing() as connection:
            revisions = find_revisions(connection, ids)
            if not revisions:
                raise NotFound(MISSING)
            new = [one for one in revisions if one not in find_holds(connection, revisions)]
            moment = utc_now()
            for one in new:
                row = {"prediction_id": one, "created": moment, "who": name, "reason": reason}
                connection.execute(insert(holds).values(row))
                line = audit_row(one, revisions[one], "held", name, {"hold": [None, reason]})
                connection.execute(insert(audit).values(line))
        return tuple(new)

    def release(self, ids: Sequence[str], who: str = "") -> tuple[str, ...]:
        """Take the hold off cases. Returns the ids of those that were held."""
        name = clean_line(who, MAX_NAME, "The name")
        with self.store.writing() as connection:
            held = find_holds(connection, ids)
            revisions = find_revisions(connection, held)
            for one, hold in held.items():
                connection.execute(delete(holds).where(holds.c.prediction_id == one))
                line = audit_row(one, revisions[one], "released", name, {"hold": [hold.reason, None]})
                connection.execute(insert(audit).values(line))
        return tuple(held)


def find_holds(connection: Connection, ids: Iterable[str]) -> dict[str, Hold]:
    """The holds on cases, by id."""
    found: dict[str, Hold] = {}
    # A database may choke on what no id looks like.
    for part in in_batches(filter(ID.fullmatch, ids)):
        for row in connection.execute(select(holds).where(holds.c.prediction_id.in_(part))):
            found[row.prediction_id] = Hold(row.created, row.who, row.reason)
    return found


def find_revisions(connection: Connection, ids: Iterable[str]) -> dict[str, int]:
    """The revisions of cases in the list or in the bin, by id."""
    found: dict[str, int] = {}
    for part in in_batches(filter(ID.fullmatch, dict.fromkeys(ids))):
        listed = select(predictions.c.id, predictions.c.revision).where(predictions.c.id.in_(part))
        found |= {row.id: row.revision for row in connection.execute(listed)}
        lines = select(binned.c.id, binned.c.line).where(binned.c.id.in_(part))
        found |= {row.id: row.line["prediction"]["revision"] for row in connection.execute(lines)}
    return found


def refuse_held(connection: Connection, ids: Iterable[str]) -> None:
    """Raise Held where one of these cases is held."""
    held = find_holds(connection, ids)
    for hold in held.values():
        what = "This case is" if len(held) == 1 else f"{len(held):,} of these cases are"
        by = f", set by {hold.who} on" if hold.who else " since"
        raise Held(
            f"{what} on legal hold{by} {hold.created:%d %b %Y}: “{hold.reason}”. Nothing was deleted. An administrator "
            "can release the hold on the page of the case."
        )


def is_held(record_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a case is held, as a part of a query."""
    return exists().where(holds.c.prediction_id == record_id)


def insert_holds(connection: Connection, rows: "Mapping[str, HoldRow]") -> None:
    """Insert the holds of inserted cases, by their ids."""
    values = [{"prediction_id": record_id, **row.model_dump()} for record_id, row in rows.items()]
    if values:
        connection.execute(insert(holds), values)

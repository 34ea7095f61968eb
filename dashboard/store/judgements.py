"""What clinicians say of a photograph before they see what the model says of it, and what they say afterwards.

Both stand with the prediction, appended and never changed. A reader is a user, or a browser where nobody signs in.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, Text, cast, delete, insert, or_, select, update

from dashboard.store.changes import audit_row, find_prediction
from dashboard.store.database import in_batches
from dashboard.store.errors import Conflict, InputError
from dashboard.store.names import MAX_NAME, clean_line
from dashboard.store.opinions import OPINIONS, ReaderJudgement, judgement_rows
from dashboard.store.query import Filter
from dashboard.store.records import Record
from dashboard.store.schema import audit, predictions, readers, utc_now

if TYPE_CHECKING:
    from dashboard.store.repository import Store

# The reader for whom the switch stands as the settings say.
EVERYBODY = ""
# In place of an outcome.
HIDDEN = "hidden"
# What a hidden record has in place of the result.
UNTOLD: Mapping[str, Any] = {
    **dict.fromkeys(("probability", "threshold", "malignant_from"), 0.0),
    **dict.fromkeys(
        ("diagnosis", "novelty", "confirmed", "confirmed_by", "reviewed", "outcome_before", "evidence")
    ),
    **dict.fromkeys(("cautions", "similar", "tags", "judgements"), ()),
    **dict.fromkeys(("decision", "operating_point"), ""),
    **dict.fromkeys(("probabilities", "quality"), MappingProxyType({})),
    "review": "open",
}
TWICE = "You have judged this photograph already, perhaps in another tab. Nothing was changed."
TOO_LATE = (
    "You may have seen the result already. A judgement counts only before that; write a review instead."
)
NOT_YET = "You have not judged this photograph yet."


@dataclass(frozen=True)
class Judge:
    """Somebody who looks at results.

    Attributes:
        key: tells readers apart.
        name: the user's.
        since: from when on results are hidden until the reader has judged; None for a reader who sees them at once.
    """

    key: str
    name: str
    since: datetime | None = None


@dataclass(frozen=True)
class Opened(Filter):
    """Results that are not hidden from a reader. What would tell hidden ones apart is asked among these only."""

    key: str
    since: datetime

    def condition(self) -> ColumnElement[bool]:
        return or_(predictions.c.created < self.since, judged_by(self.key))


@dataclass(frozen=True)
class HiddenRecord(Record):
    """A prediction whose result its reader may not see yet: nothing of the result is in it."""

    @property
    def outcome(self) -> Any:
        """That the reader judges first."""
        return HIDDEN


def hidden_record(record: Record) -> HiddenRecord:
    """A prediction without its result, and without what others said of it."""
    kept = {one.name: getattr(record, one.name) for one in fields(record)}
    return HiddenRecord(**kept | dict(UNTOLD))


class Judgements:
    """The judgements of a store, and who judges first."""

    def __init__(self, store: "Store") -> None:
        self.store = store

    def since(self, key: str, usual: bool) -> datetime | None:
        """From when on a reader judges first; None for a reader who does not.

        Args:
            usual: whether readers do who have not chosen.
        """
        with self.store.reading() as connection:
            rows = connection.execute(select(readers).where(readers.c.reader.in_((key, EVERYBODY)))).all()
        found = {row.reader: row.since for row in rows}
        return found.get(key, found.get(EVERYBODY) if usual else None)

    def switch(self, key: str, on: bool) -> None:
        """Let a reader judge first from now on, or no longer."""
        with self.store.writing(quiet=True) as connection:
            connection.execute(delete(readers).where(readers.c.reader == key))
            connection.execute(insert(readers).values(reader=key, since=utc_now() if on else None))

    def set_usual(self, on: bool) -> None:
        """Note since when the settings let readers judge first."""
        with self.store.reading() as connection:
            there = connection.execute(select(readers.c.since).where(readers.c.reader == EVERYBODY)).scalar()
        if (there is not None) != on:
            self.switch(EVERYBODY, on)

    def hidden(self, reader: Judge, records: Sequence[Record]) -> frozenset[str]:
        """The SHA-256 of the photographs of these records whose results the reader may not see yet."""
        if reader.since is None:
            return frozenset()
        # Those in the bin are in no table of predictions.
        shown = {
            record.sha256
            for record in records
            if record.created < reader.since or any(one.reader == reader.key for one in record.judgements)
        }
        asked = {record.sha256 for record in records} - shown
        with self.store.reading() as connection:
            return hidden_photographs(connection, reader, asked) if asked else frozenset()

    def add(self, record_id: str, reader: Judge, opinion: str, diagnosis: str | None, seen: bool) -> None:
        """Append a judgement.

        Args:
            seen: whether the reader's page shows the result.

        Raises:
            Conflict: the reader has judged already, or may have seen the result before.
            InputError: it does not fit.
            NotFound: there is no such prediction.
        """
        name = clean_line(reader.name, MAX_NAME, "The name")
        if opinion not in OPINIONS:
            raise InputError(f"A judgement is one of {', '.join(OPINIONS)}.")
        with self.store.writing() as connection:
            seq, record = find_prediction(connection, record_id)
            if diagnosis is not None and diagnosis not in self.store.known.of(record.model_sha256):
                raise InputError("The diagnosis is none of those that this model knows.")
            before = [one for one in record.judgements if one.reader == reader.key]
            hidden = reader.since is not None and hidden_photographs(connection, reader, [record.sha256])
            if seen and not before:
                raise Conflict(NOT_YET if hidden else TOO_LATE)
            if not seen and not hidden:
                raise Conflict(TWICE if before else TOO_LATE)
            said = ReaderJudgement(utc_now(), name, reader.key, opinion, diagnosis, seen)
            rows = judgement_rows((*record.judgements, said))
            connection.execute(update(predictions).where(predictions.c.seq == seq).values(judgements=rows))
            changed: dict[str, list[str | None]] = {
                "judgement": [before[-1].opinion if before else None, opinion]
            }
            if diagnosis:
                changed["likeliest"] = [None, diagnosis]
            # The revision stays: nobody's review is older for it.
            line = audit_row(record_id, record.revision, "judged", name, changed)
            connection.execute(insert(audit).values(line))


def hidden_photographs(connection: Connection, reader: Judge, photographs: Iterable[str]) -> frozenset[str]:
    """Which photographs, by SHA-256, a reader has neither judged nor can have seen a result of."""
    wanted = frozenset(photographs)
    for part in in_batches(list(wanted)):
        shown = or_(predictions.c.created < reader.since, judged_by(reader.key))
        found = select(predictions.c.sha256).where(predictions.c.sha256.in_(part), shown)
        wanted -= {*connection.execute(found).scalars()}
    return wanted


def judged_by(key: str) -> ColumnElement[bool]:
    """The predictions that a reader has judged. Keys are hexadecimal: neither JSON nor LIKE reads them otherwise."""
    return cast(predictions.c.judgements, Text).contains(f'"reader": "{key}"')

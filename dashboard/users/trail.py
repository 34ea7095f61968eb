"""The audit trail: who logged in, saw and took what, and who changed whose rights, in an order that nobody can change.

Each line has the digest of the one before, so that a line that is changed or taken out shows. Of what people wrote a
line holds a salted digest only: the text beside it can be erased, and the digests still agree.
"""

import hashlib
import json
import logging
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl

from sqlalchemy import ColumnElement, Connection, RowMapping, insert, or_, select, update

from dashboard.store.database import in_batches
from dashboard.store.errors import StoreError
from dashboard.store.names import fold
from dashboard.store.repository import Store
from dashboard.store.schema import utc_now
from dashboard.store.user_tables import trail

# Before the first line.
BEGINNING = "0" * 64
HOUR = 3600.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrailLine:
    """One thing that somebody did.

    Attributes:
        subject: id of a prediction, name of a user, or of a file that was taken along.
        text: what else there is to say; None where it was erased.
    """

    seq: int
    created: datetime
    who: str
    action: str
    subject: str
    text: str | None


@dataclass(frozen=True)
class Sought:
    """Which lines of the trail somebody looks for; what is empty holds for all.

    Attributes:
        user: who did it, or to whom it was done.
        subject: see `TrailLine`.
        since, until: from a moment on, and before one.
    """

    user: str = ""
    action: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        """What holds for each line."""
        if self.user:
            yield or_(trail.c.who == self.user, trail.c.subject == self.user)
        if self.action:
            yield trail.c.action == self.action
        if self.subject:
            yield trail.c.subject == self.subject
        if self.since:
            yield trail.c.created >= self.since
        if self.until:
            yield trail.c.created < self.until


class Trail:
    """The trail of a store. Safe to use from several threads and processes."""

    def __init__(self, store: Store, clock: Callable[[], datetime] = utc_now) -> None:
        self.store, self.clock = store, clock

    def write(self, who: str, action: str, subject: str = "", text: str = "") -> None:
        """Append a line."""
        self.write_each(who, action, [subject], text)

    def write_each(self, who: str, action: str, subjects: Iterable[str], text: str = "") -> None:
        """Append a line for each of these subjects, all or none."""
        with self.store.writing(quiet=True) as connection:
            for subject in subjects:
                append_line(connection, self.clock(), who, action, subject, text)

    def lines(
        self, sought: Sought = Sought(), before: int | None = None, limit: int = 200
    ) -> tuple[TrailLine, ...]:
        """The newest lines that somebody looks for.

        Args:
            before: number of a line: only those before it.
        """
        found = select(trail).where(*sought.conditions()).order_by(trail.c.seq.desc()).limit(limit)
        if before is not None:
            found = found.where(trail.c.seq < before)
        with self.store.reading() as connection:
            return tuple(
                TrailLine(row["seq"], row["created"], row["who"], row["action"], row["subject"], row["text"])
                for row in connection.execute(found).mappings()
            )

    def actions(self) -> tuple[str, ...]:
        """What there are lines of."""
        with self.store.reading() as connection:
            found = select(trail.c.action).distinct().order_by(trail.c.action)
            return tuple(connection.execute(found).scalars())

    def erase_texts(self, subject: str) -> None:
        """Erase what people wrote in the lines about something; that there are such lines stays."""
        with self.store.writing(quiet=True) as connection:
            gone = update(trail).where(trail.c.subject == subject).values(text=None, salt=None)
            connection.execute(gone)

    def erase_quotes(self, words: str) -> None:
        """Erase every text that quotes these words whole, as a text or in an address: what somebody searched for."""
        texts = select(trail.c.seq, trail.c.text).where(trail.c.text.is_not(None), trail.c.text != "")
        with self.store.writing(quiet=True) as connection:
            quoting = [row.seq for row in connection.execute(texts) if is_quoted(words, row.text)]
            for part in in_batches(quoting):
                connection.execute(update(trail).where(trail.c.seq.in_(part)).values(text=None, salt=None))

    def newest(self) -> tuple[int, str]:
        """Number and digest of the newest line."""
        with self.store.reading() as connection:
            return newest_line(connection)

    def tell_log(self, pause: float = HOUR) -> threading.Event:
        """Say the newest digest in the log, outside the database, from now on and every hour, until the event is set.

        The pause is counted by a clock that nobody sets. Where the database is away, the next turn tries again.
        """
        done = threading.Event()

        def tell() -> None:
            while True:
                try:
                    number, digest = self.newest()
                    log.warning("Audit trail: line %d has the digest %s", number, digest)
                except StoreError as error:
                    log.error("Audit trail: the newest line cannot be read: %s", error)
                if done.wait(pause):
                    return

        threading.Thread(target=tell, name="trail", daemon=True).start()
        return done


def append_line(
    connection: Connection, created: datetime, who: str, action: str, subject: str, text: str
) -> None:
    """Append a line inside a writing transaction, in which nobody else appends one."""
    number, before = newest_line(connection)
    salt = secrets.token_hex(16)
    row = {
        "seq": number + 1,
        "created": created,
        "who": who,
        "action": action,
        "subject": subject,
        "text_digest": text_digest(salt, text),
    }
    connection.execute(insert(trail).values(**row, text=text, salt=salt, digest=line_digest(before, row)))


def is_quoted(words: str, text: str) -> bool:
    """Whether a text, or a value of the address that it is, has these words with nothing but spaces around them."""
    values = [text, *(value for _, value in parse_qsl(text.removeprefix("?")))]
    return any(f" {fold(words)} " in f" {fold(value)} " for value in values)


def newest_line(connection: Connection) -> tuple[int, str]:
    """Number and digest of the newest line."""
    row = connection.execute(
        select(trail.c.seq, trail.c.digest).order_by(trail.c.seq.desc()).limit(1)
    ).first()
    return (row.seq, row.digest) if row else (0, BEGINNING)


def text_digest(salt: str, text: str) -> str:
    """What a line holds of a text: without the salt nobody can try which text it was."""
    return hashlib.sha256(f"{salt}\n{text}".encode("utf-8", "surrogatepass")).hexdigest()


def line_digest(before: str, row: "dict[str, object] | RowMapping") -> str:
    """The digest of a line and all lines before it."""
    created = row["created"]
    assert isinstance(created, datetime)
    fixed = [before, row["seq"], created.isoformat(), row["who"], row["action"], row["subject"]]
    return hashlib.sha256(json.dumps([*fixed, row["text_digest"]]).encode()).hexdigest()


def trail_problems(store: Store) -> Iterator[str]:
    """A sentence for each line that is not as it was written, or is missing."""
    number, before = 0, BEGINNING
    with store.reading() as connection:
        for row in connection.execute(select(trail).order_by(trail.c.seq)).mappings():
            number += 1
            if row["seq"] != number:
                yield f"Line {number:,} of the audit trail is missing."
                number = row["seq"]
            elif row["digest"] != line_digest(before, row):
                yield f"Line {number:,} of the audit trail was changed, or another one before it."
            # Where text and salt are both gone, the text was erased.
            text, salt = row["text"], row["salt"]
            if (text, salt) != (None, None) and row["text_digest"] != text_digest(salt or "", text or ""):
                yield f"The text beside line {number:,} of the audit trail was changed."
            before = row["digest"]

"""How often somebody has tried to log in, for Flask-Limiter: in the database, for all processes of this computer.

What the package brings counts in one process, or needs a server of its own, and goes by the wall clock: set back by an
hour, it counts for an hour. The monotonic clock is the same for all processes of a computer and means nothing to other
computers, which count by themselves.
"""

import platform
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from limits.storage import Storage
from sqlalchemy import delete, insert, or_, select

from dashboard.store.schema import utc_now
from dashboard.store.user_tables import attempts

if TYPE_CHECKING:
    from dashboard.store import Store

# What other computers, or this one before it was started anew, have left.
LEFT = timedelta(days=1)


class Attempts(Storage):
    """Counters that begin anew when their time is over. Safe to use from several threads and processes."""

    STORAGE_SCHEME = ["attempts"]  # noqa: RUF012  # as the class above has it
    base_exceptions = ()

    def __init__(self, *_: object, store: "Store", **__: object) -> None:
        """Called by Flask-Limiter with the scheme's address, and its `storage_options`."""
        super().__init__()
        # With the space that ends it: one name may begin like another.
        self._store, self._place = store, f"{platform.node()[:64]} "

    def _row(self, key: str) -> str:
        """What is counted, on which computer."""
        return f"{self._place}{key}"[:255]

    def _counted(self, key: str) -> tuple[int, float]:
        """How often it was, and until when by the monotonic clock."""
        with self._store.reading() as connection:
            wanted = select(attempts.c.tries, attempts.c.ends).where(attempts.c.key == self._row(key))
            row = connection.execute(wanted).first()
        return (0, 0.0) if row is None else (row.tries, row.ends)

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count, for `expiry` seconds from the first time on; how often it was."""
        now, row = time.monotonic(), self._row(key)
        with self._store.writing(quiet=True) as connection:
            # An end further ahead is of a clock that began anew with the computer.
            over = or_(attempts.c.ends <= now, attempts.c.ends > now + expiry)
            connection.execute(
                delete(attempts).where(
                    or_(
                        attempts.c.created < utc_now() - LEFT,
                        over & attempts.c.key.startswith(self._place, autoescape=True),
                    )
                )
            )
            before = connection.execute(select(attempts).where(attempts.c.key == row)).first()
            count = (before.tries if before else 0) + amount
            ends = before.ends if before else now + expiry
            connection.execute(delete(attempts).where(attempts.c.key == row))
            values = {"key": row, "created": utc_now(), "tries": count, "ends": ends}
            connection.execute(insert(attempts).values(values))
        return count

    def get(self, key: str) -> int:
        """How often it was."""
        count, ends = self._counted(key)
        return count if time.monotonic() < ends else 0

    def get_expiry(self, key: str) -> float:
        """When it begins anew, by the wall clock: for the headers of the answer."""
        return time.time() + max(0.0, self._counted(key)[1] - time.monotonic())

    def check(self) -> bool:
        """Whether it works."""
        return True

    def reset(self) -> int:
        """Forget everything; how much it was."""
        with self._store.writing(quiet=True) as connection:
            return connection.execute(delete(attempts)).rowcount

    def clear(self, key: str) -> None:
        """Forget one counter."""
        with self._store.writing(quiet=True) as connection:
            connection.execute(delete(attempts).where(attempts.c.key == self._row(key)))

"""How often somebody has tried to log in, for Flask-Limiter: in this process, by a clock that nobody sets.

The memory that Flask-Limiter brings goes by the wall clock: set back by an hour, it counts for an hour. Threads that
come at once make it forget some.
"""

import threading
import time

from limits.storage import Storage

MOST_KEYS = 10_000


class Attempts(Storage):
    """Counters that begin anew when their time is over. Safe to use from several threads."""

    STORAGE_SCHEME = ["attempts"]  # noqa: RUF012  # as the class above has it
    base_exceptions = ()

    def __init__(self, *_: object, **__: object) -> None:
        """Called by Flask-Limiter with the scheme's address."""
        super().__init__()
        self._lock = threading.Lock()
        # What is counted -> how often, and until when by the monotonic clock.
        self._counters: dict[str, tuple[int, float]] = {}

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count, for `expiry` seconds from the first time on; how often it was."""
        now = time.monotonic()
        with self._lock:
            count, ends = self._counters.get(key, (0, now))
            if now >= ends:
                count, ends = 0, now + expiry
            if len(self._counters) >= MOST_KEYS:
                self._counters = {name: one for name, one in self._counters.items() if one[1] > now}
            self._counters[key] = (count + amount, ends)
            return count + amount

    def get(self, key: str) -> int:
        """How often it was."""
        count, ends = self._counters.get(key, (0, 0.0))
        return count if time.monotonic() < ends else 0

    def get_expiry(self, key: str) -> float:
        """When it begins anew, by the wall clock: for the headers of the answer."""
        _, ends = self._counters.get(key, (0, 0.0))
        return time.time() + max(0.0, ends - time.monotonic())

    def check(self) -> bool:
        """Whether it works."""
        return True

    def reset(self) -> int:
        """Forget everything; how much it was."""
        with self._lock:
            count = len(self._counters)
            self._counters.clear()
            return count

    def clear(self, key: str) -> None:
        """Forget one counter."""
        with self._lock:
            self._counters.pop(key, None)

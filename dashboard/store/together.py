"""Work of several threads done at once: whoever comes while it is being done waits, and is in the next go."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Given = TypeVar("Given")


@dataclass
class Share(Generic[Asked, Given]):
    """What one thread asks for, what becomes of it, and its sign that either is there or its go has come."""

    asked: Asked
    given: Future[Given] = field(default_factory=Future)
    woken: threading.Event = field(default_factory=threading.Event)


class Together(Generic[Asked, Given]):
    """Hands what waits to a function, all of it in one call; one call at a time.

    Each call is made by one of the threads that wait, so an idle store keeps no thread and nobody waits for company.
    """

    def __init__(self, work: Callable[[Sequence[Asked]], Sequence[Given | Exception]]) -> None:
        """`work` gives a result or an error for each of what it is asked; what it raises is every one's error."""
        self._work = work
        self._lock = threading.Lock()
        self._waiting: list[Share[Asked, Given]] = []
        self._busy = False

    def __call__(self, asked: Asked) -> Given:
        """The result for what is asked; raises its error."""
        mine: Share[Asked, Given] = Share(asked)
        with self._lock:
            self._waiting.append(mine)
            first, self._busy = not self._busy, True
        if not first:
            mine.woken.wait()
        if not mine.given.done():
            self._go()
        return mine.given.result()

    def _go(self) -> None:
        """Have all of what waits done, and let the first of those who came meanwhile go next."""
        with self._lock:
            shares, self._waiting = self._waiting, []
        try:
            for share, given in zip(shares, self._work([share.asked for share in shares]), strict=True):
                if isinstance(given, Exception):
                    share.given.set_exception(given)
                else:
                    share.given.set_result(given)
        except BaseException as error:
            for share in shares:
                if not share.given.done():
                    share.given.set_exception(error)
        with self._lock:
            following = self._waiting[:1]
            self._busy = bool(following)
        for share in (*following, *shares):
            share.woken.set()

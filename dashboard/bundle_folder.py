"""The folder of bundles as it is now: what is new, changed or gone shows without a restart, in every process."""

import logging
import math
import threading
import time
from collections.abc import Callable
from pathlib import Path

from model.bundle import Bundle, BundleError, Damaged, named_bundle

# Seconds for which the folder is believed to be as it was.
LOOK = 2.0

Found = tuple[Bundle | Damaged, ...]
# Of every file of a bundle: path, size, time of change, and number on the disk.
Traces = tuple[tuple[str, int, int, int], ...]

log = logging.getLogger(__name__)


class BundleFolder:
    """The bundles below a folder. Safe to use from several threads.

    Attributes:
        listeners: told of the bundles whenever they are others than before.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.listeners: list[Callable[[Found], None]] = []
        self._lock = threading.Lock()
        self._looked = -math.inf
        self._traces: dict[str, Traces] = {}
        self._opened: dict[str, Bundle | Damaged] = {}

    @property
    def bundles(self) -> Found:
        """Every bundle, sorted by name; one whose files changed is verified again before it is here.

        Only one thread looks; the others go on with what is known.
        """
        if time.monotonic() - self._looked >= LOOK and self._lock.acquire(blocking=self._looked == -math.inf):
            try:
                if time.monotonic() - self._looked >= LOOK:
                    self._look()
                    self._looked = time.monotonic()
            finally:
                self._lock.release()
        return tuple(self._opened.values())

    def _look(self) -> None:
        """Open what is new or changed, and forget what is gone."""
        folders = sorted(self.path.iterdir()) if self.path.is_dir() else []
        traces = {
            one.name: traces_of(one) for one in folders if one.is_dir() and not one.name.startswith(".")
        }
        if traces == self._traces:
            return
        opened = {
            name: self._opened[name] if trace == self._traces.get(name) else opened_bundle(self.path, name)
            for name, trace in traces.items()
        }
        self._traces, self._opened = traces, opened
        for listener in self.listeners:
            listener(tuple(opened.values()))


def traces_of(folder: Path) -> Traces:
    """What changes when a file below a folder does."""
    found = []
    for path in sorted(folder.rglob("*")):
        try:
            state = path.stat()
        # It is being replaced.
        except OSError:
            continue
        found.append((path.relative_to(folder).as_posix(), state.st_size, state.st_mtime_ns, state.st_ino))
    return tuple(found)


def opened_bundle(root: Path, name: str) -> Bundle | Damaged:
    """The bundle of a name, verified; why it cannot be used otherwise."""
    try:
        return named_bundle(root, name)
    except BundleError as error:
        log.warning("The bundle %s is damaged and is not served: %s", name, error)
        return Damaged(root / name, name, str(error))

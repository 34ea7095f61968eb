"""Decoding in processes of their own, which a faulty or hostile file may slow down, fill or end, and this one not.

A helper is `python -m model.reading.worker`, spoken to through its pipes: started when it is first needed, used again,
replaced when a file has ended it, and ended with this process. It limits its own time and memory, its answer is data
and never code, and it is ended from here when it takes too long. The main module is not imported again, as
`multiprocessing` would, so this works under any server, in a test and in an interactive session.
"""

import atexit
import logging
import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import numpy as np

from model.cores import usable_cores
from model.reading.dates import iso_moment
from model.reading.limits import ImageError, Limits, too_complex
from model.reading.picture import FORMATS, Picture
from model.reading.worker import SECONDS, receive_message, send_message

ROOT = Path(__file__).resolve().parents[2]
# By this clock a file may take longer than by the processor's, which others use as well.
PATIENCE = 4 * SECONDS
MOST_HELPERS = 4
# The codes by which a helper may refuse a file.
CODES = frozenset(
    {"not_an_image", "unsupported", "too_small", "too_many_pixels", "animated", "truncated", "too_complex"}
)
OPTICS = frozenset({"polarisation", "contact", "magnification"})

log = logging.getLogger(__name__)


class Helper:
    """One process that decodes files, one after the other."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [python_interpreter(), "-P", "-m", "model.reading.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=helper_environment(),
            **detached_options(),
        )

    def read(self, data: bytes, limits: Limits) -> Picture:
        """What a file shows.

        Raises:
            ImageError: as `model.reading.read_picture`.
            EOFError, OSError: the process has come to its end.
            ValueError: it answers what it should not.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        watch = threading.Timer(PATIENCE, self._process.kill)
        watch.daemon = True
        watch.start()
        try:
            send_message(self._process.stdin, vars(limits), data)
            return receive_picture(self._process.stdout, limits)
        finally:
            watch.cancel()

    @property
    def running(self) -> bool:
        """Whether the process is there to be asked."""
        return self._process.poll() is None

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        self._process.wait()


class Helpers:
    """The helpers of this process, each used by one thread at a time."""

    def __init__(self, most: int) -> None:
        self._free: list[Helper] = []
        self._places = threading.BoundedSemaphore(most)
        self._lock = threading.Lock()

    def read(self, data: bytes, limits: Limits, patience: float | None) -> Picture:
        """What a file shows; see `read_in_helper`."""
        if not self._places.acquire(timeout=patience):
            raise ImageError(
                "busy", "Too many unusual images are being read at the moment. Try again in a moment."
            )
        try:
            helper = self._taken()
            try:
                picture = helper.read(data, limits)
            except ImageError:
                self._back(helper)
                raise
            except (EOFError, OSError, ValueError) as error:
                log.warning("A helper ended while it decoded a file of %d bytes: %s", len(data), error)
                helper.close()
                raise too_complex() from error
            except BaseException:
                # Stopped in between, it would give the next file this one's answer.
                helper.close()
                raise
            self._back(helper)
            return picture
        finally:
            self._places.release()

    def _taken(self) -> Helper:
        with self._lock:
            helper = self._free.pop() if self._free else None
        if helper is not None and not helper.running:
            helper.close()
            helper = None
        return helper or Helper()

    def _back(self, helper: Helper) -> None:
        with self._lock:
            self._free.append(helper)

    def close(self) -> None:
        """End the helpers that are free; the others end with their pipes."""
        with self._lock:
            free, self._free = self._free, []
        for helper in free:
            helper.close()


def read_in_helper(data: bytes, limits: Limits, patience: float | None = None) -> Picture:
    """Decode a file in a helper.

    Args:
        patience: seconds to wait for a free helper; as long as it takes for None.

    Raises:
        ImageError: as `model.reading.read_picture`; also `too_complex` when the helper was ended, and `busy` when none
            was free.
    """
    return _helpers.read(data, limits, patience)


def receive_picture(pipe: IO[bytes], limits: Limits) -> Picture:
    """A helper's answer, believed only as far as it makes sense."""
    head, pixels = receive_message(pipe, 3 * limits.max_pixels)
    if "code" in head:
        code, sentence = head["code"], head["sentence"]
        if code not in CODES or not isinstance(sentence, str):
            raise ValueError("an unknown error")
        raise ImageError(code, sentence[:500])
    height, width, orientation = head["height"], head["width"], head["orientation"]
    whole = isinstance(height, int) and isinstance(width, int) and min(height, width) > 0
    if not whole or head["format"] not in FORMATS or orientation not in (None, *range(1, 9)):
        raise ValueError("no picture")
    shape = np.frombuffer(pixels, np.uint8).reshape(height, width, 3)
    taken, optics = head["taken"], head["optics"]
    if taken is not None and not (isinstance(taken, str) and iso_moment(taken) == taken):
        raise ValueError("no time")
    if not isinstance(optics, dict) or not all(
        name in OPTICS and (isinstance(value, float) or (isinstance(value, str) and len(value) <= 16))
        for name, value in optics.items()
    ):
        raise ValueError("no dermatoscope")
    return Picture(shape, head["format"], orientation, head["srgb"] is True, taken, optics)


def python_interpreter() -> str:
    """The Python that runs this, or the one beside it where the executable is a server with Python inside."""
    if "python" in Path(sys.executable or "").name.lower():
        return sys.executable
    return str(Path(sys.prefix, "python.exe") if os.name == "nt" else Path(sys.prefix, "bin", "python3"))


def helper_environment() -> dict[str, str]:
    """This process's environment, with everything found where it is found here, and one thread for arithmetic."""
    places = os.pathsep.join([str(ROOT), *filter(None, sys.path)])
    return {**os.environ, "PYTHONPATH": places, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def detached_options() -> dict[str, Any]:
    """What keeps Ctrl-C, which is for this process, from the helpers."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"process_group": 0}


def forget_helpers() -> None:
    """Forget the helpers: in a child of this process they are its parent's."""
    global _helpers
    _helpers = Helpers(min(MOST_HELPERS, usable_cores()))


_helpers = Helpers(min(MOST_HELPERS, usable_cores()))
atexit.register(lambda: _helpers.close())
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=forget_helpers)

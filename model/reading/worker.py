"""`python -m model.reading.worker`: decodes the files that `helper` sends, within limits, until its input ends.

On Linux its memory and processor time are limited, on macOS its processor time; elsewhere the one that asks ends it by
the clock. Limits on pixels and bytes hold everywhere.
"""

import json
import os
import struct
import sys
import time
from contextlib import suppress
from typing import IO, Any

from model.reading.limits import ImageError, Limits

# Of processor time for one file. The largest ordinary ones, HEIC and JPEG 2000 of 50 megapixels, take about half.
SECONDS = 10
# Of memory that is written to, for this process as a whole.
MEMORY = 2 << 30
LENGTHS = struct.Struct(">IQ")
LONGEST_HEAD = 10_000


def send_message(pipe: IO[bytes], head: dict[str, Any], body: bytes | memoryview = b"") -> None:
    """Write one message: lengths, a head in JSON, bytes."""
    encoded = json.dumps(head).encode()
    pipe.write(LENGTHS.pack(len(encoded), len(body)) + encoded)
    pipe.write(body)
    pipe.flush()


def receive_message(pipe: IO[bytes], most: int) -> tuple[dict[str, Any], bytes]:
    """Read one message.

    Raises:
        EOFError: the other end is gone.
        ValueError: it is longer than it may be, or no message.
    """
    head_length, length = LENGTHS.unpack(read_exactly(pipe, LENGTHS.size))
    if head_length > LONGEST_HEAD or length > most:
        raise ValueError("too long a message")
    head = json.loads(read_exactly(pipe, head_length))
    if not isinstance(head, dict):
        raise ValueError("no message")
    return head, read_exactly(pipe, length)


def read_exactly(pipe: IO[bytes], length: int) -> bytes:
    """So many bytes. Raises EOFError."""
    data = pipe.read(length)
    if len(data) != length:
        raise EOFError("the other end is gone")
    return data


def limit_memory() -> None:
    """Let whatever asks for too much memory fail, where the system can."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limit_time() -> None:
    """Let the system end this process after SECONDS more of processor time, where it can."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + SECONDS + 1, most))


def answer_request(pipe: IO[bytes], limits: Limits, data: bytes) -> None:
    """Decode one file and say what it shows, or why it cannot be used."""
    from model.reading.picture import read_picture

    try:
        picture = read_picture(data, limits)
    except ImageError as error:
        return send_message(pipe, {"code": error.code, "sentence": str(error)})
    height, width = picture.pixels.shape[:2]
    head = {"height": height, "width": width, "format": picture.format}
    head |= {"orientation": picture.orientation, "srgb": picture.srgb}
    head |= {"taken": picture.taken, "optics": dict(picture.optics)}
    return send_message(pipe, head, picture.pixels.data.cast("B"))


def main() -> None:
    """Answer until there is nothing more to answer."""
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    # What a library prints must not stand between the answers.
    sys.stdout = sys.stderr
    limit_memory()
    if hasattr(os, "nice"):
        os.nice(5)
    with suppress(EOFError, BrokenPipeError, KeyboardInterrupt):
        while True:
            head, data = receive_message(requests, sys.maxsize)
            limit_time()
            answer_request(answers, Limits(**head), data)


if __name__ == "__main__":
    main()

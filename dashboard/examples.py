"""The drawn examples: pictures to try the page with, which nobody may take for photographs of patients."""

import hashlib
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "assets" / "examples"


@cache
def example_names() -> tuple[str, ...]:
    """File names of the drawn examples in the order of their numbers; empty when none are installed."""
    return tuple(sorted(path.name for path in FOLDER.glob("*.jpg")))


@cache
def example_digests() -> frozenset[str]:
    """SHA-256 of every drawn example."""
    return frozenset(hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() for name in example_names())


def is_drawn(sha256: str) -> bool:
    """Whether a file with this digest is one of our drawings, whatever it is called."""
    return sha256 in example_digests()

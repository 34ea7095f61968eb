"""Files that are whole or absent, whenever the process stops."""

from collections.abc import Callable
from pathlib import Path


def write_whole_file(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a file beside `path`, then put it in its place."""
    partial = path.with_name("partial-" + path.name)
    write(partial)
    partial.replace(path)

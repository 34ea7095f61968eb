"""What the command lines of the house have in common."""

import io
import sys


def speak_utf8() -> None:
    """Let what is printed into a file or a pipe be UTF-8, and a terminal show a question mark for what it cannot.

    Windows would take its old code page for a file, which has no character for half of a model's card.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        if sys.stdout.isatty():
            sys.stdout.reconfigure(errors="replace")
        else:
            sys.stdout.reconfigure(encoding="utf-8")


def fail(sentence: str) -> int:
    """Say what is wrong with a call; its exit status."""
    print(f"error: {sentence}", file=sys.stderr)
    return 2

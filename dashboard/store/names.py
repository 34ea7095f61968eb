"""Ids, and how texts from outside are cleaned before they are stored, searched and sorted."""

import os
import threading
import time
import unicodedata
from uuid import UUID

from dashboard.store.errors import InputError

MAX_FILENAME, MAX_NOTE, MAX_NAME, MAX_TAG, MAX_TAGS = 255, 4000, 128, 64, 50

# Unicode categories: control characters, lone surrogates, separators of lines and of paragraphs.
UNSEEN = frozenset({"Cc", "Cs", "Zl", "Zp"})
# Marks that reorder the text around them: with one, "gpj.exe" reads "exe.jpg".
REORDERING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

_lock = threading.Lock()
_last = 0


def new_id() -> str:
    """A fresh UUID of version 7 (RFC 9562): 48 bits of milliseconds since 1970, a counter of 12 bits, random bits.

    Within a process each one sorts after those before it, though the clock may jump back.
    """
    global _last
    with _lock:
        # The counter fills up the fraction of the millisecond (method 3 of section 6.2).
        now = time.time_ns()
        _last = max(_last + 1, now // 1_000_000 << 12 | (now % 1_000_000) * 4096 // 1_000_000)
        moment = _last
    value = (moment >> 12 << 80) | 7 << 76 | (moment & 0xFFF) << 64
    value |= 2 << 62 | int.from_bytes(os.urandom(8), "big") >> 2
    return str(UUID(int=value))


def clean(name: str) -> str:
    """A text without control and reordering characters."""
    if name.isascii() and name.isprintable():
        return name.strip()
    return "".join(
        char for char in name if char not in REORDERING and unicodedata.category(char) not in UNSEEN
    ).strip()


def clean_filename(name: str) -> str:
    """A file name without control or reordering characters, of 1 to 255 characters."""
    return clean(name)[:MAX_FILENAME] or "unnamed"


def clean_line(text: str | None, limit: int, what: str) -> str:
    """One line from outside; InputError when it is longer than the limit."""
    line = clean(text or "")
    if len(line) > limit:
        raise InputError(f"{what} has {len(line):,} characters; {limit:,} is the most.")
    return line


def clean_text(text: str | None, limit: int, what: str) -> str:
    """Several lines from outside; InputError when they are longer than the limit."""
    lines = (text or "").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    cleaned = "\n".join(clean(line.replace("\t", " ")) for line in lines).strip()
    if len(cleaned) > limit:
        raise InputError(f"{what} has {len(cleaned):,} characters; {limit:,} is the most.")
    return cleaned


def fold(text: str) -> str:
    """Text as it is searched and sorted: alike in upper and lower case, with accents written either way."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())

"""What the store gives back, and how ids and file names are made."""

import os
import time
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from dashboard.store.schema import MAX_FILENAME

if TYPE_CHECKING:
    from model.predictor import Decision

# Unicode categories: control characters, lone surrogates, separators of lines and of paragraphs.
UNSEEN = frozenset({"Cc", "Cs", "Zl", "Zp"})
# Marks that reorder the text around them: with one, "gpj.exe" reads "exe.jpg".
REORDERING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True)
class Record:
    """A stored prediction.

    Attributes:
        id: a UUID of version 7: its text sorts by time.
        created: aware, UTC.
        filename: what the user called the file; data only, never a path.
        sha256: of the bytes received.
        width, height: of the upright image, in pixels.
        probability, threshold: calibrated probability of malignancy and the decision threshold, 0-1.
        diagnosis: code of the most likely diagnosis; None for a binary model.
        probabilities: code -> calibrated probability; empty for a binary model.
        milliseconds: what the prediction took.
    """

    id: str
    created: datetime
    filename: str
    sha256: str
    width: int
    height: int
    model: str
    model_version: str
    model_sha256: str
    probability: float
    threshold: float
    decision: "Decision"
    diagnosis: str | None
    probabilities: Mapping[str, float]
    warnings: tuple[str, ...]
    milliseconds: float


@dataclass(frozen=True)
class Page:
    """A part of the records that match a query, and how many match in all."""

    records: tuple[Record, ...]
    total: int


def new_id() -> str:
    """A fresh UUID of version 7 (RFC 9562): 48 bits of milliseconds since 1970, then random bits."""
    value = time.time_ns() // 1_000_000 << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 7 << 76
    value = value & ~(0x3 << 62) | 2 << 62
    return str(UUID(int=value))


def clean_filename(name: str) -> str:
    """The name as it may be kept and shown: no control or reordering characters, 1 to 255 in all."""
    kept = "".join(
        char for char in name if char not in REORDERING and unicodedata.category(char) not in UNSEEN
    )
    return kept.strip()[:MAX_FILENAME] or "unnamed"


def fold(text: str) -> str:
    """Text as it is searched and sorted: alike in upper and lower case, with accents written either way."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def from_row(row: Mapping[str, Any]) -> Record:
    """The record of a row of the table `predictions`."""
    # Here, because the engine behind the predictor is slow to import and the first page does without it.
    from model.predictor import Decision

    values = {name: row[name] for name in Record.__dataclass_fields__}
    return Record(**values | {"decision": Decision(row["decision"]), "warnings": tuple(row["warnings"])})

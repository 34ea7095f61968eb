"""What predictions can be asked for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Bound = float | datetime


@dataclass(frozen=True)
class Text:
    """`column` contains, starts with, ends with or equals `text`, in any case; `negate` turns it round."""

    column: str
    text: str
    how: Literal["contains", "starts", "ends", "equals"] = "contains"
    negate: bool = False


@dataclass(frozen=True)
class Range:
    """`low` <= `column` <= `high`; None leaves a side open, `open_low` and `open_high` exclude the bound."""

    column: str
    low: Bound | None = None
    high: Bound | None = None
    open_low: bool = False
    open_high: bool = False
    negate: bool = False


@dataclass(frozen=True)
class OneOf:
    """`column` has one of these values; of "tag", the prediction has at least one of them. None finds the missing."""

    column: str
    values: frozenset[str | None]


@dataclass(frozen=True)
class Search:
    """File name, lesion reference, note, tags or a note of a review contain every word of `text`, in any case."""

    text: str


Filter = Text | Range | OneOf | Search

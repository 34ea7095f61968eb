"""A clock for tests about time."""

from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass
class Clock:
    """A clock that is set by hand; it begins now, and stands still."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.now

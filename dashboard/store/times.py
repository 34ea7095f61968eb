"""Where people are, for what they call a day."""

from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def zone(name: object) -> tzinfo:
    """The time zone of this IANA name, such as Europe/Vienna; UTC for one that is not known here."""
    try:
        return ZoneInfo(name) if isinstance(name, str) else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC

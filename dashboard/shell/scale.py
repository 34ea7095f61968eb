"""The parts of the line from 0 to 100 % on which a probability stands."""

from collections.abc import Iterable

from dashboard.shell.text import percent
from model.evaluation.verdict import VERDICTS


def scale_zones(threshold: float, malignant_from: float) -> list[tuple[str, float, float]]:
    """(decision, from, to) of every part of the line that is there."""
    zones = [
        ("benign", 0.0, threshold),
        ("uncertain", threshold, malignant_from),
        ("malignant", malignant_from, 1.0),
    ]
    return [zone for zone in zones if zone[2] > zone[1]]


def scale_words(zones: Iterable[tuple[str, float, float]]) -> str:
    """What the parts of the line mean."""
    return "; ".join(f"{VERDICTS[name].short.lower()} {zone_words(start, end)}" for name, start, end in zones)


def zone_words(start: float, end: float) -> str:
    """A part of the line in words."""
    if start <= 0:
        return f"below {percent(end)}"
    return f"from {percent(start)}" if end >= 1 else f"{percent(start)} to {percent(end)}"

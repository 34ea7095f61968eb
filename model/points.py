"""What an operating point is called, and what choosing it costs: of 100 cancers, and of 100 harmless lesions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from model.bundle import Card, OperatingPoint
from model.modality import Modality

POINT_TITLES: Mapping[str, str] = {
    "sensitivity-90": "Fewer false alarms",
    "sensitivity-95": "Balanced",
    "sensitivity-97.5": "Misses fewest cancers",
}
# Decisions by truth: "malignant" and "benign" -> decision -> photographs.
Cases = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class PointCost:
    """What an operating point did to the evaluated photographs, of 100 each.

    Attributes:
        missed, sent_on: dermoscopic cancers called benign; dermoscopic harmless lesions not called benign.
        photographs: dermoscopic ones, of `split` ("test" or "validation").
        unsure, alarmed: close-ups of cancers not called malignant, and of harmless lesions called malignant; None where
            no close-ups were evaluated.
    """

    missed: float
    sent_on: float
    photographs: int
    split: str
    unsure: float | None = None
    alarmed: float | None = None

    @property
    def short(self) -> str:
        """For a list to choose from."""
        return (
            f"misses {of_hundred(self.missed)} cancers, sends on {of_hundred(self.sent_on)} harmless lesions"
        )

    @property
    def sentence(self) -> str:
        """For the line below it, with where it is from."""
        words = (
            f"Of {self.photographs:,} dermoscopic {self.split} photographs, it calls {of_hundred(self.missed)} cancers "
            f"benign and sends on {of_hundred(self.sent_on)} harmless lesions."
        )
        if self.unsure is None or self.alarmed is None:
            return words
        return (
            f"{words} Close-ups are never called benign: {of_hundred(self.unsure)} cancers are not called malignant, "
            f"{of_hundred(self.alarmed)} harmless lesions are."
        )


def point_aim(name: str) -> str:
    """What a point was chosen for: "sensitivity-97.5" is "97.5 % sensitivity"; another name stands for itself."""
    kind, _, number = name.partition("-")
    return f"{number} % sensitivity" if kind == "sensitivity" and number else name


def point_words(name: str) -> str:
    """An operating point for people, as results and reports name it; "" for one without a name."""
    title = POINT_TITLES.get(name)
    return f"{title} ({point_aim(name)})" if title else point_aim(name)


def point_label(point: OperatingPoint, card: Card) -> str:
    """An operating point in a list to choose from: its name and what it costs, or aims at where nobody has counted."""
    # Beside other points, "fewest" might not be true.
    usual = {one.name for one in card.operating_points} <= POINT_TITLES.keys()
    title = POINT_TITLES.get(point.name, "") if usual else ""
    cost = point_cost(card, point.name)
    aim = point_aim(point.name) or f"malignant or uncertain from {100 * point.threshold:.1f} % on"
    return ": ".join(filter(None, (title or (aim if cost else ""), cost.short if cost else aim)))


def point_cost(card: Card, name: str) -> PointCost | None:
    """What a card's results say of its operating point of that name; None where they say nothing."""
    found = ((split, card.results.get(split)) for split in ("test", "validation"))
    for split, figures in found:
        cases = counted_cases(figures, name)
        if figures is None or cases is None:
            continue
        cost = PointCost(
            missed=of_all(cases["malignant"], "benign"),
            sent_on=100 - of_all(cases["benign"], "benign"),
            photographs=sum(sum(counts.values()) for counts in cases.values()),
            split=split,
        )
        domains = figures.get("domains", {}).items()
        close = added_cases(
            counted_cases(one, name) for key, one in domains if key.endswith(Modality.CLOSE_UP)
        )
        if close is None:
            return cost
        unsure, alarmed = 100 - of_all(close["malignant"], "malignant"), of_all(close["benign"], "malignant")
        return replace(cost, unsure=unsure, alarmed=alarmed)
    return None


def counted_cases(figures: Any, name: str) -> Cases | None:
    """The photographs of both sides by decision; None where a card says nothing, or one side has none."""
    try:
        cases = figures["operating_points"][name]["cases"]
        found = {
            side: {str(key): int(n) for key, n in cases[side].items()} for side in ("malignant", "benign")
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    return found if all(sum(counts.values()) > 0 for counts in found.values()) else None


def added_cases(parts: Iterable[Cases | None]) -> Cases | None:
    """The photographs of several sources together; None without any."""
    total: dict[str, dict[str, int]] = {}
    for cases in filter(None, parts):
        for side, counts in cases.items():
            sums = total.setdefault(side, {})
            for key, number in counts.items():
                sums[key] = sums.get(key, 0) + number
    return total or None


def of_all(counts: Mapping[str, int], decision: str) -> float:
    """How many of 100 photographs got this decision."""
    return 100 * counts.get(decision, 0) / sum(counts.values())


def of_hundred(number: float) -> str:
    """So many of 100, never rounded to none or all: "2 of 100"."""
    if 0 < number < 0.5:
        return "fewer than 1 of 100"
    if 99.5 <= number < 100:
        return "more than 99 of 100"
    return f"{number:.0f} of 100"

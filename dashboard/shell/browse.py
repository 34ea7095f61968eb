"""What part of the history is looked at, as it stands in an address: `?outcome=malignant&sort=review.desc`.

The address is the only place that holds it, so that a link shows somebody else the same, and going back works.
Page, gallery, neighbours of a case and export all read it here. It comes from outside: nothing in it is trusted.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal, cast
from urllib.parse import parse_qs, urlencode
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dashboard.store import Filter, OneOf, Query, QueryError, Range, Search, Text, WaitedFor
from dashboard.store.fields import CONTEXT

Order = tuple[str, Literal["asc", "desc"]]
NEWEST: Order = ("created", "desc")
MAX_ADDRESS = 8000
# Filters that take several values, and those that take a whole text: names in the address, and columns of the store.
SEVERAL = (
    *("outcome", "diagnosis", "model"),
    *(field.name for field in CONTEXT if field.filter == "values"),
    *("tag", "review", "confirmed", "due", "outcome_before"),
)
TEXTS = tuple(field.name for field in CONTEXT if field.filter == "text")
# Addresses of before say "decision"; history.js reads them, too.
OLD_NAME = re.compile(r"((?:^|[?&])(?:sort=)?)decision(?=[=.])")
# Everything that an address may hold.
NAMES = ("q", *SEVERAL, *TEXTS, "from", "to", "zone", "pmin", "pmax", "sort", "view")


@dataclass(frozen=True)
class Browse:
    """Filters, order and view.

    Attributes:
        text: words that file name, references, notes or tags contain.
        choices: column, or "due" -> the values that are looked for, for the names in SEVERAL.
        texts: column -> the whole text that is looked for, in any case, for the columns in TEXTS.
        first, last: days where the user is, both included.
        zone: the user's IANA time zone.
        low, high: probability of malignancy, 0-1, both included.
        sort: column and direction.
        gallery: pictures instead of a grid.
    """

    text: str = ""
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    texts: Mapping[str, str] = field(default_factory=dict[str, str])
    first: date | None = None
    last: date | None = None
    zone: str = ""
    low: float | None = None
    high: float | None = None
    sort: Order = NEWEST
    gallery: bool = False

    @property
    def filtered(self) -> bool:
        """Whether some predictions may be left out."""
        return replace(self, sort=NEWEST, gallery=False, zone="") != Browse()

    def filters(self) -> tuple[Filter, ...]:
        """The filters as the store takes them."""
        found: list[Filter] = [Search(self.text)] if self.text else []
        for name, values in self.choices.items():
            wanted = frozenset(values)
            found.append(WaitedFor(wanted, datetime.now().date()) if name == "due" else OneOf(name, wanted))
        found += [Text(name, text, "equals") for name, text in self.texts.items()]
        if self.first or self.last:
            found.append(self.days())
        if self.low is not None or self.high is not None:
            found.append(Range("probability", self.low, self.high))
        return tuple(found)

    def days(self) -> Range:
        """The days as a range of moments; a day ends where the next one begins, whatever its length."""
        where = time_zone(self.zone)
        low = datetime.combine(self.first, time(), where).astimezone(UTC) if self.first else None
        after = self.last + timedelta(days=1) if self.last else None
        high = datetime.combine(after, time(), where).astimezone(UTC) if after else None
        return Range("created", low, high, open_high=True)

    def query(self, offset: int = 0, limit: int = 100, after: str | None = None) -> Query:
        """The question to the store; QueryError where it makes no sense."""
        return Query(offset, limit, (self.sort,), self.filters(), after)

    def search(self) -> str:
        """The address: "" or "?...", the same for the same view."""
        values: list[tuple[str, str]] = [("q", self.text)]
        values += [(name, value) for name in SEVERAL for value in self.choices.get(name, ())]
        values += [
            *self.texts.items(),
            ("from", str(self.first or "")),
            ("to", str(self.last or "")),
            ("zone", self.zone if self.first or self.last else ""),
            ("pmin", percent_in_address(self.low)),
            ("pmax", percent_in_address(self.high)),
            ("sort", "" if self.sort == NEWEST else ".".join(self.sort)),
            ("view", "gallery" if self.gallery else ""),
        ]
        text = urlencode([(name, value) for name, value in values if value])
        return f"?{text}" if text else ""


def browse(search: object) -> Browse:
    """The view of an address, with or without its question mark; what it does not know is passed over.

    Raises:
        QueryError: a value that makes no sense, said in a sentence.
    """
    if search is not None and not isinstance(search, str):
        raise QueryError("The address of this page has an unknown shape.")
    if search and len(search) > MAX_ADDRESS:
        raise QueryError("The address of this page is too long.")
    try:
        given = parse_qs(OLD_NAME.sub(r"\1outcome", search or "").removeprefix("?"), max_num_fields=500)
    except ValueError as error:
        raise QueryError("The address of this page has too many parts.") from error
    one = {name: given[name][0].strip() for name in NAMES if name in given and name not in SEVERAL}
    found = Browse(
        text=one.get("q", ""),
        choices={name: tuple(dict.fromkeys(given[name])) for name in SEVERAL if name in given},
        texts={name: one[name] for name in TEXTS if one.get(name)},
        first=day(one.get("from", "")),
        last=day(one.get("to", "")),
        zone=one.get("zone", ""),
        low=probability_of_percent(one.get("pmin", "")),
        high=probability_of_percent(one.get("pmax", "")),
        sort=sort_order(one.get("sort", "")),
        gallery=one.get("view") == "gallery",
    )
    if found.first and found.last and found.first > found.last:
        raise QueryError("The first day lies after the last one.")
    if found.low is not None and found.high is not None and found.low > found.high:
        raise QueryError("The lowest probability lies above the highest.")
    found.query()
    return found


def lenient(search: object) -> tuple[Browse, str]:
    """The view of an address and what is wrong with it: everything and a sentence, where it makes no sense."""
    try:
        return browse(search), ""
    except QueryError as error:
        return Browse(), str(error)


def search_of_parameters(parameters: Mapping[str, object]) -> str:
    """The address behind the parameters that Dash hands to a page's layout: text, or a list of it."""
    names = ("decision", *NAMES)
    pairs = [(name, value) for name in names for value in texts(parameters.get(name)) if value]
    text = OLD_NAME.sub(r"\1outcome", urlencode(pairs))
    return f"?{text}" if text else ""


def texts(value: object) -> Iterable[str]:
    """The texts in a parameter."""
    return [str(one) for one in value] if isinstance(value, list | tuple) else [str(value or "")]


def day(text: str) -> date | None:
    """A day such as 2026-11-23; None for nothing."""
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise QueryError("A day is written as 2026-11-23.") from error
    if not 1900 <= found.year <= 9000:
        raise QueryError("A day lies between the years 1900 and 9000.")
    return found


def probability_of_percent(text: str) -> float | None:
    """A probability, 0-1, from per cent; None for nothing."""
    if not text:
        return None
    try:
        value = float(text)
    except ValueError as error:
        raise QueryError("A probability is a number of per cent, from 0 to 100.") from error
    if not 0 <= value <= 100:
        raise QueryError("A probability is a number of per cent, from 0 to 100.")
    return value / 100


def percent_in_address(value: float | None) -> str:
    """A probability in per cent as it stands in an address."""
    return "" if value is None else f"{value * 100:.6g}"


def sort_order(text: str) -> Order:
    """A column and its direction, as in "created.desc"; the store knows which columns there are."""
    column, _, direction = (text or ".".join(NEWEST)).partition(".")
    if direction not in ("asc", "desc"):
        raise QueryError("Each column is sorted by asc or desc, as in created.desc.")
    return column, cast(Literal["asc", "desc"], direction)


def time_zone(name: object) -> tzinfo:
    """The time zone of an IANA name, such as Europe/Vienna; UTC for a name that is not known here."""
    try:
        return ZoneInfo(name) if isinstance(name, str) else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC

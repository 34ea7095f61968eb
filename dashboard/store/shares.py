"""How much a filter leaves, told from a sample: every 200th prediction, which has an index of its own."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Select, and_, func, select

from dashboard.store import words
from dashboard.store.conditions import condition, searched
from dashboard.store.filters import Filter, OneOf, Search
from dashboard.store.schema import SAMPLE, predictions, tags

# Row numbers in an index of tags or of words are counted up to here.
MANY = 100_000
# What no sampled row has may still have half a row's worth of others.
UNSEEN = 0.5


@dataclass(frozen=True)
class Shares:
    """Parts of all predictions, 0-1, never quite 0.

    Attributes:
        each: what a filter leaves by itself.
        sampled: what those filters leave together that are looked at in the sample.
        all: what all of them leave.
    """

    each: Mapping[Filter, float]
    sampled: float
    all: float


def apart(one: Filter, index: bool) -> bool:
    """Whether a filter has an index of its own to count in, and is no column of the sample."""
    return (isinstance(one, OneOf) and one.column == "tag") or (
        index and isinstance(one, Search) and len(longest(one)) >= words.SHORTEST
    )


def longest(one: Search) -> str:
    """The word of a search that leaves least, as far as anybody can tell."""
    return max(searched(one), key=len, default="")


def measure(connection: Connection, filters: tuple[Filter, ...], index: bool, everything: int) -> Shares:
    """What filters leave; those that stand apart are taken to have nothing to do with the others.

    Args:
        index: whether free text has an index.
        everything: how many predictions there are.
    """
    sampled = [one for one in filters if not apart(one, index)]
    each, together = {}, 1.0
    if sampled:
        conditions = [condition(one) for one in sampled]
        hits = [func.count().filter(one) for one in (*conditions, and_(True, *conditions))]
        counts = select(func.count(), *hits).select_from(predictions).where(SAMPLE)
        seen, *found, both = connection.execute(counts).one()
        each = {one: share(number, seen) for one, number in zip(sampled, found, strict=True)}
        together = share(both, seen)
    for one in filters:
        if isinstance(one, OneOf) and one not in each:
            each[one] = share(counted(connection, tagged(one)), everything)
        elif isinstance(one, Search) and one not in each:
            each[one] = found_share(connection, longest(one), everything)
    others = math.prod(value for one, value in each.items() if one not in sampled)
    return Shares(each, together, together * others)


def found_share(connection: Connection, word: str, everything: int) -> float:
    """The share of rows that contain a word."""
    if connection.dialect.name == "sqlite":
        return share(counted(connection, words.candidates("sqlite", word)), everything)
    # PostgreSQL looks at each row that its index finds: those of the sample are enough.
    seen = connection.execute(select(func.count()).select_from(predictions).where(SAMPLE)).scalar_one()
    found = select(func.count()).select_from(predictions).where(SAMPLE, words.contains(word))
    return share(connection.execute(found).scalar_one(), seen)


def tagged(one: OneOf) -> Select[tuple[int]]:
    """Numbers of the rows that have one of these tags."""
    return select(tags.c.seq).distinct().where(tags.c.name.in_(sorted(filter(None, one.values))))


def counted(connection: Connection, numbers: Select[tuple[int]]) -> int:
    """How many row numbers there are, counted up to MANY."""
    some = numbers.limit(MANY).subquery()
    return int(connection.execute(select(func.count()).select_from(some)).scalar_one())


def share(found: int, seen: int) -> float:
    """A part of the rows seen."""
    return max(found, UNSEEN) / max(seen, 1)

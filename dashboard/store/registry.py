"""Which models are candidates, in use or retired: who changed it, when and why, and the way back.

Each change appends a line with the whole state after it. The newest one holds, in every process.
"""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import Connection, RowMapping, insert, select

from dashboard.store.errors import Conflict, InputError
from dashboard.store.names import MAX_NAME, MAX_NOTE, clean_line, clean_text
from dashboard.store.schema import registry, utc_now

if TYPE_CHECKING:
    from dashboard.store.repository import Store


class ModelState(StrEnum):
    """What a model is for."""

    CANDIDATE = "candidate"
    IN_USE = "in_use"
    RETIRED = "retired"


@dataclass(frozen=True)
class RegistryLine:
    """A change, and how things stand after it.

    Attributes:
        model, version, sha256: what was changed, and the SHA-256 of its card at that time; empty for the first line.
        states: of the models that had one, by name.
        chosen: name of the model that answers where none is asked for; None where the settings say.
    """

    seq: int
    created: datetime
    who: str
    why: str
    model: str
    version: str
    sha256: str
    states: Mapping[str, ModelState]
    chosen: str | None


# Seconds for which predictions take it that nothing has changed: asking takes as long as decoding a photograph.
BELIEVED = 2.0
FIRST = "The models that were here when this list began."


class ModelRegistry:
    """The lines of a store. Safe to use from several threads and processes."""

    def __init__(self, store: "Store") -> None:
        self.store = store
        # When was asked, and what the answer was.
        self._known: tuple[float, RegistryLine | None] = (-math.inf, None)

    def newest(self) -> RegistryLine | None:
        """How things stand; None before the first model was found."""
        with self.store.reading() as connection:
            return newest_registry_line(connection)

    def believed(self) -> RegistryLine | None:
        """How things stand, or stood BELIEVED seconds ago where another process has changed them since."""
        known, now = self._known, time.monotonic()
        if now - known[0] < BELIEVED:
            return known[1]
        line = self.newest()
        # What another thread has changed meanwhile is asked for again.
        if self._known is known:
            self._known = (now, line)
        return line

    def lines(self, most: int) -> tuple[RegistryLine, ...]:
        """The newest lines, the last one first."""
        with self.store.reading() as connection:
            rows = connection.execute(select(registry).order_by(registry.c.seq.desc()).limit(most)).mappings()
            return tuple(map(registry_line, rows))

    def begin(self, names: Sequence[str]) -> None:
        """Say that these models are in use, where nobody has said anything yet: so it was before there was a list."""
        if not names or self.newest() is not None:
            return
        with self._writing() as connection:
            if newest_registry_line(connection) is None:
                append_registry_line(connection, None, "", FIRST, dict.fromkeys(names, ModelState.IN_USE))

    def change(
        self, model: tuple[str, str, str], state: ModelState, chosen: bool, who: str, why: str
    ) -> RegistryLine:
        """Give a model a state.

        Args:
            model: name, version and SHA-256 of its card.
            chosen: it answers where no model is asked for; for one in use only.

        Raises:
            InputError: no reason, a candidate that is chosen, or nothing would change.
        """
        name, reason = clean_line(who, MAX_NAME, "The name"), clean_text(why, MAX_NOTE, "The reason")
        if not reason:
            raise InputError("Say why: the reason stands in the list of changes.")
        if chosen and state is not ModelState.IN_USE:
            raise InputError("Only a model in use can be the one that answers by default.")
        with self._writing() as connection:
            before = newest_registry_line(connection)
            states = dict(before.states) if before else {}
            usual = before.chosen if before else None
            # Whoever stays in use and is not chosen anew stays what it is.
            stays = usual == model[0] and state is ModelState.IN_USE
            now = model[0] if chosen or stays else None if usual == model[0] else usual
            if (states.get(model[0]), usual) == (state, now):
                raise InputError("Nothing would change.")
            return append_registry_line(
                connection, before, name, reason, states | {model[0]: state}, now, model
            )

    def back(self, seq: int, who: str) -> RegistryLine:
        """Undo the newest change: all is as it was before it.

        Args:
            seq: the newest change that whoever asks has seen.

        Raises:
            Conflict: there is a newer one.
            InputError: it is the first line, before which there was nothing.
        """
        name = clean_line(who, MAX_NAME, "The name")
        with self._writing() as connection:
            rows = connection.execute(select(registry).order_by(registry.c.seq.desc()).limit(2)).mappings()
            lines = list(map(registry_line, rows))
            if len(lines) < 2:
                raise InputError("There is no change to go back from.")
            last, before = lines
            if last.seq != seq:
                raise Conflict("Somebody changed the models meanwhile. Nothing was changed now; look again.")
            why = f"Back to how it was before {last.created:%Y-%m-%d %H:%M} UTC."
            model = (last.model, last.version, last.sha256)
            return append_registry_line(connection, last, name, why, before.states, before.chosen, model)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """A writing transaction after which nothing is believed any more."""
        with self.store.writing(quiet=True) as connection:
            yield connection
        self._known = (-math.inf, None)


def append_registry_line(
    connection: Connection,
    before: RegistryLine | None,
    who: str,
    why: str,
    states: Mapping[str, ModelState],
    chosen: str | None = None,
    model: tuple[str, str, str] = ("", "", ""),
) -> RegistryLine:
    """Append a line inside a writing transaction."""
    line = RegistryLine(before.seq + 1 if before else 1, utc_now(), who, why, *model, states, chosen)
    stored = {name: str(state) for name, state in states.items()}
    connection.execute(insert(registry).values(vars(line) | {"states": stored}))
    return line


def newest_registry_line(connection: Connection) -> RegistryLine | None:
    """The line that holds."""
    row = connection.execute(select(registry).order_by(registry.c.seq.desc()).limit(1)).mappings().first()
    return None if row is None else registry_line(row)


def registry_line(row: RowMapping) -> RegistryLine:
    """A line from its row."""
    return RegistryLine(
        **dict(row) | {"states": {name: ModelState(state) for name, state in row["states"].items()}}
    )

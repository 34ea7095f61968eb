"""The photographs of one lesion on one day: every attempt stays, and the worst outcome leads."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from dashboard.judging import as_read
from dashboard.services import Services
from dashboard.shell.text import OUTCOMES
from dashboard.store.judgements import HIDDEN
from dashboard.store.patients import Patients
from dashboard.store.records import RANKED_OUTCOMES
from dashboard.store.summary import retakes

if TYPE_CHECKING:
    from dashboard.store import Record, Store


def attempts_of(store: "Store", record: "Record") -> "tuple[Record, ...]":
    """The photographs of a record's lesion from the day on which it was taken, the one that leads first.

    Where nobody knows that day, the day on which it was sent counts.

    One prediction a photograph, or a part of one: the record itself, or else one by its model. A photograph that was
    replaced because it had no result comes last. Empty where there is no other.
    """
    lesion = Patients(store).cases_of_lesion(record.lesion_id) if record.context.lesion else ()
    every = {one.id: one for one in (*lesion, *retakes(store, record))}
    chosen: dict[object, Record] = {}
    for one in sorted(every.values(), key=lambda one: (one.id == record.id, one.created)):
        before = chosen.get((one.sha256, one.crop))
        mine = one.id == record.id or one.model_sha256 == record.model_sha256
        if day_of_photograph(one) == day_of_photograph(record) and (before is None or mine):
            chosen[one.sha256, one.crop] = one
    return ordered_attempts(chosen.values()) if len(chosen) > 1 else ()


def attempts_as_read(services: Services, record: "Record") -> "tuple[Record, ...]":
    """The same as the reader who asks may see them: their order tells nothing of a hidden result."""
    return ordered_attempts(as_read(services, attempts_of(services.store, record)))


def ordered_attempts(records: "Iterable[Record]") -> "tuple[Record, ...]":
    """Attempts in the order in which they count."""
    records = tuple(records)
    replaced = {one.replaces for one in records}

    def place(one: "Record") -> tuple[bool, int, float]:
        return one.outcome == "no_result" and one.id in replaced, -outcome_rank(one), -one.probability

    return tuple(sorted(records, key=place))


def outcome_rank(record: "Record") -> int:
    """The worse the outcome, the higher; what its reader may not see yet comes above all, since it needs somebody."""
    return len(RANKED_OUTCOMES) if record.outcome == HIDDEN else RANKED_OUTCOMES.index(record.outcome)


def day_of_photograph(record: "Record") -> str:
    """The day on which a photograph was taken, or was sent where nobody knows that."""
    return record.day or record.created.astimezone().date().isoformat()


def attempt_words(record: "Record", attempts: Sequence["Record"]) -> str:
    """What the other photographs of the lesion from this day mean for one of them; empty without others."""
    if not attempts:
        return ""
    lead, hidden = attempts[0], any(one.outcome == HIDDEN for one in attempts)
    words = [f"One of {len(attempts)} photographs of this lesion from this day."]
    if hidden:
        return f"{words[0]} The results are told together once you have judged all of them."
    if lead.id != record.id:
        words.append(f"The worst outcome counts: {OUTCOMES[lead.outcome].short} ({lead.filename}).")
    before = next((one for one in attempts if one.id == record.replaces), None)
    if before is not None:
        words.append(f"It replaces {before.filename} ({OUTCOMES[before.outcome].short.lower()}).")
    after = next((one for one in attempts if one.replaces == record.id), None)
    if after is not None:
        words.append(f"{after.filename} replaces it ({OUTCOMES[after.outcome].short.lower()}).")
    return " ".join(words)

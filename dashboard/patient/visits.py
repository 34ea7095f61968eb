"""What the cases of a patient come to: visits in time, lesions from the worst on, what is due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from dashboard.store import Record
from dashboard.store.judgements import HIDDEN
from dashboard.store.placing import Lesion
from dashboard.store.records import RANKED_OUTCOMES

# What needs somebody comes first: what its reader has to judge, malignant, uncertain, no result, benign.
URGENT = (HIDDEN, "malignant", "uncertain", "no_result", "benign")


@dataclass(frozen=True)
class LesionStory:
    """A lesion and its photographs.

    Attributes:
        records: one case a photograph, by the day on which it was taken; those without a day come last.
    """

    lesion: Lesion
    records: tuple[Record, ...]

    @property
    def dated(self) -> tuple[Record, ...]:
        """The cases whose day is known."""
        return tuple(record for record in self.records if record.day is not None)

    @property
    def latest(self) -> Record | None:
        """The case of the last visit that leads: the worst outcome of its day."""
        last = (self.dated or self.records)[-1:]
        same = [record for record in self.records if last and record.day == last[0].day]
        return min(same, key=urgency, default=None)

    @property
    def days(self) -> tuple[str, ...]:
        """The days on which it was photographed."""
        return tuple(dict.fromkeys(record.day for record in self.dated if record.day is not None))


@dataclass(frozen=True)
class Visit:
    """The photographs of one day.

    Attributes:
        day: None for those whose day nobody knows.
    """

    day: date | None
    records: tuple[Record, ...]


@dataclass(frozen=True)
class Due:
    """Something that somebody has to do.

    Attributes:
        what: "histology", "follow-up" or "retake".
        day: by when; None for now.
        late: how many days ago that was; negative for days to come.
    """

    what: str
    record: Record
    day: date | None
    late: int


def urgency(record: Record) -> tuple[int, float]:
    """By what cases are sorted: the worst outcome first, then the higher probability."""
    return URGENT.index(record.outcome), -record.probability


def one_a_photograph(records: Sequence[Record], model: str | None = None) -> tuple[Record, ...]:
    """One case a photograph of a lesion, or a part of one: that of this model, by its digest, or else the newest."""
    chosen: dict[object, Record] = {}
    for record in sorted(records, key=lambda one: (one.model_sha256 == model, one.created)):
        chosen[record.sha256, record.crop, record.lesion_id] = record
    order = {record.id: place for place, record in enumerate(records)}
    return tuple(sorted(chosen.values(), key=lambda record: order[record.id]))


def lesion_stories(lesions: Sequence[Lesion], records: Sequence[Record]) -> tuple[LesionStory, ...]:
    """The lesions with their photographs, the worst first; last what nobody has assigned to a lesion."""
    stories = [
        LesionStory(lesion, one_a_photograph([one for one in records if one.lesion_id == lesion.id]))
        for lesion in lesions
    ]

    def place(story: LesionStory) -> tuple[bool, bool, tuple[int, float]]:
        latest = story.latest
        return (
            story.lesion.details.name is None,
            latest is None,
            urgency(latest) if latest else (len(RANKED_OUTCOMES), 0.0),
        )

    return tuple(sorted(stories, key=place))


def patient_visits(records: Sequence[Record]) -> tuple[Visit, ...]:
    """The days on which photographs were taken, the last one first, and then those of which nobody knows the day."""
    by_day: dict[str, list[Record]] = {}
    for record in one_a_photograph(records):
        by_day.setdefault(record.day or "", []).append(record)
    return tuple(
        Visit(date.fromisoformat(day) if day else None, tuple(sorted(some, key=urgency)))
        for day, some in sorted(by_day.items(), reverse=True)
    )


def what_is_due(stories: Sequence[LesionStory], today: date) -> tuple[Due, ...]:
    """What has to be done for a patient, the latest first."""
    found = [due for story in stories for due in due_of_lesion(story, today)]
    return tuple(sorted(found, key=lambda due: -due.late))


def due_of_lesion(story: LesionStory, today: date) -> list[Due]:
    """What has to be done for a lesion: histology that was asked for, a follow-up, a photograph without a result."""
    found: list[Due] = []
    for record in story.records:
        context = record.context
        if context.histology_due and record.confirmed_by != "histology":
            found.append(due_on("histology", record, context.histology_due, today))
        later = any((other.day or "") > (record.day or "") for other in story.dated)
        if context.follow_up_due and not later:
            found.append(due_on("follow-up", record, context.follow_up_due, today))
    latest = story.latest
    if latest is not None and latest.outcome == "no_result":
        since = date.fromisoformat(latest.day) if latest.day else latest.created.date()
        found.append(Due("retake", latest, None, (today - since).days))
    return found


def due_on(what: str, record: Record, moment: str, today: date) -> Due:
    """Something that is due on a day."""
    day = date.fromisoformat(moment[:10])
    return Due(what, record, day, (today - day).days)

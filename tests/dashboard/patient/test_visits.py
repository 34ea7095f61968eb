"""Visits, lesions and what is due, worked out of cases."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from dashboard.patient.parts import chance_change_words, due_words, ordinal, story_words
from dashboard.patient.visits import LesionStory, lesion_stories, patient_visits, what_is_due
from dashboard.shell.text import percent
from dashboard.store import Context, Record
from dashboard.store.fields import LesionDetails
from dashboard.store.placing import Lesion
from dashboard.store.records import make_record
from dashboard.store.schema import utc_now
from model.cautions import Caution
from model.predictor import Decision
from tests.dashboard.store.conftest import photograph, prediction

TODAY = date(2026, 11, 26)
Make = Callable[..., Record]


@pytest.fixture
def made() -> Make:
    """Makes a case of a lesion: made("1", "2026-05-20", 0.4, seed=3)."""

    def make(
        lesion: str | None, taken: str | None, chance: float = 0.1, seed: int = 0, **context: Any
    ) -> Record:
        picture = photograph(seed)
        decision = Decision.MALIGNANT if chance >= 0.5 else Decision.BENIGN
        said = prediction(picture, probability=chance, decision=decision, cautions=())
        record = make_record(picture, said, f"{seed}.jpg", Context(lesion=lesion, taken=taken, **context))
        return replace(record, lesion_id=f"id-{lesion}")

    return make


def lesion(name: str | None) -> Lesion:
    return Lesion(f"id-{name}", utc_now(), "p", LesionDetails(name=name))


def blurred(record: Record) -> Record:
    return replace(record, cautions=(Caution("blurred", "It is blurred.", severe=True),))


def test_the_worst_lesion_comes_first_and_what_nobody_assigned_last(made: Make) -> None:
    records = [
        made("1", "2026-01-01", 0.1, 1),
        made("2", "2025-01-01", 0.9, 2),
        made("2", "2026-01-01", 0.2, 3),
        blurred(made("3", "2026-01-01", 0.9, 4)),
        made("4", None, 0.7, 5),
        made(None, "2026-01-01", 0.99, 6),
    ]
    stories = lesion_stories([lesion(name) for name in ("1", "2", "3", "4", None)], records)
    # The last visit counts, whatever was before.
    assert [story.lesion.details.name for story in stories] == ["4", "3", "2", "1", None]


def test_visits_are_days_of_the_photograph(made: Make) -> None:
    again = made("1", "2026-01-01", 0.1, 1)
    records = [
        again,
        replace(again, id="again", created=utc_now()),
        made("2", "2026-01-01T08:00:00Z", 0.9, 2),
        made("1", "2025-03-12", 0.1, 3),
        made("1", None, 0.1, 4),
    ]
    visits = patient_visits(records)
    assert [visit.day for visit in visits] == [date(2026, 1, 1), date(2025, 3, 12), None]
    # One case a photograph, the worst first.
    assert [record.id for record in visits[0].records] == [records[2].id, "again"]


def test_what_is_due(made: Make) -> None:
    waiting = made("1", "2026-11-12", 0.9, 1, histology_due="2026-11-24", follow_up_due="2027-02-01")
    told = replace(made("1", "2026-11-11", 0.9, 2, histology_due="2026-11-24"), confirmed_by="histology")
    seen = made("2", "2025-01-01", 0.1, 3, follow_up_due="2025-07-01")
    story = LesionStory(lesion("1"), (told, waiting))
    other = LesionStory(lesion("2"), (seen, blurred(made("2", "2026-11-20", 0.1, 4))))
    due = what_is_due([story, other], TODAY)
    assert [(one.what, one.record.id) for one in due] == [
        ("retake", other.records[1].id),
        ("histology", waiting.id),
        ("follow-up", waiting.id),
    ]
    assert [due_words(one) for one in due] == [
        "No result since 20 Nov 2026",
        "Expected by 24 Nov 2026: 2 days late",
        "Due 01 Feb 2027",
    ]


def test_a_change_is_said_of_one_model_only(made: Make) -> None:
    first, last = made("1", "2025-01-01", 0.08, 1), made("1", "2026-01-01", 0.55, 2)
    story = LesionStory(lesion("1"), (first, last, made("1", None, 0.3, 3)))
    assert chance_change_words(story) == f" · Chance rose from {percent(0.08)} to {percent(0.55)}"
    assert story_words(story).startswith("01 Jan 2026, 2nd visit · 1 without a date · Chance rose")
    other = LesionStory(lesion("1"), (replace(first, model_sha256="b" * 64), last))
    assert chance_change_words(other) == ""
    assert [ordinal(number) for number in (1, 2, 3, 4, 11, 21, 112)] == [
        *("1st", "2nd", "3rd", "4th", "11th", "21st", "112th"),
    ]

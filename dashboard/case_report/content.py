"""A prediction on one page of A4: what it says, for the print page and the PDF alike, and the PDF itself."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING

from dashboard.shell.attempts import attempt_words
from dashboard.shell.known_cases import KnownCase, known_cases
from dashboard.shell.scale import scale_words, scale_zones
from dashboard.shell.text import (
    DISCLAIMER,
    NOT_A_DEVICE,
    RETAKE_STEPS,
    chance_sentence,
    context_words,
    crop_words,
    day_words,
    diagnosis_words,
    head_words,
    headline,
    model_limits,
    next_step,
    percent,
    similar_cases,
)
from model.outcome import Outcome
from model.points import point_words
from model.taxonomy import Taxonomy

if TYPE_CHECKING:
    from dashboard.store import Record, Review

LIKELIEST = 4


# So much of what people wrote fits on the page; the rest stays with the prediction.
NAME, HEAD, CONTEXT, NOTE, CAUTIONS, KNOWN = 96, 48, 200, 120, 4, 5
# Where a name is written by hand.
SIGNED = ("Seen by", "Date", "Signature")


@dataclass(frozen=True)
class Report:
    """What a report says, as text.

    Attributes:
        outcome: "benign", "uncertain", "malignant" or "no_result"; `word` says it to people.
        chance: what the probability means, in a sentence.
        zones: (decision, from, to) of the parts of the probability scale.
        ranges: what the parts mean, in words.
        reasons, retake_steps: why there is no result, and what makes the next photograph better.
        cautions: sentences.
        diagnoses: (clinical name, plain name, malignant, probability), the likeliest first.
        known: similar known cases, the nearest first.
        head: (name, value) of patient, lesion, body site and day, with words for what nobody has said.
        context: what else was said of the lesion.
        confirmed: the confirmed diagnosis with how, by whom and what was noted; empty without one.
        facts: (name, value) lines, digests last.
        attempts: what other photographs of the lesion from this day mean for it.
    """

    title: str
    head: tuple[tuple[str, str], ...]
    outcome: str
    word: str
    chance: str
    probability: float
    zones: tuple[tuple[str, float, float], ...]
    ranges: str
    step: str
    reasons: tuple[str, ...]
    cautions: tuple[str, ...]
    diagnoses: tuple[tuple[str, str, bool, float], ...]
    similar: str
    known: tuple[KnownCase, ...]
    no_outline: str
    context: str
    confirmed: str
    facts: tuple[tuple[str, str], ...]
    limits: str
    attempts: str = ""
    disclaimer: str = f"{NOT_A_DEVICE} {DISCLAIMER}"
    retake_steps: tuple[str, ...] = RETAKE_STEPS
    signed: tuple[str, ...] = SIGNED


def report_of(
    record: "Record",
    taxonomy: Taxonomy,
    drawn: bool = False,
    no_outline: str = "",
    prevalence: float | None = None,
    attempts: "Sequence[Record]" = (),
    pictured: Collection[str] = (),
    reviews: "Sequence[Review]" = (),
) -> Report:
    """What the report of a stored prediction says.

    Args:
        taxonomy: what the record's codes mean.
        drawn: whether the image is one of our drawings, which is then the first thing said.
        no_outline: why what the model looked at is not shown; empty where it is.
        prevalence: the share of malignant lesions for which the probability holds; None where nobody knows it.
        attempts: see `attempts_of`.
        pictured: see `pictured_cases`.
        reviews: of the prediction, the newest first.
    """
    zones = scale_zones(record.threshold, record.malignant_from)
    ordered = sorted(record.probabilities.items(), key=lambda item: -item[1])[:LIKELIEST]
    reliable = record.outcome != Outcome.NO_RESULT
    warnings = ["This is a drawn example, not a photograph of a patient."] if drawn else []
    warnings += [caution.text for caution in record.cautions if not caution.severe]
    return Report(
        title=shortened(record.filename, NAME),
        head=report_head(record),
        outcome=record.outcome,
        word=headline(record.outcome, record.context.signs),
        chance=chance_sentence(record.probability, prevalence),
        probability=record.probability,
        zones=tuple(zones),
        ranges=scale_words(zones),
        step=next_step(record.outcome, record.cautions, record.context.signs),
        reasons=tuple(caution.text for caution in record.cautions if caution.severe),
        cautions=tuple(warnings[:CAUTIONS]),
        diagnoses=tuple(likely_diagnosis(code, taxonomy, value) for code, value in ordered if reliable),
        similar=similar_cases(record.similar, taxonomy) if reliable else "",
        known=known_cases(record.similar, taxonomy, pictured)[:KNOWN] if reliable else (),
        no_outline=no_outline,
        context=shortened(words_below_head(record), CONTEXT),
        confirmed=confirmation_words(record, reviews, taxonomy),
        facts=report_facts(record),
        limits=model_limits(len(record.probabilities)),
        attempts=shortened(attempt_words(record, attempts), CONTEXT),
    )


def likely_diagnosis(code: str, taxonomy: Taxonomy, probability: float) -> tuple[str, str, bool, float]:
    """A line of `Report.diagnoses`; a code that no installed model explains stands for itself."""
    found = taxonomy.get(code)
    return (
        (found.name, found.plain, found.malignant, probability) if found else (code, "", False, probability)
    )


# What of the context stands in the head.
HEADED = ("patient", "lesion", "site", "taken")


def report_head(record: "Record") -> tuple[tuple[str, str], ...]:
    """Whose lesion it is, where, and when it was photographed: what a clinic files by."""
    return tuple((name, shortened(value, HEAD)) for name, value in head_words(record).items())


def words_below_head(record: "Record") -> str:
    """What else was said of the lesion; histology that has come is no longer expected."""
    said = HEADED if record.confirmed_by != "histology" else (*HEADED, "histology_due")
    return context_words(replace(record.context, **dict.fromkeys(said)))


def confirmation_words(record: "Record", reviews: "Sequence[Review]", taxonomy: Taxonomy) -> str:
    """The confirmed diagnosis, how it was confirmed, by whom and when, and what was noted; empty without one."""
    if not record.confirmed:
        return ""
    by = f", by {record.confirmed_by}" if record.confirmed_by else ""
    said = f"{diagnosis_words(record.confirmed, taxonomy)}{by}."
    review = next((one for one in reviews if one.source is not None), None)
    if review is None:
        return said
    note = f" {shortened(review.note, NOTE)}" if review.note else ""
    return f"{said} Recorded by {shortened(review.reviewer, HEAD)}, {day_words(review.created.date())}.{note}"


def report_facts(record: "Record") -> tuple[tuple[str, str], ...]:
    """What the prediction was made from and by; digests, which only a machine reads, last."""
    return (
        ("Model", f"{record.model}, version {record.model_version}"),
        ("Operating point", point_words(record.operating_point) or f"threshold {percent(record.threshold)}"),
        ("Image", f"{record.width:,} × {record.height:,} pixels"),
        *([("Cropped", crop_words(record.crop))] if record.crop else []),
        ("Prediction", record.id),
        ("SHA-256 of the image", record.sha256),
        ("SHA-256 of the model", record.model_sha256),
    )


def time_with_zone(when: datetime, zone: tzinfo | None = None) -> str:
    """A time in a time zone (UTC for none), with the zone's name."""
    local = when.astimezone(zone or UTC)
    return f"{local:%d %B %Y, %H:%M} {local.tzname()}"


def shortened(text: str, most: int) -> str:
    """A text of at most so many characters, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"

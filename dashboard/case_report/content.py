"""A prediction on one page of A4: what it says, for the print page and the PDF alike, and the PDF itself."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
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
    diagnosis_words,
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
    from dashboard.store import Record

LIKELIEST = 4


# So much of what people wrote fits on the page; the rest stays with the prediction.
NAME, CONTEXT, CAUTIONS, KNOWN = 96, 280, 6, 5


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
        facts: (name, value) lines.
        attempts: what other photographs of the lesion from this day mean for it.
    """

    title: str
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
    facts: tuple[tuple[str, str], ...]
    limits: str
    attempts: str = ""
    disclaimer: str = f"{NOT_A_DEVICE} {DISCLAIMER}"
    retake_steps: tuple[str, ...] = RETAKE_STEPS


def report_of(
    record: "Record",
    taxonomy: Taxonomy,
    drawn: bool = False,
    no_outline: str = "",
    prevalence: float | None = None,
    attempts: "Sequence[Record]" = (),
    pictured: Collection[str] = (),
) -> Report:
    """What the report of a stored prediction says.

    Args:
        taxonomy: what the record's codes mean.
        drawn: whether the image is one of our drawings, which is then the first thing said.
        no_outline: why what the model looked at is not shown; empty where it is.
        prevalence: the share of malignant lesions for which the probability holds; None where nobody knows it.
        attempts: see `attempts_of`.
        pictured: see `pictured_cases`.
    """
    zones = scale_zones(record.threshold, record.malignant_from)
    ordered = sorted(record.probabilities.items(), key=lambda item: -item[1])[:LIKELIEST]
    reliable = record.outcome != Outcome.NO_RESULT
    warnings = ["This is a drawn example, not a photograph of a patient."] if drawn else []
    warnings += [caution.text for caution in record.cautions if not caution.severe]
    return Report(
        title=shortened(record.filename, NAME),
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
        context=shortened(context_words(record.context), CONTEXT),
        facts=report_facts(record, taxonomy),
        limits=model_limits(len(record.probabilities)),
        attempts=shortened(attempt_words(record, attempts), CONTEXT),
    )


def likely_diagnosis(code: str, taxonomy: Taxonomy, probability: float) -> tuple[str, str, bool, float]:
    """A line of `Report.diagnoses`; a code that no installed model explains stands for itself."""
    found = taxonomy.get(code)
    return (
        (found.name, found.plain, found.malignant, probability) if found else (code, "", False, probability)
    )


def report_facts(record: "Record", taxonomy: Taxonomy) -> tuple[tuple[str, str], ...]:
    """What the prediction was made from and by."""
    lines = [
        ("Image", f"{record.width:,} × {record.height:,} pixels, SHA-256 {record.sha256}"),
        *([("Cropped", crop_words(record.crop))] if record.crop else []),
        ("Model", f"{record.model}, version {record.model_version}, SHA-256 {record.model_sha256}"),
        ("Operating point", point_words(record.operating_point) or f"threshold {percent(record.threshold)}"),
        ("Prediction", record.id),
    ]
    if record.confirmed:
        by = f" ({record.confirmed_by})" if record.confirmed_by else ""
        lines.append(("Confirmed diagnosis", diagnosis_words(record.confirmed, taxonomy) + by))
    return tuple(lines)


def time_with_zone(when: datetime, zone: tzinfo | None = None) -> str:
    """A time in a time zone (UTC for none), with the zone's name."""
    local = when.astimezone(zone or UTC)
    return f"{local:%d %B %Y, %H:%M} {local.tzname()}"


def shortened(text: str, most: int) -> str:
    """A text of at most so many characters, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"

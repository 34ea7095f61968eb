"""One stored prediction as a card: the photograph, the verdict, its grounds, and what to do next.

The card is HTML of its own, which assets/card.js puts into a page: Dash would look through all components of the page
for each card.
"""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from dashboard.addresses import local_address
from dashboard.shell.attempts import attempt_words
from dashboard.shell.known_cases import known_cases
from dashboard.shell.pictures import centred_square
from dashboard.shell.scale import scale_words, scale_zones
from dashboard.shell.templates import rendered
from dashboard.shell.text import (
    DISCLAIMER,
    RETAKE_STEPS,
    chance_sentence,
    context_words,
    crop_words,
    diagnosis_words,
    headline,
    next_step,
    similar_cases,
)
from dashboard.store.fields import CONTEXT
from dashboard.store.judgements import HIDDEN, Judge
from dashboard.store.opinions import OPINIONS
from model.taxonomy import Taxonomy

if TYPE_CHECKING:
    from dashboard.store import Record

LIKELIEST = 3
SEEN_BEFORE = (
    "You may have seen this photograph's result before: you have judged it, or it was checked before you chose to "
    "judge first."
)


def result_card(
    record: "Record",
    taxonomy: Taxonomy,
    drawn: bool = False,
    no_outline: str = "",
    prevalence: float | None = None,
    attempts: "Sequence[Record]" = (),
    pictured: Collection[str] = (),
    judge: Judge | None = None,
) -> str:
    """The whole answer for one photograph, as HTML; where its reader judges first, what asks for the judgement.

    Args:
        record: the stored prediction.
        taxonomy: what its codes mean.
        drawn: whether the image is one of our drawings, which is then said.
        prevalence: the share of malignant lesions for which the probability holds; None where nobody knows it.
        no_outline: why what the model looked at is not offered; empty where it is.
        attempts: see `attempts_of`.
        pictured: see `pictured_cases`.
        judge: who reads it, and what that reader has said of it.
    """
    if record.outcome == HIDDEN:
        return judge_card(record, taxonomy, drawn)
    zones = scale_zones(record.threshold, record.malignant_from)
    return rendered(
        "result_card.html",
        record=record,
        taxonomy=taxonomy,
        drawn=drawn,
        square=None if no_outline else centred_square(record.width, record.height),
        no_outline=no_outline,
        enlarged=local_address(f"/compare?cases={record.id}"),
        reasons=[caution.text for caution in record.cautions if caution.severe],
        cautions=[caution.text for caution in record.cautions if not caution.severe],
        retake_steps=RETAKE_STEPS,
        chance=chance_sentence(record.probability, prevalence),
        zones=zones,
        ranges=scale_words(zones),
        headline=headline(record.outcome, record.context.signs),
        questions=[field for field in CONTEXT if field.sign],
        step=next_step(record.outcome, record.cautions, record.context.signs),
        diagnoses=sorted(record.probabilities.items(), key=lambda item: -item[1]),
        likeliest=LIKELIEST,
        similar=similar_cases(record.similar, taxonomy),
        known=known_cases(record.similar, taxonomy, pictured),
        context=context_words(record.context),
        attempts=attempts,
        attempt_words=attempt_words(record, attempts),
        judged=judged_words(record, taxonomy, judge),
        opinion=undecided_opinion(record, judge),
        opinions=OPINIONS,
        crop=crop_words(record.crop),
        disclaimer=DISCLAIMER,
    )


def judge_card(record: "Record", taxonomy: Taxonomy, drawn: bool = False) -> str:
    """What stands in a result's place until its reader has judged: the photograph, and what asks for the judgement."""
    return rendered(
        "judge_card.html",
        record=record,
        taxonomy=taxonomy,
        drawn=drawn,
        enlarged=local_address(f"/compare?cases={record.id}"),
        opinions=OPINIONS,
        context=context_words(record.context),
        disclaimer=DISCLAIMER,
    )


def undecided_opinion(record: "Record", judge: Judge | None) -> str:
    """What a reader said who has not yet kept or changed it; empty for any other reader."""
    mine = [one for one in record.judgements if judge and one.reader == judge.key]
    return mine[0].opinion if len(mine) == 1 else ""


def judged_words(record: "Record", taxonomy: Taxonomy, judge: Judge | None) -> str:
    """What a reader said before the result was shown, and since, or why not; empty for one who does not judge first."""
    mine = [one for one in record.judgements if judge and one.reader == judge.key]
    if not mine:
        return SEEN_BEFORE if judge and judge.since and record.outcome != "no_result" else ""
    first, last = mine[0], mine[-1]
    named = f", likeliest {diagnosis_words(first.diagnosis, taxonomy)}" if first.diagnosis else ""
    words = f"You said {first.opinion}{named} before you saw the result."
    if not last.seen:
        return words
    return f"{words} You {'kept it' if last.opinion == first.opinion else f'changed it to {last.opinion}'}."

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
    headline,
    next_step,
    similar_cases,
)
from dashboard.store.fields import CONTEXT
from model.taxonomy import Taxonomy

if TYPE_CHECKING:
    from dashboard.store import Record

LIKELIEST = 3


def result_card(
    record: "Record",
    taxonomy: Taxonomy,
    drawn: bool = False,
    no_outline: str = "",
    prevalence: float | None = None,
    attempts: "Sequence[Record]" = (),
    pictured: Collection[str] = (),
) -> str:
    """The whole answer for one photograph, as HTML.

    Args:
        record: the stored prediction.
        taxonomy: what its codes mean.
        drawn: whether the image is one of our drawings, which is then said.
        prevalence: the share of malignant lesions for which the probability holds; None where nobody knows it.
        no_outline: why what the model looked at is not offered; empty where it is.
        attempts: see `attempts_of`.
        pictured: see `pictured_cases`.
    """
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
        crop=crop_words(record.crop),
        disclaimer=DISCLAIMER,
    )

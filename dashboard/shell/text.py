"""Sentences and numbers that several pages show, so that they read the same everywhere."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from dashboard.store.fields import CONTEXT
from dashboard.store.judgements import HIDDEN
from model.evaluation.verdict import VERDICTS, Verdict
from model.taxonomy import Taxonomy

if TYPE_CHECKING:
    from dashboard.store import Context, Record
    from model.cautions import Caution
    from model.images import Crop
    from model.predictor import Similar

NO_RESULT = Verdict("No result: retake the photograph", "No result", "○", "#566273", "#9aa7b8")
# In place of an outcome that its reader may not see yet.
HIDDEN_RESULT = Verdict("Say what you see first", "Judge first", "?", "#566273", "#9aa7b8")
OUTCOMES = VERDICTS | {"no_result": NO_RESULT, HIDDEN: HIDDEN_RESULT}
# They have no chance, no diagnoses and no similar cases to show.
WITHOUT_CHANCE = frozenset({"no_result", HIDDEN})

DISCLAIMER = (
    "Dermaboard supports, and never replaces, a clinician's diagnosis. A benign result does not rule out cancer: "
    "have any lesion that changes, bleeds or worries you examined."
)

NOT_A_DEVICE = (
    "Dermaboard is for clinicians who look at skin lesions, and for teaching and research. It is not a medical device: "
    "no decision about a person may rest on its results alone."
)

NO_HEATMAP = (
    "What the model looked at is not shown: on such photographs, its map was no better than a random one."
)

RETAKE = "A new photograph, with one lesion in the middle, in focus and evenly lit, makes the result surer."
NEXT_STEPS: dict[str, str] = {
    "malignant": "Have a dermatologist examine this lesion soon. They decide whether it needs a biopsy.",
    "uncertain": "Have this lesion examined: the photograph alone does not settle what it is.",
    "benign": "This does not rule cancer out. Have the lesion examined if it is new, changes, bleeds or stands out "
    "from the person's others.",
    "no_result": "No result does not mean harmless. Take another photograph, or have the lesion examined.",
}
RETAKE_STEPS = (
    "Put one lesion in the middle: it fills about half of the picture.",
    "Hold still until it is in focus.",
    "Light it evenly, without flash or shadow.",
)
EXAMINE = "Have it examined, whatever the photograph shows."
COUNTS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

# Cautions that another photograph can do something about.
PHOTOGRAPHIC = frozenset(
    {"small", "narrow", "blurred", "dark", "bright", "grey", "low_contrast", "off_frame"}
)


def terms(licences: Iterable[tuple[str, str]]) -> str:
    """Which models are not for commercial use, in one sentence; empty if there are none.

    Args:
        licences: each model's name and the licence that its card states.
    """
    reserved = re.compile(r"\bNC\b|non-?commercial", re.IGNORECASE)
    names = ", ".join(name for name, licence in licences if reserved.search(licence))
    return f"For non-commercial use only: {names} (see the model card on Performance)." if names else ""


def model_limits(diagnoses: int) -> str:
    """What a model does not know.

    Args:
        diagnoses: how many it tells apart; 0 for a binary model.
    """
    kinds = f"knows {diagnoses} kinds of" if diagnoses else "was trained on a few kinds of"
    return (
        f"The model looks at the centred square of one photograph and {kinds} pigmented lesion; anything else it takes "
        "for one of them. It learned from dermoscopic photographs, mostly of light skin: for other skin and other "
        "cameras its figures may not hold. It knows nothing of the person or of how the lesion changed."
    )


def percent(probability: float) -> str:
    """A probability (0 to 1) in per cent; small ones keep a digit, none is rounded to certainty."""
    if probability < 0.001:
        return "< 0.1 %"
    if probability > 0.999:
        return "> 99.9 %"
    value = probability * 100
    return f"{value:.1f} %" if value < 10 or value > 99 else f"{value:.0f} %"


def chance_sentence(probability: float, prevalence: float | None) -> str:
    """What a calibrated probability of malignancy (0 to 1) means, for whoever reads no statistics.

    Args:
        prevalence: the share of malignant lesions (0 to 1) for which the probability holds; None where nobody knows.
    """
    # Of 100, one and two in a hundred would be the same.
    of = 100 if probability >= 0.02 else 1000
    count = round(of * probability)
    found = f"about {count} {'is' if count == 1 else 'are'}"
    if count == 0:
        found = "fewer than 1 is"
    elif count == of:
        found = f"more than {of - 1} are"
    where = f"where {prevalence_words(prevalence)} malignant, " if prevalence else ""
    rest = f"of {of:,} lesions scored like this, {where}{found if where else f'{found} malignant'}"
    return f"{percent(probability)} chance of cancer or a precursor: {rest}."


def prevalence_words(prevalence: float) -> str:
    """A share of lesions with its verb: 0.2 is "one in five is", 0.35 is "35 of 100 are"."""
    one_in = round(1 / prevalence)
    if 2 <= one_in <= 10 and abs(prevalence * one_in - 1) < 0.01:
        return f"one in {COUNTS[one_in - 2]} is"
    return f"{round(100 * prevalence)} of 100 are"


def headline(outcome: str, signs: Collection[str]) -> str:
    """The first words on a result: an outcome's, unless they would reassure against what the person says.

    Args:
        outcome: "benign", "uncertain", "malignant" or "no_result".
        signs: see `Context.signs`.
    """
    return EXAMINE if signs and outcome == "benign" else OUTCOMES[outcome].word


def next_step(outcome: str, cautions: Sequence["Caution"], signs: Collection[str] = ()) -> str:
    """What to do now, in one or two careful sentences; none of them reassures.

    Args:
        outcome, signs: as for `headline`.
    """
    if signs and outcome != "malignant":
        have = "Take another photograph, and have" if outcome == "no_result" else "Have"
        return f"{have} a dermatologist examine this lesion. {'. '.join(signs)}: no photograph shows that."
    again = outcome != "no_result" and any(caution.code in PHOTOGRAPHIC for caution in cautions)
    return f"{NEXT_STEPS[outcome]} {RETAKE}" if again else NEXT_STEPS[outcome]


def spoken_result(record: "Record", prevalence: float | None) -> str:
    """A result as a screen reader hears it when it comes: outcome, chance, cautions, advice.

    Args:
        prevalence: as for `chance_sentence`.
    """
    outcome, signs = record.outcome, record.context.signs
    if outcome == HIDDEN:
        return f"{HIDDEN_RESULT.word}. The result is hidden until then."
    chance = "" if outcome == "no_result" else chance_sentence(record.probability, prevalence)
    cautions = " ".join(caution.text for caution in record.cautions)
    words = (headline(outcome, signs).rstrip(".") + ".", chance, cautions)
    return " ".join(filter(None, (*words, next_step(outcome, record.cautions, signs))))


def similar_cases(similar: Sequence["Similar"], taxonomy: Taxonomy) -> str:
    """What the nearest known cases were, in numbers; "" where there are none."""
    if not similar:
        return ""
    (code, most), *_ = Counter(case.diagnosis for case in similar).most_common(1)
    total = len(similar)
    known = [found for case in similar if (found := taxonomy.get(case.diagnosis))]
    noun = taxonomy[code].noun if code in taxonomy else code
    of = f"{most} of the {total} most similar known cases {verb(most)} {noun}"
    malignant = sum(one.malignant for one in known)
    if most == total:
        rest = ""
    elif malignant == most and code in taxonomy.malignant and len(known) == total:
        rest = "; the other is benign" if total - most == 1 else "; the others are benign"
    else:
        rest = f"; {malignant or 'none'} {verb(malignant)} malignant"
    return f"{of}{rest}."


def verb(count: int) -> str:
    """The verb after a number of cases: none is, one is, two are."""
    return "is" if count < 2 else "are"


def context_words(context: "Context") -> str:
    """What was told of the person and the lesion, in a few words; "" where nothing was."""
    values = ((field, getattr(context, field.name)) for field in CONTEXT)
    return ", ".join(field.words(value) for field, value in values if value is not None)


def taken_words(record: "Record") -> str:
    """The day on which a photograph was taken, or that nobody knows it."""
    return "Date missing" if record.day is None else day_words(date.fromisoformat(record.day))


def head_words(record: "Record") -> dict[str, str]:
    """Whose lesion it is, where, and when it was photographed, by name: what a clinic files by."""
    context = record.context
    return {
        "Patient": context.patient or "not named",
        "Lesion": context.lesion or "not assigned",
        "Body site": context.site or "not said",
        "Date taken": taken_words(record),
    }


def day_words(day: date) -> str:
    """A day as every page writes it."""
    return f"{day:%d %b %Y}"


def optics_words(optics: Mapping[str, str | float]) -> str:
    """What the dermatoscope did, as the DICOM file says."""
    parts = [str(optics[name]) for name in ("polarisation", "contact") if name in optics]
    if "magnification" in optics:
        parts.append(f"{optics['magnification']:g} times")
    return ", ".join(parts).replace("_", " ")


def signs_in_short(context: "Context") -> str:
    """What the person says that asks for an examination, for lists; "" for nothing."""
    words = [
        part.prefix.removesuffix(":")
        for part in CONTEXT
        if part.sign and getattr(context, part.name) == "yes"
    ]
    return ", ".join(words).capitalize()


def crop_words(crop: "Crop | None") -> str:
    """Which part of the photograph was looked at; empty for all of it."""
    if crop is None:
        return ""
    turned = f", turned by {90 * crop.turns}°" if crop.turns else ""
    if (crop.width, crop.height) == (1, 1):
        return f"The photograph{turned}."
    share = f"{100 * crop.width:.0f} % of its width, {100 * crop.height:.0f} % of its height"
    return f"A part of the photograph: {share}{turned}."


def diagnosis_words(code: str | None, taxonomy: Taxonomy) -> str:
    """A diagnosis by its clinical name; a dash for a model that tells none apart."""
    return taxonomy.name(code) if code else "–"

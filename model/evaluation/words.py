"""Numbers as people read them, on pages and in reports; performance.js writes them the same way."""

import math
from collections.abc import Collection

from model.evaluation.intervals import Interval
from model.evaluation.verdict import VERDICTS
from model.taxonomy import Diagnosis

# What data sets write for how a diagnosis was confirmed.
CONFIRMED: dict[str, str] = {
    "histo": "histopathology",
    "follow_up": "follow-up",
    "consensus": "expert consensus",
    "confocal": "confocal microscopy",
}

# Names that a card's facts and tables use, where they are not words.
ABBREVIATIONS = frozenset({"auc", "ece"})


def fact_label(name: str, codes: Collection[str] = ()) -> str:
    """A name in a card as people read it: a column's, or a fact's; `codes` are of diagnoses."""
    if name in ABBREVIATIONS or name in codes:
        return name.upper()
    return name.replace("_", " ").capitalize()


def part_words(name: str) -> str:
    """A part's name in the scores as people read it."""
    return CONFIRMED.get(name) or name.replace("_", " ")


def tenths(share: float) -> str:
    """A share (0 to 1) in per cent with one decimal, halves upwards as in performance.js: "94.7"."""
    return f"{math.floor(1000 * share + 0.5) / 10:.1f}"


def rate(share: float) -> str:
    """A share (0 to 1) in per cent: "94.7 %"."""
    return f"{tenths(share)} %"


def fixed(value: float, digits: int) -> str:
    """A number with so many decimals, halves upwards as in performance.js."""
    return f"{math.floor(10**digits * value + 0.5) / 10**digits:,.{digits}f}"


def signed_text(value: float) -> str:
    """A difference with its sign, three decimals."""
    return f"{value:+.3f}".replace("-", "−")


def area_text(interval: Interval) -> str:
    """An area with its interval, or why there is none."""
    if interval.reason is not None:
        return interval.reason.sentence
    return f"{interval.value:.3f} ({interval.low:.3f}–{interval.high:.3f})"


def share_text(interval: Interval) -> str:
    """A rate in per cent with its interval, or why there is none."""
    if interval.reason is not None:
        return interval.reason.sentence
    return f"{tenths(interval.value)} % ({tenths(interval.low)}–{tenths(interval.high)})"


def p_value_text(p: float) -> str:
    """A p value."""
    if math.isnan(p):
        return "p not defined"
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def number_text(value: float, kind: str) -> str:
    """A value of `kind` "share" (per cent), "index" (three decimals) or "ratio" (about three figures)."""
    if kind == "share":
        return tenths(value)
    if kind == "index":
        return fixed(value, 3)
    if math.isinf(value):
        return "∞"
    return fixed(value, 3 if value < 1 else 2 if value < 10 else 1 if value < 100 else 0)


def value_and_interval(interval: Interval, kind: str) -> tuple[str, str]:
    """Value and interval in words, or a dash and why."""
    if interval.reason is not None:
        return "–", interval.reason.sentence
    unit = " %" if kind == "share" else ""
    low, high = number_text(interval.low, kind), number_text(interval.high, kind)
    return f"{number_text(interval.value, kind)}{unit}", f"{low}–{high}{unit}"


def diagnosis_shape(diagnosis: Diagnosis) -> str:
    """The shape of the verdict that a diagnosis belongs to."""
    return VERDICTS["malignant" if diagnosis.malignant else "benign"].shape

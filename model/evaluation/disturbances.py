"""The robustness rows of a card (see `training.robustness`) as values: what disturbed images do to a model."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from model.evaluation.intervals import Interval, Undefined, undefined
from model.evaluation.words import area_text, fixed, rate

HEAD: tuple[str, ...] = (
    "Disturbance",
    "Images",
    "AUC",
    "Undisturbed",
    "Mean change",
    "Decisions changed",
    "Cancers lost",
)
NOTE = (
    "The same images, disturbed on purpose. Change: of the calibrated probability, absolute. Decisions: benign, "
    "uncertain or malignant at the default operating point. Cancers lost: those that became benign."
)
# What a row has to state to be shown in words.
STATED = {"kind", "strength", "images", "auc", "auc_before", "mean_change", "decisions_changed", "benign_now"}


@dataclass(frozen=True)
class Disturbed:
    """One kind of disturbance at one strength; changes and shares are between 0 and 1, `before` may be NaN."""

    name: str
    images: int
    auc: Interval
    before: float
    mean_change: float
    decisions_changed: float
    benign_now: int


def disturbed(rows: Sequence[Mapping[str, Any]]) -> tuple[Disturbed, ...]:
    """The rows of a card's table without the undisturbed one; none of a table that lacks a column."""
    if not all(row.keys() >= STATED for row in rows):
        return ()
    return tuple(
        Disturbed(
            name=f"{row['kind']} {row['strength']}".replace("_", " ").strip(),
            images=int(row["images"]),
            auc=disturbed_auc(row),
            before=math.nan if row["auc_before"] is None else float(row["auc_before"]),
            mean_change=float(row["mean_change"]),
            decisions_changed=float(row["decisions_changed"]),
            benign_now=int(row["benign_now"]),
        )
        for row in rows
        if row["kind"] != "none"
    )


def disturbed_auc(row: Mapping[str, Any]) -> Interval:
    """The AUC of a row; training gives none where one class was missing."""
    value, low, high = (row.get(name) for name in ("auc", "auc_low", "auc_high"))
    if value is None or low is None or high is None:
        return undefined(Undefined.NO_MALIGNANT)
    return Interval(float(value), float(low), float(high))


def disturbance_cells(one: Disturbed) -> tuple[str, ...]:
    """A row of the table in words, under `HEAD`."""
    return (
        one.name,
        f"{one.images:,}",
        area_text(one.auc) if one.auc.defined else "–",
        "–" if math.isnan(one.before) else fixed(one.before, 3),
        fixed(one.mean_change, 3),
        rate(one.decisions_changed),
        f"{one.benign_now:,}",
    )

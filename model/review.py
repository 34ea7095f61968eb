"""A bundle's stored scores, computed once into what the performance page shows of one split."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from model import metrics
from model.benefit import Band, bootstrap_roc
from model.bundle import Bundle
from model.cohort import Where, inside
from model.delong import Difference, compare
from model.intervals import Interval
from model.subgroups import Subgroup, subgroups
from model.taxonomy import CODES

if TYPE_CHECKING:
    # Slow to load, and not needed before a review is asked for.
    import pandas as pd

# The threshold slider's positions, in per cent: one thing for browser and server.
STEP = 0.1
POSITIONS: NDArray[np.float64] = np.round(np.arange(0, 100 + STEP / 2, STEP), 1)
NO_SCORES: tuple[str, ...] = ("split", "image_id", "lesion_id", "label", "malignant", "probability")


@dataclass(frozen=True)
class Key:
    """A bundle as a cache key: two with the same card at the same place are the same."""

    path: Path
    sha256: str
    bundle: Bundle = field(compare=False, repr=False)


@dataclass(frozen=True)
class Review:
    """One model on one split.

    Attributes:
        truth: bool (n,), malignant or not.
        scores: (n,), calibrated probability of malignancy, NaN where a case has none.
        threshold: the model's own operating point, a probability.
        lesions: how many lesions the n images show.
        area: AUC with its lesion-bootstrap interval.
        band: of the ROC curve, by lesion too.
        subgroups: the same numbers for parts of the cases, at the model's own threshold.
        matrix: seven-class confusion (7, 7), or None for a model that does not tell diagnoses apart.
    """

    model: str
    split: str
    truth: NDArray[np.bool_]
    scores: NDArray[np.float64]
    threshold: float
    lesions: int
    area: Interval
    band: Band
    average_precision: float
    subgroups: tuple[Subgroup, ...]
    matrix: NDArray[np.int64] | None

    def probability(self, position: float) -> float:
        """The threshold of a slider position in per cent; the one nearest the model's own is exactly that."""
        near = abs(position - 100 * self.threshold) <= STEP / 2
        return self.threshold if near else position / 100

    def confusion(self, position: float) -> metrics.Confusion:
        """The cases by truth and decision at a slider position in per cent."""
        return metrics.confusion(self.truth, self.scores, self.probability(position))

    def sweep(self) -> dict[str, Any]:
        """What the browser needs to follow the slider by itself: counts at each position, 20 KB for any n."""
        cuts = [self.probability(position) for position in POSITIONS.tolist()]
        tp, fp = metrics.counts_at(self.truth, self.scores, cuts)
        scored = ~np.isnan(self.scores)
        return {
            "step": STEP,
            "own": self.threshold,
            "thresholds": cuts,
            "tp": tp.tolist(),
            "fp": fp.tolist(),
            "malignant": int((self.truth & scored).sum()),
            "benign": int((~self.truth & scored).sum()),
            "unscored": int((~scored).sum()),
        }


@dataclass(frozen=True)
class Versus:
    """Another model on the cases that both have scored: its ROC curve, and how the areas differ."""

    model: str
    curve: metrics.Curve
    result: Difference


def versus(bundle: Bundle, other: Bundle, split: str, where: Where = ()) -> Versus:
    """Compare two models on the images of a split that both have scored; truth and filter are the first one's."""
    return _versus(key(bundle), key(other), split, where)


def splits(bundle: Bundle) -> tuple[str, ...]:
    """The evaluated splits of a bundle, test first: that is the one to judge by."""
    found = scores(key(bundle))["split"].unique().tolist()
    return tuple(sorted(found, key=lambda name: (name != "test", name != "validation", name)))


def review(bundle: Bundle, split: str, where: Where = ()) -> Review:
    """Compute, or remember, one model on one split or on the part of it that a filter leaves."""
    return _review(key(bundle), split, where)


def rows(bundle: Bundle, split: str, where: Where = ()) -> "pd.DataFrame":
    """The stored scores of a split, a row an image; not to be changed."""
    return _rows(key(bundle), split, where)


def history(bundle: Bundle) -> "pd.DataFrame":
    """The bundle's epochs, a row each; empty when the run kept none."""
    return _history(key(bundle))


def best_epoch(bundle: Bundle) -> int | None:
    """The epoch whose weights were kept, from the card or else where validation was best."""
    told = bundle.card.training.get("best_epoch")
    if isinstance(told, int):
        return told
    epochs = history(bundle)
    for column, pick in (("val_auc", "idxmax"), ("val_loss", "idxmin")):
        if column in epochs and epochs[column].notna().any():
            return int(epochs.loc[getattr(epochs[column], pick)(), "epoch"])
    return None


def key(bundle: Bundle) -> Key:
    """What a bundle is remembered by."""
    return Key(bundle.path, bundle.card.sha256, bundle)


@lru_cache(maxsize=16)
def scores(of: Key) -> "pd.DataFrame":
    """The stored scores, read once; without any, a table that has the columns and no row."""
    found = of.bundle.scores()
    return found if len(found.columns) else found.reindex(columns=list(NO_SCORES))


@lru_cache(maxsize=16)
def _history(of: Key) -> "pd.DataFrame":
    return of.bundle.history()


@lru_cache(maxsize=8)
def _rows(of: Key, split: str, where: Where) -> "pd.DataFrame":
    if where:
        table = _rows(of, split, ())
        return table[inside(table, where)]
    table = scores(of)
    return table[table["split"] == split]


@lru_cache(maxsize=32)
def _review(of: Key, split: str, where: Where) -> Review:
    table = _rows(of, split, where)
    truth = table["malignant"].to_numpy(bool)
    values = table["probability"].to_numpy(np.float64)
    # An image of an unknown lesion stands for itself.
    lesions = table["lesion_id"].where(table["lesion_id"].notna(), table["image_id"]).astype(str).to_numpy()
    return Review(
        model=of.bundle.name,
        split=split,
        truth=truth,
        scores=values,
        threshold=of.bundle.card.threshold,
        lesions=len(set(lesions)),
        area=metrics.bootstrap_auc(truth, values, lesions),
        band=bootstrap_roc(truth, values, lesions),
        average_precision=metrics.average_precision(truth, values),
        subgroups=subgroups(truth, values, lesions, table, of.bundle.card.threshold),
        matrix=class_matrix(table),
    )


@lru_cache(maxsize=16)
def _versus(of: Key, other: Key, split: str, where: Where) -> Versus:
    mine, theirs = (
        table[table["probability"].notna()].drop_duplicates("image_id")
        for table in (_rows(of, split, where), _rows(other, split, ()))
    )
    both = mine.merge(theirs[["image_id", "probability"]], on="image_id", suffixes=("", "_other"))
    truth = both["malignant"].to_numpy(bool)
    first, second = (both[name].to_numpy(np.float64) for name in ("probability", "probability_other"))
    return Versus(other.bundle.name, metrics.roc_curve(truth, second), compare(truth, first, second))


def class_matrix(table: "pd.DataFrame") -> NDArray[np.int64] | None:
    """Seven-class confusion of the cases that have all class probabilities; None when none has."""
    columns = [f"p_{code}" for code in CODES]
    if not set(columns) <= set(table.columns):
        return None
    values = table[columns].to_numpy(np.float64)
    index = table["label"].map({code: place for place, code in enumerate(CODES)}).to_numpy(np.float64)
    known = ~np.isnan(values).any(axis=1) & ~np.isnan(index)
    if not known.any():
        return None
    return metrics.class_confusion(index[known], values[known].argmax(axis=1), len(CODES))


def facts(card_training: Mapping[str, Any]) -> str:
    """Recipe and data of a training run in a few words, as far as the card tells."""
    told = [card_training.get(name) for name in ("recipe", "data")]
    return " · ".join(word for word in told if isinstance(word, str))

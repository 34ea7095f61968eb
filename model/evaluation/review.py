"""A bundle's stored scores, computed once into what the performance page shows of one split."""

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from model.bundle import Bundle, BundleError, Damaged, OperatingPoint
from model.evaluation import metrics
from model.evaluation.cohort import Where
from model.evaluation.delong import Difference, compare_auc
from model.evaluation.intervals import Interval, undefined
from model.evaluation.outcomes import OutcomeCounts, outcome_codes, tally_outcomes
from model.evaluation.reliability import Reliability, measure_reliability
from model.evaluation.resampling import Resampled, bootstrap, mean_by_lesion
from model.evaluation.rows import (
    Kind,
    bundle_scores,
    default_point,
    evaluated_rows,
    kind_of,
    lesion_of,
    points_of,
)
from model.evaluation.shared import shared_cases
from model.evaluation.stored import deciding_scores, training_history
from model.evaluation.subgroups import Subgroup, subgroups
from model.modality import Modality
from model.taxonomy import Taxonomy

if TYPE_CHECKING:
    # Slow to load, and not needed before a review is asked for.
    import pandas as pd

# The threshold slider's positions, in per cent: one thing for browser and server.
STEP = 0.1
POSITIONS: NDArray[np.float64] = np.round(np.arange(0, 100 + STEP / 2, STEP), 1)


@dataclass(frozen=True, eq=False)
class SplitEvaluation:
    """One model on one split. What takes long is computed when it is first asked for, and then remembered.

    Attributes:
        truth: bool (n,), malignant or not.
        scores: (n,), calibrated probability of malignancy, NaN where a case has none.
        deciding: (n,), the same, infinite for an image without a result.
        raw: the same before calibration.
        threshold: the model's own operating point, a probability.
        points: all its operating points.
        taxonomy: the model's diagnoses.
        never_benign: nothing is called benign, whatever the threshold: close-ups are not.
        lesion: the lesion of each case, as an index below `lesions`.
        table: the stored rows of these cases.
        slow, lock: what took long so far, and who is at it.
        known: the cases by truth and decision at the thresholds that were asked for so far.
    """

    model: str
    split: str
    truth: NDArray[np.bool_]
    scores: NDArray[np.float64]
    deciding: NDArray[np.float64]
    raw: NDArray[np.float64]
    threshold: float
    points: tuple[OperatingPoint, ...]
    taxonomy: Taxonomy
    lesion: NDArray[np.int64]
    lesions: int
    table: "pd.DataFrame"
    never_benign: bool = False
    slow: dict[str, Any] = field(init=False, default_factory=dict, repr=False)
    lock: threading.Lock = field(init=False, default_factory=threading.Lock, repr=False)
    known: dict[float, metrics.Confusion] = field(init=False, default_factory=dict, repr=False)

    @cached_property
    def counts(self) -> metrics.Sweep:
        """True and false positives at every score: the cases sorted once, for everything that needs no resample."""
        return metrics.sweep_scores(self.truth, self.scores)

    @property
    def auc(self) -> float:
        """Area under the ROC curve, at once; NaN where not defined."""
        return self.counts.auc

    @property
    def average_precision(self) -> float:
        """Area under the precision-recall curve, at once; NaN where not defined."""
        return self.counts.average_precision

    @property
    def resampled(self) -> Resampled:
        """Intervals of both areas and bands of both curves: seconds for a million cases."""
        return self.once("resampled", lambda: bootstrap(self.truth, self.scores, self.lesion))

    @property
    def unsure(self) -> Resampled:
        """What stands in for `resampled` until it is there: the areas without intervals, no bands."""
        reason = self.counts.problem
        if reason is not None:
            return Resampled(0, undefined(reason), undefined(reason))
        area, precision = self.auc, self.average_precision
        return Resampled(0, Interval(area, math.nan, math.nan), Interval(precision, math.nan, math.nan))

    @property
    def ready(self) -> bool:
        """Whether `resampled` and `subgroups` would come at once."""
        return {"resampled", "subgroups"} <= self.slow.keys()

    @cached_property
    def auc_by_lesion(self) -> Interval:
        """The same over lesions, each with the mean score of its images; at once, and so without an interval."""
        counts = metrics.sweep_scores(*mean_by_lesion(self.truth, self.scores, self.lesion))
        reason = counts.problem
        return undefined(reason) if reason else Interval(counts.auc, math.nan, math.nan)

    @property
    def area(self) -> Interval:
        """AUC with its lesion-bootstrap interval."""
        return self.resampled.area

    @property
    def subgroups(self) -> tuple[Subgroup, ...]:
        """The same numbers for parts of the cases, at the model's own threshold: seconds for a million cases."""
        return self.once(
            "subgroups",
            lambda: subgroups(
                self.truth, self.scores, self.lesion, self.table, self.threshold, self.deciding
            ),
        )

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """A result that takes long; whoever asks while it is computed waits for it instead of computing it again."""
        with self.lock:
            if name not in self.slow:
                self.slow[name] = make()
            return self.slow[name]

    @cached_property
    def calibrated(self) -> Reliability:
        """Reliability of the probabilities that the model gives."""
        return measure_reliability(self.truth, self.scores, self.lesion)

    @cached_property
    def uncalibrated(self) -> Reliability | None:
        """The same before the scaling; None where it changed nothing."""
        same = np.allclose(self.raw, self.scores, rtol=0, atol=1e-9, equal_nan=True)
        return None if same else measure_reliability(self.truth, self.raw, self.lesion)

    @cached_property
    def matrix(self) -> NDArray[np.int64] | None:
        """Confusion of the diagnoses (k, k), or None for a model that does not tell them apart."""
        return class_matrix(self.table, self.taxonomy)

    def probability(self, position: float) -> float:
        """The threshold of a slider position in per cent; the one nearest an operating point is exactly that."""
        # The default point wins where two share a position.
        for own in (self.threshold, *(point.threshold for point in self.points)):
            if abs(position - 100 * own) <= STEP / 2:
                return own
        return position / 100

    def malignant_from(self, threshold: float) -> float:
        """From which probability on a case is called malignant where it is called benign below `threshold`.

        That of the nearest operating point: between two of them nobody has chosen another.
        """
        if not self.points:
            return threshold
        nearest = min(self.points, key=lambda point: abs(point.threshold - threshold))
        # A close-up has one threshold for both sides.
        return threshold if self.never_benign else max(threshold, nearest.malignant)

    def outcome_codes(self, threshold: float) -> NDArray[np.int64]:
        """What people are shown of each case at a threshold, see `outcomes.outcome_codes`."""
        low = -math.inf if self.never_benign else threshold
        return outcome_codes(self.deciding, low, self.malignant_from(threshold))

    def outcomes(self, threshold: float) -> tuple[OutcomeCounts, OutcomeCounts]:
        """The cancers and the harmless lesions by outcome at a threshold."""
        codes = self.outcome_codes(threshold)
        cancers, harmless = (
            tally_outcomes(codes[inside], self.lesion[inside]) for inside in (self.truth, ~self.truth)
        )
        return cancers, harmless

    def at(self, threshold: float) -> metrics.Confusion:
        """The cases by truth and decision at a threshold, a probability."""
        cells = self.known.get(threshold)
        if cells is None:
            cells = metrics.confusion(self.truth, self.deciding, threshold, self.lesion)
            if len(self.known) >= POSITIONS.size:
                self.known.clear()
            self.known[threshold] = cells
        return cells

    def confusion(self, position: float) -> metrics.Confusion:
        """The cases by truth and decision at a slider position in per cent."""
        return self.at(self.probability(position))

    @cached_property
    def sweep(self) -> list[tuple[float, metrics.Confusion]]:
        """The same at every position of the slider, with its threshold."""
        cuts = [self.probability(position) for position in POSITIONS.tolist()]
        return list(zip(cuts, metrics.confusions(self.truth, self.deciding, cuts, self.lesion), strict=True))


@dataclass(frozen=True)
class Versus:
    """Another model on the cases that both have scored: its ROC curve, and how the areas differ.

    `disputed` cases are malignant for one evaluation and benign for the other, and left out; `renamed` ones have
    another diagnosis of the same kind.
    """

    model: str
    curve: metrics.Curve
    result: Difference
    disputed: int = 0
    renamed: int = 0


@lru_cache(maxsize=16)
def compare_models(bundle: Bundle, other: Bundle, split: str, where: Where = ()) -> Versus:
    """Compare two models on the images of a split that both have scored; the filter is the first one's."""
    cases = shared_cases(bundle, other, split, where)
    first = evaluate_split(bundle, split, where).scores[cases.first]
    second = evaluate_shared(bundle, other, split, where)
    result = compare_auc(cases.truth, first, second.scores, cases.lesion)
    curve = second.counts.roc
    return Versus(other.name, curve, result, cases.disputed, cases.renamed)


@lru_cache(maxsize=32)
def evaluate_split(bundle: Bundle, split: str, where: Where = ()) -> SplitEvaluation:
    """Compute, or remember, one model on one split or on the part of it that a filter leaves."""
    return evaluation_of(
        bundle, split, evaluated_rows(bundle, split, where), kind_of(bundle, split, where)[0]
    )


@lru_cache(maxsize=16)
def evaluate_shared(bundle: Bundle, other: Bundle, split: str, where: Where = ()) -> SplitEvaluation:
    """The other model on the images that both have scored; the filter is the first one's."""
    kind, _ = kind_of(bundle, split, where)
    rows = evaluated_rows(other, split, kind.where).iloc[shared_cases(bundle, other, split, where).second]
    return evaluation_of(other, split, rows, kind)


def evaluation_of(bundle: Bundle, split: str, table: "pd.DataFrame", kind: Kind) -> SplitEvaluation:
    """One model on some of its rows of a kind."""
    card = bundle.card
    lesion, lesions = lesion_of(table)
    return SplitEvaluation(
        model=bundle.name,
        split=split,
        truth=table["malignant"].to_numpy(bool),
        scores=table["probability"].to_numpy(np.float64),
        deciding=deciding_scores(table),
        raw=table["raw_probability"].to_numpy(np.float64),
        threshold=default_point(bundle, kind).threshold,
        points=points_of(bundle, kind),
        never_benign=kind.modality == Modality.CLOSE_UP,
        taxonomy=card.taxonomy,
        lesion=lesion,
        lesions=lesions,
        table=table,
    )


@lru_cache(maxsize=16)
def training_epochs(bundle: Bundle) -> "pd.DataFrame":
    """The bundle's epochs, a row each; empty when the run kept none. Not to be changed."""
    return training_history(bundle)


def best_epoch(bundle: Bundle) -> int | None:
    """The epoch whose weights were kept, from the card or else where validation was best."""
    stated = bundle.card.training.get("best_epoch")
    if isinstance(stated, int):
        return stated
    epochs = training_epochs(bundle)
    for column, pick in (("val_auc", "idxmax"), ("val_loss", "idxmin")):
        if column in epochs and epochs[column].notna().any():
            return int(epochs.loc[getattr(epochs[column], pick)(), "epoch"])
    return None


@lru_cache(maxsize=64)
def why_unreadable(bundle: Bundle) -> str | None:
    """Why a bundle's scores or history cannot be looked at; None when all is well."""
    try:
        bundle_scores(bundle, Kind())
        training_epochs(bundle)
    except BundleError as error:
        return str(error)
    return None


def class_matrix(table: "pd.DataFrame", taxonomy: Taxonomy) -> NDArray[np.int64] | None:
    """Confusion of the cases that have the probabilities of all diagnoses; None when none has."""
    columns = [f"p_{code}" for code in taxonomy.codes]
    if not set(columns) <= set(table.columns):
        return None
    values = table[columns].to_numpy(np.float64)
    code, labels = table["label"].factorize()
    # What is none of these diagnoses, or none at all, has the last place.
    places = [taxonomy.index(label) if label in taxonomy else -1 for label in labels]
    index = np.array([*places, -1])[code]
    known = ~np.isnan(values).any(axis=1) & (index >= 0)
    if not known.any():
        return None
    return metrics.class_confusion(index[known], values[known].argmax(axis=1), len(taxonomy))


def training_words(card_training: Mapping[str, Any]) -> str:
    """Recipe and data of a training run in a few words, as far as the card tells."""
    words = [card_training.get(name) for name in ("recipe", "data")]
    return " · ".join(word for word in words if isinstance(word, str))


def intact_bundles(bundles: Sequence[Bundle | Damaged]) -> list[Bundle]:
    """The bundles that can be looked at."""
    return [one for one in bundles if isinstance(one, Bundle) and why_unreadable(one) is None]


def damaged_bundles(bundles: Sequence[Bundle | Damaged]) -> list[Damaged]:
    """The others, each with what is wrong; some of them may still predict."""
    problems = [(one, one.problem if isinstance(one, Damaged) else why_unreadable(one)) for one in bundles]
    return [Damaged(one.path, one.name, problem) for one, problem in problems if problem is not None]

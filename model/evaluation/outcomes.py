"""Truth by outcome: what people are shown of cancers and of harmless lesions (see `model.outcome`)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.evaluation.intervals import Interval, Share, undefined
from model.evaluation.intervals import Undefined as Why
from model.evaluation.metrics import Floats, lesion_codes
from model.outcome import Outcome

# The order of columns and counts.
OUTCOME_ORDER: tuple[Outcome, ...] = (
    Outcome.MALIGNANT,
    Outcome.UNCERTAIN,
    Outcome.NO_RESULT,
    Outcome.BENIGN,
)
NOT_BENIGN = OUTCOME_ORDER[:3]
UNSCORED = len(OUTCOME_ORDER)


@dataclass(frozen=True)
class OutcomeCounts:
    """Cases of one truth by outcome. Where some are `unscored`, no share is defined.

    Attributes:
        counts: (4,), in `OUTCOME_ORDER`.
        pairs: (4, 4), ordered pairs of cases of one lesion by their outcomes, a case with itself included.
    """

    counts: tuple[int, ...]
    pairs: tuple[tuple[int, ...], ...]
    unscored: int = 0

    @property
    def n(self) -> int:
        """All cases that have a score."""
        return sum(self.counts)

    def count(self, *outcomes: Outcome) -> int:
        """The cases of some outcomes."""
        return sum(self.counts[OUTCOME_ORDER.index(one)] for one in outcomes)

    def share(self, outcomes: Collection[Outcome]) -> Interval:
        """The share of some outcomes with its interval by lesion."""
        if self.unscored:
            return undefined(Why.UNSCORED)
        hits = [OUTCOME_ORDER.index(one) for one in outcomes]
        every = range(len(OUTCOME_ORDER))
        both, mixed, whole = (
            sum(self.pairs[i][j] for i in first for j in second)
            for first, second in ((hits, hits), (hits, every), (every, every))
        )
        return Share(self.count(*outcomes), self.n, both, mixed, whole).interval()


def outcome_codes(deciding: Floats, threshold: float, malignant: float) -> NDArray[np.int64]:
    """The place of each case's outcome in `OUTCOME_ORDER`, (n,); UNSCORED for a case without a score.

    Args:
        deciding: (n,), see `model.evaluation.stored.deciding_scores`.
        threshold, malignant: benign below the first, malignant from the second on.
    """
    with np.errstate(invalid="ignore"):
        conditions = [np.isnan(deciding), np.isinf(deciding), deciding >= malignant, deciding >= threshold]
    return np.select(conditions, [UNSCORED, 2, 0, 1], 3).astype(np.int64)


def tally_outcomes(codes: NDArray[np.int64], groups: ArrayLike) -> OutcomeCounts:
    """Cases by outcome, from `outcome_codes` (n,) and the lesion of each (n,)."""
    scored = codes < UNSCORED
    lesion, lesions = lesion_codes(np.asarray(groups)[scored])
    kinds = len(OUTCOME_ORDER)
    counts = np.bincount(kinds * lesion + codes[scored], minlength=kinds * lesions).reshape(lesions, kinds)
    pairs = tuple(tuple(row) for row in (counts.T @ counts).tolist())
    return OutcomeCounts(tuple(counts.sum(axis=0).tolist()), pairs, int(codes.size - scored.sum()))


def marks_of_hundred(counts: Sequence[int]) -> tuple[int, ...]:
    """Of 100 cases like these, how many of each kind: whole numbers that add up to 100; all 0 without cases.

    What was counted at all has at least one: a rare kind is not shown as none.
    """
    n = sum(counts)
    if not n:
        return tuple(0 for _ in counts)
    exact = [100 * count / n for count in counts]
    marks = [max(int(one), int(count > 0)) for one, count in zip(exact, counts, strict=True)]
    while sum(marks) != 100:
        step = 1 if sum(marks) < 100 else -1
        # The kind that is furthest from its exact share, in the direction of the step.
        able = [place for place in range(len(marks)) if step > 0 or marks[place] > 1]
        marks[max(able, key=lambda place: step * (exact[place] - marks[place]))] += step
    return tuple(marks)

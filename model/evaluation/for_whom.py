"""For whom a model was shown to work: what was measured on groups of photographs, and which groups are missing."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from model.bundle import Bundle
from model.evaluation.cohort import Where, has_variable, part_codes, slug
from model.evaluation.comparison import Standing, difference_of, standing_of
from model.evaluation.delong import delong_auc
from model.evaluation.intervals import Interval, Undefined
from model.evaluation.outcomes import OUTCOME_ORDER, UNSCORED
from model.evaluation.review import SplitEvaluation, evaluate_split
from model.evaluation.rows import Kind, kind_of, kind_title, kinds_of
from model.evaluation.shares import share_by_lesion
from model.evaluation.stored import MAIN
from model.evaluation.subgroups import FEW, FEW_MALIGNANT
from model.outcome import Outcome

Bools = NDArray[np.bool_]
BENIGN = OUTCOME_ORDER.index(Outcome.BENIGN)


@dataclass(frozen=True)
class MeasuredGroup:
    """A group of photographs, and what was measured on it at a threshold.

    Attributes:
        variable: what it is a group by: "source", "skin tone", ...; "modality" and "run" are other scores, not parts.
        where: a filter that shows it alone; empty where none does.
        found: cancers that are not called benign; `left_alone`: harmless lesions that are.
        area: under the ROC curve, by lesion.
        against: `found` less that of all other photographs; `area` where nothing is called benign and `found` says
            nothing.
        standing: `against` in words; `alone` the same of `left_alone`.
    """

    variable: str
    title: str
    where: Where
    images: int
    cancers: int
    found: Interval
    left_alone: Interval
    against: Interval
    standing: Standing
    alone: Standing
    area: Interval
    never_benign: bool = False

    @property
    def few(self) -> bool:
        """Whether there are too few cases to conclude anything."""
        return self.images < FEW or self.cancers < FEW_MALIGNANT


@dataclass(frozen=True)
class SoughtGroup:
    """A group that readers ask for, whether or not there is a photograph of it."""

    variable: str
    title: str
    inside: Callable[[pd.DataFrame], Bools]


def _tones(*classes: int) -> Callable[[pd.DataFrame], Bools]:
    return lambda rows: column_of(rows, "skin_tone").isin(classes).to_numpy()


def _sites(*names: str) -> Callable[[pd.DataFrame], Bools]:
    return lambda rows: column_of(rows, "site").isin(names).to_numpy()


def column_of(rows: pd.DataFrame, name: str) -> "pd.Series[Any]":
    """A column of the scores; nothing but missing values where they lack it."""
    return rows[name] if name in rows else pd.Series(np.nan, index=rows.index)


SOUGHT: tuple[SoughtGroup, ...] = (
    SoughtGroup("skin tone", "Light skin (tone 4 to 5)", _tones(4, 5)),
    SoughtGroup("skin tone", "Medium skin (tone 2 to 3)", _tones(2, 3)),
    SoughtGroup("skin tone", "Dark skin (tone 0 to 1)", _tones(0, 1)),
    SoughtGroup(
        "confirmation",
        "Confirmed under the microscope",
        lambda rows: column_of(rows, "confirmation").eq("histo").to_numpy(),
    ),
    SoughtGroup("age", "Children under 16", lambda rows: column_of(rows, "age").lt(16).to_numpy()),
    SoughtGroup("site", "Palms, soles and nails", _sites("palms/soles", "acral", "nail", "palm", "sole")),
    SoughtGroup("site", "Mucosa and genitals", _sites("oral/genital", "genital", "oral", "mucosa")),
)


@lru_cache(maxsize=64)
def groups_for_whom(bundle: Bundle, split: str, where: Where, threshold: float) -> tuple[MeasuredGroup, ...]:
    """Every source, every group that readers ask for, other modalities, and sources that a run never saw.

    Args:
        threshold: of the cases, a probability. Other modalities and runs are judged at their own operating point that
            is nearest to it.
    """
    review = evaluate_split(bundle, split, where)
    kind, rest = kind_of(bundle, split, where)
    found = list(parts_of_rows(review, threshold, {name for name, _ in where}))
    if kind == Kind():
        found += [
            other_kind(bundle, split, rest, one, review, threshold)
            for one in kinds_of(bundle, split)
            if one != kind
        ]
    return tuple(found)


def parts_of_rows(review: SplitEvaluation, threshold: float, narrowed: set[str]) -> Iterator[MeasuredGroup]:
    """The groups among these cases; what they were narrowed to by a filter is no group of them."""
    rows, codes = review.table, review.outcome_codes(threshold)
    if has_variable(rows, "source") and "source" not in narrowed:
        parts, names = part_codes(rows, "source")
        for place in np.argsort(-np.bincount(parts, minlength=len(names)), kind="stable"):
            if len(inside := parts == place) and inside.any() and not inside.all():
                yield measured_part(
                    review, codes, inside, "source", names[place], (("source", slug(names[place])),)
                )
    for one in SOUGHT:
        if one.variable not in narrowed:
            yield measured_part(review, codes, one.inside(rows), one.variable, one.title, ())


def measured_part(
    review: SplitEvaluation,
    codes: NDArray[np.int64],
    inside: Bools,
    variable: str,
    title: str,
    where: Where,
) -> MeasuredGroup:
    """Some of the cases against the others."""
    found, left_alone = shares_found_and_left(review, codes, inside)
    others, others_alone = shares_found_and_left(review, codes, ~inside)
    area, elsewhere = (
        delong_auc(review.truth[cases], review.scores[cases], review.lesion[cases])
        for cases in (inside, ~inside if review.never_benign else inside)
    )
    against = difference_of(area, elsewhere) if review.never_benign else difference_of(found, others)
    images, cancers = int(inside.sum()), int((inside & review.truth).sum())
    return MeasuredGroup(
        variable,
        title,
        where,
        images,
        cancers,
        found,
        left_alone,
        against,
        standing_of_cases(against, images, cancers),
        standing_of_cases(difference_of(left_alone, others_alone), images, images - cancers),
        area,
        review.never_benign,
    )


def standing_of_cases(difference: Interval, images: int, cases: int) -> Standing:
    """A difference in words, where there are enough images, and enough cases of the class that it is about."""
    few = images < FEW or cases < FEW_MALIGNANT
    return Standing.UNKNOWN if few else standing_of(difference)


def shares_found_and_left(
    review: SplitEvaluation, codes: NDArray[np.int64], inside: Bools
) -> tuple[Interval, Interval]:
    """Cancers that are not called benign, and harmless lesions that are, of some cases (n,)."""
    benign, scored = codes == BENIGN, codes < UNSCORED
    cancers, harmless = inside & scored & review.truth, inside & scored & ~review.truth
    return (
        share_by_lesion(~benign[cancers], review.lesion[cancers], Undefined.NO_MALIGNANT),
        share_by_lesion(benign[harmless], review.lesion[harmless], Undefined.NO_BENIGN),
    )


def other_kind(
    bundle: Bundle, split: str, where: Where, kind: Kind, usual: SplitEvaluation, threshold: float
) -> MeasuredGroup:
    """Photographs of another modality, or a source that a run never saw, against the usual cases."""
    review = evaluate_split(bundle, split, (*kind.where, *where))
    nearest = min(
        range(len(usual.points)), key=lambda at: abs(usual.points[at].threshold - threshold), default=None
    )
    own = review.threshold if nearest is None else review.points[nearest].threshold
    every = np.ones(review.truth.size, np.bool_)
    found, left_alone = shares_found_and_left(review, review.outcome_codes(own), every)
    others, others_alone = shares_found_and_left(
        usual, usual.outcome_codes(threshold), np.ones(usual.truth.size, np.bool_)
    )
    area, against = delong_auc(review.truth, review.scores, review.lesion), difference_of(found, others)
    images, cancers = review.truth.size, int(review.truth.sum())
    alone = standing_of_cases(difference_of(left_alone, others_alone), images, images - cancers)
    if review.never_benign:
        against = difference_of(area, delong_auc(usual.truth, usual.scores, usual.lesion))
        alone = Standing.UNKNOWN
    return MeasuredGroup(
        "run" if kind.run != MAIN else "modality",
        kind_title(kind),
        kind.where,
        images,
        cancers,
        found,
        left_alone,
        against,
        standing_of_cases(against, images, cancers),
        alone,
        area,
        review.never_benign,
    )


@dataclass(frozen=True)
class GroupGap:
    """How far apart two groups of one variable are: the share of cancers found in the first less that in the second."""

    first: MeasuredGroup
    second: MeasuredGroup
    difference: Interval
    standing: Standing


def widest_gaps(groups: Sequence[MeasuredGroup]) -> tuple[GroupGap, ...]:
    """Of every variable with two groups of enough cases, the two that are furthest apart."""
    found: list[GroupGap] = []
    variables = dict.fromkeys(one.variable for one in groups if one.variable not in ("modality", "run"))
    for variable in variables:
        own = [one for one in groups if one.variable == variable and not one.few]
        if len(own) < 2:
            continue
        low, *_, high = sorted(own, key=lambda one: one.found.value)
        difference = difference_of(low.found, high.found)
        found.append(GroupGap(low, high, difference, standing_of(difference)))
    return tuple(found)

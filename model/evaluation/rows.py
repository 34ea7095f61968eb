"""The evaluated images of a bundle: of a split, a modality and a run, and what a filter leaves of them.

A filter may name a modality, and the source that a run was trained without, beside what `cohort` knows. Where it names
none, the rows are the dermoscopic images of the network that ships.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model.bundle import Bundle, OperatingPoint
from model.evaluation.cohort import Where, cases_inside, parts_by_variable, slug
from model.evaluation.conformal import strictest_thresholds
from model.evaluation.stored import MAIN, stored_kinds, stored_scores
from model.modality import Modality

if TYPE_CHECKING:
    # Slow to load, and not needed before rows are asked for.
    import pandas as pd

NO_SCORES: tuple[str, ...] = (
    "split",
    "image_id",
    "lesion_id",
    "label",
    "malignant",
    "probability",
    "raw_probability",
)

# What a filter may name beside the variables of `cohort`, and what stands where it names none.
USUAL: dict[str, str] = {"modality": str(Modality.DERMOSCOPIC), "without": MAIN}


# Sources of smaller pictures, by their shorter side in pixels, do not decide on thresholds.
COARSE = 128


@dataclass(frozen=True)
class Kind:
    """Which of the stored scores: of a modality, by a run (MAIN, or the source it was trained without)."""

    modality: str = USUAL["modality"]
    run: str = USUAL["without"]

    @property
    def where(self) -> Where:
        """A filter that names it."""
        own = (("modality", self.modality), ("without", self.run))
        return tuple((name, slug(value)) for name, value in own if value != USUAL[name])


def kind_title(kind: Kind) -> str:
    """A kind of scores for a reader."""
    close = kind.modality == Modality.CLOSE_UP
    if kind.run == MAIN:
        return "Close-ups without a dermatoscope" if close else "Dermoscopic photographs"
    return f"{kind.run}{', close-ups' if close else ''}, never seen in training"


@lru_cache(maxsize=16)
def bundle_scores(bundle: Bundle, kind: Kind) -> "pd.DataFrame":
    """The stored scores of a kind; without any, a table that has the columns and no row. Not to be changed.

    No argument of what is remembered here has a default: it would be remembered twice.
    """
    rows = stored_scores(bundle, kind.modality, kind.run)
    return rows if len(rows.columns) else rows.reindex(columns=list(NO_SCORES))


@lru_cache(maxsize=16)
def kinds_of(bundle: Bundle, split: str) -> dict[Kind, int]:
    """Every kind of scores that a split holds, with its images; the usual one first."""
    found = {Kind(modality, run): n for (modality, run, at), n in stored_kinds(bundle).items() if at == split}
    return dict(sorted(found.items(), key=lambda item: (item[0] != Kind(), item[0].run != MAIN, -item[1])))


def kind_of(bundle: Bundle, split: str, where: Where) -> tuple[Kind, Where]:
    """The kind that a filter names, and what else it asks for."""
    wanted = dict(where)
    rest = tuple((name, value) for name, value in where if name not in USUAL)
    if len(rest) == len(where):
        return Kind(), where
    words = {name: wanted.get(name, slug(usual)) for name, usual in USUAL.items()}
    for kind in kinds_of(bundle, split):
        if slug(kind.modality) == words["modality"] and slug(kind.run) == words["without"]:
            return kind, rest
    # Nothing is stored under these names: no rows.
    return Kind(words["modality"], words["without"]), rest


def splits(bundle: Bundle) -> tuple[str, ...]:
    """The evaluated splits of a bundle, test first: that is the one to judge by."""
    names = bundle_scores(bundle, Kind())["split"].unique().tolist()
    return tuple(sorted(names, key=lambda name: (name != "test", name != "validation", name)))


@lru_cache(maxsize=16)
def evaluated_rows(bundle: Bundle, split: str, where: Where = ()) -> "pd.DataFrame":
    """The stored scores of a split, a row an image; not to be changed."""
    kind, rest = kind_of(bundle, split, where)
    if rest:
        table = evaluated_rows(bundle, split, kind.where)
        return table[cases_inside(table, rest)]
    table = bundle_scores(bundle, kind)
    inside = (table["split"] == split).to_numpy(bool)
    # All of a million rows need no copy.
    return table if inside.all() else table[inside]


@lru_cache(maxsize=32)
def parts_of(bundle: Bundle, split: str, kind: Kind) -> dict[str, dict[str, int]]:
    """The parts of a split's images of a kind by which they can be filtered; not to be changed."""
    return parts_by_variable(evaluated_rows(bundle, split, kind.where), bundle.card.taxonomy)


@lru_cache(maxsize=32)
def points_of(bundle: Bundle, kind: Kind) -> tuple[OperatingPoint, ...]:
    """The operating points as they judge images of a kind, in the order of the card.

    A close-up has one threshold for both sides: nothing is called benign (see `SplitEvaluation.outcomes`). A run
    that was trained without a source has probabilities of its own, and thresholds that were chosen on its own
    validation images, by the rule by which the card's were.
    """
    points = bundle.card.operating_points
    close_up = kind.modality == Modality.CLOSE_UP
    if close_up:
        points = tuple(
            one if one.close_up is None else replace(one, threshold=one.close_up, malignant=one.close_up)
            for one in points
        )
    if kind.run == MAIN:
        return points
    rows = evaluated_rows(bundle, "validation", kind.where)
    rows = rows[~from_coarse_source(rows)]
    lesions = lesion_of(rows)[0].astype(str)

    def chosen(point: OperatingPoint) -> OperatingPoint:
        found = strictest_thresholds(
            rows["malignant"], rows["probability"], point.sensitivity, rows["source"], lesions
        )
        if found is None:
            return point
        low, high = found
        return replace(point, threshold=low, malignant=low if close_up else high)

    return tuple(chosen(one) for one in points)


def default_point(bundle: Bundle, kind: Kind) -> OperatingPoint:
    """The operating point that is used where none is asked for, as it judges images of a kind."""
    return next(one for one in points_of(bundle, kind) if one.name == bundle.card.operating_point)


def from_coarse_source(rows: "pd.DataFrame") -> NDArray[np.bool_]:
    """Which rows (n,) come from a source of small pictures: they are reported, and do not decide on thresholds."""
    return (rows.groupby("source")["side"].transform("median") < COARSE).to_numpy()


def lesion_of(table: "pd.DataFrame") -> tuple[NDArray[np.int64], int]:
    """The lesion of each case as an index, and how many there are; an image of an unknown one stands for itself."""
    code, names = table["lesion_id"].factorize()
    code = code.astype(np.int64)
    unknown = code < 0
    code[unknown] = len(names) + np.arange(unknown.sum())
    return code, len(names) + int(unknown.sum())

"""The cases behind a choice: a cell, a bin, a part; worst errors first.

Every choice has a code, which stands in the address as `show=`:

    errors, fn, fp, tp, tn, all     by decision at the threshold
    outcome:malignant:no_result     by truth and what people are shown
    cell:mel:nv                     by true and chosen diagnosis
    score:0.25:0.3                  by probability, from the first to below the second (1 is in the last)
    score:0.25:0.3:malignant        the same, of one class
    raw:0.2:0.3                     by probability before the calibration
    part:sex:female                 by subgroup
    labels                          whose label is probably wrong, the least likely first
    map:0,0;1,0;1,1                 inside a polygon of the map
    versus:NAME:first               decided rightly by this model alone, and not by the one of that name; `second`: by
                                    the other alone
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model.bundle import Bundle
from model.evaluation.cohort import COLUMNS, Where, cases_inside, part_title
from model.evaluation.label_errors import likely_label_errors
from model.evaluation.outcomes import OUTCOME_ORDER
from model.evaluation.paired import paired_comparison
from model.evaluation.review import SplitEvaluation, evaluate_split
from model.evaluation.rows import evaluated_rows
from model.evaluation.stored import deciding_scores
from model.outcome import Outcome
from model.taxonomy import Taxonomy

if TYPE_CHECKING:
    import pandas as pd

PER_PAGE = 24
DECISIONS: dict[str, str] = {
    "errors": "All errors",
    "fn": "Cancers missed",
    "fp": "False alarms",
    "tp": "Cancers caught",
    "tn": "Rightly left alone",
    "all": "All cases",
}
CLASSES = ("benign", "malignant")
RANGES: dict[str, str] = {"score": "Probability", "raw": "Probability before calibration"}


@dataclass(frozen=True)
class Selection:
    """Which cases are listed: a kind and what it needs, both from the code."""

    kind: str
    about: tuple[str, ...] = ()

    @property
    def code(self) -> str:
        """How the address spells it."""
        return ":".join((self.kind, *self.about))

    @property
    def follows_threshold(self) -> bool:
        """Whether other cases are listed at another threshold."""
        return self.kind == "outcome" or (self.kind in DECISIONS and self.kind != "all")


ERRORS = Selection("errors")


def parse_selection(code: str, taxonomy: Taxonomy) -> Selection | None:
    """The selection of a code; None for what is none."""
    kind, *about = code.split(":")
    if kind in DECISIONS:
        good = not about
    elif kind == "outcome":
        good = len(about) == 2 and about[0] in CLASSES and about[1] in set(OUTCOME_ORDER)
    elif kind == "labels":
        good = not about
    elif kind == "map":
        good = len(about) == 1 and len(polygon_corners(about[0])) > 2
    elif kind == "versus":
        good = len(about) == 2 and about[1] in ("first", "second")
    elif kind == "cell":
        good = len(about) == 2 and set(about) <= set(taxonomy.codes)
    elif kind in RANGES:
        good = len(about) in (2, 3) and is_range(about[0], about[1]) and set(about[2:]) <= set(CLASSES)
    else:
        good = kind == "part" and len(about) == 2 and about[0] in COLUMNS and bool(about[1])
    return Selection(kind, tuple(about)) if good else None


def is_range(low: str, high: str) -> bool:
    """Whether two texts are probabilities, the first below the second."""
    try:
        return 0 <= float(low) < float(high) <= 1
    except ValueError:
        return False


def selection_words(selection: Selection, threshold: float, taxonomy: Taxonomy) -> str:
    """What is listed, in words; `threshold` is a probability."""
    about = selection.about
    if selection.kind == "cell":
        true, chosen = map(taxonomy.name, about)
        return f"{true}, rightly recognised" if true == chosen else f"{true} taken for {chosen}"
    if selection.kind in RANGES:
        of = f", {about[2]} lesions" if len(about) > 2 else ""
        return f"{RANGES[selection.kind]} from {percent_words(about[0])} to {percent_words(about[1])} %{of}"
    if selection.kind == "part":
        return f"{about[0].capitalize()}: {part_title(about[0], about[1].replace('-', ' '), taxonomy)}"
    if selection.kind in ("labels", "map"):
        return "Labels that are probably wrong" if selection.kind == "labels" else "Chosen on the map"
    if selection.kind == "versus":
        here, there = ("rightly", "wrongly") if about[1] == "first" else ("wrongly", "rightly")
        return f"Decided {here} here, {there} by {about[0]}"
    named = DECISIONS.get(selection.kind) or outcome_words(*about)
    at = f" at a threshold of {percent_words(str(threshold))} %" if selection.follows_threshold else ""
    return named + at


def outcome_words(truth: str, outcome: str) -> str:
    """Cases of a truth that people were shown an outcome of, in words."""
    cases = "Cancers" if truth == "malignant" else "Harmless lesions"
    return f"{cases} without a result" if outcome == "no_result" else f"{cases} called {outcome}"


def percent_words(share: str) -> str:
    """A share in per cent without needless decimals: "0.125" is 12.5."""
    return f"{round(100 * float(share), 1):g}"


def selected_cases(
    table: "pd.DataFrame", selection: Selection, threshold: float, taxonomy: Taxonomy
) -> NDArray[np.bool_]:
    """Which cases (n,) a selection names. A case without a score has no outcome and is in no bin."""
    truth, scores = table["malignant"].to_numpy(bool), table["probability"].to_numpy(np.float64)
    kind, about = selection.kind, selection.about
    if kind == "all":
        return np.ones(len(table), np.bool_)
    if kind == "cell":
        return in_cell(table, taxonomy, *about)
    if kind == "part":
        return cases_inside(table, ((about[0], about[1]),))
    with np.errstate(invalid="ignore"):
        if kind in RANGES:
            values = scores if kind == "score" else table["raw_probability"].to_numpy(np.float64)
            return in_range(truth, values, about)
        called, scored = deciding_scores(table) >= threshold, ~np.isnan(scores)
    return {
        "errors": scored & (called != truth),
        "fn": scored & truth & ~called,
        "fp": scored & ~truth & called,
        "tp": scored & truth & called,
        "tn": scored & ~truth & ~called,
    }[kind]


def cases_of_outcome(shown: SplitEvaluation, about: tuple[str, ...], threshold: float) -> NDArray[np.bool_]:
    """Which cases (n,) have a truth, "malignant" or "benign", and an outcome at a threshold."""
    truth, outcome = about
    codes = shown.outcome_codes(threshold)
    return (codes == OUTCOME_ORDER.index(Outcome(outcome))) & (shown.truth == (truth == "malignant"))


def in_range(
    truth: NDArray[np.bool_], scores: NDArray[np.float64], about: tuple[str, ...]
) -> NDArray[np.bool_]:
    """Cases of a bin; the last one includes 1."""
    low, high = float(about[0]), float(about[1])
    inside = (scores >= low) & ((scores < high) | (high == 1))
    return inside & (truth == (about[2] == "malignant")) if len(about) > 2 else inside


def in_cell(table: "pd.DataFrame", taxonomy: Taxonomy, true: str, chosen_code: str) -> NDArray[np.bool_]:
    """Cases of one cell of the matrix of diagnoses; none for a model that tells none apart."""
    columns = [f"p_{code}" for code in taxonomy.codes]
    cases = np.zeros(len(table), np.bool_)
    if set(columns) <= set(table.columns):
        rows_of = np.flatnonzero((table["label"] == true).to_numpy())
        values = table[columns].to_numpy(np.float64)[rows_of]
        known = ~np.isnan(values).any(axis=1)
        picked = np.where(known, np.where(np.isnan(values), -1, values).argmax(axis=1), -1)
        cases[rows_of[picked == taxonomy.index(chosen_code)]] = True
    return cases


def label_error_places(table: "pd.DataFrame", taxonomy: Taxonomy) -> NDArray[np.intp]:
    """Places (m,) of cases whose label is probably wrong, the least likely first; none for a binary model."""
    columns = [f"p_{code}" for code in taxonomy.codes]
    if not set(columns) <= set(table.columns):
        return np.zeros(0, np.intp)
    places = {code: place for place, code in enumerate(taxonomy.codes)}
    labels = [places.get(label, -1) for label in table["label"]]
    return likely_label_errors(labels, table[columns].to_numpy(np.float64))


def polygon_corners(code: str) -> list[tuple[float, float]]:
    """The corners of a polygon, "x,y;x,y;x,y"; none where it is not one."""
    try:
        corners = [(float(x), float(y)) for x, y in (one.split(",") for one in code.split(";"))]
    except ValueError:
        return []
    return corners if np.isfinite(corners).all() else []


def in_polygon(table: "pd.DataFrame", code: str) -> NDArray[np.bool_]:
    """Which cases (n,) lie inside a polygon of the map: a line to the right crosses an odd number of its sides."""
    inside = np.zeros(len(table), np.bool_)
    if not {"map_x", "map_y"} <= set(table.columns):
        return inside
    x, y = (table[name].to_numpy(np.float64) for name in ("map_x", "map_y"))
    corners = polygon_corners(code)
    for (x0, y0), (x1, y1) in zip(corners, [*corners[1:], corners[0]], strict=True):
        if y0 != y1:
            inside ^= ((y0 > y) != (y1 > y)) & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    return inside


def worst_first(truth: NDArray[np.bool_], scores: NDArray[np.float64], threshold: float) -> NDArray[np.intp]:
    """The order (n,) in which errors come before what is right, and each begins with the worst.

    Missed cancers from the lowest score, false alarms from the highest, caught cancers from the lowest, benign lesions
    left alone from the highest; at the end what has no score.
    """
    called = np.nan_to_num(scores, nan=-1) >= threshold
    rank = np.select([truth & ~called, ~truth & called, truth & called], [0, 1, 2], 3)
    rank[np.isnan(scores)] = 4
    return np.lexsort((np.where(truth, scores, -scores), rank))


@lru_cache(maxsize=16)
def listed_cases(
    bundle: Bundle,
    split: str,
    where: Where,
    selection: Selection,
    threshold: float,
    others: tuple[Bundle, ...] = (),
) -> NDArray[np.intp]:
    """Places (k,) in `evaluated_rows(bundle, split, where)` of a selection's cases, worst errors first.

    Args:
        others: the models among which a selection may name one to be compared with.
    """
    table = evaluated_rows(bundle, split, where)
    if selection.kind == "labels":
        return label_error_places(table, bundle.card.taxonomy)
    if selection.kind == "outcome":
        inside = cases_of_outcome(evaluate_split(bundle, split, where), selection.about, threshold)
    elif selection.kind == "map":
        inside = in_polygon(table, selection.about[0])
    elif selection.kind == "versus":
        inside = np.zeros(len(table), np.bool_)
        for other in others:
            if other.name == selection.about[0]:
                pair = paired_comparison(bundle, other, split, where)
                inside[pair.only_first if selection.about[1] == "first" else pair.only_second] = True
    else:
        inside = selected_cases(table, selection, threshold, bundle.card.taxonomy)
    places = np.flatnonzero(inside)
    truth, scores = table["malignant"].to_numpy(bool)[places], deciding_scores(table)[places]
    return places[worst_first(truth, scores, threshold)]


def page_within(total: int, wanted: int) -> tuple[int, int]:
    """The page that can be shown, and how many there are."""
    last = max(1, -(-total // PER_PAGE))
    return min(max(1, wanted), last), last

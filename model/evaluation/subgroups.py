"""How well a model works for parts of the cases: by age band, sex, site and way of confirmation."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from model.evaluation.cohort import has_variable, part_codes, ranked_parts
from model.evaluation.delong import delong_auc
from model.evaluation.intervals import Interval
from model.evaluation.metrics import confusion, truth_and_scores
from model.evaluation.words import part_words

if TYPE_CHECKING:
    import pandas as pd

# Fewer cases, or fewer malignant ones, say little.
FEW, FEW_MALIGNANT = 30, 10
VARIABLES = ("age", "source", "sex", "site", "skin tone", "confirmation")


@dataclass(frozen=True)
class Subgroup:
    """One part of the cases at one threshold."""

    variable: str
    name: str
    n: int
    malignant: int
    auc: Interval
    sensitivity: Interval
    specificity: Interval

    @property
    def title(self) -> str:
        """Variable and part as people read them."""
        return f"{self.variable}: {part_words(self.name)}"

    @property
    def small(self) -> bool:
        """Whether there are too few cases to conclude anything."""
        return self.n < FEW or self.malignant < FEW_MALIGNANT


def subgroups(
    y: ArrayLike,
    p: ArrayLike,
    groups: ArrayLike,
    table: "pd.DataFrame",
    threshold: float,
    deciding: ArrayLike | None = None,
) -> tuple[Subgroup, ...]:
    """Every part of the cases that occurs.

    Args:
        groups: lesion of every case (n,).
        table: a row a case, in the order of `y`; `age`, `sex`, `site` and `confirmation` as far as they are known.
        threshold: probability from which a case is called malignant.
        deciding: (n,), what is compared with it, see `model.evaluation.stored.deciding_scores`; `p` if left out.
    """
    truth, scores = truth_and_scores(y, p)
    _, deciding = truth_and_scores(y, p if deciding is None else deciding)
    # Once in order: the ranks within every part then need no sorting.
    rising = np.argsort(scores, kind="stable")
    truth, scores, lesions = truth[rising], scores[rising], np.asarray(groups)[rising]
    deciding = deciding[rising]
    parts_found: list[Subgroup] = []
    for variable in VARIABLES:
        if not has_variable(table, variable):
            continue
        codes, names = part_codes(table, variable)
        parts = codes[rising]
        for code in ranked_parts(variable, names, np.bincount(codes, minlength=len(names)).tolist()):
            inside = parts == code
            at = confusion(truth[inside], deciding[inside], threshold, lesions[inside])
            malignant = int(truth[inside].sum())
            whole = delong_auc(truth[inside], scores[inside], lesions[inside])
            parts_found.append(
                Subgroup(
                    variable.capitalize(), names[code], at.n, malignant, whole, at.sensitivity, at.specificity
                )
            )
    return tuple(parts_found)

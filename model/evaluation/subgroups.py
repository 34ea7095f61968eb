"""How well a model works for parts of the cases: by age band, sex, site and way of confirmation."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.evaluation.delong import delong_auc
from model.evaluation.intervals import Interval
from model.evaluation.metrics import arrays, confusion
from model.evaluation.words import part_words

if TYPE_CHECKING:
    import pandas as pd

# Fewer cases, or fewer malignant ones, say little.
FEW, FEW_MALIGNANT = 30, 10
BANDS: tuple[tuple[float, str], ...] = (
    (30, "under 30"),
    (50, "30–49"),
    (70, "50–69"),
    (np.inf, "70 and over"),
)
UNKNOWN = "unknown"
# Columns that are no variable where no case has a value.
OPTIONAL = ("source", "skin_tone")


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


def age_codes(ages: ArrayLike) -> NDArray[np.int64]:
    """The place of each age's band, in years, among `BANDS`; after the last one for NaN."""
    values = np.asarray(ages, np.float64)
    band = np.searchsorted([end for end, _ in BANDS[:-1]], values, "right")
    return np.where(np.isnan(values), len(BANDS), band)


def age_bands(ages: ArrayLike) -> NDArray[np.str_]:
    """The band of each age in years; "unknown" for NaN."""
    return np.array([*(name for _, name in BANDS), UNKNOWN])[age_codes(ages)]


def is_told(column: "pd.Series[Any]") -> bool:
    """Whether any case has a value."""
    return bool((column.notna() & (column != "")).any())


def part_name(value: object) -> str:
    """The part that a value of the scores means: a class of skin tone is a whole number."""
    return f"{value:.0f}" if isinstance(value, float) else str(value) or UNKNOWN


def partitions(table: "pd.DataFrame") -> Iterator[tuple[str, NDArray[np.int64], list[tuple[int, str]]]]:
    """Each variable that the scores hold, the part of each case as a code, and codes and names in the order to show."""
    if "age" in table:
        codes = age_codes(table["age"])
        names = dict(enumerate([*(name for _, name in BANDS), UNKNOWN]))
        yield "Age", codes, [(code, names[code]) for code in np.flatnonzero(np.bincount(codes)).tolist()]
    for column in ("source", "sex", "site", "skin_tone", "confirmation"):
        if column in table and (column not in OPTIONAL or is_told(table[column])):
            found, values = table[column].factorize()
            told = [part_name(value) for value in values]
            # Not known is one part, however that was written down.
            nowhere = told.index(UNKNOWN) if UNKNOWN in told else len(told)
            own = np.array(
                [nowhere if name == UNKNOWN else code for code, name in enumerate(told)] + [nowhere]
            )
            codes = own[found]
            counts = np.bincount(codes, minlength=len(told) + 1)
            names = dict(enumerate(told)) | {nowhere: UNKNOWN}
            # The commonest first, what is not known last.
            order = sorted(
                (code for code in names if counts[code]),
                key=lambda code: (code == nowhere, -int(counts[code]), names[code]),
            )
            yield column.replace("_", " ").capitalize(), codes, [(code, names[code]) for code in order]


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
    truth, scores = arrays(y, p)
    _, deciding = arrays(y, p if deciding is None else deciding)
    # Once in order: the ranks within every part then need no sorting.
    rising = np.argsort(scores, kind="stable")
    truth, scores, lesions = truth[rising], scores[rising], np.asarray(groups)[rising]
    deciding = deciding[rising]
    found: list[Subgroup] = []
    for variable, codes, order in partitions(table):
        parts = codes[rising]
        for code, name in order:
            inside = parts == code
            at = confusion(truth[inside], deciding[inside], threshold, lesions[inside])
            malignant = int(truth[inside].sum())
            whole = delong_auc(truth[inside], scores[inside], lesions[inside])
            found.append(Subgroup(variable, name, at.n, malignant, whole, at.sensitivity, at.specificity))
    return tuple(found)

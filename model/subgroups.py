"""How well a model works for parts of the cases: by age band, sex, site and way of confirmation."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.delong import area
from model.intervals import Interval
from model.metrics import arrays, confusion

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
    def small(self) -> bool:
        """Whether there are too few cases to conclude anything."""
        return self.n < FEW or self.malignant < FEW_MALIGNANT


def age_bands(ages: ArrayLike) -> NDArray[np.str_]:
    """The band of each age in years; "unknown" for NaN."""
    values = np.asarray(ages, np.float64)
    names = np.array([name for _, name in BANDS])
    band = np.searchsorted([end for end, _ in BANDS[:-1]], values, "right")
    return np.where(np.isnan(values), UNKNOWN, names[band])


def partitions(table: "pd.DataFrame") -> Iterator[tuple[str, NDArray[np.str_], list[str]]]:
    """Each variable that the scores hold, the part of each case, and the parts in the order to show them."""
    if "age" in table:
        parts = age_bands(table["age"])
        yield "Age", parts, [name for _, name in BANDS if name in parts] + [UNKNOWN] * (UNKNOWN in parts)
    for column in ("sex", "site", "confirmation"):
        if column in table:
            known = table[column].fillna(UNKNOWN).astype(str).replace("", UNKNOWN)
            counts = known.value_counts()
            # The commonest first, what is not known last.
            order = sorted(counts.index, key=lambda name: (name == UNKNOWN, -int(counts[name]), name))
            yield column.capitalize(), known.to_numpy(str), order


def subgroups(
    y: ArrayLike, p: ArrayLike, groups: ArrayLike, table: "pd.DataFrame", threshold: float
) -> tuple[Subgroup, ...]:
    """Every part of the cases that occurs.

    Args:
        groups: lesion of every case (n,).
        table: a row a case, in the order of `y`; `age`, `sex`, `site` and `confirmation` as far as they are known.
        threshold: probability from which a case is called malignant.
    """
    truth, scores = arrays(y, p)
    lesions = np.asarray(groups)
    found: list[Subgroup] = []
    for variable, parts, order in partitions(table):
        for name in order:
            inside = parts == name
            at = confusion(truth[inside], scores[inside], threshold)
            malignant = int(truth[inside].sum())
            whole = area(truth[inside], scores[inside], lesions[inside])
            found.append(Subgroup(variable, name, at.n, malignant, whole, at.sensitivity, at.specificity))
    return tuple(found)

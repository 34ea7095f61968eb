"""Which of the evaluated cases are looked at: a part of a split, by age band, sex, site, confirmation or diagnosis."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.evaluation.words import part_words
from model.taxonomy import Taxonomy

if TYPE_CHECKING:
    import pandas as pd

# A filter: variables and the part of each that is wanted, all of which a case has to be in.
Where = tuple[tuple[str, str], ...]

COLUMNS: dict[str, str] = {
    "age": "age",
    "sex": "sex",
    "site": "site",
    "source": "source",
    "skin tone": "skin_tone",
    "confirmation": "confirmation",
    "diagnosis": "label",
}
# Variables that are none where no case has a value.
OPTIONAL = ("source", "skin tone")
BANDS: tuple[tuple[float, str], ...] = (
    (30, "under 30"),
    (50, "30–49"),
    (70, "50–69"),
    (np.inf, "70 and over"),
)
UNKNOWN = "unknown"


def slug(name: str) -> str:
    """A part's name as an address spells it: "30–49" is `30-49`, "lower extremity" is `lower-extremity`."""
    return "-".join(name.lower().replace("–", " ").replace("-", " ").split())


def part_title(variable: str, name: str, taxonomy: Taxonomy) -> str:
    """A part's name as people read it."""
    return taxonomy[name].name if variable == "diagnosis" and name in taxonomy else part_words(name)


def age_codes(ages: ArrayLike) -> NDArray[np.int64]:
    """The place of each age's band, in years, among `BANDS`; after the last one for NaN."""
    values = np.asarray(ages, np.float64)
    band = np.searchsorted([end for end, _ in BANDS[:-1]], values, "right")
    return np.where(np.isnan(values), len(BANDS), band)


def part_codes(table: "pd.DataFrame", variable: str) -> tuple[NDArray[np.int64], list[str]]:
    """The part of each case (n,) as an index, and the names of the parts; what nobody wrote down is "unknown"."""
    column = table[COLUMNS[variable]]
    if variable == "age":
        return age_codes(column), [*(name for _, name in BANDS), UNKNOWN]
    codes, values = column.factorize()
    # A class of skin tone is a whole number. A missing value has the code -1, the last name here.
    written = [*(f"{one:.0f}" if isinstance(one, float) else str(one) or UNKNOWN for one in values), UNKNOWN]
    names = list(dict.fromkeys(written))
    return np.array([names.index(name) for name in written])[codes], names


def has_variable(table: "pd.DataFrame", variable: str) -> bool:
    """Whether the scores hold a variable."""
    column = COLUMNS.get(variable)
    if column not in table:
        return False
    return variable not in OPTIONAL or bool((table[column].notna() & (table[column] != "")).any())


def parts_by_variable(table: "pd.DataFrame", taxonomy: Taxonomy) -> dict[str, dict[str, int]]:
    """Every variable that the scores hold and the cases in each of its parts, in the order to show them."""
    parts: dict[str, dict[str, int]] = {}
    for variable in COLUMNS:
        if len(table) and has_variable(table, variable):
            codes, names = part_codes(table, variable)
            counts = np.bincount(codes, minlength=len(names)).tolist()
            order = ranked_parts(variable, names, counts, taxonomy.codes)
            parts[variable] = {names[code]: counts[code] for code in order}
    return parts


def ranked_parts(
    variable: str, names: Sequence[str], counts: Sequence[int], diagnoses: Sequence[str] = ()
) -> list[int]:
    """The parts that hold a case, as indices in the order to show them; what is not known comes last.

    Age bands and diagnoses have their own order, others have the commonest first.
    """
    own = {"age": [name for _, name in BANDS], "diagnosis": diagnoses}.get(variable, ())
    place = {name: index for index, name in enumerate(own)}
    return sorted(
        (code for code, count in enumerate(counts) if count),
        key=lambda code: (
            names[code] == UNKNOWN,
            place.get(names[code], len(place)),
            -counts[code],
            names[code],
        ),
    )


def cases_inside(table: "pd.DataFrame", where: Where) -> NDArray[np.bool_]:
    """Which cases (n,) are in every wanted part; none for a variable or a part that the scores do not hold."""
    inside = np.ones(len(table), np.bool_)
    for variable, wanted in where:
        if COLUMNS.get(variable) not in table:
            return np.zeros(len(table), np.bool_)
        codes, names = part_codes(table, variable)
        inside &= np.array([slug(name) == wanted for name in names])[codes]
    return inside


def usable_filter(
    wanted: Iterable[tuple[str, str]], parts: Mapping[str, Mapping[str, int]]
) -> tuple[Where, Where]:
    """A filter that somebody asks for, parted into what these cases have and what they have not.

    Args:
        wanted: variables and slugs.
        found: what `parts_by_variable` gave.
    """
    good: list[tuple[str, str]] = []
    odd: list[tuple[str, str]] = []
    for variable, name in wanted:
        has = any(slug(one) == name for one in parts.get(variable, ()))
        (good if has else odd).append((variable, name))
    return tuple(good), tuple(odd)

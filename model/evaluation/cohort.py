"""Which of the evaluated cases are looked at: a part of a split, by age band, sex, site, confirmation or diagnosis."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from model.evaluation.subgroups import BANDS, OPTIONAL, UNKNOWN, age_codes, is_told
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


def slug(name: str) -> str:
    """A part's name as an address spells it: "30–49" is `30-49`, "lower extremity" is `lower-extremity`."""
    return "-".join(name.lower().replace("–", " ").replace("-", " ").split())


def part_title(variable: str, name: str, taxonomy: Taxonomy) -> str:
    """A part's name as people read it."""
    return taxonomy[name].name if variable == "diagnosis" and name in taxonomy else part_words(name)


def tally(column: "pd.Series[Any]", variable: str) -> dict[str, int]:
    """Cases by part; what nobody wrote down is "unknown". One look at each case: there may be a million."""
    if variable == "age":
        counts = np.bincount(age_codes(column), minlength=len(BANDS) + 1).tolist()
        names = [*(name for _, name in BANDS), UNKNOWN]
        return {name: count for name, count in zip(names, counts, strict=True) if count}
    found: dict[str, int] = {}
    for value, count in column.value_counts(dropna=False).items():
        name = part_of(value)
        found[name] = found.get(name, 0) + int(count)
    return found


def part_of(value: Any) -> str:
    """The part that a value of the scores means."""
    if isinstance(value, float) and value == value:
        return f"{value:.0f}"
    return str(value) if isinstance(value, str) and value else UNKNOWN


def parts_by_variable(table: "pd.DataFrame", taxonomy: Taxonomy) -> dict[str, dict[str, int]]:
    """Every variable that the scores hold and the cases in each of its parts, in the order to show them."""
    found: dict[str, dict[str, int]] = {}
    for variable, column in COLUMNS.items():
        if column in table and len(table) and (column not in OPTIONAL or is_told(table[column])):
            counts = tally(table[column], variable)
            found[variable] = {name: counts[name] for name in ranked(variable, counts, taxonomy)}
    return found


def ranked(variable: str, counts: Mapping[str, int], taxonomy: Taxonomy) -> list[str]:
    """Age bands and diagnoses in their own order, others with the commonest first; what is not known comes last."""
    own = {"age": [name for _, name in BANDS], "diagnosis": list(taxonomy.codes)}.get(variable, [])
    place = {name: index for index, name in enumerate(own)}
    return sorted(
        counts, key=lambda name: (name == UNKNOWN, place.get(name, len(place)), -counts[name], name)
    )


def inside(table: "pd.DataFrame", where: Where) -> NDArray[np.bool_]:
    """Which cases (n,) are in every wanted part; none for a variable or a part that the scores do not hold."""
    found = np.ones(len(table), np.bool_)
    for variable, wanted in where:
        if COLUMNS.get(variable) not in table:
            return np.zeros(len(table), np.bool_)
        found &= in_part(table[COLUMNS[variable]], variable, wanted)
    return found


def in_part(column: "pd.Series[Any]", variable: str, wanted: str) -> NDArray[np.bool_]:
    """Which cases (n,) are in the part of that slug."""
    if variable == "age":
        names = [*(name for _, name in BANDS), UNKNOWN]
        return np.isin(age_codes(column), [code for code, name in enumerate(names) if slug(name) == wanted])
    codes, values = column.factorize()
    names = [*(part_of(value) for value in values), UNKNOWN]
    return np.array([slug(name) == wanted for name in names])[codes]


def settled(wanted: Iterable[tuple[str, str]], found: Mapping[str, Mapping[str, int]]) -> tuple[Where, Where]:
    """A filter that somebody asks for, parted into what these cases have and what they have not.

    Args:
        wanted: variables and slugs.
        found: what `parts_by_variable` gave.
    """
    good: list[tuple[str, str]] = []
    odd: list[tuple[str, str]] = []
    for variable, name in wanted:
        has = any(slug(one) == name for one in found.get(variable, ()))
        (good if has else odd).append((variable, name))
    return tuple(good), tuple(odd)

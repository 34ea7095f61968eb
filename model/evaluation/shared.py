"""The images that two models have scored, and on whose truth their evaluations agree."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from model.bundle import Bundle
from model.evaluation.cohort import Where
from model.evaluation.rows import evaluated_rows, kind_of, lesion_of

Places = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class SharedCases:
    """Images that two models have scored, and on whose truth their evaluations agree.

    Attributes:
        first, second: places (n,) in the rows of either model.
        truth: bool (n,); `lesion` (n,) an index; `labels` (n,) the diagnoses of the first model's rows.
        disputed: images left out, as one evaluation calls them malignant and the other benign.
        renamed: images whose diagnoses differ, and whose truth does not.
    """

    first: Places
    second: Places
    truth: NDArray[np.bool_]
    lesion: NDArray[np.int64]
    labels: NDArray[np.object_]
    disputed: int
    renamed: int


@lru_cache(maxsize=16)
def shared_cases(bundle: Bundle, other: Bundle, split: str, where: Where = ()) -> SharedCases:
    """The images of a split that both models have scored; the filter is the first one's."""
    kind, _ = kind_of(bundle, split, where)
    tables = evaluated_rows(bundle, split, where), evaluated_rows(other, split, kind.where)
    mine, theirs = (
        table[["image_id", "lesion_id", "label", "malignant", "probability"]]
        .assign(place=np.arange(len(table)))
        .loc[lambda rows: rows["probability"].notna()]
        .drop_duplicates("image_id")
        for table in tables
    )
    both = mine.merge(theirs, on="image_id", suffixes=("", "_other"))
    agreed = both["malignant"] == both["malignant_other"]
    renamed = agreed & (both["label"] != both["label_other"])
    both = both[agreed]
    return SharedCases(
        both["place"].to_numpy(np.intp),
        both["place_other"].to_numpy(np.intp),
        both["malignant"].to_numpy(bool),
        lesion_of(both)[0],
        both["label"].to_numpy(object),
        int((~agreed).sum()),
        int(renamed.sum()),
    )

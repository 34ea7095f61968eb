"""The cases to learn from: one row an image, and which split each belongs to.

Splits are made by lesion, because one lesion has up to six images and a split by image would leak. They come from a
keyed hash of the lesion's id, so that they depend neither on the order of the table nor on any library's version.
"""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from model.images import SUFFIXES
from model.taxonomy import CODES

SPLITS: Mapping[str, float] = {"train": 0.70, "validation": 0.15, "test": 0.15}
COLUMNS = ("image_id", "lesion_id", "label", "confirmation", "age", "sex", "site")
NAMES_IN_HAM10000 = {"dx": "label", "dx_type": "confirmation", "localization": "site"}


class CasesError(ValueError):
    """The metadata or the image folders cannot be used; the message says what to change."""


def read_metadata(path: Path) -> pd.DataFrame:
    """Read a table with the columns of HAM10000_metadata.csv.

    Returns:
        One row an image with COLUMNS; `age` in years as float with NaN for unknown, everything else text.

    Raises:
        CasesError: a missing column, an unknown diagnosis, or an image id that stands twice.
    """
    table = pd.read_csv(path, dtype={"lesion_id": str, "image_id": str}).rename(columns=NAMES_IN_HAM10000)
    missing = [column for column in COLUMNS if column not in table.columns]
    if missing:
        raise CasesError(f"{path.name} lacks the columns {', '.join(missing)}.")
    unknown = sorted(set(table["label"]) - set(CODES))
    if unknown:
        raise CasesError(
            f"{path.name} has the diagnoses {', '.join(map(str, unknown))}; known are {', '.join(CODES)}."
        )
    twice = table["image_id"][table["image_id"].duplicated()]
    if len(twice):
        raise CasesError(f"{path.name} names the image {twice.iloc[0]} more than once.")
    table = table.loc[:, list(COLUMNS)].copy()
    for column in ("sex", "site", "confirmation"):
        table[column] = table[column].fillna("unknown").astype(str)
    return table


def find_images(folders: Iterable[Path]) -> dict[str, list[Path]]:
    """Every image file below the folders, by its name without the ending."""
    found: dict[str, list[Path]] = {}
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() in SUFFIXES:
                found.setdefault(path.stem, []).append(path)
    return found


def lesion_groups(lesions: pd.Series, digests: pd.Series) -> pd.Series:
    """Lesions joined into one group wherever they share a byte-identical image.

    Args:
        lesions: lesion id of each image.
        digests: SHA-256 of each image's file, on the same index.

    Returns:
        For each image the smallest lesion id of its group.
    """
    parent: dict[str, str] = {lesion: lesion for lesion in lesions}

    def root(lesion: str) -> str:
        while parent[lesion] != lesion:
            lesion = parent[lesion]
        return lesion

    for _, same in lesions.groupby(digests):
        first, *rest = sorted({root(lesion) for lesion in same})
        for other in rest:
            parent[other] = first
    return lesions.map(root)


def assign_splits(groups: pd.Series, labels: pd.Series, key: str) -> pd.Series:
    """Give each image a split, whole groups together, 70/15/15 within each diagnosis.

    Args:
        groups: group id of each image (see lesion_groups).
        labels: diagnosis code of each image; a group counts under its first in sorted order.
        key: another key, another split.

    Returns:
        "train", "validation" or "test" for each image.
    """
    stratum = labels.groupby(groups).min()
    rank = {
        group: hashlib.blake2b(group.encode(), key=key.encode(), digest_size=8).digest()
        for group in stratum.index
    }
    chosen: dict[str, str] = {}
    for label in sorted(set(stratum)):
        members = sorted(stratum.index[stratum == label], key=lambda group: (rank[group], group))
        for position, group in enumerate(members):
            chosen[group] = split_at((position + 0.5) / len(members))
    return groups.map(chosen)


def split_at(share: float) -> str:
    """The split that holds the given place (0 to 1) in a shuffled row of groups."""
    total = 0.0
    for name, size in SPLITS.items():
        total += size
        if share < total:
            return name
    return name


def split_digest(cases: pd.DataFrame) -> str:
    """SHA-256 over "image split" lines in sorted order: two models were judged on the same split if theirs agree."""
    lines = sorted(
        f"{image} {split}\n" for image, split in zip(cases["image_id"], cases["split"], strict=True)
    )
    return hashlib.sha256("".join(lines).encode()).hexdigest()

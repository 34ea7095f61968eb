"""The cases to learn from: one row an image, and which split each belongs to.

Splits are made by lesion, because one lesion has up to six images and a split by image would leak. They come from a
keyed hash of the lesion's id, so that they depend neither on the order of the table nor on any library's version.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from scipy.cluster.hierarchy import DisjointSet

from training.tables import CasesError as CasesError
from training.tables.folders import class_folders
from training.tables.joins import join_tables
from training.tables.layouts import layout_of
from training.tables.pictures import find_images, only_one, with_paths
from training.tables.text import CaseTable, read_case_table

SPLITS: Mapping[str, float] = {"train": 0.70, "validation": 0.15, "test": 0.15}


def read_cases(
    tables: Sequence[Path], folders: Sequence[Path], *, source: str = "", licence: str = ""
) -> pd.DataFrame:
    """Read tables in any of the published layouts, and find their images. No picture is decoded.

    Rows that cannot be used are left out and counted in a printed sentence: those that say neither benign nor
    malignant, and images that are neither dermoscopic nor close-ups.

    Args:
        tables: see `training.tables.layouts`; none where the images' own folders are named by class.
        folders: where images lie, under any subfolder, named by image id; not needed for tables with a column `file`.
        source, licence: of all data, in place of what the tables say.

    Returns:
        One row an image:
        - image_id, path: text;
        - lesion_id: text; an image whose lesion is not known is a lesion of its own, "image:" and its id;
        - patient_id: text, empty where nobody says whose lesion it is; export: of the dashboard, empty for other data;
        - label: akiec, bcc, bkl, df, mel, nv, scc, vasc or unknown; malignant: bool; label_original: the source's
          words;
        - confirmation, sex, site: text, "unknown" where nothing is said;
        - age: float, years; skin_tone: float, 0 very dark to 5 very light; NaN where nothing is said;
        - modality: dermoscopic or close-up;
        - source, licence: text, empty where not stated.

    Raises:
        CasesError: a table or a row that cannot be read, a missing image, or an id with two different pictures.
    """
    if not tables and not folders:
        raise CasesError("Name a table, or folders of images whose names are classes.")
    asked = join_tables([read_case_table(path) for path in dict.fromkeys(tables)]) or [class_folders(folders)]
    read = [(table, usable_rows(table)) for table in asked]
    pictures = find_images(folders)
    parts = [with_paths(table, rows, folders, pictures) for table, rows in read]
    cases = without_repeats(pd.concat(parts, ignore_index=True))
    stated = {"source": source, "licence": licence}
    return cases.assign(**{name: value for name, value in stated.items() if value})


def usable_rows(table: CaseTable) -> pd.DataFrame:
    """A table's rows that a network can learn from; what is left out is counted in a printed sentence."""
    rows = layout_of(table).read(table)
    name, count = table.path, len(rows)
    again = rows["image_id"].duplicated()
    if again.any():
        image = rows["image_id"][again].iloc[0]
        first, second, *_ = rows.index[rows["image_id"] == image]
        raise table.fault(second, f"image_id is {image!r}, as in row {first}")
    mute, other = rows["malignant"].isna(), rows["modality"] == ""
    if mute.any():
        words = rows["label_original"][mute].value_counts().head(5)
        listed = ", ".join(f"{word or 'empty'} ({number})" for word, number in words.items())
        print(f"{name}: {mute.sum()} of {count} rows say neither benign nor malignant, left out: {listed}.")
    if other.any():
        print(f"{name}: {other.sum()} of {count} images are neither dermoscopic nor close-ups, left out.")
    rows = rows[~mute & ~other].astype({"malignant": bool})
    if rows.empty:
        raise CasesError(f"{name} has no row that says benign or malignant.")
    alone = rows["lesion_id"].str.startswith("image:").sum()
    if alone:
        print(f"{name}: {alone} of {len(rows)} images name no lesion; each counts as a lesion of its own.")
    return rows


def without_repeats(cases: pd.DataFrame) -> pd.DataFrame:
    """Each image once, from the table named first; repeats are counted in a printed sentence.

    Raises:
        CasesError: two tables have different pictures under one id.
    """
    first = cases.drop_duplicates("image_id").set_index("image_id")["path"]
    again = cases["image_id"].duplicated()
    for image, path in cases.loc[again, ["image_id", "path"]].itertuples(index=False):
        only_one(image, [Path(first[image]), Path(path)])
    if again.any():
        print(f"{again.sum()} rows name an image of a table before, and are left out.")
    return cases[~again].reset_index(drop=True)


def lesion_groups(lesions: pd.Series, digests: pd.Series, patients: pd.Series | None = None) -> pd.Series:
    """Lesions joined into one group wherever they share a byte-identical image, or a patient.

    Args:
        lesions: lesion id of each image.
        digests: SHA-256 of each image's file, on the same index.
        patients: patient of each image, empty where nobody knows.

    Returns:
        For each image the smallest lesion id of its group.
    """
    groups = DisjointSet(lesions.unique())
    known = pd.Series(dtype=str) if patients is None else patients[patients != ""]
    for joined in (lesions.groupby(digests), lesions[known.index].groupby(known)):
        for _, same in joined:
            for lesion in same:
                groups.merge(same.iloc[0], lesion)
    smallest = {lesion: min(group) for group in groups.subsets() for lesion in group}
    return lesions.map(smallest)


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

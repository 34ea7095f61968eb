"""The image file of each row of a table."""

import filecmp
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd

from model.images import image_files_below
from training.tables import CasesError
from training.tables.text import CaseTable


def find_images(folders: Iterable[Path]) -> dict[str, list[Path]]:
    """Every image file below the folders, by its name without the ending; names that begin with a dot are skipped."""
    by_name: dict[str, list[Path]] = {}
    for folder in folders:
        for path in images_in_folder(folder):
            by_name.setdefault(path.stem, []).append(path)
    return by_name


def images_in_folder(folder: Path) -> Iterator[Path]:
    """The image files below a folder; see `model.images.image_files_below`.

    Raises:
        CasesError: there is no such folder.
    """
    if not folder.is_dir():
        raise CasesError(f"{folder} is no folder; name one that holds images.")
    return image_files_below(folder)


def with_paths(
    table: CaseTable, rows: pd.DataFrame, folders: Sequence[Path], pictures: Mapping[str, list[Path]]
) -> pd.DataFrame:
    """A table's rows with the `path` of each image in place of `file`.

    Args:
        table: the folder of its file is where `file` is looked for first.
        rows: see `fields.rows_of`.
        folders: where `file` is looked for then.
        pictures: see `find_images`; where images are looked for by their id last.

    Raises:
        CasesError: images are missing, or an id is the name of two different pictures.
    """
    places = (table.path.parent, *folders)
    # Tables that were made where capitals do not count.
    folded: dict[str, list[Path]] = {}
    for name, files in pictures.items():
        folded.setdefault(name.casefold(), []).extend(files)
    paths: list[str] = []
    missing: list[str] = []
    for image, file in zip(rows["image_id"], rows["file"], strict=True):
        files_of_image = [place / file for place in places if file and (place / file).is_file()][:1]
        name = Path(image).name
        files_of_image = files_of_image or pictures.get(name) or folded.get(name.casefold(), [])
        if files_of_image:
            paths.append(str(only_one(image, files_of_image)))
        else:
            missing.append(image)
    if missing:
        raise CasesError(
            f"{len(missing)} of {len(rows)} images of {table.path} are not in the folders given, "
            f"{missing[0]} among them."
        )
    return rows.drop(columns="file").assign(path=paths)


def only_one(image: str, paths: Sequence[Path]) -> Path:
    """The first of several copies of one file.

    Raises:
        CasesError: they differ.
    """
    first, *others = paths
    for other in others:
        if not same_bytes(first, other):
            raise CasesError(f"{image} is the name of two different pictures: {first} and {other}.")
    return first


def same_bytes(first: Path, other: Path) -> bool:
    """Whether two files are the same or copies of each other."""
    return first.samefile(other) or filecmp.cmp(first, other, shallow=False)

"""Data sets without a table: the class of an image is the name of the folder that it lies in."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from training.tables import CasesError
from training.tables.labels import code_of
from training.tables.pictures import images_in_folder, only_one
from training.tables.text import CaseTable


def class_folders(folders: Sequence[Path]) -> CaseTable:
    """A table with the columns of HAM10000 for all images below the folders, as in `train/benign/1.jpg`.

    An image's id is its path from the folder named on, for the same number may stand in each class.

    Raises:
        CasesError: there are no images, or one lies in a folder whose name is no class.
    """
    paths: dict[str, Path] = {}
    for folder in folders:
        for path in images_in_folder(folder):
            inside = path.relative_to(folder).with_suffix("")
            image = (Path(folder.resolve().name) / inside).as_posix()
            paths[image] = only_one(image, [paths[image], path]) if image in paths else path
    if not paths:
        raise CasesError(f"{', '.join(map(str, folders))}: no images there.")
    classes = {image: path.resolve().parent.name for image, path in paths.items()}
    for image, name in classes.items():
        try:
            code_of(name)
        except ValueError:
            raise CasesError(
                f"{paths[image]} lies in no folder that is named by a class, such as benign, malignant, mel or nv; "
                "name the table of the images."
            ) from None
    files = [str(path.resolve()) for path in paths.values()]
    rows = pd.DataFrame({"image_id": classes.keys(), "dx": classes.values(), "file": files}, dtype="str")
    return CaseTable(folders[0], rows)

"""What trained networks say of the training images, for another one to learn from (Hinton, Vinyals & Dean 2015)."""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from model.taxonomy import LESIONS
from training.files import write_whole_file
from training.fit import network_probabilities, still_images
from training.pixels import PixelStore

# Images that are held in memory at once.
PART = 1024


def said_by(
    teachers: Sequence[keras.Model], store: PixelStore, rows: NDArray[np.intp]
) -> NDArray[np.float32]:
    """The mean probability of each diagnosis over the teachers, float32 (all cases, k); 0 for rows that are not named.

    Each teacher sees the still image in the size of its own input.
    """
    said = np.zeros((len(store.cases), len(LESIONS)), np.float32)
    for start in range(0, len(rows), PART):
        part = rows[start : start + PART]
        for teacher in teachers:
            images = still_images(store, part, teacher.input_shape[1])
            said[part] += (network_probabilities(teacher, images) / len(teachers)).astype(np.float32)
    return said


def stored_said(
    teachers: Sequence[keras.Model], store: PixelStore, rows: NDArray[np.intp], path: Path
) -> NDArray[np.float32]:
    """The same, found once and kept in a file."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        said = said_by(teachers, store, rows)
        write_whole_file(path, lambda part: np.save(part, said))
    return np.load(path)


def taught_targets(
    targets: NDArray[np.float32], said: NDArray[np.float32], share: float
) -> NDArray[np.float32]:
    """Targets of `training.fit.targets_of` with a share of what the teachers say in place of the truth.

    An image whose diagnosis is not known learns its diagnosis from the teachers alone, with that share of the weight.
    Rows of which the teachers say nothing stay, and so does what the photograph was taken with.
    """
    malignancy = LESIONS.malignancy(said.astype(np.float64)).astype(np.float32)[:, None]
    taught = np.concatenate([said, targets[:, -2:-1], malignancy], axis=1)
    mixed = (1 - share) * targets + share * taught
    return np.where(said.any(axis=1, keepdims=True), mixed, targets).astype(np.float32)

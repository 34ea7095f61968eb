"""A bundle's reference.npz: what the training images look like, and which of them an image is most like.

It holds numbers and names, no image: statistics for `model.novelty`, and for every training image its embedding in a
few dimensions, its id, its lesion's id and its diagnosis.
"""

import io
import zipfile
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.bundle import REFERENCE, Bundle, BundleError
from model.novelty import Familiar

DIMENSIONS = 64
NEAREST = 10


@dataclass(frozen=True)
class Similar:
    """A training image that the network takes for much the same.

    Attributes:
        distance: 1 - cosine between embeddings: 0 for the same, 1 for unrelated, 2 for opposite.
    """

    image_id: str
    lesion_id: str
    diagnosis: str
    distance: float


@dataclass(frozen=True)
class Reference:
    """The training images of a model.

    Attributes:
        familiar: for `model.novelty`; the index lies in the first dimensions of its subspace.
        vectors: float32 (n, k), the images' embeddings there, of length 1.
        image_ids, lesion_ids, diagnoses: (n,), text.
    """

    familiar: Familiar
    vectors: NDArray[np.float32]
    image_ids: NDArray[np.str_]
    lesion_ids: NDArray[np.str_]
    diagnoses: NDArray[np.str_]

    def nearest(self, embedding: NDArray[np.float32], count: int = NEAREST) -> tuple[Similar, ...]:
        """The most similar training images, nearest first, at most one of a lesion.

        Args:
            embedding: float32 (d,).
        """
        (vector,) = directions(embedding[None], self.familiar, self.vectors.shape[1])
        distances = 1 - self.vectors @ vector
        by_lesion: dict[str, Similar] = {}
        # A lesion has a handful of images: a few times as many candidates nearly always hold enough lesions.
        candidates = min(8 * count, len(distances))
        while len(by_lesion) < count:
            chosen = np.argpartition(distances, candidates - 1)[:candidates]
            by_lesion = {}
            for row in chosen[np.argsort(distances[chosen], kind="stable")]:
                lesion = str(self.lesion_ids[row])
                if lesion in by_lesion:
                    continue
                distance = max(float(distances[row]), 0.0)
                by_lesion[lesion] = Similar(
                    str(self.image_ids[row]), lesion, str(self.diagnoses[row]), distance
                )
                if len(by_lesion) == count:
                    break
            if candidates == len(distances):
                break
            candidates = min(4 * candidates, len(distances))
        return tuple(by_lesion.values())


def directions(embeddings: NDArray[np.float32], familiar: Familiar, dimensions: int) -> NDArray[np.float32]:
    """Embeddings (n, d) to vectors of length 1 in the first dimensions of the subspace, (n, k)."""
    return of_length_1((embeddings - familiar.centre) @ familiar.basis[:, :dimensions])


def write_reference(path: Path, reference: Reference) -> None:
    """Write a reference, its large arrays in fewer bits; the index's vectors keep their directions to a degree."""
    familiar = {field.name: getattr(reference.familiar, field.name) for field in fields(Familiar)}
    codes, places = np.unique(reference.diagnoses, return_inverse=True)
    familiar["basis"] = reference.familiar.basis.astype(np.float16)
    np.savez_compressed(
        path,
        vectors=eight_bits(reference.vectors),
        image_ids=reference.image_ids.astype("S"),
        lesion_ids=reference.lesion_ids.astype("S"),
        codes=codes.astype("S"),
        diagnoses=places.astype(np.uint8),
        **familiar,
    )


def eight_bits(vectors: NDArray[np.float32]) -> NDArray[np.int8]:
    """Vectors (n, k) by their directions alone, each as wide as int8 allows."""
    widest = np.maximum(np.abs(vectors).max(axis=1, keepdims=True), 1e-9)
    return np.asarray(np.rint(127 * vectors / widest), np.int8)


def of_length_1(vectors: NDArray[Any]) -> NDArray[np.float32]:
    """Vectors (n, k) of any kind to float32 vectors of length 1; of length 0, where they are 0."""
    wide = vectors.astype(np.float32)
    return np.asarray(wide / np.maximum(np.linalg.norm(wide, axis=1, keepdims=True), 1e-9), np.float32)


def open_reference(bundle: Bundle) -> Reference | None:
    """The reference of a bundle; None where it ships none.

    Raises:
        BundleError: it has changed or cannot be read.
    """
    if REFERENCE not in bundle.card.files:
        return None
    data = bundle.read(REFERENCE)
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as stored:
            typical = stored["typical"].astype(np.float64)
            familiar = Familiar(
                stored["centre"].astype(np.float32),
                stored["basis"].astype(np.float32),
                float(stored["residual_limit"]),
                typical,
                stored["whitening"].astype(np.float64),
                float(stored["appearance_limit"]),
                np.zeros(len(stored["centre"]) + len(typical), np.float32),
            )
            # References were written without a boundary once: then nothing is beyond it.
            if "boundary" in stored:
                familiar = replace(
                    familiar,
                    boundary=stored["boundary"].astype(np.float32),
                    boundary_offset=float(stored["boundary_offset"]),
                    boundary_limit=float(stored["boundary_limit"]),
                )
            if "close_up" in stored:
                familiar = replace(
                    familiar,
                    close_up=stored["close_up"].astype(np.float32),
                    close_up_offset=float(stored["close_up_offset"]),
                )
            # References were written without their codes once: then they are in the order of the outputs.
            codes = stored["codes"].astype(str) if "codes" in stored else np.array(bundle.card.taxonomy.codes)
            return Reference(
                familiar,
                # Written as float16 once.
                of_length_1(stored["vectors"]),
                stored["image_ids"].astype(str),
                stored["lesion_ids"].astype(str),
                codes[stored["diagnoses"]],
            )
    except (OSError, EOFError, ValueError, KeyError, IndexError, zipfile.BadZipFile) as error:
        raise BundleError(f"{bundle.name}: {REFERENCE} cannot be read ({error}).") from error

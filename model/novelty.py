"""How far an image is from those a model was trained on: what is too far must not be answered.

Three distances, because each is blind to something. The embedding's distance from the subspace in which the training
images vary (the residual of Wang et al. 2022, "ViM: Out-of-Distribution with Virtual-logit Matching") finds objects and
textures: a flower, a face, a page. It hardly sees what leaves most features silent, such as a blank. The Mahalanobis
distance of plain colour and texture statistics finds those. A linear boundary between training images and drawn
pictures without a lesion ("outlier exposure", Hendrycks et al. 2019) finds what has the colours of skin: bare skin, a
landscape; kinds of pictures that it was not fitted on as well. Chosen against drawn negatives only; on them the first
beat the Mahalanobis distances of the embedding (Lee et al. 2018; relative: Ren et al. 2021) and nearest neighbours (Sun
et al. 2022) at the same share of false alarms.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from model.cautions import Caution
from model.quality import lens, opponent, shrunk_square

SIDE = 56
UNLIKE = Caution(
    "unlike",
    "This does not look like the photographs of skin lesions that the model knows. Do not rely on the result: "
    "use a photograph of one lesion, best taken through a dermatoscope.",
    severe=True,
)


@dataclass(frozen=True)
class Familiar:
    """What the training images look like.

    Attributes:
        centre: float32 (d,), their mean embedding.
        basis: float32 (d, k), orthonormal, the directions in which embeddings vary most, most first.
        residual_limit: the distance from that subspace at which `novelty` is 1.
        typical: float64 (m,), the mean of their `appearance`.
        whitening: float64 (m, m), turns differences from it into a vector whose length is the Mahalanobis distance.
        appearance_limit: the length at which `novelty` is 1.
        boundary: float32 (d + m,), the direction from training images to drawn pictures without a lesion, of an
            embedding and an appearance in a row; all 0 where a bundle was made without.
        boundary_offset: brings the mean of the training images to 0 along it.
        boundary_limit: the way along it at which `novelty` is 1.
        close_up: float32 (d + m,), the direction from dermoscopic training images to close-ups; all 0 where a bundle
            knows no close-ups.
        close_up_offset: brings the boundary between the two to 0 along it, see `training.guard.recognising`.
    """

    centre: NDArray[np.float32]
    basis: NDArray[np.float32]
    residual_limit: float
    typical: NDArray[np.float64]
    whitening: NDArray[np.float64]
    appearance_limit: float
    boundary: NDArray[np.float32]
    boundary_offset: float = 0.0
    boundary_limit: float = 1.0
    close_up: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    close_up_offset: float = -1.0

    def novelty(
        self, embeddings: NDArray[np.float32], appearances: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """The largest of the three distances, each in units of its limit: from 1 on the image is not to be judged.

        Args:
            embeddings: (n, d).
            appearances: (n, m).
        """
        far = self.residuals(embeddings) / self.residual_limit
        odd = self.oddness(appearances) / self.appearance_limit
        foreign = self.foreignness(embeddings, appearances) / self.boundary_limit
        return np.maximum.reduce([far, odd, foreign])

    def residuals(self, embeddings: NDArray[np.float32]) -> NDArray[np.float64]:
        """Distances (n,) from the subspace."""
        away = embeddings - self.centre
        # By Pythagoras: what a projection keeps and what it loses add up to the whole.
        lost = (away**2).sum(axis=1) - ((away @ self.basis) ** 2).sum(axis=1)
        return np.sqrt(np.maximum(lost, 0)).astype(np.float64)

    def oddness(self, appearances: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mahalanobis distances (n,) of appearances."""
        return np.linalg.norm((appearances - self.typical) @ self.whitening, axis=1)

    def foreignness(
        self, embeddings: NDArray[np.float32], appearances: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """How far (n,) along the way from the training images to pictures without a lesion; 0 before their mean."""
        both = np.concatenate([embeddings, appearances], axis=1, dtype=np.float64)
        return np.maximum(both @ self.boundary + self.boundary_offset, 0)

    def closeness(
        self, embeddings: NDArray[np.float32], appearances: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Log odds (n,) that an image was taken without a dermatoscope; -1 where a bundle knows no close-ups."""
        both = np.concatenate([embeddings, appearances], axis=1, dtype=np.float64)
        direction = self.close_up if self.close_up.size else np.zeros(both.shape[1], np.float32)
        return np.asarray(both @ direction + self.close_up_offset)


def appearance(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Colour and texture of an image in fourteen numbers.

    Mean and spread of each opponent colour, the middle against the rim, the fineness of the texture, and how far the
    darkest and the brightest parts are from the typical luma; all inside of the lens, where a lesion may be.

    Args:
        image: uint8 (s, s, 3), a network's input.
    """
    colours = opponent(shrunk_square(image, SIDE))
    seen = colours[LENS]
    mean, spread = seen.mean(axis=0), seen.std(axis=0)
    against_rim = colours[CORE].mean(axis=0) - colours[RIM].mean(axis=0)
    steepness = np.abs(np.diff(colours[..., 0], axis=1)).mean() + 1
    dark, typical, bright = np.quantile(seen[:, 0], (0.05, 0.5, 0.95))
    texture = [np.log(steepness), np.log(steepness / (spread[0] + 1)), np.log1p(np.abs(against_rim).sum())]
    return np.concatenate(
        [mean, np.log(spread + 1), against_rim, texture, [dark - typical, bright - typical]], dtype=np.float64
    )


LENS, CORE = lens(SIDE, 1.0), lens(SIDE, 0.45)
RIM = LENS & ~lens(SIDE, 0.75)

"""How far the score moves when an image is disturbed as real ones are: blur, compression, light, hair and the like.

After Maron et al. 2021 ("A benchmark for neural network robustness in skin cancer classification",
doi:10.1016/j.ejca.2021.06.047), at fixed strengths, on the network's own square input. Every disturbance is drawn from
a seed of its own for each image, so that two networks see the same.
"""

import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model.bundle import OperatingPoint
from model.evaluation.metrics import auc
from model.evaluation.resampling import bootstrap_auc
from model.images import square
from training.drawings.artefacts import darken_corners, draw_hair, draw_ruler
from training.pixels import PixelStore

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]
# uint8 images (n, s, s, 3) to their calibrated probability of malignancy (n,).
Scorer = Callable[[Pixels], Floats]
Change = Callable[[Pixels, np.random.Generator], Pixels]
BATCH = 32
# Strengths are given for this side and scale with the input.
REFERENCE = 224


@dataclass(frozen=True)
class Disturbance:
    """One kind at one strength; `change` takes a uint8 image (s, s, 3) and gives one of the same shape."""

    kind: str
    strength: str
    change: Change


def blur(sigma: float, image: Pixels, rng: np.random.Generator) -> Pixels:
    """Gaussian blur, sigma in pixels of a 224-pixel image."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma * len(image) / REFERENCE), np.uint8)


def jpeg(quality: int, image: Pixels, rng: np.random.Generator) -> Pixels:
    """JPEG compression and back."""
    buffer = BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer).convert("RGB"))


def brightness(factor: float, image: Pixels, rng: np.random.Generator) -> Pixels:
    """All values times a factor."""
    return np.asarray(np.clip(np.rint(image * np.float32(factor)), 0, 255), np.uint8)


def rotation(degrees: float, image: Pixels, rng: np.random.Generator) -> Pixels:
    """Turned about the centre; what comes into the corners is mirrored."""
    half = (len(image) - 1) / 2
    matrix = cv2.getRotationMatrix2D((half, half), degrees, 1)
    turned = cv2.warpAffine(
        image, matrix, image.shape[1::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )
    return np.asarray(turned, np.uint8)


def hair(count: int, image: Pixels, rng: np.random.Generator) -> Pixels:
    """Drawn hairs."""
    return draw_hair(image, count, rng)


def ruler(sides: int, image: Pixels, rng: np.random.Generator) -> Pixels:
    """Drawn ruler marks along one side or more."""
    for _ in range(sides):
        image = draw_ruler(image, rng)
    return image


def corners(radius: float, image: Pixels, rng: np.random.Generator) -> Pixels:
    """Dark outside of a circle."""
    return darken_corners(image, radius)


def resolution(side: int, image: Pixels, rng: np.random.Generator) -> Pixels:
    """Reduced to so many pixels a side, for a 224-pixel image, and enlarged again."""
    return square(square(image, round(side * len(image) / REFERENCE)), len(image))


DISTURBANCES: tuple[Disturbance, ...] = (
    *(Disturbance("blur", f"sigma {s} px", partial(blur, s)) for s in (0.7, 1.5, 3.0)),
    *(Disturbance("JPEG", f"quality {q}", partial(jpeg, q)) for q in (75, 40, 15)),
    *(Disturbance("brightness", f"× {f}", partial(brightness, f)) for f in (0.6, 0.8, 1.2, 1.4)),
    *(Disturbance("rotation", f"{d}°", partial(rotation, d)) for d in (15, 45, 90)),
    *(Disturbance("hair", f"{n} hairs", partial(hair, n)) for n in (5, 15, 40)),
    *(Disturbance("ruler", f"on {n} of 4 sides", partial(ruler, n)) for n in (1, 2)),
    *(Disturbance("dark corners", f"radius {r}", partial(corners, r)) for r in (1.2, 1.0)),
    *(Disturbance("resolution", f"{s} px", partial(resolution, s)) for s in (112, 75)),
)


def disturb_image(disturbance: Disturbance, image: Pixels, name: str) -> Pixels:
    """One image disturbed, the same way whenever it has the same name."""
    seed = zlib.crc32(f"{disturbance.kind} {disturbance.strength} {name}".encode())
    return disturbance.change(image, np.random.default_rng(seed))


def robustness_rows(
    score: Scorer,
    store: PixelStore,
    rows: NDArray[np.intp],
    size: int,
    point: OperatingPoint,
) -> Iterator[dict[str, Any]]:
    """The rows of a card's table of robustness, first the undisturbed images.

    Args:
        score: of uint8 images (n, size, size, 3).
        rows: of the store; which images.
        point: the operating point whose decisions are compared.

    Yields:
        See `disturbance_row`.
    """
    names = store.cases["image_id"].to_numpy(str)[rows]
    truth = store.cases["malignant"].to_numpy(bool)[rows]
    lesions = store.cases["lesion_id"].to_numpy(str)[rows]

    def still(place: int) -> Pixels:
        return square(store.frame(int(rows[place])), size)

    plain = score_images(score, len(rows), still)
    yield disturbance_row("none", "", truth, plain, plain, lesions, point)
    for one in DISTURBANCES:

        def image(place: int, one: Disturbance = one) -> Pixels:
            return disturb_image(one, still(place), names[place])

        yield disturbance_row(
            one.kind, one.strength, truth, plain, score_images(score, len(rows), image), lesions, point
        )


def score_images(score: Scorer, count: int, image: Callable[[int], Pixels]) -> Floats:
    """Scores (count,) of the images at places 0 to count - 1; the next batch is made while one is scored."""

    def batch(start: int) -> Pixels:
        return np.stack([image(place) for place in range(start, min(start + BATCH, count))])

    starts = range(0, count, BATCH)
    scores: list[Floats] = []
    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(batch, 0)
        for start in starts:
            images = following.result()
            if start + BATCH < count:
                following = pool.submit(batch, start + BATCH)
            scores.append(score(images))
    return np.concatenate(scores)


def disturbance_row(
    kind: str,
    strength: str,
    truth: NDArray[np.bool_],
    before: Floats,
    after: Floats,
    lesions: NDArray[np.str_],
    point: OperatingPoint,
) -> dict[str, Any]:
    """One row: AUC after with its interval and before, absolute change of the calibrated score, decisions that turned.

    A shift has a sign: above 0 the disturbance makes lesions look more malignant. `benign_now` counts cancers that
    became benign.
    """
    area = bootstrap_auc(truth, after, lesions)
    moved = np.abs(after - before)
    edges = [point.threshold, point.malignant]
    was, now = np.digitize(before, edges), np.digitize(after, edges)
    return {
        "kind": kind,
        "strength": strength,
        "images": len(truth),
        "malignant": int(truth.sum()),
        "auc": area.value if area.defined else None,
        "auc_low": area.low if area.defined else None,
        "auc_high": area.high if area.defined else None,
        "auc_before": auc(truth, before) if area.defined else None,
        "mean_change": float(moved.mean()),
        "p95_change": float(np.quantile(moved, 0.95)),
        "mean_shift": float((after - before).mean()),
        "mean_shift_malignant": float((after - before)[truth].mean()) if truth.any() else None,
        "mean_shift_benign": float((after - before)[~truth].mean()) if not truth.all() else None,
        "decisions_changed": float((was != now).mean()),
        "benign_now": int((truth & (was > 0) & (now == 0)).sum()),
    }

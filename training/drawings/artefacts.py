"""What lies over a lesion in real dermoscopic images, drawn: hair, ruler marks, the dark corners of a round lens."""

import cv2
import numpy as np
from numpy.typing import NDArray


def draw_hair(image: NDArray[np.uint8], count: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Dark curved hairs across the image.

    Args:
        image: uint8 (s, s, 3); left as it is.
        count: of hairs.
    """
    side = len(image)
    drawn = image.copy()
    for _ in range(count):
        start, end = rng.uniform(-0.1, 1.1, (2, 2)) * side
        bend = (start + end) / 2 + rng.normal(0, 0.15, 2) * side
        at = np.linspace(0, 1, 24)[:, None]
        curve = (1 - at) ** 2 * start + 2 * at * (1 - at) * bend + at**2 * end
        colour = tuple(int(value) for value in rng.integers(10, 70) * np.array([1.0, 0.8, 0.7]))
        thick = max(1, round(side / 224 * rng.uniform(0.8, 2.2)))
        cv2.polylines(drawn, [np.rint(curve).astype(np.int32)], False, colour, thick, cv2.LINE_AA)
    return drawn


def draw_ruler(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The marks of a ruler along one side of the image, uint8 (s, s, 3)."""
    side = len(image)
    drawn = image.copy()
    step, depth = side * rng.uniform(0.04, 0.07), side * rng.uniform(0.03, 0.05)
    for number in range(int(side / step) + 1):
        place = round(number * step)
        length = round(depth * (2 if number % 5 == 0 else 1))
        cv2.line(drawn, (place, 0), (place, length), (25, 25, 25), max(1, side // 150), cv2.LINE_AA)
    return np.ascontiguousarray(np.rot90(drawn, int(rng.integers(4))))


def darken_corners(image: NDArray[np.uint8], radius: float) -> NDArray[np.uint8]:
    """Black outside of a circle with a soft edge.

    Args:
        image: uint8 (s, s, 3).
        radius: of the circle, in half sides: 1 touches the sides, 1.41 only the corners.
    """
    half = (len(image) - 1) / 2
    distance = np.hypot(*(np.indices(image.shape[:2]) - half)) / half
    light = np.clip((radius - distance) / 0.04 + 0.5, 0, 1)
    return np.asarray(np.rint(image * light[..., None]), np.uint8)


def erase_rectangle(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """A random rectangle of 2 to 15 % of the image (uint8 (s, s, 3)) in its mean colour."""
    side = len(image)
    area, ratio = rng.uniform(0.02, 0.15), np.exp(rng.uniform(-1, 1))
    height, width = (min(side, round(side * np.sqrt(area * times))) for times in (ratio, 1 / ratio))
    top, left = int(rng.integers(side - height + 1)), int(rng.integers(side - width + 1))
    covered = image.copy()
    covered[top : top + height, left : left + width] = image.mean(axis=(0, 1)).astype(np.uint8)
    return covered

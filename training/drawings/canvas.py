"""A canvas to draw on with NumPy: coordinates, smooth noise, cells, and the mixing of colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Field = NDArray[np.floating[Any]]
"""A float array over the canvas, (h, w) or (h, w, 3); colours run from 0 to 1."""


@dataclass(frozen=True)
class Canvas:
    """A size and a stream of chance; lengths are measured in shorter sides."""

    random: np.random.Generator
    height: int
    width: int

    @property
    def unit(self) -> int:
        """The shorter side in pixels."""
        return min(self.height, self.width)

    def grid(self) -> tuple[Field, Field]:
        """x and y from the centre of every pixel."""
        y = (np.arange(self.height, dtype=np.float32) - (self.height - 1) / 2) / self.unit
        x = (np.arange(self.width, dtype=np.float32) - (self.width - 1) / 2) / self.unit
        return np.broadcast_to(x, (self.height, self.width)), np.broadcast_to(
            y[:, None], (self.height, self.width)
        )

    def noise(self, scale: float, octaves: int = 1) -> Field:
        """Smooth noise of about unit variance, bumps `scale` wide; each octave halves width and height."""
        total = np.zeros((self.height, self.width), np.float32)
        for octave in range(octaves):
            step = max(scale * self.unit / 2**octave, 1.0)
            rows, columns = int(self.height / step) + 3, int(self.width / step) + 3
            coarse = Image.fromarray(self.random.standard_normal((rows, columns), np.float32))
            box = (1, 1, 1 + self.width / step, 1 + self.height / step)
            fine = coarse.resize((self.width, self.height), Image.Resampling.BICUBIC, box=box)
            total += np.asarray(fine, np.float32) / 2**octave
        return total

    def cells(self, scale: float) -> tuple[Field, Field]:
        """Distance to the nearest point of a jittered lattice, and from there to the next, in `scale`."""
        x, y = self.grid()
        drift = 0.45 * self.noise(scale * 4)
        u, v = x / scale + 64 + drift, y / scale + 64 - drift
        column, row = np.floor(u).astype(np.intp), np.floor(v).astype(np.intp)
        shape = (int(row.max()) + 3, int(column.max()) + 3)
        jitter = self.random.uniform(0.1, 0.9, (*shape, 2)).astype(np.float32)
        first = np.full((self.height, self.width), np.inf, np.float32)
        second = first.copy()
        for down in (-1, 0, 1):
            for right in (-1, 0, 1):
                point = jitter[row + down, column + right]
                distance = np.hypot(column + right + point[..., 0] - u, row + down + point[..., 1] - v)
                second = np.minimum(second, np.maximum(first, distance))
                first = np.minimum(first, distance)
        return first, second - first

    def between(self, low: float, high: float) -> float:
        return float(self.random.uniform(low, high))

    def chance(self, probability: float) -> bool:
        return bool(self.random.random() < probability)


def smooth_step(field: Field, low: Field | float, high: Field | float) -> Field:
    """0 below `low`, 1 above `high`, smooth in between."""
    t = np.clip((field - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def mix_colours(picture: Field, colour: Field, alpha: Field) -> Field:
    return picture + (colour - picture) * alpha[..., None]

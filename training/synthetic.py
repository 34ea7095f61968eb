"""Drawn lesions: plausible dermoscopic images from a seed, for tests and demonstrations, never for medicine.

What tells the two classes apart is the lesion alone: its symmetry, border, colours and structures. Skin, light, hairs,
ruler, gel bubbles and vignette come from a separate stream that does not know the class, so that a network trained on
drawings has to look at the lesion.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from model.taxonomy import MALIGNANT

Field = NDArray[np.float32]
"""A float array over the canvas, (h, w) or (h, w, 3); colours run from 0 to 1."""

COLUMNS = ("lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization")

_SKIN = ((0.91, 0.74, 0.67), (0.87, 0.68, 0.60), (0.93, 0.79, 0.74), (0.82, 0.63, 0.53), (0.89, 0.70, 0.66))
_BROWN = ((0.50, 0.32, 0.22), (0.58, 0.39, 0.28), (0.43, 0.27, 0.19), (0.63, 0.42, 0.32), (0.52, 0.31, 0.25))
_BLACK, _BLUE_GREY, _WHITE, _RED, _TAN = (
    np.array(colour, np.float32)
    for colour in ((0.17, 0.11, 0.10), (0.43, 0.43, 0.48), (0.84, 0.74, 0.71), (0.70, 0.37, 0.34), (0.68, 0.48, 0.36))
)
_SITES = ("back", "trunk", "lower extremity", "upper extremity", "abdomen", "face", "chest", "foot")
_CODES = ("nv", "mel", "bkl", "bcc", "nv", "akiec", "vasc", "mel", "df", "bcc")
"""The order in which drawn lesions get their diagnoses: all seven within ten, half of them malignant."""


def draw(seed: int, malignant: bool, size: tuple[int, int] = (450, 600), view: int = 0) -> NDArray[np.uint8]:
    """Draw one lesion as (height, width, 3) RGB.

    The same seed and class give the same lesion; another `view` photographs it again: other light, angle and artefacts.
    """
    height, width = size
    if min(size) < 16:
        raise ValueError(f"A drawing needs at least 16 pixels a side; asked for {width} x {height}.")
    scene = _Canvas(np.random.default_rng((seed, view, 7)), height, width)
    lesion = _Canvas(np.random.default_rng((seed, int(malignant), 11)), height, width)
    picture = _skin(scene)
    picture = _malignant(lesion, picture, scene) if malignant else _benign(lesion, picture, scene)
    return _photograph(scene, picture)


def write_dataset(folder: Path, count: int, seed: int, size: tuple[int, int] = (450, 600)) -> None:
    """Write `count` drawn images in the shape of HAM10000: `HAM10000_metadata.csv` and `images/<image_id>.jpg`.

    Every fifth lesion is photographed twice. Image ids start with DRAWN_, so that nobody takes them for real ones.
    """
    images = folder / "images"
    images.mkdir(parents=True, exist_ok=True)
    with (folder / "HAM10000_metadata.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for number, (case, view, row) in enumerate(islice(_photographs(seed), count), start=1):
            image_id = f"DRAWN_{number:07d}"
            pixels = draw(case, row["dx"] in MALIGNANT, size, view)
            Image.fromarray(pixels).save(images / f"{image_id}.jpg", quality=90)
            writer.writerow({**row, "image_id": image_id})


def write_examples(folder: Path, malignancies: tuple[tuple[int, bool], ...] = ()) -> list[Path]:
    """Write the drawn examples that the dashboard offers, each below 40 kB; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for number, (seed, malignant) in enumerate(malignancies or EXAMPLES, start=1):
        path = folder / f"drawn-{number}.jpg"
        Image.fromarray(draw(seed, malignant)).save(path, quality=80, optimize=True)
        written.append(path)
    return written


EXAMPLES: tuple[tuple[int, bool], ...] = ((3, False), (5, True), (8, False), (12, True))
"""Seed and class of each example on the Predict page."""


def _photographs(seed: int) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """Lesion seed, view and metadata row of one photograph after another, without end."""
    random = np.random.default_rng((seed, 13))
    for number, code in enumerate(cycle(_CODES)):
        row = {
            "lesion_id": f"DRAWN_L{number:07d}",
            "dx": code,
            "dx_type": "histo" if code in MALIGNANT else str(random.choice(["histo", "follow_up", "consensus"])),
            "age": float(random.integers(4, 18) * 5),
            "sex": str(random.choice(["female", "male"])),
            "localization": str(random.choice(_SITES)),
        }
        for view in range(2 if number % 5 == 0 else 1):
            yield seed * 1_000_003 + number, view, row


@dataclass(frozen=True)
class _Canvas:
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
        return np.broadcast_to(x, (self.height, self.width)), np.broadcast_to(y[:, None], (self.height, self.width))

    def noise(self, scale: float, octaves: int = 1) -> Field:
        """Smooth noise of about unit variance whose bumps are `scale` wide; each octave halves width and height."""
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
        """Distance to the nearest point of a jittered lattice, and how much farther the second one is (in `scale`)."""
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


def _step(field: Field, low: float, high: float) -> Field:
    """0 below `low`, 1 above `high`, smooth in between."""
    t = np.clip((field - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def _mix(picture: Field, colour: Field, alpha: Field) -> Field:
    return picture + (colour - picture) * alpha[..., None]


def _skin(canvas: _Canvas) -> Field:
    """Skin with mottling, furrows and pores, lit from one side."""
    tone = np.array(_SKIN[canvas.random.integers(len(_SKIN))], np.float32)
    tone = tone * canvas.between(0.93, 1.04)
    flush = 0.028 * canvas.noise(0.35, 3)
    _, furrow = canvas.cells(canvas.between(0.035, 0.055))
    lines = 1 - _step(furrow, 0.0, 0.22)
    texture = 0.012 * canvas.noise(0.02, 2) - 0.022 * lines * _step(canvas.noise(0.4), -0.5, 1.0)
    picture = tone + texture[..., None] + flush[..., None] * np.array((0.35, 1.0, 0.9), np.float32)
    x, y = canvas.grid()
    angle = canvas.between(0, 2 * np.pi)
    light = 1 + canvas.between(0.03, 0.10) * (x * np.cos(angle) + y * np.sin(angle))
    return (picture * light[..., None]).astype(np.float32)


@dataclass(frozen=True)
class _Outline:
    """Polar place of each pixel in a lesion: 0 at its centre, 1 on its border, and the angle."""

    depth: Field
    angle: Field
    radius: float


def _outline(lesion: _Canvas, scene: _Canvas, radius: float, waves: list[float], ragged: float) -> _Outline:
    """A border from low Fourier waves of the angle; `waves[k]` is the amplitude of wave k + 1 in radii."""
    x, y = scene.grid()
    x, y = x - scene.between(-0.09, 0.09), y - scene.between(-0.06, 0.06)
    turn, aspect = scene.between(0, 2 * np.pi), lesion.between(1.0, 1.22)
    x, y = (x * np.cos(turn) + y * np.sin(turn)) * aspect, (y * np.cos(turn) - x * np.sin(turn)) / aspect
    x, y = x + ragged * lesion.noise(0.11, 3), y + ragged * lesion.noise(0.11, 3)
    angle = np.arctan2(y, x)
    border = np.ones_like(angle)
    for k, amplitude in enumerate(waves, start=1):
        border += amplitude * lesion.between(0.5, 1.0) * np.cos(k * angle + lesion.between(0, 2 * np.pi))
    return _Outline(np.hypot(x, y) / (radius * np.maximum(border, 0.3)), angle, radius)


def _pigment(lesion: _Canvas) -> Field:
    tone = np.array(_BROWN[lesion.random.integers(len(_BROWN))], np.float32)
    return tone * np.float32(lesion.between(0.9, 1.1))


def _benign(lesion: _Canvas, skin: Field, scene: _Canvas) -> Field:
    """Near round, one or two even browns, a regular network or globules, a border that fades."""
    outline = _outline(lesion, scene, lesion.between(0.19, 0.33), [0.02, 0.05, 0.03, 0.015], 0.010)
    soft = lesion.between(0.10, 0.22)
    alpha = 1 - _step(outline.depth, 1 - soft, 1 + soft)
    brown = _pigment(lesion)
    centre = (1 - _step(outline.depth, 0.1, 0.95)) * lesion.between(-0.25, 0.45)
    body = brown * (1 - 0.45 * centre + 0.035 * lesion.noise(0.08, 3))[..., None]
    first, edge = lesion.cells(lesion.between(0.018, 0.027))
    if lesion.chance(0.65):
        lines = (1 - _step(edge, 0.0, 0.6)) * _step(outline.depth, 0.1, 0.7) * lesion.between(0.12, 0.26)
        body = body * (1 - lines + 0.35 * lines.mean())[..., None]
    else:
        body = body * (1 - lesion.between(0.15, 0.3) * (1 - _step(first, 0.15, 0.5)))[..., None]
    return _mix(skin, body, alpha * lesion.between(0.78, 0.95))


def _malignant(lesion: _Canvas, skin: Field, scene: _Canvas) -> Field:
    """Asymmetric, notched, of several colours, with an atypical network and streaks."""
    waves = [0.14, 0.18, 0.12, 0.08, 0.06, 0.045, 0.035, 0.03]
    outline = _outline(lesion, scene, lesion.between(0.25, 0.36), waves, 0.020)
    depth = outline.depth - _streaks(lesion, outline)
    soft = np.clip(0.11 + 0.06 * lesion.noise(0.3), 0.04, 0.24)
    t = np.clip((depth - 1 + soft) / (2 * soft), 0, 1)
    alpha = 1 - t * t * (3 - 2 * t)
    body = _pigment(lesion) * (1 + 0.10 * lesion.noise(0.10, 3))[..., None]
    body = _mix(body, _TAN, 0.75 * _step(lesion.noise(0.28, 2), 0.2, 1.0))
    body = _network(lesion, body)
    for colour, strength in _palette(lesion):
        body = _mix(body, colour, strength * _patch(lesion, outline))
    body = _dots(lesion, body)
    return _mix(skin, body, alpha * (0.93 + 0.05 * np.clip(lesion.noise(0.2), -1, 1)))


def _palette(lesion: _Canvas) -> list[tuple[Field, float]]:
    """Three or four of the colours that worry a dermatologist, black or blue-grey always among them."""
    others = [(_WHITE, 0.60), (_RED, 0.50), (_BLUE_GREY, 0.72), (_BLACK, 0.85)]
    first = others.pop(int(lesion.random.integers(2, 4)))
    order = lesion.random.permutation(len(others))[: int(lesion.random.integers(2, 4))]
    return [(np.float32(0.55) * _BROWN_DARK, 0.8), *(others[i] for i in order), first]


_BROWN_DARK = np.array((0.42, 0.27, 0.20), np.float32)


def _patch(lesion: _Canvas, outline: _Outline) -> Field:
    """An off-centre area with a cloudy edge."""
    direction, out = lesion.between(0, 2 * np.pi), lesion.between(0.15, 0.6)
    away = np.sqrt(np.maximum(outline.depth**2 + out**2 - 2 * outline.depth * out * np.cos(outline.angle - direction), 0))
    reach = lesion.between(0.30, 0.55)
    return 1 - _step(away + 0.13 * lesion.noise(0.10, 4), reach * 0.4, reach * 1.35)


def _network(lesion: _Canvas, body: Field) -> Field:
    """Broad, broken lines of uneven mesh, strong in one part and absent in another."""
    _, edge = lesion.cells(lesion.between(0.022, 0.034))
    where = _step(lesion.noise(0.35), -0.4, 0.8)
    width = np.clip(0.50 + 0.20 * lesion.noise(0.15), 0.2, 0.9)
    lines = np.clip(1 - edge / width, 0, 1) * where * lesion.between(0.28, 0.48)
    return body * (1 - lines)[..., None]


def _dots(lesion: _Canvas, body: Field) -> Field:
    """Irregular dark dots and globules in clusters."""
    first, _ = lesion.cells(lesion.between(0.024, 0.04))
    radius = np.clip(0.16 + 0.12 * lesion.noise(0.05), 0.0, 0.4)
    where = _step(lesion.noise(0.22), 0.4, 0.9)
    return _mix(body, _BLACK * 1.4, 0.75 * where * np.clip((radius - first) / 0.12, 0, 1))


def _streaks(lesion: _Canvas, outline: _Outline) -> Field:
    """Fingers that push the border outwards over one part of the circumference."""
    count = int(lesion.random.integers(26, 48))
    fingers = np.cos(count * outline.angle + 2.2 * lesion.noise(0.12) + 3 * lesion.noise(0.5))
    sector = _step(np.cos(outline.angle - lesion.between(0, 2 * np.pi)), -0.1, 0.8)
    return lesion.between(0.05, 0.16) * np.maximum(fingers, 0) * sector * _step(outline.depth, 0.5, 0.95)


def _photograph(scene: _Canvas, picture: Field) -> NDArray[np.uint8]:
    """What lies between skin and sensor, whatever the lesion: hairs, ruler, bubbles, vignette, blur and grain."""
    if scene.chance(0.55):
        picture = _hairs(scene, picture)
    if scene.chance(0.25):
        picture = _bubbles(scene, picture)
    if scene.chance(0.30):
        picture = _ruler(scene, picture)
    picture = _vignette(scene, picture)
    image = Image.fromarray((np.clip(picture, 0, 1) * 255).astype(np.uint8))
    image = image.filter(ImageFilter.GaussianBlur(scene.unit * scene.between(0.0006, 0.0022)))
    grain = scene.random.standard_normal((scene.height, scene.width, 1), np.float32) * scene.between(0.6, 1.8)
    return np.clip(np.asarray(image, np.float32) + grain, 0, 255).astype(np.uint8)


def _drawing(scene: _Canvas, scale: int = 2) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("L", (scene.width * scale, scene.height * scale))
    return image, ImageDraw.Draw(image)


def _layer(scene: _Canvas, image: Image.Image, blur: float = 0.0) -> Field:
    small = image.resize((scene.width, scene.height), Image.Resampling.BOX)
    return np.asarray(small.filter(ImageFilter.GaussianBlur(blur * scene.unit)), np.float32) / 255


def _hairs(scene: _Canvas, picture: Field) -> Field:
    image, pen = _drawing(scene)
    lean = scene.between(0, np.pi)
    extent = np.array((scene.width, scene.height)) * 2
    t = np.linspace(0, 1, 40)[:, None]
    for _ in range(int(scene.random.integers(2, 16))):
        middle = scene.random.uniform(-0.05, 1.05, 2) * extent
        angle = lean + scene.random.normal(0, 0.5)
        along = np.array((np.cos(angle), np.sin(angle))) * scene.between(0.25, 0.8) * scene.unit
        bend = np.array((-along[1], along[0])) * scene.random.normal(0, 0.35)
        curve = (1 - t) ** 2 * (middle - along) + 2 * t * (1 - t) * (middle + bend) + t**2 * (middle + along)
        width = max(1, round(scene.between(0.0035, 0.0085) * scene.unit * 2 / 2))
        pen.line([(float(px), float(py)) for px, py in curve], fill=255, width=width, joint="curve")
    colour = np.array((0.17, 0.11, 0.08), np.float32) * np.float32(scene.between(0.6, 2.2))
    shadow = _layer(scene, image, 0.006)
    return _mix(picture * (1 - 0.18 * shadow)[..., None], colour, 0.85 * _layer(scene, image))


def _bubbles(scene: _Canvas, picture: Field) -> Field:
    """Bubbles of air in the gel: a bright rim, a brighter spark."""
    rim, pen = _drawing(scene)
    for _ in range(int(scene.random.integers(3, 14))):
        x, y = scene.random.uniform(0, 1, 2) * (scene.width * 2, scene.height * 2)
        r = scene.between(0.006, 0.024) * scene.unit * 2
        pen.ellipse((x - r, y - r, x + r, y + r), outline=150, width=max(1, round(r / 7)))
        pen.ellipse((x - r * 0.55, y - r * 0.55, x - r * 0.2, y - r * 0.2), fill=255)
    return _mix(picture, np.ones(3, np.float32), 0.6 * _layer(scene, rim, 0.001))


def _ruler(scene: _Canvas, picture: Field) -> Field:
    """Millimetre ticks along one edge."""
    image, pen = _drawing(scene)
    step, length = scene.between(0.035, 0.06) * scene.unit * 2, scene.between(0.03, 0.05) * scene.unit * 2
    width, upright = max(1, round(scene.unit * 0.006)), scene.chance(0.5)
    edge = 2 * (scene.width if upright else scene.height) * (0.06 if scene.chance(0.5) else 0.94)
    for tick in range(int(2 * max(scene.width, scene.height) / step) + 1):
        reach, along = length * (1.8 if tick % 5 == 0 else 1.0), tick * step
        ends = [(edge - reach / 2, along), (edge + reach / 2, along)]
        pen.line(ends if upright else [(y, x) for x, y in ends], fill=255, width=width)
    return _mix(picture, np.array((0.12, 0.12, 0.15), np.float32), 0.75 * _layer(scene, image, 0.0012))


def _vignette(scene: _Canvas, picture: Field) -> Field:
    """Light falls off to the corners; some dermatoscopes leave a black ring."""
    x, y = scene.grid()
    away = np.hypot(x - scene.between(-0.04, 0.04), y - scene.between(-0.04, 0.04))
    picture = picture * (1 - scene.between(0.05, 0.28) * _step(away, 0.25, 0.85))[..., None]
    if scene.chance(0.22):
        radius = scene.between(0.60, 0.74)
        picture = _mix(picture, np.array((0.04, 0.03, 0.04), np.float32), _step(away, radius, radius + 0.02))
    return picture

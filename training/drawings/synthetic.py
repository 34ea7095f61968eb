"""Drawn lesions: plausible dermoscopic images from a seed, for tests and demonstrations, never for medicine.

What tells the two classes apart is the lesion alone: its symmetry, border, colours and structures. Skin,
light, hairs, ruler, gel bubbles and vignette come from a separate stream that does not know the class, so
that a network trained on drawings has to look at the lesion.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from model.taxonomy import HAM10000, Taxonomy
from training.drawings.canvas import Canvas, Field, mix_colours, smooth_step
from training.drawings.scene import draw_photograph, draw_skin

COLUMNS = ("lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization")

_BROWN = ((0.50, 0.32, 0.22), (0.58, 0.39, 0.28), (0.43, 0.27, 0.19), (0.63, 0.42, 0.32), (0.52, 0.31, 0.25))
_BLACK, _BLUE_GREY, _WHITE, _RED, _TAN = (
    np.array(colour, np.float32)
    for colour in (
        (0.17, 0.11, 0.10),
        (0.43, 0.43, 0.48),
        (0.84, 0.74, 0.71),
        (0.70, 0.37, 0.34),
        (0.68, 0.48, 0.36),
    )
)
_SITES = ("back", "trunk", "lower extremity", "upper extremity", "abdomen", "face", "chest", "foot")


def draw_lesion(
    seed: int, malignant: bool, size: tuple[int, int] = (450, 600), view: int = 0
) -> NDArray[np.uint8]:
    """Draw one lesion as (height, width, 3) RGB.

    The same seed and class give the same lesion; another `view` photographs it again, in other light, from
    another angle, through other artefacts.
    """
    height, width = size
    if min(size) < 16:
        raise ValueError(f"A drawing needs at least 16 pixels a side; asked for {width} x {height}.")
    scene = Canvas(np.random.default_rng((seed, view, 7)), height, width)
    lesion = Canvas(np.random.default_rng((seed, int(malignant), 11)), height, width)
    paint = _malignant if malignant else _benign
    return draw_photograph(scene, paint(lesion, draw_skin(scene), scene))


def write_dataset(
    folder: Path,
    count: int,
    seed: int,
    size: tuple[int, int] = (450, 600),
    taxonomy: Taxonomy = HAM10000,
) -> None:
    """Write `count` drawings in the shape of HAM10000: `HAM10000_metadata.csv` and `images/<image_id>.jpg`.

    Every second lesion is malignant, and every fifth is photographed twice. Ids start with DRAWN_, so that nobody takes
    them for real.
    """
    images = folder / "images"
    images.mkdir(parents=True, exist_ok=True)
    with (folder / "HAM10000_metadata.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for number, (case, view, row) in enumerate(islice(_photographs(seed, taxonomy), count), start=1):
            image_id = f"DRAWN_{number:07d}"
            pixels = draw_lesion(case, row["dx"] in taxonomy.malignant, size, view)
            Image.fromarray(pixels).save(images / f"{image_id}.jpg", quality=90)
            writer.writerow({**row, "image_id": image_id})


def write_examples(folder: Path) -> list[Path]:
    """Write the drawn examples that the dashboard offers, each below 40 kB; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for number, example in enumerate(EXAMPLES, start=1):
        path = folder / f"drawn-{number}.jpg"
        Image.fromarray(draw_example(*example)).save(path, quality=80, optimize=True)
        written.append(path)
    return written


EXAMPLES: tuple[tuple[int, bool, int, bool], ...] = (
    (1, True, 1, False),
    (3, True, 2, False),
    (0, False, 0, True),
    (0, False, 0, False),
)
"""Seed, class, view and whether it is spoiled, of each example on the Predict page: one for each outcome."""


def draw_example(seed: int, malignant: bool, view: int, spoiled: bool) -> NDArray[np.uint8]:
    """One of EXAMPLES; a spoiled one is blurred and dark, and its lesion is cut off at the edge."""
    drawn = draw_lesion(seed, malignant, view=view)
    if not spoiled:
        return drawn
    height, width = drawn.shape[:2]
    moved = np.roll(drawn, (90, 220), (0, 1))[80:, 200:]
    blurred = Image.fromarray(moved).resize((width, height)).filter(ImageFilter.GaussianBlur(14))
    return (np.asarray(blurred) * 0.72).astype(np.uint8)


def _photographs(seed: int, taxonomy: Taxonomy) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """Lesion seed, view and metadata row of one photograph after another, without end."""
    random = np.random.default_rng((seed, 13))
    benign = cycle(code for code in taxonomy.shown if code not in taxonomy.malignant)
    malignant = cycle(code for code in taxonomy.shown if code in taxonomy.malignant)
    for number, code in enumerate(chain.from_iterable(zip(benign, malignant, strict=True))):
        row = {
            "lesion_id": f"DRAWN_L{number:07d}",
            "dx": code,
            "dx_type": "histo"
            if code in taxonomy.malignant
            else str(random.choice(["histo", "follow_up", "consensus"])),
            "age": float(random.integers(4, 18) * 5),
            "sex": str(random.choice(["female", "male"])),
            "localization": str(random.choice(_SITES)),
        }
        for view in range(2 if number % 5 == 0 else 1):
            yield seed * 1_000_003 + number, view, row


@dataclass(frozen=True)
class _Outline:
    """Polar place of each pixel in a lesion: 0 at its centre, 1 on its border, and the angle."""

    depth: Field
    angle: Field
    radius: float


def _outline(lesion: Canvas, scene: Canvas, radius: float, waves: list[float], ragged: float) -> _Outline:
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


def _pigment(lesion: Canvas) -> Field:
    tone = np.array(_BROWN[lesion.random.integers(len(_BROWN))], np.float32)
    return tone * np.float32(lesion.between(0.9, 1.1))


def _benign(lesion: Canvas, below: Field, scene: Canvas) -> Field:
    """Near round, one or two even browns, a regular network or globules, a border that fades."""
    outline = _outline(lesion, scene, lesion.between(0.19, 0.33), [0.02, 0.05, 0.03, 0.015], 0.010)
    soft = lesion.between(0.10, 0.22)
    alpha = 1 - smooth_step(outline.depth, 1 - soft, 1 + soft)
    brown = _pigment(lesion)
    centre = (1 - smooth_step(outline.depth, 0.1, 0.95)) * lesion.between(-0.25, 0.45)
    body = brown * (1 - 0.45 * centre + 0.035 * lesion.noise(0.08, 3))[..., None]
    first, edge = lesion.cells(lesion.between(0.018, 0.027))
    if lesion.chance(0.65):
        lines = (
            (1 - smooth_step(edge, 0.0, 0.6))
            * smooth_step(outline.depth, 0.1, 0.7)
            * lesion.between(0.12, 0.26)
        )
        body = body * (1 - lines + 0.35 * lines.mean())[..., None]
    else:
        body = body * (1 - lesion.between(0.15, 0.3) * (1 - smooth_step(first, 0.15, 0.5)))[..., None]
    return mix_colours(below, body, alpha * lesion.between(0.78, 0.95))


def _malignant(lesion: Canvas, below: Field, scene: Canvas) -> Field:
    """Asymmetric, notched, of several colours, with an atypical network and streaks."""
    waves = [0.14, 0.18, 0.12, 0.08, 0.06, 0.045, 0.035, 0.03]
    outline = _outline(lesion, scene, lesion.between(0.25, 0.36), waves, 0.020)
    depth = outline.depth - _streaks(lesion, outline)
    soft = np.clip(0.11 + 0.06 * lesion.noise(0.3), 0.04, 0.24)
    t = np.clip((depth - 1 + soft) / (2 * soft), 0, 1)
    alpha = 1 - t * t * (3 - 2 * t)
    body = _pigment(lesion) * (1 + 0.10 * lesion.noise(0.10, 3))[..., None]
    body = mix_colours(body, _TAN, 0.75 * smooth_step(lesion.noise(0.28, 2), 0.2, 1.0))
    body = _network(lesion, body)
    for colour, strength in _palette(lesion):
        body = mix_colours(body, colour, strength * _patch(lesion, outline))
    body = _dots(lesion, body)
    return mix_colours(below, body, alpha * (0.93 + 0.05 * np.clip(lesion.noise(0.2), -1, 1)))


def _palette(lesion: Canvas) -> list[tuple[Field, float]]:
    """Three or four of the colours that worry a dermatologist, black or blue-grey always among them."""
    others = [(_WHITE, 0.60), (_RED, 0.50), (_BLUE_GREY, 0.72), (_BLACK, 0.85)]
    first = others.pop(int(lesion.random.integers(2, 4)))
    order = lesion.random.permutation(len(others))[: int(lesion.random.integers(2, 4))]
    return [(np.float32(0.55) * _BROWN_DARK, 0.8), *(others[i] for i in order), first]


_BROWN_DARK = np.array((0.42, 0.27, 0.20), np.float32)


def _patch(lesion: Canvas, outline: _Outline) -> Field:
    """An off-centre area with a cloudy edge."""
    direction, out = lesion.between(0, 2 * np.pi), lesion.between(0.15, 0.6)
    away = np.sqrt(
        np.maximum(outline.depth**2 + out**2 - 2 * outline.depth * out * np.cos(outline.angle - direction), 0)
    )
    reach = lesion.between(0.30, 0.55)
    return 1 - smooth_step(away + 0.13 * lesion.noise(0.10, 4), reach * 0.4, reach * 1.35)


def _network(lesion: Canvas, body: Field) -> Field:
    """Broad, broken lines of uneven mesh, strong in one part and absent in another."""
    _, edge = lesion.cells(lesion.between(0.022, 0.034))
    where = smooth_step(lesion.noise(0.35), -0.4, 0.8)
    width = np.clip(0.50 + 0.20 * lesion.noise(0.15), 0.2, 0.9)
    lines = np.clip(1 - edge / width, 0, 1) * where * lesion.between(0.28, 0.48)
    return body * (1 - lines)[..., None]


def _dots(lesion: Canvas, body: Field) -> Field:
    """Irregular dark dots and globules in clusters."""
    first, _ = lesion.cells(lesion.between(0.024, 0.04))
    radius = np.clip(0.16 + 0.12 * lesion.noise(0.05), 0.0, 0.4)
    where = smooth_step(lesion.noise(0.22), 0.4, 0.9)
    return mix_colours(body, _BLACK * 1.4, 0.75 * where * np.clip((radius - first) / 0.12, 0, 1))


def _streaks(lesion: Canvas, outline: _Outline) -> Field:
    """Fingers that push the border outwards over one part of the circumference."""
    count = int(lesion.random.integers(26, 48))
    fingers = np.cos(count * outline.angle + 2.2 * lesion.noise(0.12) + 3 * lesion.noise(0.5))
    sector = smooth_step(np.cos(outline.angle - lesion.between(0, 2 * np.pi)), -0.1, 0.8)
    return (
        lesion.between(0.05, 0.16) * np.maximum(fingers, 0) * sector * smooth_step(outline.depth, 0.5, 0.95)
    )

"""What surrounds a drawn lesion: the skin below it, and what lies between skin and sensor."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from training.drawings.canvas import Canvas, Field, mix_colours, smooth_step

_SKIN = ((0.91, 0.74, 0.67), (0.87, 0.68, 0.60), (0.93, 0.79, 0.74), (0.82, 0.63, 0.53), (0.89, 0.70, 0.66))


def draw_skin(canvas: Canvas) -> Field:
    """Skin with mottling, furrows and pores, lit from one side."""
    tone = np.array(_SKIN[canvas.random.integers(len(_SKIN))], np.float32)
    tone = tone * canvas.between(0.93, 1.04)
    flush = 0.028 * canvas.noise(0.35, 3)
    _, furrow = canvas.cells(canvas.between(0.035, 0.055))
    lines = 1 - smooth_step(furrow, 0.0, 0.22)
    texture = 0.012 * canvas.noise(0.02, 2) - 0.022 * lines * smooth_step(canvas.noise(0.4), -0.5, 1.0)
    picture = tone + texture[..., None] + flush[..., None] * np.array((0.35, 1.0, 0.9), np.float32)
    x, y = canvas.grid()
    angle = canvas.between(0, 2 * np.pi)
    light = 1 + canvas.between(0.03, 0.10) * (x * np.cos(angle) + y * np.sin(angle))
    return (picture * light[..., None]).astype(np.float32)


def draw_photograph(scene: Canvas, picture: Field) -> NDArray[np.uint8]:
    """Add what lies between skin and sensor: hairs, ruler, bubbles, vignette, blur and grain."""
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


def _drawing(scene: Canvas, scale: int = 2) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("L", (scene.width * scale, scene.height * scale))
    return image, ImageDraw.Draw(image)


def _layer(scene: Canvas, image: Image.Image, blur: float = 0.0) -> Field:
    small = image.resize((scene.width, scene.height), Image.Resampling.BOX)
    return np.asarray(small.filter(ImageFilter.GaussianBlur(blur * scene.unit)), np.float32) / 255


def _hairs(scene: Canvas, picture: Field) -> Field:
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
    return mix_colours(picture * (1 - 0.18 * shadow)[..., None], colour, 0.85 * _layer(scene, image))


def _bubbles(scene: Canvas, picture: Field) -> Field:
    """Bubbles of air in the gel: a bright rim, a brighter spark."""
    rim, pen = _drawing(scene)
    for _ in range(int(scene.random.integers(3, 14))):
        x, y = scene.random.uniform(0, 1, 2) * (scene.width * 2, scene.height * 2)
        r = scene.between(0.006, 0.024) * scene.unit * 2
        pen.ellipse((x - r, y - r, x + r, y + r), outline=150, width=max(1, round(r / 7)))
        pen.ellipse((x - r * 0.55, y - r * 0.55, x - r * 0.2, y - r * 0.2), fill=255)
    return mix_colours(picture, np.ones(3, np.float32), 0.6 * _layer(scene, rim, 0.001))


def _ruler(scene: Canvas, picture: Field) -> Field:
    """Millimetre ticks along one edge."""
    image, pen = _drawing(scene)
    step, length = scene.between(0.035, 0.06) * scene.unit * 2, scene.between(0.03, 0.05) * scene.unit * 2
    width, upright = max(1, round(scene.unit * 0.006)), scene.chance(0.5)
    edge = 2 * (scene.width if upright else scene.height) * (0.06 if scene.chance(0.5) else 0.94)
    for tick in range(int(2 * max(scene.width, scene.height) / step) + 1):
        reach, along = length * (1.8 if tick % 5 == 0 else 1.0), tick * step
        ends = [(edge - reach / 2, along), (edge + reach / 2, along)]
        pen.line(ends if upright else [(y, x) for x, y in ends], fill=255, width=width)
    return mix_colours(picture, np.array((0.12, 0.12, 0.15), np.float32), 0.75 * _layer(scene, image, 0.0012))


def _vignette(scene: Canvas, picture: Field) -> Field:
    """Light falls off to the corners; some dermatoscopes leave a black ring."""
    x, y = scene.grid()
    away = np.hypot(x - scene.between(-0.04, 0.04), y - scene.between(-0.04, 0.04))
    picture = picture * (1 - scene.between(0.05, 0.28) * smooth_step(away, 0.25, 0.85))[..., None]
    if scene.chance(0.22):
        radius = scene.between(0.60, 0.74)
        picture = mix_colours(
            picture, np.array((0.04, 0.03, 0.04), np.float32), smooth_step(away, radius, radius + 0.02)
        )
    return picture

"""Drawn pictures that show no lesion, to choose and to report when a model must not answer.

No photograph is needed for that, and none that an honest test shows later is used up. Each kind stands for something
that people do send: an empty frame, a page, a screenshot, a face, bare skin, a flower, a view out of the window, a pet,
a picture from another clinic.
"""

from collections.abc import Callable, Mapping
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from training.drawings.canvas import Canvas, smooth_step
from training.drawings.pens import any_colour, as_bytes, blank_sheet, box_around, camera, paint
from training.drawings.scene import draw_photograph, draw_skin
from training.drawings.specimens import draw_animal, draw_fundus, draw_radiograph, draw_slide

TEXT = "the patient was seen again after three months and reports no change of the mark on her left arm"
WORDS = tuple(TEXT.split())


def draw_negative(kind: str, seed: int, size: int = 224) -> NDArray[np.uint8]:
    """Draw a picture without a lesion as uint8 (size, size, 3); `kind` is one of NEGATIVES."""
    # By the name, so that a further kind leaves the pictures of the others as they are.
    random = np.random.default_rng((seed, crc32(kind.encode())))
    return NEGATIVES[kind](Canvas(random, size, size))


def _noise(canvas: Canvas) -> NDArray[np.uint8]:
    """White noise, coloured or grey."""
    channels = 3 if canvas.chance(0.5) else 1
    values = canvas.random.normal(
        canvas.between(90, 160), canvas.between(30, 90), (canvas.height, canvas.width, channels)
    )
    return as_bytes(np.repeat(values, 3 // channels, axis=2) / 255)


def _clouds(canvas: Canvas) -> NDArray[np.uint8]:
    """Smooth noise in any colours."""
    scale = canvas.between(0.05, 0.5)
    layers = [
        canvas.noise(scale, 4) * canvas.between(0.05, 0.25) + canvas.between(0.2, 0.8) for _ in range(3)
    ]
    return as_bytes(np.stack(layers, axis=-1))


def _blank(canvas: Canvas) -> NDArray[np.uint8]:
    """One colour, with a sensor's grain or without: a lens cap, a wall, an empty export."""
    greys = canvas.chance(0.4)
    colour = (
        np.repeat(canvas.random.choice([0.0, 0.03, 0.5, 0.97, 1.0]), 3) if greys else any_colour(canvas) / 255
    )
    grain = canvas.random.normal(0, canvas.random.choice([0, 0.01, 0.03]), (canvas.height, canvas.width, 1))
    return as_bytes(colour + grain)


def _gradient(canvas: Canvas) -> NDArray[np.uint8]:
    """From one colour to another, along a line or outwards."""
    x, y = canvas.grid()
    angle = canvas.between(0, 2 * np.pi)
    along = x * np.cos(angle) + y * np.sin(angle) + 0.5 if canvas.chance(0.6) else np.hypot(x, y) * 1.4
    first, second = any_colour(canvas), any_colour(canvas)
    return as_bytes((first + (second - first) * np.clip(along, 0, 1)[..., None]) / 255)


def _page(canvas: Canvas) -> NDArray[np.uint8]:
    """A page of text, as a scanner or a camera sees it."""
    paper = canvas.random.integers(215, 256) - np.array([0, 1, 1]) * canvas.random.integers(0, 25)
    red, green, blue = (int(value) for value in paper)
    image, pen = blank_sheet(canvas, (red, green, blue))
    height = canvas.between(0.03, 0.09) * canvas.unit
    font = ImageFont.load_default(height)
    ink = (int(canvas.random.integers(0, 90)),) * 3
    for line in range(int(canvas.height / (height * 1.4))):
        text = " ".join(canvas.random.choice(WORDS, 14))
        pen.text((canvas.between(0.01, 0.08) * canvas.width, line * height * 1.4), text, ink, font)
    return camera(
        canvas,
        image.rotate(canvas.between(-8, 8), Image.Resampling.BICUBIC, fillcolor=(red, green, blue)),
    )


def _screen(canvas: Canvas) -> NDArray[np.uint8]:
    """A screenshot: panels, bars, a curve."""
    dark = canvas.chance(0.4)
    image, pen = blank_sheet(canvas, (24, 26, 32) if dark else (246, 247, 249))
    side = canvas.unit
    pen.rectangle((0, 0, side, side * 0.1), fill=paint(canvas))
    for _ in range(int(canvas.random.integers(3, 9))):
        left, top = canvas.random.uniform(0, 0.8, 2) * side
        corner = (
            left,
            top + 0.1 * side,
            left + canvas.between(0.1, 0.6) * side,
            top + canvas.between(0.15, 0.5) * side,
        )
        pen.rectangle(corner, fill=paint(canvas) if canvas.chance(0.6) else None, outline=(128, 128, 128))
    font = ImageFont.load_default(side * 0.05)
    for _ in range(8):
        x, y = canvas.random.uniform(0, 0.9, 2) * side
        pen.text(
            (float(x), float(y)),
            str(canvas.random.choice(WORDS)),
            (220, 220, 220) if dark else (30, 30, 30),
            font,
        )
    return np.asarray(image)


def _pattern(canvas: Canvas) -> NDArray[np.uint8]:
    """Checks, stripes or bricks."""
    x, y = canvas.grid()
    angle, wide = canvas.between(0, np.pi), canvas.between(0.03, 0.25)
    u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    columns, rows = np.floor(u / wide), np.floor(v / (wide if canvas.chance(0.5) else 9.0))
    first, second = any_colour(canvas), any_colour(canvas)
    chosen = ((columns + rows) % 2)[..., None]
    return as_bytes((first * chosen + second * (1 - chosen)) / 255 + 0.03 * canvas.noise(0.03)[..., None])


def _face(canvas: Canvas) -> NDArray[np.uint8]:
    """A face-like drawing: an oval of skin with hair, eyes, nose and mouth before a wall."""
    image, pen = blank_sheet(canvas, paint(canvas))
    tone = np.array((230, 185, 160)) * canvas.between(0.4, 1.08)
    side, skin_colour = canvas.unit, tuple(int(min(value, 255)) for value in tone)
    x, y = (0.5 + canvas.random.uniform(-0.06, 0.06, 2)) * side
    wide, high = canvas.between(0.22, 0.34) * side, canvas.between(0.3, 0.42) * side
    hair = tuple(int(value) for value in np.array((90, 60, 40)) * canvas.between(0.2, 2.2))
    pen.ellipse((x - wide * 1.15, y - high * 1.2, x + wide * 1.15, y + high * 0.6), fill=hair)
    pen.ellipse((x - wide, y - high, x + wide, y + high), fill=skin_colour)
    for sign in (-1, 1):
        eye = (x + sign * wide * 0.42, y - high * 0.15)
        pen.ellipse(box_around(eye, wide * 0.2, wide * 0.11), fill=(250, 250, 250))
        pen.ellipse(
            box_around(eye, wide * 0.1, wide * 0.1), fill=tuple(map(int, canvas.random.integers(20, 120, 3)))
        )
        pen.line(
            (eye[0] - wide * 0.22, eye[1] - high * 0.13, eye[0] + wide * 0.22, eye[1] - high * 0.15), hair, 3
        )
    shade = tuple(int(value * 0.8) for value in skin_colour)
    pen.polygon(
        ((x, y - high * 0.1), (x - wide * 0.14, y + high * 0.25), (x + wide * 0.14, y + high * 0.25)),
        fill=shade,
    )
    pen.ellipse(box_around((x, y + high * 0.55), wide * 0.36, wide * 0.1), fill=(170, 70, 75))
    return camera(canvas, image)


def _bare_skin(canvas: Canvas) -> NDArray[np.uint8]:
    """Skin without a lesion, close up, fair to dark, with whatever lies over it."""
    return draw_photograph(canvas, draw_skin(canvas) * np.float32(canvas.between(0.35, 1.05)))


def _flower(canvas: Canvas) -> NDArray[np.uint8]:
    """Petals around a centre before leaves."""
    image, pen = blank_sheet(canvas, (30, int(canvas.random.integers(70, 150)), 40))
    side = canvas.unit
    for _ in range(30):
        x, y = canvas.random.uniform(0, side, 2)
        green = (int(canvas.random.integers(20, 110)), int(canvas.random.integers(70, 190)), 40)
        pen.ellipse(box_around((x, y), *canvas.random.uniform(0.03, 0.16, 2) * side), fill=green)
    centre, petals, reach = (
        (side * 0.5, side * 0.5),
        int(canvas.random.integers(5, 16)),
        canvas.between(0.16, 0.28) * side,
    )
    colour = np.array(paint(canvas))
    for petal in range(petals):
        angle = 2 * np.pi * petal / petals
        place = (centre[0] + reach * np.cos(angle), centre[1] + reach * np.sin(angle))
        tint = tuple(int(value) for value in np.clip(colour * canvas.between(0.85, 1.1), 0, 255))
        pen.ellipse(
            box_around(place, reach * 0.62, reach * 0.62),
            fill=tint,
            outline=tuple(int(v * 0.7) for v in tint),
        )
    pen.ellipse(box_around(centre, reach * 0.5, reach * 0.5), fill=(210, 160, 40))
    return camera(canvas, image)


def _landscape(canvas: Canvas) -> NDArray[np.uint8]:
    """Sky, hills and houses."""
    _x, y = canvas.grid()
    sky, low = np.array((0.35, 0.58, 0.9)) * canvas.between(0.7, 1.1), np.array((0.85, 0.9, 0.95))
    picture = sky + (low - sky) * np.clip(y + 0.5, 0, 1)[..., None]
    for depth in range(3):
        ridge = -0.1 + 0.16 * depth + 0.06 * canvas.noise(0.3, 3)[0]
        green = (
            np.array((0.2, 0.35, 0.15)) * canvas.between(0.7, 1.6) + 0.06 * canvas.noise(0.02, 2)[..., None]
        )
        picture = np.where((y > ridge)[..., None], green, picture)
    image = Image.fromarray(as_bytes(picture))
    pen, side = ImageDraw.Draw(image), canvas.unit
    for _ in range(int(canvas.random.integers(0, 5))):
        left, top, wide = (
            canvas.between(0, 0.8) * side,
            canvas.between(0.35, 0.7) * side,
            canvas.between(0.08, 0.2) * side,
        )
        pen.rectangle((left, top, left + wide, top + wide), fill=paint(canvas))
        pen.polygon(((left, top), (left + wide, top), (left + wide / 2, top - wide / 2)), fill=(120, 50, 40))
    return camera(canvas, image)


def _object(canvas: Canvas) -> NDArray[np.uint8]:
    """A plate or a cup on a table of wood."""
    x, y = canvas.grid()
    grain = canvas.noise(0.05, 3)[:1] * 0.05
    wood = (
        np.array((0.55, 0.38, 0.24)) * canvas.between(0.6, 1.5)
        + np.repeat(grain, canvas.height, 0)[..., None]
    )
    away = np.hypot(x - canvas.between(-0.1, 0.1), y - canvas.between(-0.1, 0.1))
    radius = canvas.between(0.25, 0.42)
    plate = any_colour(canvas) / 255 if canvas.chance(0.4) else np.full(3, 0.92)
    filling = any_colour(canvas) / 255
    picture = wood * (1 - 0.4 * (1 - smooth_step(away, radius, radius * 1.25)))[..., None]
    picture = np.where(
        (away < radius)[..., None],
        plate * (1 - 0.15 * smooth_step(away, radius * 0.8, radius))[..., None],
        picture,
    )
    picture = np.where(
        (away < radius * 0.7)[..., None], filling + 0.04 * canvas.noise(0.1, 3)[..., None], picture
    )
    return camera(canvas, Image.fromarray(as_bytes(picture)))


NEGATIVES: Mapping[str, Callable[[Canvas], NDArray[np.uint8]]] = {
    "animal": draw_animal,
    "blank": _blank,
    "clouds": _clouds,
    "face": _face,
    "flower": _flower,
    "fundus": draw_fundus,
    "gradient": _gradient,
    "landscape": _landscape,
    "noise": _noise,
    "object": _object,
    "page": _page,
    "pattern": _pattern,
    "radiograph": draw_radiograph,
    "screen": _screen,
    "skin": _bare_skin,
    "slide": draw_slide,
}

"""Drawn pictures of other medicine, and of animals: what lies in the same folders, and has some of skin's colours.

A fundus, a slide and a coat of fur fill the frame with reds and browns as a lesion does, so a network that knows
nothing but lesions takes them for one sooner than a page or a landscape.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from training.drawings.canvas import Canvas, Field, mix_colours, smooth_step
from training.drawings.pens import Point, as_bytes, as_ink, blank_sheet, box_around, camera

# At its lightest: tabby, ginger, white, grey.
FUR = ((235, 205, 165), (235, 165, 95), (240, 235, 228), (170, 170, 175))


def draw_fundus(canvas: Canvas) -> NDArray[np.uint8]:
    """The back of an eye: a lit disc, the optic nerve's head, vessels that branch away from it, the macula."""
    x, y = canvas.grid()
    tone = np.array((0.8, canvas.between(0.3, 0.45), canvas.between(0.12, 0.36))) * canvas.between(0.6, 1.2)
    picture = tone * (1 + canvas.between(0.02, 0.06) * canvas.noise(0.3, 3)[..., None])
    side = 1 if canvas.chance(0.5) else -1
    disc = (side * canvas.between(0.05, 0.4), canvas.between(-0.06, 0.06))
    head = np.hypot(x - disc[0], (y - disc[1]) * 0.9)
    radius = canvas.between(0.05, 0.09)
    picture = mix_colours(picture, np.array((1.0, 0.85, 0.55)), 1 - smooth_step(head, radius * 0.6, radius))
    macula = np.hypot(x + side * canvas.between(0.05, 0.15), y - disc[1])
    picture = picture * (1 - 0.35 * (1 - smooth_step(macula, 0.02, canvas.between(0.1, 0.18))))[..., None]
    image = Image.new("L", (canvas.width, canvas.height))
    pen = ImageDraw.Draw(image)
    for up in (-1, 1):
        for spread in (0.25, 0.7, 1.2):
            heading = np.pi / 2 * up + canvas.random.normal(0, 0.15) + side * up * spread
            _vessel(canvas, pen, disc, heading, -side * up * 0.04, canvas.between(0.008, 0.018))
    vessels = np.asarray(image.filter(ImageFilter.GaussianBlur(0.002 * canvas.unit)), np.float32) / 255
    picture = mix_colours(picture, tone * (0.7, 0.35, 0.4), canvas.between(0.4, 0.9) * vessels)
    away = np.hypot(x, y)
    rim = canvas.between(0.42, 0.62)
    return as_bytes(picture * (1 - smooth_step(away, rim * 0.98, rim))[..., None])


def _vessel(
    canvas: Canvas, pen: ImageDraw.ImageDraw, start: Point, heading: float, bend: float, width: float
) -> None:
    """One vessel and its branches, thinner and thinner; lengths in shorter sides."""
    x, y = start
    while width > 0.002:
        heading += bend + canvas.random.normal(0, 0.12)
        nx, ny = x + 0.03 * np.cos(heading), y + 0.03 * np.sin(heading)
        ends = [
            (px * canvas.unit + canvas.width / 2, py * canvas.unit + canvas.height / 2)
            for px, py in ((x, y), (nx, ny))
        ]
        pen.line(ends, fill=255, width=max(1, round(width * canvas.unit)))
        if canvas.chance(0.15):
            fork = canvas.random.choice((-0.7, 0.7))
            _vessel(canvas, pen, (nx, ny), heading + fork, bend / 2, width * 0.65)
        x, y, width = nx, ny, width * 0.94


def draw_slide(canvas: Canvas) -> NDArray[np.uint8]:
    """Tissue under a microscope, stained: pink fibres, cells with dark nuclei, gaps of white."""
    pink = np.array((0.9, 0.62, 0.76)) + 0.06 * canvas.random.normal(size=3)
    purple = np.array((0.42, 0.25, 0.58)) + 0.05 * canvas.random.normal(size=3)
    brown = np.array((0.45, 0.28, 0.16))
    picture = pink * (1 + 0.07 * canvas.noise(canvas.between(0.03, 0.12), 3))[..., None]
    nearest, wall = canvas.cells(canvas.between(0.02, 0.07))
    picture = mix_colours(picture, np.array((0.97, 0.9, 0.95)), 0.6 * (1 - smooth_step(wall, 0.0, 0.15)))
    crowded = smooth_step(canvas.noise(0.3, 2), -0.5, 0.8)
    stain = brown if canvas.chance(0.3) else purple
    picture = mix_colours(
        picture, stain, crowded * (1 - smooth_step(nearest, 0.2, canvas.between(0.3, 0.45)))
    )
    gaps = smooth_step(canvas.noise(canvas.between(0.15, 0.4), 2), 1.0, 1.2)
    return as_bytes(mix_colours(picture, np.array((0.96, 0.95, 0.96)), gaps))


def draw_radiograph(canvas: Canvas) -> NDArray[np.uint8]:
    """An X-ray: bright bones in grey flesh before black, a letter in the corner."""
    x, y = canvas.grid()
    lean = canvas.between(-0.5, 0.5)
    across, along = x * np.cos(lean) + y * np.sin(lean), y * np.cos(lean) - x * np.sin(lean)
    half = canvas.between(0.25, 0.5) + 0.03 * canvas.noise(0.5)
    flesh = (1 - smooth_step(np.abs(across), half * 0.85, half)) * (0.4 + 0.06 * canvas.noise(0.2, 3))
    for bone in range(int(canvas.random.integers(1, 6))):
        place, wide = canvas.between(-0.2, 0.2), canvas.between(0.02, 0.07)
        line = np.abs(
            (across if bone % 2 else along) - place - 0.3 * canvas.between(-1, 1) * np.square(x + y)
        )
        shell = np.exp(-np.square((line - wide) / (0.35 * wide)))
        flesh = flesh + (1 - smooth_step(line, wide, wide * 1.3)) * 0.22 + 0.15 * shell
    image = Image.fromarray(as_bytes(flesh + 0.02 * canvas.random.normal(size=flesh.shape))).convert("RGB")
    letter = "LR"[int(canvas.random.integers(2))]
    corner = tuple((canvas.random.uniform(0.04, 0.85, 2) * canvas.unit).tolist())
    ImageDraw.Draw(image).text(corner, letter, (235, 235, 235), ImageFont.load_default(0.09 * canvas.unit))
    return np.asarray(image)


def draw_animal(canvas: Canvas) -> NDArray[np.uint8]:
    """A coat of fur, plain or striped, close up, mostly with eyes and a nose."""
    light = np.array(FUR[canvas.random.integers(len(FUR))]) * canvas.between(0.45, 1.05)
    dark = light * canvas.between(0.25, 0.8)
    image, pen = blank_sheet(canvas, as_ink((light + dark) / 2))
    stripes = np.sin(canvas.noise(canvas.between(0.1, 0.3), 2) * canvas.between(2, 6))
    turned = canvas.between(-np.pi, np.pi) + 0.8 * canvas.noise(0.35)
    for x, y in _strokes(canvas, 2600):
        heading = float(turned[int(y), int(x)])
        length = canvas.between(0.02, 0.05) * canvas.unit
        shade = np.clip(0.5 + 0.5 * float(stripes[int(y), int(x)]) + canvas.random.normal(0, 0.25), 0, 1)
        tip = (x + length * np.cos(heading), y + length * np.sin(heading))
        pen.line(((x, y), tip), as_ink(dark + (light - dark) * shade), max(1, round(0.005 * canvas.unit)))
    if canvas.chance(0.7):
        _features(canvas, pen, dark)
    return camera(canvas, image)


def _strokes(canvas: Canvas, count: int) -> Iterator[Point]:
    """Places all over the canvas, in pixels."""
    for x, y in canvas.random.uniform(0, 1, (count, 2)) * (canvas.width, canvas.height):
        yield float(x), float(y)


def _features(canvas: Canvas, pen: ImageDraw.ImageDraw, dark: Field) -> None:
    """Two round eyes with upright pupils, a nose, whiskers."""
    side = canvas.unit
    x, y = (canvas.random.uniform(0.35, 0.65, 2) * side).tolist()
    apart, eye = canvas.between(0.09, 0.2) * side, canvas.between(0.03, 0.07) * side
    iris = as_ink(np.array((170, 170, 60)) * canvas.random.uniform(0.5, 1.3, 3))
    for sign in (-1, 1):
        place = (x + sign * apart, y)
        pen.ellipse(box_around(place, eye * 1.25, eye * 1.1), fill=as_ink(dark * 0.5))
        pen.ellipse(box_around(place, eye, eye * 0.9), fill=iris)
        pen.ellipse(box_around(place, eye * canvas.between(0.2, 0.6), eye * 0.8), fill=(12, 12, 12))
        pen.ellipse(
            box_around((place[0] + eye * 0.3, y - eye * 0.4), eye * 0.15, eye * 0.15), fill=(250, 250, 250)
        )
    low = y + apart * canvas.between(1.0, 1.5)
    wide = apart * 0.35
    nose = as_ink(np.array((200, 120, 110)) * canvas.between(0.3, 1.1))
    pen.polygon(((x - wide, low), (x + wide, low), (x, low + wide)), fill=nose)
    for whisker in range(8):
        sign = 1 if whisker % 2 else -1
        tip = (x + sign * canvas.between(0.25, 0.5) * side, low + canvas.random.normal(0, 0.08) * side)
        pen.line(((x + sign * wide, low + wide), tip), (240, 235, 225), max(1, round(0.004 * side)))

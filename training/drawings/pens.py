"""What the drawn pictures without a lesion have in common: any colour, a sheet, a camera over a flat drawing."""

import colorsys

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from training.drawings.canvas import Canvas, Field

Colour = tuple[int, int, int]
Point = tuple[float, float]


def any_colour(canvas: Canvas) -> Field:
    """Any colour, 0 to 255."""
    return (
        np.array(colorsys.hsv_to_rgb(canvas.between(0, 1), canvas.between(0.1, 1), canvas.between(0.25, 1)))
        * 255
    )


def paint(canvas: Canvas) -> Colour:
    """Any colour, for Pillow."""
    return as_ink(any_colour(canvas))


def as_ink(values: Field) -> Colour:
    """A colour of 0 to 255, for Pillow; what is beyond is clipped."""
    red, green, blue = np.clip(values, 0, 255).astype(int)
    return int(red), int(green), int(blue)


def blank_sheet(canvas: Canvas, paper: Colour) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """An empty picture of the canvas's size, and a pen for it."""
    image = Image.new("RGB", (canvas.width, canvas.height), paper)
    return image, ImageDraw.Draw(image)


def box_around(place: Point, wide: float, high: float) -> tuple[float, float, float, float]:
    """The box of an ellipse."""
    return (place[0] - wide, place[1] - high, place[0] + wide, place[1] + high)


def camera(canvas: Canvas, image: Image.Image) -> NDArray[np.uint8]:
    """Uneven light, a little blur and grain over a flat drawing."""
    soft = (
        np.asarray(image.filter(ImageFilter.GaussianBlur(canvas.between(0, 0.004) * canvas.unit)), np.float32)
        / 255
    )
    x, y = canvas.grid()
    angle = canvas.between(0, 2 * np.pi)
    light = canvas.between(0.75, 1.1) * (1 + canvas.between(0, 0.4) * (x * np.cos(angle) + y * np.sin(angle)))
    grain = canvas.random.normal(0, canvas.between(0, 0.03), (canvas.height, canvas.width, 1))
    return as_bytes(soft * light[..., None] + grain)


def as_bytes(picture: Field) -> NDArray[np.uint8]:
    """A picture of 0 to 1 as uint8."""
    return np.asarray(np.clip(picture, 0, 1) * 255, np.uint8)

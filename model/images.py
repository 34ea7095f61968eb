"""From the bytes of an image file to upright RGB pixels and to the network's input.

This is the only decoder of the project: training, web page, REST API and command line all come through here, so that
the same file gives the same probability everywhere.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model.reading import helper, jpeg, plain
from model.reading.limits import ImageError as ImageError
from model.reading.limits import Limits as Limits
from model.reading.limits import too_complex
from model.reading.picture import ENOUGH as ENOUGH
from model.reading.picture import FORMATS as FORMATS
from model.reading.picture import NAMES as NAMES
from model.reading.picture import is_known_format, read_picture

# What their files are called, for those who look through folders.
SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".heic", ".heif", ".dcm", ".dicom"}
)


# By how much a part may lie beyond the border, as rounding leaves it.
SLIP = 1e-6


@dataclass(frozen=True)
class Photograph:
    """A decoded image.

    Attributes:
        pixels: uint8 (height, width, 3), sRGB, upright; of a large picture at a half, a quarter or an eighth of its
            size, with ENOUGH pixels or more on the shorter side.
        sha256: hexadecimal digest of the bytes that came in, not of the pixels.
        format: one of FORMATS.
        jpeg: of a JPEG file in sRGB its own coded data without anything else, which is decoded to exactly these pixels.
        taken: when the file says that it was photographed, a date or a time in ISO 8601; None where it does not say.
        optics: of a DICOM file what it says of the dermatoscope: polarisation, contact, magnification.
    """

    pixels: NDArray[np.uint8]
    sha256: str
    format: str
    jpeg: bytes | None = None
    taken: str | None = None
    optics: Mapping[str, str | float] = field(default_factory=dict)


@dataclass(frozen=True)
class Crop:
    """The part of an upright photograph that counts: first all of it is turned, then this is cut out.

    Attributes:
        left, top, width, height: of the turned photograph, as shares of its width and height (0 to 1).
        turns: quarter turns clockwise, 0 to 3.
    """

    left: float = 0.0
    top: float = 0.0
    width: float = 1.0
    height: float = 1.0
    turns: int = 0

    def __post_init__(self) -> None:
        """Raises ValueError for what is no part of a photograph."""
        within = all(
            0 <= start < 1 and 0 < length <= 1 and start + length <= 1 + SLIP
            for start, length in ((self.left, self.width), (self.top, self.height))
        )
        if not within or self.turns not in range(4):
            raise ValueError("The part to cut out does not lie within the photograph.")


def cut(photograph: Photograph, crop: Crop | None, limits: Limits = Limits()) -> Photograph:
    """The part of a photograph that counts, under the digest of the whole; the whole where nothing is cut.

    Raises:
        ImageError: `too_small`.
    """
    if crop is None:
        return photograph
    turned = np.rot90(photograph.pixels, -crop.turns)
    height, width = turned.shape[:2]
    left, top = round(crop.left * width), round(crop.top * height)
    right, bottom = round((crop.left + crop.width) * width), round((crop.top + crop.height) * height)
    part = np.ascontiguousarray(turned[top:bottom, left:right])
    if min(part.shape[:2]) < limits.min_side:
        raise ImageError(
            "too_small",
            f"The part has {part.shape[1]} x {part.shape[0]} pixels; it takes at least {limits.min_side} on each side.",
        )
    return Photograph(part, photograph.sha256, photograph.format)


def decode(data: bytes, limits: Limits = Limits(), patience: float | None = None) -> Photograph:
    """Check and decode one image file, in a process of its own unless it is a plain JPEG or PNG of ordinary size.

    Args:
        data: the whole file.
        limits: checked against the header before any pixel is decoded.
        patience: seconds to wait until a process is free; as long as it takes for None.

    Raises:
        ImageError: `empty`, `too_large`, `not_an_image`, `unsupported`, `too_small`, `too_many_pixels`, `animated`,
            `truncated`, `too_complex` or `busy`.
    """
    if not data:
        raise ImageError("empty", "The file is empty. Choose the photograph again.")
    if len(data) > limits.max_bytes:
        raise ImageError(
            "too_large",
            f"The file has {len(data) / 1e6:.0f} MB; the limit is {limits.max_bytes / 1e6:.0f} MB.",
        )
    if not is_known_format(data):
        raise ImageError("not_an_image", f"This is not a {NAMES} image.")
    if plain.is_plain(data):
        picture = read_picture(data, limits, profiles=False)
    elif jpeg.is_endless(data):
        raise too_complex()
    else:
        picture = helper.read_in_helper(data, limits, patience)
        if picture.srgb:
            plain.remember_srgb(data)
    own = jpeg.strip_metadata(data, picture.orientation) if picture.orientation is not None else None
    digest = hashlib.sha256(data).hexdigest()
    return Photograph(picture.pixels, digest, picture.format, own, picture.taken, picture.optics)


def image_files_below(folder: Path) -> Iterator[Path]:
    """The image files of a folder and the folders in it, of which only one folder's names are held at a time.

    Names that begin with a dot are passed over: so systems name what they keep beside photographs (`._x.jpg`).
    """
    with os.scandir(folder) as entries:
        visible = (entry for entry in entries if not entry.name.startswith("."))
        inside = sorted(visible, key=lambda entry: entry.name)
    for entry in inside:
        if entry.is_dir(follow_symlinks=False):
            yield from image_files_below(folder / entry.name)
        elif Path(entry.name).suffix.lower() in SUFFIXES and entry.is_file():
            yield folder / entry.name


def square(pixels: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """The centred square of an image, resized with antialiasing: the network's input.

    Args:
        pixels: uint8 (height, width, 3).
        size: side of the result in pixels.

    Returns:
        uint8 (size, size, 3).
    """
    height, width = pixels.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    middle = Image.fromarray(pixels[top : top + side, left : left + side])
    return np.asarray(middle.resize((size, size), Image.Resampling.BICUBIC, reducing_gap=1.0))


def encode(pixels: NDArray[np.uint8], quality: int = 90, max_side: int | None = None) -> bytes:
    """Pixels to a JPEG file without any metadata, reduced so that the longer side has at most `max_side` pixels."""
    image = Image.fromarray(pixels)
    if max_side is not None:
        image.thumbnail((max_side, max_side), Image.Resampling.BICUBIC, reducing_gap=1.0)
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def encode_exactly(photograph: Photograph) -> bytes:
    """A file without metadata that is decoded to exactly the photograph's pixels: its own JPEG data, or else WebP."""
    if photograph.jpeg is not None:
        return photograph.jpeg
    buffer = BytesIO()
    # Beside PNG at its fastest: two thirds of the bytes in three quarters of the time.
    Image.fromarray(photograph.pixels).save(buffer, "WEBP", lossless=True, quality=0, method=0)
    return buffer.getvalue()

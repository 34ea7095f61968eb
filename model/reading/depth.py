"""Greyscale with more than 8 bits: which number is black and which is white. Never guessed from the numbers found."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from model.reading.limits import ImageError

BITS, PHOTOMETRIC, MAXIMUM, SAMPLE_FORMAT, S_MINIMUM, S_MAXIMUM = 258, 262, 281, 339, 340, 341
UNSIGNED, FLOAT = 1, 3
WHITE_IS_ZERO = 0
# By how much of the whole range floating-point numbers may lie beyond it, as sharpening leaves them.
BEYOND = 0.1


@dataclass(frozen=True)
class Grey:
    """The numbers of a greyscale picture.

    Attributes:
        black, white: which numbers these are; white may be the smaller one.
        wide: whether the numbers are unsigned and 32 bits long, which Pillow takes for signed ones.
    """

    black: float
    white: float
    wide: bool = False

    def eight_bit(self, strip: Image.Image) -> Image.Image:
        """The numbers as an 8-bit greyscale picture.

        Raises:
            ImageError: `unsupported`, when the numbers are not what the file says they are.
        """
        values = np.asarray(strip)
        if self.wide:
            values = values.view(np.uint32)
        shares = (values.astype(np.float64) - self.black) / (self.white - self.black)
        # Not a number fails this too.
        if not (shares.min() >= -BEYOND and shares.max() <= 1 + BEYOND):
            raise unknown_white()
        return Image.fromarray(np.rint(np.clip(shares, 0, 1) * 255).astype(np.uint8))


def grey_range(image: Image.Image) -> Grey | None:
    """Black and white of a picture with more than 8 bits of grey; None for any other picture.

    Raises:
        ImageError: `unsupported`, when the file does not say which number is white.
    """
    if not image.mode.startswith("I") and image.mode != "F":
        return None
    tags: Any = getattr(image, "tag_v2", {})
    bits, kind = tag_number(tags, BITS, 16), tag_number(tags, SAMPLE_FORMAT, UNSIGNED)
    black, white = tag_number(tags, S_MINIMUM), tag_number(tags, S_MAXIMUM)
    if kind == UNSIGNED:
        most = tag_number(tags, MAXIMUM, 0)
        # A whole number of bits is where white lies; any other number is the brightest that was found.
        used = most if 255 < most < 2**bits and (int(most) + 1) & int(most) == 0 else 2**bits - 1
        black, white = black if black is not None else 0, white if white is not None else used
    elif kind == FLOAT:
        black, white = black if black is not None else 0.0, white if white is not None else 1.0
    if black is None or white is None or not np.isfinite([black, white]).all() or not white > black:
        raise unknown_white()
    if tags.get(PHOTOMETRIC) == WHITE_IS_ZERO:
        black, white = white, black
    return Grey(black, white, wide=kind == UNSIGNED and bits == 32)


def tag_number(tags: Any, tag: int, default: Any = None) -> Any:
    """A tag's first value as a number."""
    value = tags.get(tag, default)
    return value[0] if isinstance(value, tuple) and value else value


def unknown_white() -> ImageError:
    """The error for a picture whose numbers could mean any brightness."""
    return ImageError(
        "unsupported",
        "The file does not say which of its numbers is white. Save it with 8 bits a channel.",
    )

"""Files with more than one picture: the photograph, where the others are copies or other views of it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model.reading.limits import Limits, several_pictures

# TIFF tags and what they say of a page: a reduced copy or a mask of another one.
NEW_SUBFILE, SUBFILE = 254, 255
COPY_OR_MASK, OLD_COPY = 1 | 4, 2
# Groups of HEIF pictures that show the same: stereo pairs and alternatives.
VIEWS = ("ster", "altr")
MOST = 20
# Pictures are compared at this size, moved sideways by so much, as two eyes see them.
SIDE, SHIFT = 32, 3
# Mean difference in levels up to which two pictures show the same.
SAME = 6.0


def take_primary(image: Image.Image, limits: Limits) -> None:
    """Seek the photograph among the pictures of a file.

    Raises:
        ImageError: `animated`, when the pictures show different things.
    """
    count = getattr(image, "n_frames", 1)
    # What telephones write behind the photograph (MPO), previews, brightness, the other eye, is theirs to know.
    if count == 1 or image.format == "MPO":
        return
    if count > MOST or image.format not in ("TIFF", "HEIF"):
        raise several_pictures()
    first: int = image.tell()
    if image.format == "TIFF":
        pages = [page for page in range(count) if not is_copy(image, page)]
        first = pages[0] if pages else 0
        others = pages[1:]
    else:
        others = [index for index in range(count) if index != first and not is_view(image, first, index)]
    if others:
        shown = small_picture(image, first, limits)
        if any(not same_scene(shown, small_picture(image, other, limits)) for other in others):
            raise several_pictures()
    image.seek(first)


def is_copy(image: Image.Image, page: int) -> bool:
    """Whether a page of a TIFF file says that it is a reduced copy or a mask."""
    image.seek(page)
    tags: Any = image.tag_v2  # type: ignore[attr-defined]
    return bool(tags.get(NEW_SUBFILE, 0) & COPY_OR_MASK) or tags.get(SUBFILE) == OLD_COPY


def is_view(image: Image.Image, first: int, index: int) -> bool:
    """Whether a HEIF file says that two pictures are views of the same."""
    groups = image.info.get("entity_groups", ())
    return any(group["type"] in VIEWS and {first, index} <= set(group["images"]) for group in groups)


def small_picture(image: Image.Image, index: int, limits: Limits) -> NDArray[np.int16]:
    """A picture of a file as int16 (SIDE, SIDE, 3)."""
    image.seek(index)
    if image.width * image.height > limits.max_pixels:
        raise several_pictures()
    return np.asarray(image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR), np.int16)


def same_scene(one: NDArray[np.int16], other: NDArray[np.int16]) -> bool:
    """Whether two small pictures show the same, perhaps from a little to the side."""
    shifts = range(-SHIFT, SHIFT + 1)
    return (
        min(float(np.abs(moved_sideways(one, by) - moved_sideways(other, -by)).mean()) for by in shifts)
        < SAME
    )


def moved_sideways(small: NDArray[np.int16], by: int) -> NDArray[np.int16]:
    """What is left of a picture that is moved sideways by so many columns."""
    return small[:, max(by, 0) : SIDE + min(by, 0)]

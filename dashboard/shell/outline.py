"""The border of what the model looked at, as a picture: a thin line over the photograph, and never a fill."""

from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageFilter

from dashboard.services import Services
from dashboard.shell.text import NO_HEATMAP
from dashboard.store import NotFound

if TYPE_CHECKING:
    from dashboard.store import Record

NOTHING_STANDS_OUT = "No single region stood out to the model."

# Of the picture's sides, in pixels; and how wide the line and its dark casing are there, half on each side.
SIDE, LINE, CASING = 672, 1.5, 3.5
# How opaque a stored heatmap is where half of the greatest evidence lies (see `model.evidence.heatmap_png`).
HALF = 70
# A region that takes up more of the square than this does not stand out.
LARGEST = 0.5
# Pixels over which the steps of the stored map are smoothed.
SMOOTH = 6.0


def outline_of(services: Services, record: "Record") -> tuple[bytes, str]:
    """The outline of a stored prediction as PNG, and the sentence why there is none; one of the two is empty."""
    if not services.shows_heatmap(record):
        return b"", NO_HEATMAP
    try:
        outline = outline_png(services.store.heatmap(record.id))
    except NotFound:
        return b"", NOTHING_STANDS_OUT
    return (outline, "") if outline else (b"", NOTHING_STANDS_OUT)


def why_no_outline(services: Services, record: "Record") -> str:
    """The sentence that stands in place of the outline; empty where there is one."""
    return outline_of(services, record)[1]


@lru_cache(maxsize=256)
def outline_png(heatmap: bytes) -> bytes | None:
    """A line around what has at least half of the greatest evidence, to lay over the photograph's centred square.

    Args:
        heatmap: a stored one, a PNG with transparency.

    Returns:
        PNG with transparency: white on dark, readable on every skin. None where no region stands out.
    """
    with Image.open(BytesIO(heatmap)) as stored:
        opacity = np.asarray(stored.convert("RGBA"))[..., 3]
    region = opacity >= HALF
    if not 0 < region.mean() <= LARGEST:
        return None
    mask = Image.fromarray(region.astype(np.uint8) * 255).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    smooth = np.asarray(mask.filter(ImageFilter.GaussianBlur(SMOOTH)), np.float32) / 255 - 0.5
    # A blurred border rises by 1 / (SMOOTH * sqrt(2 pi)) a pixel: so far is each pixel from it.
    distance = np.abs(smooth) * SMOOTH * np.sqrt(2 * np.pi)
    line, casing = (np.clip(width + 0.5 - distance, 0, 1) for width in (LINE, CASING))
    pixels = np.stack([line * 255, np.maximum(line, 0.65 * casing) * 255], axis=-1)
    buffer = BytesIO()
    Image.fromarray(pixels.astype(np.uint8), "LA").save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()

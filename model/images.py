"""From the bytes of an image file to upright RGB pixels and to the network's input.

This is the only decoder of the project: training, web page, REST API and command line all come through here, so that
the same file gives the same probability everywhere.
"""

import hashlib
import warnings
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

FORMATS: tuple[str, ...] = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "HEIF", "DICOM")
NAMES = "JPEG, PNG, WebP, TIFF, BMP, HEIC or DICOM"
# What their files are called, for those who look through folders.
SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".heic", ".heif", ".dcm", ".dicom"}
)
# A larger JPEG is reduced while it is decoded, which takes half the time or less: no network sees more than this.
ENOUGH = 1024

# Pillow only warns up to twice its own limit. Set once for the process: catching warnings is not safe in threads.
warnings.simplefilter("error", Image.DecompressionBombWarning)


@dataclass(frozen=True)
class Limits:
    """What a file may be: at most `max_bytes` long, `max_pixels` in all, and `min_side` pixels on its shorter side."""

    max_bytes: int = 25_000_000
    max_pixels: int = 50_000_000
    min_side: int = 32


class ImageError(ValueError):
    """A file that cannot be used. `str()` is a sentence for the user; `code` names the reason for programs."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True)
class Photograph:
    """A decoded image.

    Attributes:
        pixels: uint8 (height, width, 3), RGB, upright; of a large JPEG at a half, a quarter or an eighth of its size,
            with ENOUGH pixels or more on the shorter side.
        sha256: hexadecimal digest of the bytes that came in, not of the pixels.
        format: one of FORMATS.
    """

    pixels: NDArray[np.uint8]
    sha256: str
    format: str


def decode(data: bytes, limits: Limits = Limits()) -> Photograph:
    """Check and decode one image file.

    Args:
        data: the whole file.
        limits: checked against the header before any pixel is decoded.

    Raises:
        ImageError: `empty`, `too_large`, `not_an_image`, `unsupported`, `too_small`, `too_many_pixels`, `animated` or
            `truncated`.
    """
    if not data:
        raise ImageError("empty", "The file is empty. Choose the photograph again.")
    if len(data) > limits.max_bytes:
        raise ImageError(
            "too_large",
            f"The file has {len(data) / 1e6:.0f} MB; the limit is {limits.max_bytes / 1e6:.0f} MB.",
        )
    try:
        with opened(data, limits) as image:
            check_header(image, limits)
            kind = "JPEG" if image.format == "MPO" else str(image.format)
            reduce_early(image)
            return Photograph(upright_rgb(image), hashlib.sha256(data).hexdigest(), kind)
    except ImageError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise too_many_pixels(limits) from error
    except UnidentifiedImageError as error:
        raise ImageError("not_an_image", f"This is not a {NAMES} image.") from error
    # Pillow's decoders raise nearly anything on damaged input; whatever it is, the file cannot be read.
    except Exception as error:
        raise ImageError("truncated", "The image is damaged or incomplete. Save or copy it again.") from error


def opened(data: bytes, limits: Limits) -> Image.Image:
    """The image behind the bytes, its header read and, but for DICOM, no pixel decoded yet."""
    if data[128:132] == b"DICM":
        # Here, because it takes a second or two to import, and most never send one.
        from model.dicom import read_dicom

        return read_dicom(data, limits)
    if data[4:8] == b"ftyp":
        from pillow_heif import HeifImageFile, register_heif_opener

        if HeifImageFile.format not in Image.OPEN:
            register_heif_opener(thumbnails=False)
        return Image.open(BytesIO(data), formats=["HEIF"])
    # Pillow looks for a plug-in that it does not know among all it has, and then fails on what is no image.
    return Image.open(BytesIO(data), formats=[kind for kind in FORMATS if kind not in ("HEIF", "DICOM")])


def reduce_early(image: Image.Image) -> None:
    """Have a JPEG much larger than ENOUGH decoded at a fraction of its size; no other format can."""
    times = min(image.size) // ENOUGH
    if image.format in ("JPEG", "MPO") and times > 1:
        image.draft(None, (image.width // times, image.height // times))


def check_header(image: Image.Image, limits: Limits) -> None:
    """Raise ImageError when the header announces an image outside of the limits, or more than one frame."""
    width, height = image.size
    if width * height > limits.max_pixels:
        raise too_many_pixels(limits)
    if min(width, height) < limits.min_side:
        raise ImageError(
            "too_small",
            f"The image has {width} x {height} pixels; it takes at least {limits.min_side} on each side.",
        )
    # Telephones write a preview or a brightness map behind the photograph (MPO): the photograph comes first.
    if image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
        raise ImageError(
            "animated", "The file holds more than one picture. Save the one that shows the lesion."
        )


def too_many_pixels(limits: Limits) -> ImageError:
    """The error for an image that would not fit into memory limits once decoded."""
    return ImageError(
        "too_many_pixels",
        f"The image has more than {limits.max_pixels / 1e6:.0f} megapixels. Make it smaller.",
    )


def upright_rgb(image: Image.Image) -> NDArray[np.uint8]:
    """Any colour mode and EXIF orientation to uint8 (height, width, 3) RGB. Transparency is laid over white."""
    image.load()
    # In place, and converted only if need be: either would copy an image that stays as it is.
    ImageOps.exif_transpose(image, in_place=True)
    if image.mode.startswith("I") or image.mode == "F":
        image = eight_bit(image)
    if image.has_transparency_data:
        over = image.convert("RGBA")
        white = Image.new("RGBA", over.size, "white")
        image = Image.alpha_composite(white, over)
    return np.asarray(image if image.mode == "RGB" else image.convert("RGB"))


def eight_bit(image: Image.Image) -> Image.Image:
    """A 16- or 32-bit greyscale image to 8 bits. Pillow's own conversion would clip everything above 255 to white."""
    values = np.asarray(image).astype(np.float64)
    full = 65535.0 if values.max(initial=0.0) > 255 else 255.0
    if values.max(initial=0.0) > full or not np.isfinite(values).all():
        raise ImageError(
            "unsupported", "The image has an unusual pixel depth. Save it with 8 bits a channel."
        )
    return Image.fromarray(np.rint(np.clip(values, 0, None) * (255.0 / full)).astype(np.uint8))


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

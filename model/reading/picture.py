"""From the bytes of an image file, whatever its format, to upright RGB pixels in sRGB.

What a file means is settled here: which of its pictures counts, which number is white, which colours are meant, which
side is up. Decoders are as safe as their libraries: `model.images` says which files are read in a process of their own.
"""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from PIL.TiffImagePlugin import PREFIXES, TiffImageFile

from model.reading import jpeg
from model.reading.dates import exif_moment
from model.reading.depth import Grey, grey_range
from model.reading.limits import ImageError, Limits, too_complex, too_many_pixels, unsupported
from model.reading.primary import take_primary

FORMATS: tuple[str, ...] = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "HEIF", "DICOM")
NAMES = "JPEG, PNG, WebP, TIFF, BMP, HEIC or DICOM"
# A larger picture is reduced, a JPEG while it is decoded: no network sees more than this.
ENOUGH = 1024
ORIENTATION = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Rows that are converted at a time, a multiple of every reduction: a whole picture would be held several times over.
ROWS = 256
# With the alpha multiplied in, Pillow converts only to the same without.
PLAIN_ALPHA = {"La": "LA", "RGBa": "RGBA"}

# Pillow only warns up to twice its own limit. Set once for the process: catching warnings is not safe in threads.
warnings.simplefilter("error", Image.DecompressionBombWarning)


@dataclass(frozen=True)
class Picture:
    """What a file shows.

    Attributes:
        pixels: uint8 (height, width, 3), sRGB, upright.
        format: one of FORMATS.
        orientation: 1 to 8; of a JPEG whose own coded data, turned so, gives exactly these pixels; None otherwise.
        srgb: whether the file has a profile that changes nothing.
        taken: when it was photographed, see `model.reading.dates`; None where the file does not say.
        optics: of a DICOM file what it says of the dermatoscope: polarisation, contact, magnification.
    """

    pixels: NDArray[np.uint8]
    format: str
    orientation: int | None = None
    srgb: bool = False
    taken: str | None = None
    optics: Mapping[str, str | float] = field(default_factory=dict)


def read_picture(data: bytes, limits: Limits, profiles: bool = True) -> Picture:
    """Decode one file.

    Args:
        profiles: whether to look for a colour profile; not where it is known to be sRGB, or that there is none.

    Raises:
        ImageError: `not_an_image`, `unsupported`, `too_small`, `too_many_pixels`, `animated`, `truncated` or
            `too_complex`.
    """
    try:
        with open_picture(data, limits) as image:
            return decode_picture(image, limits, profiles)
    except ImageError:
        raise
    except MemoryError as error:
        raise too_complex() from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise too_many_pixels(limits) from error
    except UnidentifiedImageError as error:
        raise unidentified_error(data) from error
    # Decoders raise nearly anything on damaged input; whatever it is, the file cannot be read.
    except Exception as error:
        # HEIC's says it in words only.
        if "emory" in str(error):
            raise too_complex() from error
        raise ImageError("truncated", "The image is damaged or incomplete. Save or copy it again.") from error


def is_dicom(data: bytes) -> bool:
    """Whether the data is a DICOM file, perhaps without its preamble: as old archives keep them."""
    if data[128:132] == b"DICM" or data[:4] == b"DICM":
        return True
    if data[:2] not in (b"\x02\0", b"\x08\0") or data[3:4] != b"\0":
        return False
    return data[4:6] in (b"UL", b"UI", b"CS", b"OB") or int.from_bytes(data[4:8], "little") <= 256


def is_known_format(data: bytes) -> bool:
    """Whether the first bytes are those of a format that is read here."""
    starts = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM", *PREFIXES)
    container = data[4:8] == b"ftyp" or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")
    return data.startswith(starts) or container or is_dicom(data)


def open_picture(data: bytes, limits: Limits) -> Image.Image:
    """The image behind the bytes, its header read and, but for DICOM, no pixel decoded yet."""
    if is_dicom(data):
        # Here, because it takes a second or two to import, and most never send one.
        from model.reading.dicom import read_dicom

        return read_dicom(data, limits)
    if data[4:8] == b"ftyp":
        from pillow_heif import HeifImageFile, register_heif_opener

        if HeifImageFile.format not in Image.OPEN:
            register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
        return Image.open(BytesIO(data), formats=["HEIF"])
    # Pillow looks for a plug-in that it does not know among all it has, and then fails on what is no image.
    return Image.open(BytesIO(data), formats=[kind for kind in FORMATS if kind not in ("HEIF", "DICOM")])


def unidentified_error(data: bytes) -> ImageError:
    """The error for a file that no decoder knows, or whose format is known and its kind of pixels is not."""
    head = jpeg.read_jpeg_head(data)
    rare = head is not None and (head.precision != 8 or head.frame.marker > jpeg.PROGRESSIVE)
    if data.startswith(tuple(PREFIXES)):
        try:
            TiffImageFile(BytesIO(data))
        except SyntaxError as error:
            rare = "unknown" in str(error)
        except Exception:
            rare = False
    if rare:
        return unsupported("Its pixels are stored in a rare way. Save it with 8 bits a channel.")
    return ImageError("not_an_image", f"This is not a {NAMES} image.")


def decode_picture(image: Image.Image, limits: Limits, profiles: bool) -> Picture:
    """What an open image shows."""
    limits.check_size(*image.size)
    kind = "JPEG" if image.format == "MPO" else str(image.format)
    take_primary(image, limits)
    limits.check_size(*image.size)
    taken, optics = image.info.get("taken") or exif_moment(image), image.info.get("optics") or {}
    factor = reduction_factor(image.size)
    if kind == "JPEG":
        image.draft(None, (image.width // factor, image.height // factor))
        factor = 1
    image.load()
    orientation = orientation_of(image)
    profile = b""
    if profiles:
        # Only here: where no profile may be, no colour management is loaded.
        from model.reading.colour import image_profile

        profile = image_profile(image)
    untouched = image.mode in ("L", "RGB") and not changes_colours(profile, image.mode)
    rgb = upright_rgb(image, b"" if untouched else profile, factor, orientation)
    return Picture(
        np.asarray(rgb),
        kind,
        orientation if kind == "JPEG" and untouched else None,
        bool(profile) and untouched,
        taken if isinstance(taken, str) else None,
        optics,
    )


def reduction_factor(size: tuple[int, int]) -> int:
    """By how much a picture is reduced: 1, 2, 4 or 8, which leaves ENOUGH pixels or more on the shorter side."""
    times = min(size) // ENOUGH
    return next((step for step in (8, 4, 2) if times >= step), 1)


def orientation_of(image: Image.Image) -> int:
    """The EXIF orientation, 1 where there is none or it makes no sense."""
    # Damaged EXIF breaks in many ways, and the picture is whole.
    try:
        value = image.getexif().get(ORIENTATION)
    except Exception:
        return 1
    return value if isinstance(value, int) and value in TURNS else 1


def changes_colours(profile: bytes, mode: str) -> bool:
    """Whether a profile changes the colours of grey or RGB pictures."""
    if not profile:
        return False
    from model.reading.colour import to_srgb

    return to_srgb(profile, mode) is not None or (mode == "L" and to_srgb(profile, "RGB") is not None)


def upright_rgb(image: Image.Image, profile: bytes, factor: int, orientation: int) -> Image.Image:
    """Any mode to RGB in sRGB, reduced and upright. Transparency is laid over white."""
    if image.mode == "RGB" and not profile and not image.has_transparency_data:
        picture = image.reduce(factor) if factor > 1 else image
    else:
        picture = in_strips(image, strip_converter(profile, grey_range(image)), factor)
    turn = TURNS.get(orientation)
    return picture if turn is None else picture.transpose(turn)


def in_strips(image: Image.Image, convert: Callable[[Image.Image], Image.Image], factor: int) -> Image.Image:
    """A picture converted, and reduced, a few rows at a time."""
    width, height = image.size
    whole = Image.new("RGB", (-(-width // factor), -(-height // factor)))
    for top in range(0, height, ROWS):
        strip = convert(image.crop((0, top, width, min(top + ROWS, height))))
        whole.paste(strip.reduce(factor) if factor > 1 else strip, (0, top // factor))
    return whole


def strip_converter(profile: bytes, grey: Grey | None) -> Callable[[Image.Image], Image.Image]:
    """What turns a strip of any mode into RGB in sRGB."""

    def convert(strip: Image.Image) -> Image.Image:
        if grey is not None:
            strip = grey.eight_bit(strip)
        alpha = None
        if strip.has_transparency_data:
            strip = strip.convert(PLAIN_ALPHA.get(strip.mode, strip.mode))
            strip = strip if strip.mode == "LA" else strip.convert("RGBA")
            alpha = strip.getchannel("A")
            strip = strip.getchannel("L") if strip.mode == "LA" else strip.convert("RGB")
        strip = in_srgb(strip, profile)
        if alpha is not None:
            white = Image.new("RGB", strip.size, "white")
            white.paste(strip, mask=alpha)
            return white
        return strip

    return convert


def in_srgb(strip: Image.Image, profile: bytes) -> Image.Image:
    """Pixels without transparency as RGB in sRGB."""
    if strip.mode == "1":
        strip = strip.convert("L")
    elif strip.mode not in ("L", "RGB", "CMYK", "LAB"):
        strip = strip.convert("RGB")
    if not profile and strip.mode != "LAB":
        return strip.convert("RGB")
    from model.reading import colour

    if strip.mode == "LAB":
        return colour.apply_transform(strip, colour.from_lab())
    if strip.mode == "L" and colour.mode_of_profile(profile) == "RGB":
        strip = strip.convert("RGB")
    transform = colour.to_srgb(profile, strip.mode)
    return strip.convert("RGB") if transform is None else colour.apply_transform(strip, transform)

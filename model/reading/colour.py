"""Colours: from those that a file means, in an ICC profile or in numbers of its own, to sRGB.

sRGB is what everything after the decoder takes.
"""

import struct
from collections.abc import Sequence
from functools import lru_cache
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms
from PIL.ExifTags import IFD

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
# The letters by which a profile names its colours, and the mode in which Pillow has them.
SPACES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab": "LAB"}
# A profile that changes no colour by more is sRGB, whatever it is called.
SAME = 1
# Chromaticities of red, green, blue and white, by their number in ITU-T H.273.
PRIMARIES: dict[int, tuple[float, ...]] = {
    9: (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, 0.3127, 0.3290),
    11: (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.314, 0.351),
    12: (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.3127, 0.3290),
}
ADOBE_RGB = (0.64, 0.33, 0.21, 0.71, 0.15, 0.06, 0.3127, 0.3290)
D50 = (0.9642, 1.0, 0.8249)
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
SRGB_GAMMA = 0.45455
SRGB_CHROMATICITY = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
# Transfer curves of ITU-T H.273 that are shown like that of sRGB; others, for brighter screens, are left alone.
ORDINARY_CURVES = {1, 6, 13, 14, 15}
INTEROPERABILITY = 1
Transform = ImageCms.ImageCmsTransform


def image_profile(image: Image.Image) -> bytes:
    """The ICC profile of an open image, or one made from what it says; empty where its colours are sRGB."""
    icc = image.info.get("icc_profile")
    if icc:
        return icc if mode_of_profile(icc) is not None else b""
    return heif_profile(image) or png_profile(image) or exif_profile(image)


def heif_profile(image: Image.Image) -> bytes:
    """From the coding-independent code points of a HEIF file."""
    nclx: Any = image.info.get("nclx_profile")
    if not isinstance(nclx, dict) or nclx.get("transfer_characteristics") not in ORDINARY_CURVES:
        return b""
    primaries = PRIMARIES.get(nclx.get("color_primaries", 0))
    return made_profile(primaries, None) if primaries else b""


def png_profile(image: Image.Image) -> bytes:
    """From the gamma and the primaries of a PNG file."""
    gamma, colours = image.info.get("gamma"), image.info.get("chromaticity", SRGB_CHROMATICITY)
    if image.format != "PNG" or "srgb" in image.info or not gamma or min(colours[1::2]) <= 0:
        return b""
    ordinary = abs(gamma - SRGB_GAMMA) < 0.01
    if ordinary and all(
        abs(one - other) < 0.002 for one, other in zip(colours, SRGB_CHROMATICITY, strict=True)
    ):
        return b""
    return made_profile((*colours[2:], *colours[:2]), None if ordinary else 1 / gamma)


def exif_profile(image: Image.Image) -> bytes:
    """Of cameras that are set to Adobe RGB and only say so in EXIF."""
    # Damaged EXIF breaks in many ways.
    try:
        named = image.getexif().get_ifd(IFD.Interop).get(INTEROPERABILITY)
    except Exception:
        return b""
    return made_profile(ADOBE_RGB, 563 / 256) if str(named).rstrip("\0") == "R03" else b""


@lru_cache(maxsize=64)
def to_srgb(profile: bytes, mode: str) -> Transform | None:
    """What turns pictures of a mode ("L", "RGB", "CMYK" or "LAB") into RGB in sRGB.

    Returns:
        None where there is nothing to turn: the profile is sRGB, is for other pictures, or cannot be read.
    """
    try:
        opened = ImageCms.ImageCmsProfile(BytesIO(profile))
        space = SPACES.get(opened.profile.xcolor_space.strip())
        if space != mode:
            return None
        transform = build_transform(opened, mode)
        return None if changes_nothing(transform, mode) else transform
    # A broken profile breaks in many ways; the picture is then read as nearly all are meant.
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def mode_of_profile(profile: bytes) -> str | None:
    """The mode of the pictures that a profile is for; None where it cannot be read."""
    try:
        return SPACES.get(ImageCms.ImageCmsProfile(BytesIO(profile)).profile.xcolor_space.strip())
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def build_transform(profile: ImageCms.ImageCmsProfile, mode: str) -> Transform:
    """From a profile's colours to sRGB; what sRGB has not becomes the nearest that it has."""
    return ImageCms.buildTransform(
        profile,
        SRGB,
        mode,
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )


@lru_cache(maxsize=1)
def from_lab() -> Transform:
    """From CIELAB to sRGB."""
    return build_transform(ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")), "LAB")


def changes_nothing(transform: Transform, mode: str) -> bool:
    """Whether a transform leaves every grey or every colour as it is."""
    steps = np.arange(0, 256, 17, dtype=np.uint8)
    every = np.stack(np.meshgrid(steps, steps, steps), -1).reshape(64, 64, 3)
    if mode == "L":
        every = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, 2)
    elif mode != "RGB":
        return False
    changed = apply_transform(Image.fromarray(every).convert(mode), transform)
    return bool(np.abs(np.asarray(changed).astype(int) - every).max() <= SAME)


def apply_transform(image: Image.Image, transform: Transform) -> Image.Image:
    """A picture of the transform's mode in sRGB."""
    changed = ImageCms.applyTransform(image, transform)
    if changed is None:
        raise ValueError("nothing was converted")
    return changed


def made_profile(primaries: Sequence[float], gamma: float | None) -> bytes:
    """A profile of an RGB space that a file describes in numbers.

    Args:
        primaries: x and y of red, green, blue and white.
        gamma: of the transfer curve; None for that of sRGB.
    """
    white = tristimulus(*primaries[6:8])
    colours = np.stack([tristimulus(*primaries[place : place + 2]) for place in (0, 2, 4)], 1)
    scaled = colours * np.linalg.solve(colours, white)
    adaptation = np.linalg.solve(
        BRADFORD, np.diag((BRADFORD @ np.array(D50)) / (BRADFORD @ white)) @ BRADFORD
    )
    columns = (adaptation @ scaled).T
    curve = curve_tag(gamma)
    tags = [
        (b"desc", b"desc" + bytes(4) + struct.pack(">I", 5) + b"made\0" + bytes(78)),
        (b"cprt", b"text" + bytes(4) + b"none\0"),
        (b"wtpt", xyz_tag(D50)),
        *((name + b"XYZ", xyz_tag(column)) for name, column in zip((b"r", b"g", b"b"), columns, strict=True)),
        *((name + b"TRC", curve) for name in (b"r", b"g", b"b")),
    ]
    return profile_from_tags(tags)


def tristimulus(x: float, y: float) -> NDArray[np.float64]:
    """Tristimulus values of a chromaticity at luminance 1."""
    return np.array([x / y, 1.0, (1 - x - y) / y])


def fixed_point(value: float) -> bytes:
    """A number as profiles write it."""
    return struct.pack(">i", round(value * 65536))


def xyz_tag(values: Sequence[float] | NDArray[np.float64]) -> bytes:
    """Tristimulus values as a tag."""
    return b"XYZ \0\0\0\0" + b"".join(map(fixed_point, values))


def curve_tag(gamma: float | None) -> bytes:
    """A transfer curve as a parametric tag."""
    if gamma is not None:
        return b"para\0\0\0\0\0\0\0\0" + fixed_point(gamma)
    numbers = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    return b"para\0\0\0\0\0\3\0\0" + b"".join(map(fixed_point, numbers))


def profile_from_tags(tags: Sequence[tuple[bytes, bytes]]) -> bytes:
    """A display profile with these tags."""
    place = 132 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, content in tags:
        padded = content + bytes(-len(content) % 4)
        table += name + struct.pack(">II", place + len(body), len(content))
        body += padded
    size = struct.pack(">I", 128 + len(table) + len(body))
    start = size + bytes(4) + b"\x02\x40\0\0mntrRGB XYZ " + bytes(12) + b"acsp" + bytes(28)
    return (start + b"".join(map(fixed_point, D50))).ljust(128, b"\0") + table + body

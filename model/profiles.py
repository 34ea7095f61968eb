"""Where files say which colours they mean: in an ICC profile, or in numbers and names of their own."""

from typing import Any

from PIL import Image
from PIL.ExifTags import IFD

from model.colour import ADOBE_RGB, PRIMARIES, colours_of, made_profile

SRGB_GAMMA = 0.45455
SRGB_CHROMATICITY = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
# Transfer curves of ITU-T H.273 that are shown like that of sRGB; others, for brighter screens, are left alone.
ORDINARY_CURVES = {1, 6, 13, 14, 15}
INTEROPERABILITY = 1


def image_profile(image: Image.Image) -> bytes:
    """The ICC profile of an open image, or one made from what it says; empty where its colours are sRGB."""
    icc = image.info.get("icc_profile")
    if icc:
        return icc if colours_of(icc) is not None else b""
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

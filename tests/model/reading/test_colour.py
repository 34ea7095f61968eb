"""Colour profiles, wherever files carry them: what is decoded are the colours that were meant, in sRGB."""

import struct
import zlib
from io import BytesIO

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms

from model.images import decode
from model.reading import plain
from model.reading.colour import ADOBE_RGB, PRIMARIES, made_profile, to_srgb
from tests.files import lesion, saved
from tests.model.test_formats import dicom

WANTED = np.asarray(lesion().resize((200, 150)))
GREY = np.asarray(Image.fromarray(WANTED).convert("L"))
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
PROPHOTO = (0.7347, 0.2653, 0.1596, 0.8404, 0.0366, 0.0001, 0.3457, 0.3585)
PROFILES = {
    "Display P3": made_profile(PRIMARIES[12], None),
    "Adobe RGB": made_profile(ADOBE_RGB, 563 / 256),
    "ProPhoto": made_profile(PROPHOTO, 1.8),
    "BT.2020": made_profile(PRIMARIES[9], None),
}
LINEAR = {"quality": 98, "subsampling": 0}


def meant_in(profile: bytes, colours: np.ndarray = WANTED) -> Image.Image:
    """The numbers that show these sRGB colours in another space."""
    space = ImageCms.ImageCmsProfile(BytesIO(profile))
    found = ImageCms.profileToProfile(Image.fromarray(colours), ImageCms.createProfile("sRGB"), space)
    assert found is not None
    found.info.clear()
    return found


def off(data: bytes, wanted: np.ndarray = WANTED) -> float:
    return float(np.abs(decode(data).pixels.astype(int) - wanted).mean())


@pytest.mark.parametrize("name", PROFILES)
def test_profiles_are_what_their_names_say(name: str) -> None:
    """Checked against the primaries' chromaticities, not against ourselves."""
    transform = to_srgb(PROFILES[name], "RGB")
    assert transform is not None
    white = ImageCms.applyTransform(Image.new("RGB", (1, 1), "white"), transform)
    assert white is not None and min(white.getpixel((0, 0))) >= 254
    # Of all these spaces, sRGB's red is further from their own than one can show.
    assert meant_in(PROFILES[name], np.full((1, 1, 3), (200, 60, 40), np.uint8)).getpixel((0, 0))[0] < 200


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "HEIF"])
def test_every_container_shows_the_colours_that_were_meant(name: str, kind: str) -> None:
    pillow_heif.register_heif_opener(thumbnails=False)
    options = {
        "JPEG": LINEAR,
        "WEBP": {"lossless": True},
        "HEIF": {"quality": 98, "chroma": 444},
    }.get(kind, {})
    data = saved(meant_in(PROFILES[name]), kind, icc_profile=PROFILES[name], **options)
    assert off(data) < 3
    assert off(saved(meant_in(PROFILES[name]), kind, **options)) > 3


def test_grey_and_palette_and_transparent_pictures_have_profiles_too() -> None:
    dark = np.rint(
        (np.where(GREY / 255 <= 0.04045, GREY / 255 / 12.92, ((GREY / 255 + 0.055) / 1.055) ** 2.4))
        ** (1 / 1.8)
        * 255
    )
    grey = grey_profile(1.8)
    for kind in ("JPEG", "PNG", "TIFF"):
        found = saved(Image.fromarray(dark.astype(np.uint8)), kind, icc_profile=grey)
        assert off(found, np.repeat(GREY[..., None], 3, 2)) < 2
    wide = Image.fromarray((dark * 257).astype(np.uint16))
    assert off(saved(wide, "PNG", icc_profile=grey), np.repeat(GREY[..., None], 3, 2)) < 2
    few = Image.fromarray(WANTED).quantize(200)
    palette = np.array(few.getpalette(), np.uint8).reshape(1, -1, 3)
    moved = few.copy()
    moved.putpalette(np.asarray(meant_in(PROFILES["Display P3"], palette)).tobytes())
    found = saved(moved, "PNG", icc_profile=PROFILES["Display P3"])
    assert off(found, np.asarray(few.convert("RGB"))) < 2
    clear = meant_in(PROFILES["Display P3"]).convert("RGBA")
    clear.putalpha(Image.new("L", clear.size, 255))
    assert off(saved(clear, "PNG", icc_profile=PROFILES["Display P3"])) < 2


def grey_profile(gamma: float) -> bytes:
    """A profile for greyscale, made from one for colours."""
    whole = bytearray(made_profile(ADOBE_RGB, gamma))
    whole[16:20] = b"GRAY"
    return bytes(whole.replace(b"rTRC", b"kTRC"))


def test_cmyk_is_read_by_its_profile() -> None:
    profile = cmyk_profile()
    ink = Image.fromarray(np.dstack([255 - WANTED, np.zeros(WANTED.shape[:2], np.uint8)]), "CMYK")
    for kind, options in (("TIFF", {}), ("JPEG", LINEAR)):
        plainly = decode(saved(ink, kind, **options)).pixels
        found = decode(saved(ink, kind, icc_profile=profile, **options)).pixels
        # The profile says that all ink shows the same grey.
        assert np.abs(plainly.astype(int) - WANTED).mean() < 3
        assert found.std() < 3 and 100 < found.mean() < 140


def cmyk_profile() -> bytes:
    """A printer's profile in which every mixture shows the same grey (L* = 50)."""
    table = b"mft2" + bytes(4) + bytes([4, 3, 2, 0])
    table += b"".join(struct.pack(">i", value) for value in (65536, 0, 0, 0, 65536, 0, 0, 0, 65536))
    table += struct.pack(">HH", 2, 2) + struct.pack(">HH", 0, 65535) * 4
    table += struct.pack(">HHH", 0x8000, 0x8000, 0x8000) * 16 + struct.pack(">HH", 0, 65535) * 3
    tags = [
        (b"A2B0", table),
        (b"A2B1", table),
        (b"wtpt", b"XYZ \0\0\0\0" + struct.pack(">iii", 63190, 65536, 54061)),
    ]
    place, head, body = 132 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for name, content in tags:
        head += name + struct.pack(">II", place + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    start = struct.pack(">I", 128 + len(head) + len(body)) + bytes(4) + b"\x02\x40\0\0prtrCMYKLab "
    start += bytes(12) + b"acsp" + bytes(28) + struct.pack(">iii", 63190, 65536, 54061)
    return start.ljust(128, b"\0") + head + body


def test_lab_is_read() -> None:
    lab = ImageCms.profileToProfile(
        Image.fromarray(WANTED),
        ImageCms.createProfile("sRGB"),
        ImageCms.createProfile("LAB"),
        outputMode="LAB",
    )
    assert lab is not None and off(saved(lab, "TIFF")) < 3


def test_dicom_profiles_count_in_the_file_and_in_its_jpeg() -> None:
    profile = PROFILES["Display P3"]
    pixels = np.asarray(meant_in(profile))
    assert off(dicom(pixels, ICCProfile=profile)) < 2
    inside = saved(meant_in(profile), "JPEG", icc_profile=profile, **LINEAR)
    assert off(dicom(pixels, "1.2.840.10008.1.2.4.50", frame=inside)) < 3


def test_an_unreadable_profile_and_one_for_other_pictures_are_srgb() -> None:
    for profile in (bytes(200), SRGB[:300], b"x", cmyk_profile()):
        assert off(saved(Image.fromarray(WANTED), "PNG", icc_profile=profile)) == 0


def test_what_files_say_of_their_colours_without_a_profile_counts() -> None:
    adobe = meant_in(PROFILES["Adobe RGB"])
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA001] = 0xFFFF
    exif.get_ifd(0x8769)[0xA005] = {1: "R03", 2: b"0100"}
    assert off(saved(adobe, "JPEG", exif=exif, **LINEAR)) < 3
    gamma = np.rint(lesion_linear() ** (1 / 1.8) * 255).astype(np.uint8)
    png = saved(Image.fromarray(gamma), "PNG")
    assert off(with_chunk(png, b"gAMA", struct.pack(">I", 55556))) < 2
    assert off(with_chunk(with_chunk(png, b"gAMA", struct.pack(">I", 55556)), b"sRGB", b"\0")) > 3
    plainly = saved(Image.fromarray(WANTED), "PNG")
    assert off(with_chunk(plainly, b"gAMA", struct.pack(">I", 45455))) == 0


def lesion_linear() -> np.ndarray:
    """Shares of light."""
    share = WANTED / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def with_chunk(png: bytes, name: bytes, content: bytes) -> bytes:
    """A PNG file with one more chunk behind its header."""
    chunk = struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
    return png[:33] + chunk + png[33:]


def test_srgb_changes_nothing_and_is_plain_from_the_second_file_on() -> None:
    for kind, options in (("JPEG", LINEAR), ("PNG", {})):
        data = saved(Image.fromarray(WANTED), kind, icc_profile=SRGB, **options)
        without = saved(Image.fromarray(WANTED), kind, **options)
        first = decode(data)
        np.testing.assert_array_equal(first.pixels, decode(without).pixels)
        assert plain.is_plain(data)
        np.testing.assert_array_equal(decode(data).pixels, first.pixels)
    assert not plain.is_plain(
        saved(meant_in(PROFILES["Display P3"]), "JPEG", icc_profile=PROFILES["Display P3"])
    )

"""A JPEG's own coded data: the same pixels bit by bit, and nothing else of the file."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from model.images import ENOUGH, Photograph, decode, encode_exactly
from model.reading import jpeg
from tests import files
from tests.files import lesion, saved

SECRET = b"Doe^Jane 48.2N"


def marked(orientation: int = 1, **options: object) -> bytes:
    """A JPEG file that tells more than it should, in every place that it has."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = SECRET.decode()
    data = saved(lesion(), exif=exif, comment=SECRET, xmp=SECRET, **options)
    # A preview in a second APP0, and what follows the end.
    preview = b"\xff\xe0" + (len(SECRET) + 7).to_bytes(2, "big") + b"JFXX\0" + SECRET
    return data[:2] + preview + data[2:] + SECRET


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"progressive": True},
        {"subsampling": 0, "quality": 98},
        {"keep_rgb": True},
        {"optimize": True},
        {"restart_marker_rows": 1},
    ],
)
@pytest.mark.parametrize("orientation", [1, 6])
def test_the_same_pixels_and_nothing_else(options: dict[str, object], orientation: int) -> None:
    data = marked(orientation, **options)
    found = decode(data)
    assert found.jpeg is not None and data.count(SECRET) >= 5 and SECRET not in found.jpeg
    again = decode(found.jpeg)
    np.testing.assert_array_equal(again.pixels, found.pixels)
    assert again.jpeg == found.jpeg
    image = Image.open(BytesIO(found.jpeg))
    assert dict(image.getexif()) == ({} if orientation == 1 else {0x0112: 6})
    assert not {"comment", "xmp", "icc_profile"} & set(image.info)


def test_comments_between_scans_go_too() -> None:
    data = saved(lesion(), progressive=True)
    place = data.rfind(b"\xff\xda")
    comment = b"\xff\xfe" + (len(SECRET) + 2).to_bytes(2, "big") + SECRET
    found = decode(data[:place] + comment + data[place:])
    assert found.jpeg is not None and SECRET not in found.jpeg
    np.testing.assert_array_equal(decode(found.jpeg).pixels, found.pixels)


def test_a_preview_in_the_first_marker_goes_too() -> None:
    data = saved(lesion())
    head = data[4 + 2 : 4 + 2 + 12]
    pixels = SECRET.ljust(15, b"!") * 1
    preview = b"\xff\xe0" + (2 + 14 + 15).to_bytes(2, "big") + head + b"\x05\x01" + pixels
    found = decode(data[:2] + preview + data[20:])
    assert found.jpeg is not None and SECRET not in found.jpeg
    np.testing.assert_array_equal(decode(found.jpeg).pixels, found.pixels)


def test_grey_and_large_and_double_pictures() -> None:
    large = lesion().resize((3 * ENOUGH, 2 * ENOUGH + 100))
    for data in (
        saved(lesion().convert("L")),
        saved(large),
        saved(large, progressive=True),
        saved(lesion(), "MPO", save_all=True, append_images=[lesion(3)]),
    ):
        found = decode(data)
        assert found.jpeg is not None and len(found.jpeg) <= len(data)
        np.testing.assert_array_equal(decode(found.jpeg).pixels, found.pixels)


@pytest.mark.parametrize("name", files.ACCEPTED)
def test_whatever_is_kept_is_decoded_to_the_same_pixels(name: str) -> None:
    found = decode(files.ACCEPTED[name]())
    again = decode(encode_exactly(found))
    np.testing.assert_array_equal(again.pixels, found.pixels)
    assert encode_exactly(again) == encode_exactly(found)


def test_pixels_without_a_jpeg_are_kept_without_loss() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (70, 90, 3), np.uint8)
    kept = encode_exactly(Photograph(noise, "0" * 64, "PNG"))
    np.testing.assert_array_equal(decode(kept).pixels, noise)
    image = Image.open(BytesIO(kept))
    assert image.format == "WEBP" and not image.getexif()


def test_rare_ways_of_coding_have_no_data_of_their_own() -> None:
    data = bytearray(saved(lesion()))
    data[data.index(b"\xff\xc0") + 1] = 0xC9
    assert jpeg.strip_metadata(bytes(data), 1) is None
    assert jpeg.read_jpeg_head(b"\xff\xd8\xff") is None and jpeg.read_jpeg_head(saved(lesion())[:300]) is None


@pytest.mark.parametrize("progressive", [False, True])
def test_a_film_behind_a_photograph_is_no_part_of_it(progressive: bool) -> None:
    film = np.random.default_rng(0).bytes(9_000_000) + b"\xff\xda" * 300
    found = decode(saved(lesion(), progressive=progressive) + film)
    assert found.jpeg is not None and len(found.jpeg) < 200_000
    np.testing.assert_array_equal(decode(found.jpeg).pixels, found.pixels)

"""Greyscale with more than 8 bits: white is what the file says, and never guessed."""

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from model.images import ImageError, decode
from tests.files import lesion, saved

GREY = np.asarray(lesion().resize((200, 150)).convert("L"))
SHARE = GREY / 255


def tiff(values: np.ndarray, **tags: object) -> bytes:
    """A TIFF file of these numbers, with further tags by number."""
    info = TiffImagePlugin.ImageFileDirectory_v2()
    for name, value in tags.items():
        number = int(name.removeprefix("t"))
        info.tagtype[number] = 12 if isinstance(value, float) else 4
        info[number] = value
    return saved(Image.fromarray(values), "TIFF", tiffinfo=info)


@pytest.mark.parametrize(
    "data",
    [
        saved(Image.fromarray(GREY.astype(np.uint16) * 257), "PNG"),
        tiff(GREY.astype(np.uint16) * 257),
        tiff(GREY.astype(np.uint16) * 257, t341=65535, t340=0),
        tiff(np.rint(SHARE * 4095).astype(np.uint16), t281=4095),
        tiff(np.rint(SHARE * 1023).astype(np.uint16), t340=0, t341=1023),
        tiff(SHARE.astype(np.float32)),
        tiff((SHARE * 1.04 - 0.02).clip(-0.01, 1.01).astype(np.float32)),
        tiff((SHARE * 200 + 20).astype(np.float32), t340=20.0, t341=220.0),
        tiff(np.rint(SHARE * 4095).astype(np.int32), t340=0, t341=4095),
    ],
)
def test_white_is_the_files_own(data: bytes) -> None:
    found = decode(data).pixels
    assert np.abs(found[..., 1].astype(int) - GREY).mean() < 4 and (found[..., 0] == found[..., 2]).all()


def test_a_dark_picture_stays_dark() -> None:
    dark = (GREY // 4).astype(np.uint16)
    for kind in ("PNG", "TIFF"):
        assert decode(saved(Image.fromarray(dark), kind)).pixels.max() == 0


@pytest.mark.parametrize(
    "values",
    [
        np.rint(SHARE * 65535).astype(np.int32),
        (SHARE * 255).astype(np.float32),
        np.where(GREY > 100, np.nan, 0.5).astype(np.float32),
        np.where(GREY > 100, np.inf, 0.5).astype(np.float32),
    ],
)
def test_numbers_that_could_mean_anything_are_refused(values: np.ndarray) -> None:
    with pytest.raises(ImageError) as caught:
        decode(tiff(values))
    assert caught.value.code == "unsupported"


def test_white_may_be_zero() -> None:
    data = bytearray(tiff(65535 - GREY.astype(np.uint16) * 257))
    # PhotometricInterpretation, SHORT, one value, BlackIsZero.
    place = data.index(b"\x06\x01\x03\x00\x01\x00\x00\x00\x01\x00") + 8
    data[place] = 0
    np.testing.assert_array_equal(decode(bytes(data)).pixels[..., 0], GREY)


def test_a_tiff_of_an_unusual_kind_is_no_other_file() -> None:
    data = bytearray(saved(Image.fromarray(np.zeros((40, 40, 3), np.uint8)), "TIFF"))
    # SampleFormat of three channels becomes floating point: nothing that Pillow knows.
    info = TiffImagePlugin.ImageFileDirectory_v2()
    info[339] = (3, 3, 3)
    data = saved(Image.fromarray(np.zeros((40, 40, 3), np.uint8)), "TIFF", tiffinfo=info)
    with pytest.raises(ImageError) as caught:
        decode(data)
    assert caught.value.code == "unsupported"

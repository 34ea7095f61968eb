"""The decoder: what it reads, how it turns it, and what it refuses with which words."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from model.images import Crop, ImageError, Limits, Photograph, cut, decode, encode, square

SCENE = np.random.default_rng(0).integers(0, 255, (6, 8, 3), dtype=np.uint8).repeat(16, 0).repeat(16, 1)


def saved(image: Image.Image, format: str, **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("format", ["PNG", "TIFF", "WEBP"])
def test_lossless_formats_come_back_as_they_were(format: str) -> None:
    options = {"lossless": True} if format == "WEBP" else {}
    found = decode(saved(Image.fromarray(SCENE), format, **options))
    assert found.format == format
    np.testing.assert_array_equal(found.pixels, SCENE)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_shows_the_same_scene(orientation: int) -> None:
    undo = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    image = Image.fromarray(SCENE)
    exif = Image.Exif()
    exif[0x0112] = orientation
    found = decode(saved(image.transpose(undo) if undo is not None else image, "PNG", exif=exif))
    np.testing.assert_array_equal(found.pixels, SCENE)


@pytest.mark.parametrize("mode", ["L", "1", "P", "RGBA", "LA", "PA", "CMYK", "YCbCr", "I;16"])
def test_every_colour_mode_becomes_rgb(mode: str) -> None:
    grey = Image.fromarray(SCENE[..., 0])
    if mode == "I;16":
        image = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    elif mode == "PA":
        image = grey.convert("RGB").convert("P")
        image.info["transparency"] = 3
    else:
        image = grey.convert("RGB").convert(mode)
    pixels = decode(saved(image, "TIFF" if mode in ("CMYK", "YCbCr") else "PNG")).pixels
    assert pixels.shape == SCENE.shape and pixels.dtype == np.uint8
    if mode in ("L", "I;16", "RGBA", "LA"):
        np.testing.assert_array_equal(pixels, np.repeat(SCENE[..., :1], 3, 2))


def test_transparent_pixels_are_white() -> None:
    clear = Image.new("RGBA", (40, 40), (200, 0, 0, 0))
    assert (decode(saved(clear, "PNG")).pixels == 255).all()


@pytest.mark.parametrize("keep", np.linspace(0.05, 0.95, 10))
def test_truncated_files_are_refused(keep: float) -> None:
    for format in ("JPEG", "PNG", "WEBP", "TIFF"):
        whole = saved(Image.fromarray(SCENE), format)
        with pytest.raises(ImageError) as caught:
            decode(whole[: int(len(whole) * keep)])
        assert caught.value.code in ("truncated", "not_an_image")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"\x00", "not_an_image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not_an_image"),
        (b"%PDF-1.7 nothing", "not_an_image"),
        (saved(Image.fromarray(SCENE), "GIF"), "not_an_image"),
        (saved(Image.new("RGB", (1, 1)), "PNG"), "too_small"),
        (saved(Image.new("RGB", (1, 4000)), "PNG"), "too_small"),
        (saved(Image.new("1", (10_000, 10_000)), "PNG"), "too_many_pixels"),
        (saved(Image.new("1", (30_000, 30_000)), "TIFF", compression="group4"), "too_many_pixels"),
    ],
)
def test_what_cannot_be_used_says_why(data: bytes, code: str) -> None:
    with pytest.raises(ImageError) as caught:
        decode(data)
    assert caught.value.code == code
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF"])
def test_animations_are_refused(format: str) -> None:
    frames = [Image.fromarray(SCENE), Image.fromarray(255 - SCENE)]
    with pytest.raises(ImageError) as caught:
        decode(saved(frames[0], format, save_all=True, append_images=frames[1:]))
    assert caught.value.code == "animated"


def test_the_byte_limit_holds() -> None:
    with pytest.raises(ImageError) as caught:
        decode(saved(Image.fromarray(SCENE), "PNG"), Limits(max_bytes=100))
    assert caught.value.code == "too_large"


def test_square_takes_the_middle() -> None:
    wide = np.zeros((40, 100, 3), np.uint8)
    wide[:, 30:70] = 255
    assert square(wide, 32).min() == 255
    assert square(wide.transpose(1, 0, 2), 32).shape == (32, 32, 3)


def test_encoded_images_carry_no_metadata() -> None:
    exif = Image.Exif()
    exif[0x0110] = "Camera of a patient"
    original = saved(Image.fromarray(SCENE), "JPEG", exif=exif, comment=b"name of a patient")
    clean = encode(decode(original + b"PK\x03\x04 and <script>").pixels, max_side=64)
    assert b"patient" in original and b"patient" not in clean and b"script" not in clean
    image = Image.open(BytesIO(clean))
    assert max(image.size) == 64 and not image.getexif()


@pytest.mark.parametrize(
    ("crop", "corner"),
    [(Crop(), 0), (Crop(turns=1), 3), (Crop(turns=2), 2), (Crop(turns=3), 1), (Crop(0.5, 0, 0.5, 0.5), 1)],
)
def test_a_part_is_turned_first_and_then_cut_out(crop: Crop, corner: int) -> None:
    # Clockwise from the top left: black, dark, light, white.
    pixels = np.repeat(np.array([[0, 80], [255, 160]], np.uint8).repeat(50, 0).repeat(80, 1)[..., None], 3, 2)
    part = cut(Photograph(pixels, "0" * 64, "PNG", b"own"), crop)
    assert part.pixels[2, 2, 0] == (0, 80, 160, 255)[corner]
    assert part.jpeg is None and part.sha256 == "0" * 64
    upright = (100, 160) if crop.turns % 2 == 0 else (160, 100)
    assert part.pixels.shape[:2] == (round(upright[0] * crop.height), round(upright[1] * crop.width))
    assert cut(part, None) is part


def test_what_is_no_part_of_a_photograph_is_refused() -> None:
    for wrong in (
        {"left": 0.6, "width": 0.5},
        {"top": -0.1},
        {"height": 0.0},
        {"turns": 4},
        {"left": float("nan")},
    ):
        with pytest.raises(ValueError, match="within the photograph"):
            Crop(**wrong)  # type: ignore[arg-type]
    with pytest.raises(ImageError) as caught:
        cut(Photograph(np.zeros((100, 100, 3), np.uint8), "0" * 64, "PNG"), Crop(0, 0, 0.2, 0.2))
    assert caught.value.code == "too_small"

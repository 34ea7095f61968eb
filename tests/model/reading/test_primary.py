"""Files with more than one picture: copies and other views are passed over, pictures of other things are not."""

from io import BytesIO

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from model.images import ImageError, decode
from tests.files import lesion, saved

SCENE = lesion(7).resize((200, 150))
OTHER = lesion(3).resize((200, 150))
SMALL = SCENE.resize((50, 38))


def pages(first: Image.Image, *others: Image.Image, marks: dict[int, dict[int, int]] | None = None) -> bytes:
    """A TIFF file of several pages, some with tags of their own."""
    every = [first, *(image.copy() for image in others)]
    for index, tags in (marks or {}).items():
        every[index].encoderinfo = {"tiffinfo": tags}  # type: ignore[attr-defined]
    return saved(
        every[0], "TIFF", save_all=True, append_images=every[1:], **getattr(every[0], "encoderinfo", {})
    )


def heic(*images: Image.Image, primary: int = 0) -> bytes:
    """A HEIC file of several pictures."""
    file = pillow_heif.HeifFile()
    for image in images:
        file.add_from_pillow(image)
    buffer = BytesIO()
    file.save(buffer, quality=95, chroma=444, primary_index=primary, save_all=True)
    return buffer.getvalue()


def off(data: bytes) -> float:
    found = decode(data).pixels
    assert found.shape == (150, 200, 3)
    return float(np.abs(found.astype(int) - np.asarray(SCENE)).mean())


@pytest.mark.parametrize(
    "data",
    [
        pages(SCENE, OTHER, marks={1: {254: 1}}),
        pages(SCENE, OTHER, marks={1: {254: 4}}),
        pages(SCENE, OTHER, marks={1: {255: 2}}),
        pages(SCENE, SMALL),
        pages(SCENE, SMALL, SMALL.resize((25, 19))),
        pages(SCENE, SCENE.copy()),
    ],
)
def test_copies_in_a_tiff_are_passed_over(data: bytes) -> None:
    assert off(data) == 0


def test_a_preview_may_come_first() -> None:
    assert off(pages(SMALL.copy(), SCENE, marks={0: {254: 1}, 1: {254: 0}})) == 0


@pytest.mark.parametrize("primary", [0, 1])
def test_the_other_eye_in_a_heic_is_passed_over(primary: int) -> None:
    moved = Image.fromarray(np.roll(np.asarray(SCENE), 5, 1))
    views = (SCENE, moved) if primary == 0 else (moved, SCENE)
    assert off(heic(*views, primary=primary)) < 3
    assert off(heic(SCENE, SMALL)) < 3


def test_pictures_of_other_things_are_refused() -> None:
    for data in (
        pages(SCENE, OTHER),
        pages(SCENE, SCENE.transpose(Image.Transpose.ROTATE_180)),
        heic(SCENE, OTHER),
        pages(SCENE, *[SCENE] * 30),
    ):
        with pytest.raises(ImageError) as caught:
            decode(data)
        assert caught.value.code == "animated"

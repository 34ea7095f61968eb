"""Random views: what they leave alone, what they change, and how far."""

import dataclasses

import numpy as np
import pytest

from training.augment import Views, affine_map, coarser_image, view
from training.recipes import RECIPES

RNG = np.random.default_rng
IMAGE = RNG(0).integers(0, 255, (12, 12, 3), dtype=np.uint8).repeat(8, 0).repeat(8, 1)


def test_no_change_is_the_image_itself() -> None:
    np.testing.assert_array_equal(view(IMAGE, 96, Views(), RNG(0)), IMAGE)


def test_a_flip_mirrors() -> None:
    seen = [view(IMAGE, 96, Views(flip=True), RNG(seed)) for seed in range(20)]
    kept = [np.array_equal(found, IMAGE) for found in seen]
    mirrored = [np.array_equal(found, IMAGE[:, ::-1]) for found in seen]
    assert any(kept) and any(mirrored) and all(a or b for a, b in zip(kept, mirrored, strict=True))


def test_the_middle_stays_in_the_middle() -> None:
    views = Views(rotation=180, zoom=0.2, shear=10, aspect=0.2, flip=True)
    for seed in range(20):
        matrix = affine_map(views, (150, 150), 224, RNG(seed))
        np.testing.assert_allclose(matrix @ [111.5, 111.5, 1], [74.5, 74.5])


def test_the_zoom_keeps_its_range() -> None:
    areas = [
        np.linalg.det(affine_map(Views(zoom=0.2), (100, 100), 100, RNG(seed))[:, :2]) for seed in range(200)
    ]
    assert 1 / 1.2**2 <= min(areas) < 0.8 and 1.3 < max(areas) <= 1 / 0.8**2


@pytest.mark.parametrize(
    "name",
    [
        "rotation",
        "shift",
        "zoom",
        "aspect",
        "shear",
        "brightness",
        "contrast",
        "saturation",
        "balance",
        "blur",
        "compress",
    ],
)
def test_every_range_does_something(name: str) -> None:
    value = {"rotation": 90.0, "shear": 20.0, "blur": 1.0, "compress": 1.0}.get(name, 0.3)
    views = dataclasses.replace(Views(), **{name: value})
    changed = view(IMAGE, 96, views, RNG(4))
    assert not np.array_equal(changed, IMAGE) and changed.dtype == np.uint8 and changed.shape == (96, 96, 3)


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_the_same_seed_gives_the_same_view(recipe: object) -> None:
    views = recipe.views  # type: ignore[attr-defined]
    np.testing.assert_array_equal(view(IMAGE, 64, views, RNG(7)), view(IMAGE, 64, views, RNG(7)))
    assert not np.array_equal(view(IMAGE, 64, views, RNG(7)), view(IMAGE, 64, views, RNG(8)))


def test_a_wide_frame_is_seen_from_one_end_to_the_other() -> None:
    wide = np.zeros((60, 180, 3), np.uint8)
    wide[:, :60], wide[:, 120:] = (255, 0, 0), (0, 0, 255)
    still = view(wide, 60, Views(), RNG(0))
    np.testing.assert_array_equal(still, wide[:, 60:120])
    seen = np.stack([view(wide, 60, Views(roam=True), RNG(seed)) for seed in range(40)]).mean(axis=(1, 2))
    assert seen[:, 0].max() > 200 and seen[:, 2].max() > 200 and (seen.max(axis=1) < 100).any()


def test_coarser_images_keep_their_shape_and_at_least_the_coarsest_side() -> None:
    image = np.zeros((200, 300, 3), np.uint8)
    sides = [coarser_image(image, 72, RNG(seed)).shape[:2] for seed in range(100)]
    assert min(side[0] for side in sides) < 85 and all(72 <= side[0] <= 200 for side in sides)
    assert all(abs(width / height - 1.5) < 0.03 for height, width in sides)
    assert coarser_image(image[:72, :72], 72, RNG(0)).shape == (72, 72, 3)

"""Drawn artefacts change what they say they change, and leave the original alone."""

import numpy as np

from training.drawings.artefacts import darken_corners, draw_hair, draw_ruler, erase_rectangle

SKIN = np.full((96, 96, 3), (205, 160, 140), np.uint8)


def test_hair_and_ruler_are_dark_on_a_copy() -> None:
    rng = np.random.default_rng(0)
    for drawn in (draw_hair(SKIN, 8, rng), draw_ruler(SKIN, rng)):
        changed = (drawn != SKIN).any(axis=2)
        assert 0.01 < changed.mean() < 0.5
        assert drawn[changed].mean() < SKIN.mean()
    assert (SKIN[0, 0] == SKIN).all()


def test_corners_go_dark_and_the_middle_stays() -> None:
    dark = darken_corners(SKIN, 1.0)
    assert (dark[0, 0] == 0).all() and (dark[30:60, 30:60] == SKIN[0, 0]).all()


def test_erasing_covers_a_share_with_the_mean() -> None:
    image = np.random.default_rng(1).integers(0, 255, (96, 96, 3), dtype=np.uint8)
    shares = [
        (erase_rectangle(image, np.random.default_rng(seed)) != image).any(axis=2).mean()
        for seed in range(40)
    ]
    assert min(shares) > 0.015 and max(shares) < 0.16

"""The same picture is found whatever was done to it, other lesions are not, and both copies are on one side."""

import cv2
import numpy as np
import pandas as pd
import pytest

from model.images import decode, encode
from training.drawings.artefacts import darken_corners
from training.drawings.synthetic import draw_lesion
from training.duplicates import near_duplicates, one_side


def lesion(seed: int) -> np.ndarray:
    return cv2.resize(
        draw_lesion(seed, seed % 2 == 0, size=(150, 150)), (96, 96), interpolation=cv2.INTER_AREA
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda image: image,
        lambda image: np.rot90(image),
        lambda image: image[:, ::-1],
        lambda image: np.rot90(image[::-1], 3),
        lambda image: decode(encode(image, quality=50)).pixels,
        lambda image: cv2.resize(cv2.resize(image, (48, 48), interpolation=cv2.INTER_AREA), (96, 96)),
        lambda image: np.clip(image * 0.85 + 10, 0, 255).astype(np.uint8),
    ],
)
def test_the_same_picture_is_found(change: object) -> None:
    images = np.stack([lesion(seed) for seed in range(12)])
    copy = np.ascontiguousarray(change(images[4]))  # type: ignore[operator]
    pairs = near_duplicates(np.concatenate([images, copy[None]]))
    assert pairs[["first", "second"]].to_numpy().tolist() == [[4, 12]]
    assert 0.99 < pairs["correlation"].iloc[0] <= 1.0001


def test_flat_images_are_nobodys_copies() -> None:
    assert near_duplicates(np.full((3, 64, 64, 3), 120, np.uint8)).empty


def test_the_same_dark_ring_makes_no_copies() -> None:
    ring = [darken_corners(lesion(seed), 0.75) for seed in range(20, 40)]
    copy = darken_corners(np.ascontiguousarray(np.rot90(lesion(24))), 0.75)
    pairs = near_duplicates(np.stack([*ring, copy]))
    assert pairs[["first", "second"]].to_numpy().tolist() == [[4, 20]]


def test_copies_come_to_the_side_of_the_first() -> None:
    groups = pd.Series(["a", "a", "b", "c", "d"])
    splits = pd.Series(["test", "test", "train", "validation", "train"])
    pairs = pd.DataFrame({"first": [1, 2], "second": [2, 3], "correlation": [1.0, 1.0]})
    one = pd.Series([""] * 5)
    assert one_side(splits, groups, one, pairs).tolist() == ["test", "test", "test", "test", "train"]
    assert one_side(splits, groups, one, pairs.iloc[:0]).tolist() == splits.tolist()


def test_a_copy_in_another_source_follows_the_source_named_first() -> None:
    groups = pd.Series(["z", "a", "b"])
    splits = pd.Series(["validation", "train", "test"])
    sources = pd.Series(["first", "second", "second"])
    pairs = pd.DataFrame({"first": [0], "second": [1], "correlation": [1.0]})
    assert one_side(splits, groups, sources, pairs).tolist() == ["validation", "validation", "test"]

"""Disturbed images and the rows they give."""

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from model.bundle import OperatingPoint
from model.evaluation.metrics import auc
from model.taxonomy import LESIONS
from tests.stores import store_of
from training.fit import still_images
from training.pixels import PixelStore
from training.robustness import DISTURBANCES, disturb_image, robustness_rows

POINT = OperatingPoint("sensitivity-95", 0.95, 0.3, 0.6, 0.95, 0.95)
SIZE = 48


def store(n: int = 240) -> PixelStore:
    """Flat images, darker where malignant."""
    rng = np.random.default_rng(0)
    labels = np.array(LESIONS.codes)[np.arange(n) // 6 % len(LESIONS)]
    malignant = np.isin(labels, list(LESIONS.malignant))
    grey = np.where(malignant, 90, 150) + rng.integers(-40, 40, n)
    cases = pd.DataFrame(
        {
            "lesion_id": [f"LESION_{index // 2}" for index in range(n)],
            "label": labels,
            "split": np.where(np.arange(n) // 2 % 4 == 3, "test", "train"),
        }
    )
    return store_of([np.full((SIZE, SIZE, 3), level, np.uint8) for level in grey], cases)


def darkness(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    return np.asarray(1 - images[..., 1].mean(axis=(1, 2)) / 255)


@pytest.mark.parametrize("one", DISTURBANCES, ids=lambda one: f"{one.kind} {one.strength}")
def test_every_disturbance_changes_the_image_and_repeats_itself(one) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(1)
    image = np.clip(rng.normal(130, 40, (112, 112, 3)), 0, 255).astype(np.uint8)
    kept = image.copy()
    found = disturb_image(one, image, "ISIC_1")
    assert found.shape == image.shape and found.dtype == np.uint8
    np.testing.assert_array_equal(image, kept)
    assert (found != image).any()
    np.testing.assert_array_equal(found, disturb_image(one, image, "ISIC_1"))


def test_stronger_is_farther_from_the_image() -> None:
    rng = np.random.default_rng(1)
    image = np.clip(rng.normal(130, 40, (112, 112, 3)), 0, 255).astype(np.uint8)
    for kind in ("blur", "JPEG", "hair", "ruler", "dark corners", "resolution"):
        moved = [
            np.abs(disturb_image(one, image, "x").astype(int) - image).mean()
            for one in DISTURBANCES
            if one.kind == kind
        ]
        assert moved == sorted(moved) and moved[0] < moved[-1], kind


def test_rows_say_how_far_the_score_moved() -> None:
    of = store()
    rows = of.rows("test")
    table = list(robustness_rows(darkness, of, rows, SIZE, POINT))
    by_name = {(row["kind"], row["strength"]): row for row in table}
    plain = by_name["none", ""]
    truth = of.cases["malignant"].to_numpy()[rows]
    assert plain["mean_change"] == plain["decisions_changed"] == plain["benign_now"] == 0
    assert plain["auc"] == pytest.approx(auc(truth, darkness(still_images(of, rows, SIZE))))
    darker, brighter = by_name["brightness", "× 0.6"], by_name["brightness", "× 1.4"]
    assert darker["mean_shift"] > 0.1 and brighter["mean_shift"] < -0.1
    assert darker["mean_change"] == pytest.approx(darker["mean_shift"])
    assert darker["mean_shift_benign"] > darker["mean_shift_malignant"] > 0
    assert brighter["decisions_changed"] > 0.2 and brighter["benign_now"] > 0 == darker["benign_now"]
    # A flat image is the same from any side and at any resolution.
    for name in (("rotation", "45°"), ("blur", "sigma 3.0 px"), ("resolution", "75 px")):
        assert by_name[name]["p95_change"] < 0.01
    assert all(row["images"] == len(rows) for row in table)
    assert len(table) == len(DISTURBANCES) + 1

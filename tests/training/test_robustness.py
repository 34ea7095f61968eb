"""Disturbed images and the rows they give; and that sharpness tells training nothing about the diagnosis."""

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from model.bundle import OperatingPoint
from model.metrics import auc
from model.taxonomy import HAM10000
from training.augment import Views
from training.fit import Batches, still_images
from training.pixels import PixelStore
from training.recipes import Recipe, Stage
from training.robustness import DISTURBANCES, disturbed, resolution_facts, robustness

POINT = OperatingPoint("sensitivity-95", 0.95, 0.3, 0.6, 0.95, 0.95)
SIZE, COMMON, SHARP = 48, 24, 48


def store(n: int = 240, sharper: float = 0.6) -> PixelStore:
    """Flat images, darker where malignant, which half as often have a sharp copy; those are red."""
    rng = np.random.default_rng(0)
    labels = np.array(HAM10000.codes)[np.arange(n) % len(HAM10000)]
    malignant = np.isin(labels, list(HAM10000.malignant))
    has = rng.random(n) < np.where(malignant, sharper / 2, sharper)
    grey = np.where(malignant, 90, 150) + rng.integers(-40, 40, n)
    common = np.repeat(grey.astype(np.uint8), COMMON * COMMON * 3).reshape(n, COMMON, COMMON, 3)
    sharp = np.repeat(grey.astype(np.uint8), SHARP * SHARP * 3).reshape(n, SHARP, SHARP, 3)
    common[..., 0], sharp[..., 0] = 0, 255
    cases = pd.DataFrame(
        {
            "image_id": [f"IMAGE_{index}" for index in range(n)],
            "lesion_id": [f"LESION_{index // 2}" for index in range(n)],
            "label": labels,
            "detail": np.where(has, SHARP, COMMON),
            "split": np.where(np.arange(n) % 4 == 3, "test", "train"),
        }
    )
    return PixelStore(cases, {}, sharp, common)


def darkness(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    return np.asarray(1 - images[..., 1].mean(axis=(1, 2)) / 255)


@pytest.mark.parametrize("one", DISTURBANCES, ids=lambda one: f"{one.kind} {one.strength}")
def test_every_disturbance_changes_the_image_and_repeats_itself(one) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(1)
    image = np.clip(rng.normal(130, 40, (112, 112, 3)), 0, 255).astype(np.uint8)
    kept = image.copy()
    found = disturbed(one, image, "ISIC_1")
    assert found.shape == image.shape and found.dtype == np.uint8
    np.testing.assert_array_equal(image, kept)
    assert (found != image).any()
    np.testing.assert_array_equal(found, disturbed(one, image, "ISIC_1"))


def test_stronger_is_farther_from_the_image() -> None:
    rng = np.random.default_rng(1)
    image = np.clip(rng.normal(130, 40, (112, 112, 3)), 0, 255).astype(np.uint8)
    for kind in ("blur", "JPEG", "hair", "ruler", "dark corners", "resolution"):
        moved = [
            np.abs(disturbed(one, image, "x").astype(int) - image).mean()
            for one in DISTURBANCES
            if one.kind == kind
        ]
        assert moved == sorted(moved) and moved[0] < moved[-1], kind


def test_rows_say_how_far_the_score_moved() -> None:
    of = store()
    rows = of.rows("test")
    table = list(robustness(darkness, of, rows, SIZE, POINT))
    by_name = {(row["kind"], row["strength"]): row for row in table}
    plain = by_name["none", ""]
    truth = of.cases["label"].isin(list(HAM10000.malignant)).to_numpy()[rows]
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
    assert all(row["images"] == len(rows) for row in table if row["kind"] != "sharpness")
    sharper = int((of.cases["detail"].to_numpy()[rows] > COMMON).sum())
    assert [row["images"] for row in table if row["kind"] == "sharpness"] == [sharper] * 2
    assert len(table) == len(DISTURBANCES) + 3


def seen_in_training(
    of: PixelStore, epochs: int, balance: float
) -> tuple[NDArray[np.str_], NDArray[np.bool_]]:
    """The diagnosis of every image that training draws, and whether it came from the sharp copy."""
    recipe = Recipe("probe", "", "dermanet", (Stage(SIZE, 1),), batch=32, balance=balance, views=Views())
    batches = Batches(of, recipe, recipe.stages[0], seed=3)
    by_diagnosis = pd.Series(batches.odds[batches.rows]).groupby(batches.labels[batches.rows]).mean()
    assert by_diagnosis.max() - by_diagnosis.min() < 1e-9
    labels, sharp = [], []
    for _ in range(epochs):
        for index in range(len(batches)):
            images, targets = batches[index]
            labels.append(np.array(HAM10000.codes)[targets.argmax(axis=1)])
            sharp.append(images[:, SIZE // 2, SIZE // 2, 0] > 127)
        batches.on_epoch_end()
    return np.concatenate(labels), np.concatenate(sharp)


@pytest.mark.parametrize("balance", [0.0, 0.5])
def test_training_shows_every_diagnosis_as_sharp_as_the_others(balance: float) -> None:
    """Of the files, sharpness tells the diagnosis; of what the network is shown, it does not."""
    of = store(700)
    train = of.cases.iloc[of.rows("train")]
    malignant = train["label"].isin(list(HAM10000.malignant)).to_numpy()
    assert auc(malignant, (train["detail"] == COMMON).to_numpy(float)) > 0.6
    labels, sharp = seen_in_training(of, 30, balance)
    shares = pd.Series(sharp).groupby(labels).mean()
    assert 0.2 < shares.mean() < 0.5
    # About 2,000 draws a diagnosis: three standard errors.
    assert shares.max() - shares.min() < 0.07
    assert abs(auc(np.isin(labels, list(HAM10000.malignant)), sharp.astype(float)) - 0.5) < 0.015


def test_evaluation_sees_one_resolution_only() -> None:
    of = store()
    assert (still_images(of, np.arange(len(of.cases)), SIZE)[..., 0] == 0).all()


def test_the_card_says_what_sharpness_could_tell() -> None:
    facts = resolution_facts(store(700), HAM10000)
    assert (facts["common_side"], facts["sharp_side"]) == (COMMON, SHARP)
    assert facts["sharp_copies_benign"] > facts["sharp_copies_malignant"] + 0.2
    assert facts["seen_sharp_benign"] == pytest.approx(facts["seen_sharp_malignant"], abs=1e-9)

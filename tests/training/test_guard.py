"""Limits from validation images, and the reference that goes into a bundle."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from model.bundle import REFERENCE, open_bundle, write_bundle
from model.calibration import Calibration
from model.engine import Engine
from model.images import Photograph
from model.novelty import Familiar, appearance
from model.predictor import Predictor
from model.quality import RULES
from model.reference import open_reference, write_reference
from tests.stores import store_of
from tests.tiny import SIZE, signed_again, write_tiny_bundle
from training.drawings.artefacts import darken_corners
from training.drawings.negatives import NEGATIVES
from training.drawings.synthetic import draw_lesion
from training.guard import (
    RECOGNISED,
    Seen,
    build_guard,
    elsewhere,
    fit_boundary,
    fit_familiar,
    guarded,
    large_images,
    limits_for,
    quality_limits,
    recognising,
    together,
)
from training.pixels import PixelStore


def test_limits_share_their_alarms() -> None:
    rng = np.random.default_rng(0)
    columns = {"a": rng.normal(0, 1, 20_000), "b": rng.exponential(5, 20_000)}
    limits = limits_for(columns, 0.01, np.full(20_000, "one"))
    above = {name: columns[name] > limit for name, limit in limits.items()}
    assert 0.009 < (above["a"] | above["b"]).mean() <= 0.01
    assert above["a"].mean() == pytest.approx(above["b"].mean(), abs=5e-4)


def test_no_image_is_above_the_limits_when_none_may_be() -> None:
    values = np.arange(50.0)
    assert limits_for({"a": values}, 0.001, np.full(50, "one"))["a"] >= values[-1] - 0.05


def test_no_group_has_more_alarms_than_its_share() -> None:
    rng = np.random.default_rng(0)
    groups = np.repeat(["many", "few"], [9000, 1000])
    values = rng.normal(0, 1, 10_000) + 2 * (groups == "few")
    above = values > limits_for({"a": values}, 0.02, groups)["a"]
    assert 0.015 < above[groups == "few"].mean() <= 0.02 and above[groups == "many"].mean() < 0.001


def test_quality_limits_lie_on_the_bad_side() -> None:
    rng = np.random.default_rng(0)
    measures = [{name: float(rng.normal(100, 5)) for name in RULES} for _ in range(2000)]
    for name, limit in quality_limits(measures, 0.005, np.full(2000, "one")).items():
        low = RULES[name][0] == "low"
        assert (limit < 90) if low else (limit > 110), name


def test_images_smaller_than_a_model_asks_for_do_not_decide() -> None:
    cases = pd.DataFrame({"height": [84, 300, 200, 84], "width": [84, 300, 149, 84]})
    store = PixelStore(cases, np.zeros(0, np.uint8))
    assert large_images(store, np.arange(4)).tolist() == [False, True, False, False]
    assert large_images(store, np.array([0, 3])).tolist() == [True, True], "all decide where none is larger"


def test_a_single_white_pixel_is_no_glare() -> None:
    measures = [dict.fromkeys(RULES, 0.0) for _ in range(100)]
    assert quality_limits(measures, 0.005, np.full(100, "one"))["glare"] > 0


def test_the_subspace_is_the_one_of_the_training_images() -> None:
    rng = np.random.default_rng(0)
    plane = np.linalg.qr(rng.normal(size=(8, 2)))[0]
    embeddings = (rng.normal(size=(400, 2)) * 5 @ plane.T + 3 + rng.normal(0, 0.01, (400, 8))).astype(
        np.float32
    )
    appearances = rng.normal(0, [1, 10], (400, 2))
    found = fit_familiar(embeddings, appearances)
    assert found.basis.shape == (8, 4)
    assert found.residuals(embeddings).max() < 0.3
    assert found.residuals(embeddings + 5).max() > 1
    assert found.oddness(appearances).std() < 1 and np.median(found.oddness(appearances)) == pytest.approx(
        1.18, abs=0.2
    )


def test_the_boundary_separates_and_begins_at_the_known() -> None:
    rng = np.random.default_rng(0)
    known = rng.normal(0, 1, (300, 6)).astype(np.float32), rng.normal(50, 9, (300, 2))
    others = rng.normal(0, 1, (200, 6)).astype(np.float32), rng.normal(50, 9, (200, 2))
    others[0][:100, 1] += 6
    others[1][100:, 0] += 60
    boundary, offset, middle = fit_boundary(known, others)
    along, beyond = (np.concatenate(one, axis=1) @ boundary + offset for one in (known, others))
    assert along.mean() == pytest.approx(0, abs=1e-3)
    assert (beyond > np.quantile(along, 0.99)).mean() > 0.95
    assert (along + middle < 0).mean() > 0.95 and (beyond + middle > 0).mean() > 0.95


@pytest.fixture(scope="module")
def store() -> PixelStore:
    """Sixty drawn lesions, two images of every third, of which the second is a close-up: paler."""
    images, rows = [], []
    for lesion in range(45):
        split = ("train", "train", "validation")[lesion % 3] if lesion < 40 else "test"
        for view in range(2 if lesion % 3 != 1 else 1):
            image = draw_lesion(lesion, lesion % 2 == 0, (SIZE, SIZE), view)
            images.append(np.asarray(128 + image // 2, np.uint8) if view else image)
            modality = "close-up" if view else "dermoscopic"
            rows.append((f"L{lesion:03d}", "mel" if lesion % 2 == 0 else "nv", split, modality))
    return store_of(images, pd.DataFrame(rows, columns=["lesion_id", "label", "split", "modality"]))


@pytest.mark.parametrize("apart", [1.5, 20.0])
def test_close_ups_are_recognised_as_often_as_promised(apart: float) -> None:
    rng = np.random.default_rng(0)

    def drawn_around(middle: float, count: int) -> Seen:
        embeddings = rng.normal(0, 1, (count, 4))
        embeddings[:, 0] += middle
        return Seen(embeddings.astype(np.float32), rng.normal(0, 1, (count, 2)), [{}] * count)

    known = together(drawn_around(0, 3000), drawn_around(apart, 1000))
    near = fit_familiar(known.embeddings, known.appearances)
    found = recognising(near, known, np.arange(4000) >= 3000, drawn_around(apart, 1000))
    others = {
        middle: found.closeness(seen.embeddings, seen.appearances) > 0
        for middle in (0.0, apart)
        for seen in (drawn_around(middle, 4000),)
    }
    assert others[apart].mean() == pytest.approx(RECOGNISED if apart < 2 else 1, abs=0.01)
    # No more dermoscopic images than that takes: the standard normal tail beyond where the close-ups' begins.
    assert others[0.0].mean() == pytest.approx(0.68 if apart < 2 else 0, abs=0.05)


def test_the_guard_of_a_bundle(store: PixelStore, tmp_path: Path) -> None:
    bundle = write_tiny_bundle(tmp_path)
    reference, guard = build_guard(Engine(bundle, 1), bundle.card, store, test=False)
    train = store.cases[store.cases["split"] == "train"]
    assert set(reference.image_ids) == set(train["image_id"])
    assert isinstance(reference.familiar, Familiar)
    assert set(guard["quality"]) == set(guard["severe"]) == set(RULES)
    measured = guard["measured"]
    validation = store.cases[store.cases["split"] == "validation"]
    for name in ("validation", "validation, altered"):
        for domain, count in validation["domain"].value_counts().items():
            assert measured[f"{name}: {domain}"]["images"] == count
    assert measured["validation: drawn, close-up"]["close_up"] > 0.9
    assert measured["validation: drawn, dermoscopic"]["close_up"] < 0.1
    # What results do not hold is left closed.
    assert not any(name.startswith("test") for name in measured) and set(measured["drawn"]) == set(NEGATIVES)
    assert all(0 <= found["no_result"] <= 1 for found in measured["drawn"].values())
    write_reference(bundle.path / REFERENCE, reference)
    read = open_reference(signed_again(bundle.path))
    assert read is not None and read.familiar.residual_limit == reference.familiar.residual_limit
    np.testing.assert_array_equal(read.familiar.close_up, reference.familiar.close_up)

    scores = store.cases[store.cases["split"] == "validation"].assign(run="main")
    other = scores.iloc[:2].assign(run="elsewhere")
    told = guarded(pd.concat([scores, other], ignore_index=True), Engine(bundle, 1), store, reference, guard)
    main = told[told["run"] == "main"]
    assert (main["seen_as"] == "close-up").sum() > 0 and main[["novelty", "map_x", "map_y"]].notna().all(
        axis=None
    )
    assert (main["no_result"] >= (main["novelty"] >= 1)).all()
    assert told["novelty"][told["run"] != "main"].isna().all() and told["no_result"].dtype == bool


def test_what_a_close_up_is_told(store: PixelStore, tmp_path: Path) -> None:
    """From the guard through a bundle on disk to a prediction: a close-up is never benign."""
    bundle = write_tiny_bundle(tmp_path)
    reference, _ = build_guard(Engine(bundle, 1), bundle.card, store, test=False)
    lenient = replace(reference.familiar, residual_limit=1e9, appearance_limit=1e9, boundary_limit=1e9)
    write_reference(bundle.path / REFERENCE, replace(reference, familiar=lenient))
    points = [replace(point, close_up=0.999) for point in bundle.card.operating_points]
    known = {"dermoscopic": Calibration(1.3, 0.0, 0.2), "close-up": Calibration(2.0, 0.5, 0.2)}
    signed_again(bundle.path)
    card = replace(open_bundle(bundle.path).card, operating_points=tuple(points), calibrations=known)
    files = {name: bundle.path / name for name in card.files}
    again = write_bundle(tmp_path / "again", replace(card, name="again"), files)
    predictor = Predictor(again, 1)
    modalities = set()
    for row in range(len(store.cases)):
        found = predictor.predict(Photograph(store.frame(row), "0" * 64, "PNG"))
        modalities.add(found.modality)
        if found.modality == "close-up":
            assert found.decision == "uncertain" and found.threshold == 0 and found.malignant_from == 0.999
            assert "close_up" in {caution.code for caution in found.cautions}
        else:
            assert found.threshold == again.card.point().threshold
    assert modalities == {"close-up", "dermoscopic"}


def test_a_lens_with_a_dark_rim_is_familiar(store: PixelStore, tmp_path: Path) -> None:
    bundle = write_tiny_bundle(tmp_path)
    reference, _ = build_guard(Engine(bundle, 1), bundle.card, store, test=False)
    images = [store.frame(row) for row in range(len(store.cases))]
    narrow = fit_familiar(
        np.zeros((len(images), 4), np.float32), np.stack([appearance(image) for image in images])
    )
    dark = np.stack([appearance(darken_corners(image, 0.92)) for image in images])
    usual = np.stack([appearance(image) for image in images])
    # How much odder a rim makes an image, where rims were among what is familiar and where they were not.
    odder = [
        np.median(one.oddness(dark)) / np.median(one.oddness(usual)) for one in (reference.familiar, narrow)
    ]
    assert odder[0] < 0.75 * odder[1]


def test_the_same_row_is_altered_the_same_way(store: PixelStore) -> None:
    first, again = (elsewhere(store, SIZE)(3) for _ in range(2))
    assert (first == again).all() and (first != elsewhere(store, SIZE)(4)).any()


def test_test_images_are_looked_at_where_the_test_split_was_opened(store: PixelStore, tmp_path: Path) -> None:
    bundle = write_tiny_bundle(tmp_path)
    measured = build_guard(Predictor(bundle, 1).engine, bundle.card, store, test=True)[1]["measured"]
    images = sum(found["images"] for name, found in measured.items() if name.startswith("test: "))
    assert images == (store.cases["split"] == "test").sum()

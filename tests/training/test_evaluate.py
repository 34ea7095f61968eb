"""Scoring by split, which images are disturbed, and judging stored scores again from the command line."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from model.taxonomy import CODES
from training import evaluate
from training.__main__ import main
from training.openings import log_of
from training.pixels import PixelStore


@pytest.fixture(scope="module")
def store() -> PixelStore:
    n = 1200
    rng = np.random.default_rng(0)
    cases = pd.DataFrame(
        {
            "image_id": [f"ISIC_{index:07d}" for index in range(n)],
            "lesion_id": [f"HAM_{index // 3:07d}" for index in range(n)],
            "group": [f"HAM_{index // 3:07d}" for index in range(n)],
            "label": rng.choice(CODES, n),
            "age": 50.0,
            "sex": "female",
            "site": "back",
            "confirmation": "histo",
            "detail": 8,
            "split": np.array(["validation", "test"])[np.arange(n) // 3 % 2],
        }
    )
    pixels = rng.integers(0, 256, (n, 8, 8, 3), np.uint8)
    return PixelStore(cases, {"source": "drawn", "licence": "MIT"}, pixels, pixels)


def by_colour(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Seven probabilities that follow from the mean red of an image."""
    red = images[..., 0].mean(axis=(1, 2), dtype=np.float64)[:, None]
    odds = np.exp(np.cos(red + np.arange(7)))
    return (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32)


def test_scores_follow_the_rows(store: PixelStore) -> None:
    found = evaluate.score_splits(by_colour, store, 8, CODES, ("validation", "test"))
    assert set(found["image_id"]) == set(store.cases["image_id"]) and len(found) == 1200
    one = found[found["image_id"] == "ISIC_0000700"].iloc[0]
    expected = by_colour(store.common[700:701])[0]
    np.testing.assert_allclose(one[[f"raw_{code}" for code in CODES]].to_numpy(float), expected, atol=1e-6)
    closed = evaluate.score_splits(by_colour, store, 8, CODES, ("validation",))
    assert set(closed["split"]) == {"validation"}


def test_disturbed_images_are_whole_lesions(store: PixelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(evaluate.measured_rows(store, "test")) == 600
    monkeypatch.setattr(evaluate, "ROBUST_IMAGES", 90)
    rows = evaluate.measured_rows(store, "test")
    assert len(rows) == 90 and (store.cases["split"].iloc[rows] == "test").all()
    assert store.cases["lesion_id"].iloc[rows].nunique() == 30
    np.testing.assert_array_equal(rows, evaluate.measured_rows(store, "test"))


def test_stored_scores_are_judged_again(store: PixelStore, tmp_path: Path) -> None:
    data, run = tmp_path / "data", tmp_path / "run"
    data.mkdir()
    run.mkdir()
    store.cases.to_parquet(data / "cases.parquet")
    (data / "data.json").write_text(json.dumps(store.facts))
    for name in ("sharp", "common"):
        np.save(data / f"{name}.npy", store.common)
    evaluate.score_splits(by_colour, store, 8, CODES, ("validation", "test")).to_parquet(
        run / "scores.parquet"
    )
    (run / "evaluation.json").write_text(json.dumps({"robustness": [{"kind": "blur"}]}))
    assert main(["evaluate", "tiny", "--run", str(run), "--data", str(data), "--stored"]) == 0
    found = json.loads((run / "evaluation.json").read_text())
    assert found["robustness"] == [{"kind": "blur"}] and set(found["results"]) == {"validation", "test"}
    assert len(found["operating_points"]) == 3
    # The same scores of the same network: no new look.
    assert not log_of(data).exists()

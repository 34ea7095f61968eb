"""Scoring by split, which images are disturbed, and judging stored scores again from the command line."""

import dataclasses
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from model.taxonomy import LESIONS
from tests.stores import store_of
from training import evaluate
from training.__main__ import main
from training.openings import openings_log
from training.pixels import PixelStore


@pytest.fixture(scope="module")
def store() -> PixelStore:
    n = 1200
    rng = np.random.default_rng(0)
    cases = pd.DataFrame(
        {
            "lesion_id": [f"HAM_{index // 3:07d}" for index in range(n)],
            "label": rng.choice(LESIONS.codes, n),
            "split": np.array(["validation", "test"])[np.arange(n) // 3 % 2],
            "source": np.array(["first", "second"])[np.arange(n) // 6 % 2],
        }
    )
    return store_of(list(rng.integers(0, 256, (n, 8, 8, 3), np.uint8)), cases)


def by_colour(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Eight probabilities that follow from the mean red of an image."""
    red = images[..., 0].mean(axis=(1, 2), dtype=np.float64)[:, None]
    odds = np.exp(np.cos(red + np.arange(8)))
    return (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32)


def test_scores_follow_the_rows(store: PixelStore) -> None:
    rows = np.concatenate([store.rows("validation"), store.rows("test")])
    found = evaluate.score_rows(by_colour, store, 8, LESIONS.codes, rows)
    assert set(found["image_id"]) == set(store.cases["image_id"]) and len(found) == 1200
    assert set(found["source"]) == {"first", "second"} and (found["side"] == 8).all()
    one = found[found["image_id"] == "ISIC_0000700"].iloc[0]
    expected = by_colour(store.frame(700)[None])[0]
    raw = one[[f"raw_{code}" for code in LESIONS.codes]].to_numpy(float)
    np.testing.assert_allclose(raw, expected, atol=1e-6)


def test_a_run_without_a_source_is_tested_on_it_alone(
    store: PixelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate, "network_scorer", lambda *_: by_colour)
    network = SimpleNamespace(input_shape=(None, 8, 8, 3), output_shape=(None, 8))
    found = evaluate.score_elsewhere(network, store, "second")
    assert set(found["run"]) == {"second"}
    assert set(zip(found["split"], found["source"], strict=True)) == {
        ("validation", "first"),
        ("test", "second"),
    }


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
    store.pixels.tofile(data / "frames.bin")
    rows = np.concatenate([store.rows("validation"), store.rows("test")])
    evaluate.score_rows(by_colour, store, 8, LESIONS.codes, rows).to_parquet(run / "scores.parquet")
    (run / "evaluation.json").write_text(
        json.dumps({"robustness": [{"kind": "blur"}], "taxonomy": dataclasses.asdict(LESIONS)})
    )
    assert main(["evaluate", "tiny", "--run", str(run), "--data", str(data), "--stored"]) == 0
    found = json.loads((run / "evaluation.json").read_text())
    assert found["robustness"] == [{"kind": "blur"}] and set(found["results"]) == {"validation", "test"}
    assert len(found["operating_points"]) == 3
    # The same scores of the same network: no new look.
    assert not openings_log(data).exists()

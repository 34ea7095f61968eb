"""Bundles of drawn scores of any size, the same ones every time: what the performance page is measured on."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from model.bundle import HISTORY, SCORES, Bundle, Card, OperatingPoint, write_bundle
from model.calibration import Calibration
from model.taxonomy import HAM10000

SITES = ("back", "lower extremity", "trunk", "upper extremity", "abdomen", "face", "chest", "foot", "unknown")
SHARES = (0.033, 0.051, 0.11, 0.012, 0.111, 0.669, 0.014)


def drawn_scores(cases: int, seed: int = 0) -> pd.DataFrame:
    """One test split of `cases` images, about four images to three lesions, as HAM10000 has them."""
    random = np.random.default_rng(seed)
    lesions = max(1, round(0.75 * cases))
    lesion = np.sort(random.integers(0, lesions, cases))
    by_lesion = random.choice(len(HAM10000), lesions, p=SHARES)
    # Images of one lesion resemble each other: part of the noise is the lesion's.
    noise = random.normal(0, 1, (lesions, len(HAM10000)))[lesion] + random.normal(
        0, 0.7, (cases, len(HAM10000))
    )
    labels = by_lesion[lesion]
    logits = noise + 2.2 * (labels[:, None] == np.arange(len(HAM10000))) + np.log(SHARES)
    raw = np.exp(logits - logits.max(axis=1, keepdims=True))
    raw /= raw.sum(axis=1, keepdims=True)
    malignant = np.isin(np.array(HAM10000.codes)[labels], list(HAM10000.malignant))
    age = np.round(random.normal(50 + 12 * malignant, 15) / 5).clip(1, 17) * 5
    return pd.DataFrame(
        {
            "split": "test",
            "image_id": [f"DRAWN_{index:07d}" for index in range(cases)],
            "lesion_id": np.char.add("LESION_", np.char.zfill(lesion.astype(str), 7)),
            "label": np.array(HAM10000.codes)[labels],
            "age": np.where(random.random(cases) < 0.01, np.nan, age),
            "sex": random.choice(["male", "female", "unknown"], cases, p=[0.54, 0.45, 0.01]),
            "site": random.choice(SITES, cases),
            "confirmation": np.where(malignant | (random.random(cases) < 0.3), "histo", "follow_up"),
        }
        | {f"raw_{code}": raw[:, index].astype(np.float32) for index, code in enumerate(HAM10000.codes)}
    )


def write_evaluation(root: Path, name: str, cases: int, seed: int = 0) -> Bundle:
    """Write root/<name>: scores and a short history, no weights."""
    with tempfile.TemporaryDirectory() as folder:
        files = {HISTORY: Path(folder) / "history.jsonl", SCORES: Path(folder) / "scores.parquet"}
        epochs = ({"epoch": i, "loss": 1 / i, "val_loss": 1.1 / i, "auc": 1 - 0.2 / i} for i in range(1, 31))
        files[HISTORY].write_text("".join(json.dumps(line) + "\n" for line in epochs))
        drawn_scores(cases, seed).to_parquet(files[SCORES], index=False)
        card = Card(
            name=name,
            version="1",
            purpose="Drawn scores, to measure with.",
            input_size=64,
            taxonomy=HAM10000,
            classes=HAM10000.codes,
            calibrations={"dermoscopic": Calibration(1.2)},
            operating_points=(
                OperatingPoint("sensitivity-90", 0.9, 0.24, 0.5, 0.9, 0.9),
                OperatingPoint("sensitivity-95", 0.95, 0.15, 0.6, 0.95, 0.95),
                OperatingPoint("sensitivity-97.5", 0.975, 0.09, 0.7, 0.975, 0.97),
            ),
            operating_point="sensitivity-95",
            training={"recipe": "drawn", "data": "drawn", "best_epoch": 30},
            results={},
            licence="MIT",
            created="2026-01-01T00:00:00+00:00",
            synthetic=True,
        )
        return write_bundle(root / name, card, files)

"""Calibration and operating point from validation alone, on scores whose right answers are known."""

import numpy as np
import pandas as pd
import pytest

from model.taxonomy import CODES, MALIGNANT
from training.evaluate import fit_temperature, judge


def scores(n: int = 4000, overconfident: float = 2.0) -> pd.DataFrame:
    """Labels drawn from the probabilities of random logits; stored are those of the logits times a factor."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 1.5, (n, 7))
    softmax = lambda z: np.exp(z) / np.exp(z).sum(1, keepdims=True)  # noqa: E731
    labels = [CODES[rng.choice(7, p=row)] for row in softmax(logits)]
    raw = softmax(logits * overconfident)
    return pd.DataFrame(
        {
            "split": np.where(np.arange(n) % 2, "test", "validation"),
            "lesion_id": np.arange(n) // 2,
            "label": labels,
        }
        | {f"raw_{code}": raw[:, index] for index, code in enumerate(CODES)}
    )


def test_the_temperature_is_found_and_calibrates() -> None:
    found = judge(scores(), CODES)
    assert found.temperature == pytest.approx(2.0, rel=0.1)
    assert found.results["test"]["ece"] < 0.03 < found.results["test"]["ece_before_calibration"]


def test_the_threshold_reaches_its_target_on_validation() -> None:
    result = judge(scores(), CODES).results
    assert 0.95 <= result["validation"]["sensitivity"] < 0.955
    assert result["test"]["sensitivity"] == pytest.approx(0.95, abs=0.03)


def test_the_test_split_decides_nothing() -> None:
    table = scores()
    other = table.copy()
    swapped = other["split"] == "test"
    other.loc[swapped, "label"] = np.roll(other.loc[swapped, "label"], 7)
    first, second = judge(table, CODES), judge(other, CODES)
    assert (first.temperature, first.operating_points) == (second.temperature, second.operating_points)
    assert first.results["validation"] == second.results["validation"]
    assert first.results["test"] != second.results["test"]


def test_a_binary_network_is_judged_too() -> None:
    table = scores()
    table["raw_malignant"] = table[[f"raw_{code}" for code in sorted(MALIGNANT)]].sum(axis=1)
    found = judge(table, ("malignant",))
    assert "balanced_accuracy" not in found.results["test"] and found.results["test"]["auc"] > 0.7
    assert (
        fit_temperature(
            table[["raw_malignant"]].to_numpy(), table["label"].isin(MALIGNANT).to_numpy(), ("malignant",)
        )
        > 0
    )

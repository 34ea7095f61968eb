"""What is chosen comes from validation alone and is right, on scores whose answers are known."""

import json

import numpy as np
import pandas as pd
import pytest

from model.bundle import point_name
from model.metrics import class_balanced_accuracy, class_confusion
from model.taxonomy import HAM10000, LESIONS, Taxonomy
from training.judge import Evaluation, judge
from training.scaling import Cases, bias_corrected, compare_scalings, fit_temperature

CODES, MALIGNANT = HAM10000.codes, HAM10000.malignant


def scores(n: int = 4000, overconfident: float = 2.0, taxonomy: Taxonomy = HAM10000) -> pd.DataFrame:
    """Labels drawn from the probabilities of random logits; stored are those of the logits times a factor."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 1.5, (n, len(taxonomy)))
    softmax = lambda z: np.exp(z) / np.exp(z).sum(1, keepdims=True)  # noqa: E731
    labels = [taxonomy.codes[rng.choice(len(taxonomy), p=row)] for row in softmax(logits)]
    raw = softmax(logits * overconfident)
    return pd.DataFrame(
        {
            "split": np.where(np.arange(n) % 2, "test", "validation"),
            "lesion_id": np.arange(n) // 2,
            "label": labels,
        }
        | {f"raw_{code}": raw[:, index] for index, code in enumerate(taxonomy.codes)}
    )


@pytest.fixture(scope="module", params=[HAM10000, LESIONS])
def judged(request: pytest.FixtureRequest) -> Evaluation:
    return judge(scores(taxonomy=request.param), request.param.codes, request.param)


def test_the_temperature_is_found_and_calibrates(judged: Evaluation) -> None:
    assert judged.temperature == pytest.approx(2.0, rel=0.1)
    assert judged.results["test"]["ece"] < 0.03 < judged.results["test"]["ece_before_calibration"]


def test_every_operating_point_reaches_its_coverage_on_test(judged: Evaluation) -> None:
    assert [point.name for point in judged.operating_points] == [
        "sensitivity-90",
        "sensitivity-95",
        "sensitivity-97.5",
    ]
    assert judged.operating_point == point_name(0.95)
    for split, slack in (("validation", 0.005), ("test", 0.03)):
        found = judged.results[split]["operating_points"]
        for point in judged.operating_points:
            at = found[point.name]
            assert at["sensitivity"]["value"] == pytest.approx(point.coverage_malignant, abs=slack)
            assert at["coverage_benign"]["value"] == pytest.approx(point.coverage_benign, abs=slack)
            assert at["sensitivity"]["low"] < at["sensitivity"]["value"] < at["sensitivity"]["high"]
            assert sum(sum(side.values()) for side in at["cases"].values()) == judged.results[split]["images"]
        assert judged.results[split]["sensitivity"] == found["sensitivity-95"]["sensitivity"]["value"]


def test_the_bands_are_nested(judged: Evaluation) -> None:
    low = [point.threshold for point in judged.operating_points]
    high = [point.malignant for point in judged.operating_points]
    assert low == sorted(low, reverse=True) and high == sorted(high) and max(low) < min(high)


def test_the_balanced_rule_finds_rare_diagnoses(judged: Evaluation) -> None:
    """Labels are drawn from the probabilities, with equal shares; then nevi are made ten times as common."""
    table = scores(5000)
    common = table["label"] == "nv"
    table = table[common | (np.arange(len(table)) % 10 < 2)].reset_index(drop=True)
    odds = table[[f"raw_{code}" for code in CODES]].to_numpy() * np.where(np.array(CODES) == "nv", 30.0, 1.0)
    table[[f"raw_{code}" for code in CODES]] = odds / odds.sum(axis=1, keepdims=True)
    found = judge(table, CODES)
    assert found.balanced_rule["tau"] > 0.3 and sum(found.balanced_rule["priors"].values()) == pytest.approx(
        1
    )
    for split in ("validation", "test"):
        result = found.results[split]
        assert result["balanced_accuracy_balanced_rule"] > result["balanced_accuracy"] + 0.05
        assert result["accuracy_balanced_rule"] <= result["accuracy"]
    labels = table["label"].map(CODES.index).to_numpy()[table["split"] == "test"]
    plain = odds.argmax(axis=1)[table["split"] == "test"]
    expected = class_balanced_accuracy(class_confusion(labels, plain, 7))
    assert found.results["test"]["balanced_accuracy"] == pytest.approx(expected)


def test_a_label_of_no_diagnosis_counts_for_malignancy_alone() -> None:
    table = scores(2000)
    malignant = table["label"].isin(list(MALIGNANT))
    unknown = np.arange(len(table)) % 5 == 0
    blurred = table.assign(malignant=malignant).assign(label=table["label"].where(~unknown, "unknown"))
    told, found = judge(table, CODES), judge(blurred, CODES)
    assert found.results["test"]["auc"] == told.results["test"]["auc"]
    assert found.temperature == told.temperature
    known = table["label"][(table["split"] == "validation") & ~unknown]
    assert found.balanced_rule["priors"]["mel"] == pytest.approx((known == "mel").mean())


def test_without_test_scores_nothing_is_said_of_test() -> None:
    table = scores(1000)
    found = judge(table[table["split"] == "validation"], CODES)
    assert set(found.results) == {"validation"} and found.measured_on == "validation"


def test_everything_is_json(judged: Evaluation) -> None:
    text = json.dumps(
        {name: value for name, value in vars(judged).items() if name in ("results", "calibration")}
    )
    assert "NaN" not in text and "AUC" in judged.summary and "balanced rule" in judged.summary


def test_subgroups_are_rows(judged: Evaluation) -> None:
    table = scores(1000).assign(age=50.0, sex="male", site="back", confirmation="histo")
    rows = judge(table, CODES).subgroups
    assert {row["variable"] for row in rows} == {"Age", "Sex", "Site", "Confirmation"}
    assert all(not row["small"] and row["images"] == 500 for row in rows)
    assert judged.subgroups == []


def test_ways_to_calibrate_are_told_apart() -> None:
    """Where the only fault is overconfidence, temperature repairs it; a shifted diagnosis needs more than that."""
    rows = {row["method"]: row for row in judge(scores(1500), CODES).calibration}
    assert rows["none"]["low"] > 0 and rows["temperature"]["difference"] == 0
    assert rows["temperature"]["ece"] < rows["none"]["ece"]
    assert abs(rows["Platt"]["difference"]) < 0.02 < rows["none"]["difference"] < 1
    table = scores(1500)
    raw = table[[f"raw_{code}" for code in CODES]].to_numpy() * np.where(np.array(CODES) == "mel", 8.0, 1.0)
    raw /= raw.sum(axis=1, keepdims=True)
    labels = table["label"].map(CODES.index).to_numpy()
    cases = Cases(raw, labels, table["label"].isin(list(MALIGNANT)).to_numpy(), HAM10000)
    shifted = {row["method"]: row for row in compare_scalings(cases, table["lesion_id"].to_numpy(str))}
    assert shifted["bias-corrected temperature"]["high"] < 0
    assert bias_corrected(cases)(raw).shape == (1500,)


def test_the_test_split_decides_nothing() -> None:
    table = scores(1000)
    other = table.copy()
    swapped = other["split"] == "test"
    other.loc[swapped, "label"] = np.roll(other.loc[swapped, "label"], 7)
    first, second = judge(table, CODES), judge(other, CODES)
    assert (first.temperature, first.operating_points) == (second.temperature, second.operating_points)
    assert first.results["validation"] == second.results["validation"]
    assert first.results["test"] != second.results["test"]


def test_a_binary_network_is_judged_too() -> None:
    table = scores(1000)
    table["raw_malignant"] = table[[f"raw_{code}" for code in sorted(MALIGNANT)]].sum(axis=1)
    found = judge(table, ("malignant",))
    assert "balanced_accuracy" not in found.results["test"] and found.results["test"]["auc"] > 0.7
    assert found.balanced_rule == {} and len(found.operating_points) == 3
    assert "bias-corrected temperature" not in {row["method"] for row in found.calibration}
    raw, truth = table[["raw_malignant"]].to_numpy(), table["label"].isin(list(MALIGNANT)).to_numpy()
    assert fit_temperature(raw, truth, HAM10000) > 0

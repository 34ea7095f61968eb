"""What is chosen comes from validation alone and is right, on scores whose answers are known."""

import json

import numpy as np
import pandas as pd
import pytest

from model.bundle import point_name
from model.calibration import calibrate
from model.evaluation.metrics import class_balanced_accuracy, class_confusion
from model.taxonomy import HAM10000, LESIONS, Taxonomy
from training.choosing import PREVALENCE
from training.judge import Evaluation, judge
from training.pipeline import summary_of

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


def test_the_probabilities_hold_at_the_prevalence_that_is_named(judged: Evaluation) -> None:
    calibration = judged.calibrations["dermoscopic"]
    assert calibration.temperature == pytest.approx(2.0, rel=0.1) and calibration.prevalence == PREVALENCE
    own = judged.results["test"]["at_own_prevalence"]
    assert own["prevalence"] > 2 * PREVALENCE
    assert own["slope"] == pytest.approx(1, abs=0.1) and own["ratio"]["low"] < 1 < own["ratio"]["high"]


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
    found = judge(table, CODES, HAM10000)
    assert found.balanced_rule["tau"] == 1 and sum(found.balanced_rule["priors"].values()) == pytest.approx(1)
    for split in ("validation", "test"):
        result = found.results[split]
        assert result["balanced_accuracy_balanced_rule"] > result["balanced_accuracy"] + 0.05
        assert result["accuracy_balanced_rule"] <= result["accuracy"]
    labels = table["label"].map(CODES.index).to_numpy()[table["split"] == "test"]
    own = calibrate(
        odds / odds.sum(axis=1, keepdims=True), found.calibrations["dermoscopic"], HAM10000.columns
    )
    plain = own.argmax(axis=1)[table["split"] == "test"]
    expected = class_balanced_accuracy(class_confusion(labels, plain, 7))
    assert found.results["test"]["balanced_accuracy"] == pytest.approx(expected)


def test_a_label_of_no_diagnosis_counts_for_malignancy_alone() -> None:
    table = scores(2000)
    malignant = table["label"].isin(list(MALIGNANT))
    unknown = np.arange(len(table)) % 5 == 0
    blurred = table.assign(malignant=malignant).assign(label=table["label"].where(~unknown, "unknown"))
    told, found = judge(table, CODES, HAM10000), judge(blurred, CODES, HAM10000)
    assert found.results["test"]["auc"] == told.results["test"]["auc"]
    assert found.calibrations == told.calibrations
    assert found.results["test"]["accuracy"] == pytest.approx(told.results["test"]["accuracy"], abs=0.03)


def test_without_test_scores_nothing_is_said_of_test() -> None:
    table = scores(1000)
    found = judge(table[table["split"] == "validation"], CODES, HAM10000)
    assert set(found.results) == {"validation"} and found.measured_on == "validation"


def test_everything_is_json(judged: Evaluation) -> None:
    text = json.dumps(
        {name: value for name, value in vars(judged).items() if name in ("results", "elsewhere")}
    )
    assert "NaN" not in text and "AUC" in summary_of(judged) and "balanced rule" in summary_of(judged)


def test_subgroups_are_rows(judged: Evaluation) -> None:
    table = scores(1000).assign(age=50.0, sex="male", site="back", confirmation="histo")
    rows = judge(table, CODES, HAM10000).subgroups
    assert {row["variable"] for row in rows} == {"Age", "Sex", "Site", "Confirmation"}
    assert all(not row["small"] and row["images"] == 500 for row in rows)
    assert judged.subgroups == []


def test_the_test_split_decides_nothing() -> None:
    table = scores(1000)
    other = table.copy()
    swapped = other["split"] == "test"
    other.loc[swapped, "label"] = np.roll(other.loc[swapped, "label"], 7)
    first, second = judge(table, CODES, HAM10000), judge(other, CODES, HAM10000)
    assert (first.calibrations, first.operating_points) == (second.calibrations, second.operating_points)
    assert first.results["validation"] == second.results["validation"]
    assert first.results["test"] != second.results["test"]


def test_a_binary_network_is_judged_too() -> None:
    table = scores(1000)
    table["raw_malignant"] = table[[f"raw_{code}" for code in sorted(MALIGNANT)]].sum(axis=1)
    found = judge(table, ("malignant",), HAM10000)
    assert "balanced_accuracy" not in found.results["test"] and found.results["test"]["auc"] > 0.7
    assert found.balanced_rule == {} and len(found.operating_points) == 3


def sources() -> pd.DataFrame:
    """Three sources: one whose cancers look harmless more often, one of small pictures that is far worse, close-ups."""
    plain = scores(6000).assign(source="plain", modality="dermoscopic", side=256)
    hard = scores(6000).assign(source="hard", modality="dermoscopic", side=256)
    small = scores(6000).assign(source="small", modality="dermoscopic", side=84)
    close = scores(6000).assign(source="hard", modality="close-up", side=224)
    columns = [f"raw_{code}" for code in CODES]
    rng = np.random.default_rng(1)
    for table, share in ((hard, 0.1), (small, 0.5)):
        mixed = rng.random(len(table)) < share
        table.loc[mixed, columns] = rng.permutation(table.loc[mixed, columns].to_numpy())
    parts = [
        table.assign(lesion_id=f"{place} " + table["lesion_id"].astype(str))
        for place, table in enumerate((plain, hard, small, close))
    ]
    table = pd.concat(parts, ignore_index=True)
    return table.assign(image_id=table.index.astype(str))


def test_the_strictest_source_decides_and_small_pictures_do_not() -> None:
    table = sources()
    found = judge(table, CODES, HAM10000)
    without_small = judge(table[table["source"] != "small"], CODES, HAM10000)
    domains = found.results["validation"]["domains"]
    assert set(domains) == {"plain, dermoscopic", "hard, dermoscopic", "small, dermoscopic", "hard, close-up"}
    for point in found.operating_points:
        reached = {
            name: figures["operating_points"][point.name]["sensitivity"]["value"]
            for name, figures in domains.items()
        }
        assert reached["hard, dermoscopic"] == pytest.approx(point.sensitivity, abs=0.02)
        assert reached["plain, dermoscopic"] > point.sensitivity > reached["small, dermoscopic"]
        assert reached["hard, close-up"] == pytest.approx(point.sensitivity, abs=0.02)
    # The calibration moves a little with what the small pictures say; the thresholds are those of the others.
    specificity = [
        one.results["test"]["domains"]["plain, dermoscopic"]["specificity"] for one in (found, without_small)
    ]
    assert specificity[0] == pytest.approx(specificity[1], abs=0.02)


def test_no_close_up_is_benign_and_no_result_counts_everywhere() -> None:
    table = sources()
    nothing = np.arange(len(table)) % 10 == 1
    plain = judge(table, CODES, HAM10000).results["test"]["domains"]
    found = judge(table.assign(no_result=nothing), CODES, HAM10000).results["test"]["domains"]
    for name in plain:
        cases, before = (one[name]["operating_points"]["sensitivity-95"]["cases"] for one in (found, plain))
        assert sum(cases["benign"].values()) == sum(before["benign"].values())
        assert cases["malignant"]["no_result"] + cases["benign"]["no_result"] > 0
        assert found[name]["specificity"] < plain[name]["specificity"]
        if name.endswith("close-up"):
            assert cases["benign"]["benign"] == cases["malignant"]["benign"] == 0
            assert found[name]["sensitivity"] < plain[name]["sensitivity"]
        else:
            assert found[name]["sensitivity"] >= plain[name]["sensitivity"]


def test_a_run_without_a_source_is_measured_on_that_source_alone() -> None:
    table = sources()
    other = table[(table["source"] != "hard") & (table["split"] == "validation")]
    never = table[(table["source"] == "hard") & (table["split"] == "test")]
    runs = [table.assign(run="main"), other.assign(run="hard"), never.assign(run="hard")]
    found = judge(pd.concat(runs, ignore_index=True), CODES, HAM10000)
    assert set(found.elsewhere) == {"hard, dermoscopic", "hard, close-up"}
    # The guard has looked at the images of the run that ships, and at no others.
    guarded = pd.concat([runs[0].assign(no_result=False), *runs[1:]])
    assert judge(guarded, CODES, HAM10000).elsewhere == found.elsewhere
    assert found.results == judge(table, CODES, HAM10000).results
    assert "never seen: hard, dermoscopic" in summary_of(found)


def test_a_lesion_counts_once_however_many_images_it_has() -> None:
    """Half of the cancers are one lesion with many images that look harmless: they are one lesion in a hundred."""
    table = scores(4000)
    cancers = table["label"].isin(list(MALIGNANT)) & (table["split"] == "validation")
    rows = table[cancers].sort_values("raw_nv").tail(200).index
    many = table.assign(lesion_id=table["lesion_id"].astype(str))
    many.loc[rows, "lesion_id"] = "one"
    points = [judge(one, CODES, HAM10000).operating_points[1] for one in (table, many)]
    assert points[1].threshold > points[0].threshold

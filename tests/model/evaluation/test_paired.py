"""Two models on the same images: figures against scikit-learn, and intervals against formulas and simulation."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, recall_score, roc_auc_score

from model.bundle import Bundle
from model.evaluation.comparison import Standing
from model.evaluation.intervals import Z95, Undefined
from model.evaluation.paired import paired_comparison, paired_difference
from model.evaluation.review import evaluate_shared, evaluate_split
from model.evaluation.rows import evaluated_rows
from model.evaluation.shared import shared_cases
from model.taxonomy import HAM10000
from tests.dashboard.performance.reading import rewritten
from tests.tiny import write_tiny_bundle

CODES = list(HAM10000.codes)


@pytest.fixture(name="models", scope="module")
def two_models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bundle, Bundle]:
    """A model, and a worse one that has scored all but 20 of its images, in another order."""
    root = tmp_path_factory.mktemp("paired")
    mine = write_tiny_bundle(root, "mine", graph=False)

    def worse(rows):
        raw = [f"raw_{code}" for code in CODES]
        noise = np.random.default_rng(0).dirichlet(np.ones(len(raw)), len(rows))
        return rows.assign(**dict(zip(raw, (0.4 * rows[raw].to_numpy() + 0.6 * noise).T, strict=True)))[
            20:
        ].sample(frac=1, random_state=1)

    return mine, rewritten(root, "theirs", worse)


def test_figures_are_those_of_scikit_learn_on_the_images_of_both(models: tuple[Bundle, Bundle]) -> None:
    mine, theirs = models
    pair = paired_comparison(mine, theirs, "test")
    cases = shared_cases(mine, theirs, "test")
    rows = [
        evaluated_rows(one, "test").iloc[places]
        for one, places in zip(models, (cases.first, cases.second), strict=True)
    ]
    assert rows[0]["image_id"].tolist() == rows[1]["image_id"].tolist()
    assert len(rows[0]) < len(evaluated_rows(mine, "test"))
    found = {one.name: one for one in pair.figures}
    for place, own in enumerate(rows):
        truth, called = own["malignant"], own["probability"] >= mine.card.threshold
        value = {name: (one.first, one.second)[place] for name, one in found.items()}
        assert value["auc"] == pytest.approx(roc_auc_score(truth, own["probability"]))
        assert value["missed"] == pytest.approx(1 - recall_score(truth, called))
        assert value["alone"] == pytest.approx(recall_score(~truth, ~called))
        chosen = np.array(CODES)[own[[f"p_{code}" for code in CODES]].to_numpy().argmax(axis=1)]
        assert value["diagnoses"] == pytest.approx(balanced_accuracy_score(own["label"], chosen))
    assert found["auc"].standing is Standing.BETTER


def test_the_cases_of_one_model_alone_are_those_that_it_alone_decides_rightly(
    models: tuple[Bundle, Bundle],
) -> None:
    mine, theirs = models
    pair = paired_comparison(mine, theirs, "test")
    rows = evaluated_rows(mine, "test").merge(
        evaluated_rows(theirs, "test")[["image_id", "probability"]], on="image_id", suffixes=("", "_other")
    )
    right = (rows["probability"] >= 0.3) == rows["malignant"]
    right_too = (rows["probability_other"] >= 0.3) == rows["malignant"]
    ids = evaluated_rows(mine, "test")["image_id"].to_numpy()
    assert set(ids[pair.only_first]) == set(rows["image_id"][right & ~right_too])
    assert set(ids[pair.only_second]) == set(rows["image_id"][~right & right_too])


def test_without_clusters_the_interval_is_that_of_bonett_and_price() -> None:
    first, second = np.repeat([1, 1, 0, 0], [30, 12, 5, 53]), np.repeat([1, 0, 1, 0], [30, 12, 5, 53])
    found = paired_difference(first, second, np.arange(100))
    p, q = 13 / 102, 6 / 102
    half = Z95 * np.sqrt((p + q - (p - q) ** 2) / 102)
    assert (found.value, found.low, found.high) == pytest.approx((0.07, p - q - half, p - q + half))


def test_models_that_never_differ_are_not_sure_and_images_of_one_lesion_say_less() -> None:
    same = paired_difference(np.ones(20), np.ones(20), np.arange(20))
    assert same.low < 0 < same.high
    rng = np.random.default_rng(0)
    first, second = rng.random(200) < 0.8, rng.random(200) < 0.6
    alone = paired_difference(first, second, np.arange(200))
    copies = paired_difference(np.repeat(first, 5), np.repeat(second, 5), np.repeat(np.arange(200), 5))
    assert copies.value == pytest.approx(alone.value)
    assert copies.high - copies.low == pytest.approx(alone.high - alone.low, rel=0.05)
    assert paired_difference([], [], []).reason is Undefined.EMPTY


def test_the_interval_covers_the_true_difference_of_clustered_cases() -> None:
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(400):
        lesion = np.repeat(np.arange(120), 3)
        rate = rng.beta(8, 2, 120)[lesion]
        first, second = rng.random(360) < rate, rng.random(360) < rate - 0.1
        found = paired_difference(first, second, lesion)
        covered += found.low <= 0.1 <= found.high
    assert 0.92 <= covered / 400 <= 0.98


def test_models_of_other_diagnoses_are_compared_in_what_they_share(
    models: tuple[Bundle, Bundle], tmp_path: Path
) -> None:
    mine, _ = models
    fewer = dataclasses.replace(
        HAM10000,
        diagnoses=tuple(one for one in HAM10000.diagnoses if one.code not in ("df", "vasc")),
        shown=tuple(code for code in HAM10000.shown if code not in ("df", "vasc")),
    )
    other = write_tiny_bundle(tmp_path, "fewer", graph=False, taxonomy=fewer)
    found = {one.name: one for one in paired_comparison(mine, other, "test").figures}
    assert "auc" in found
    assert "mean of 5" in found["diagnoses"].title
    binary = write_tiny_bundle(tmp_path, "binary", graph=False, binary=True)
    assert "diagnoses" not in {one.name for one in paired_comparison(mine, binary, "test").figures}


def test_lines_of_another_model_are_drawn_on_the_images_of_both(models: tuple[Bundle, Bundle]) -> None:
    mine, theirs = models
    shown = evaluate_shared(mine, theirs, "test")
    assert shown.truth.size == shared_cases(mine, theirs, "test").truth.size
    assert shown.model == "theirs"
    assert shown.auc < evaluate_split(mine, "test").auc

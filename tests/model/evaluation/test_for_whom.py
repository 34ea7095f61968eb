"""For whom a model was shown to work, over scores whose groups were made to differ; and other kinds of scores."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import recall_score, roc_auc_score

from model.bundle import SCORES, Bundle, open_bundle, write_bundle
from model.calibration import Calibration
from model.evaluation.comparison import Standing
from model.evaluation.figures.figure import FigureData
from model.evaluation.figures.map import COLOURINGS, MAP
from model.evaluation.for_whom import MeasuredGroup, groups_for_whom
from model.evaluation.review import evaluate_split
from model.evaluation.rows import Kind, evaluated_rows, kinds_of
from model.evaluation.stored import stored_scores
from model.taxonomy import HAM10000
from tests.tiny import tiny_scores, write_tiny_bundle

CLINICS = ("Clinic A", "Clinic B", "Clinic C")


def varied_scores() -> pd.DataFrame:
    """Scores of three sources, one of which is guessed at, of close-ups, and of a run that never saw Clinic B."""
    rng, base = np.random.default_rng(0), tiny_scores(1800, 0)
    base["source"] = np.array(CLINICS)[np.arange(len(base)) % 3]
    base["modality"], base["run"], base["no_result"], base["side"] = "dermoscopic", "main", False, 256
    base["skin_tone"] = np.where(np.arange(len(base)) % 2, 4.0, 3.0)
    raw = [f"raw_{code}" for code in HAM10000.codes]
    guessed = base["source"] == "Clinic C"
    base.loc[guessed, raw] = rng.permutation(base.loc[guessed, raw].to_numpy())
    close = base[base["source"] == "Clinic A"].assign(modality="close-up")
    other = base[(base["split"] == "validation") != (base["source"] == "Clinic B")].assign(run="Clinic B")
    return pd.concat([base, close, other], ignore_index=True)


@pytest.fixture(name="varied", scope="module")
def varied_bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A bundle with these scores, whose close-ups have a threshold."""
    root = tmp_path_factory.mktemp("varied")
    card = write_tiny_bundle(root, "varied", graph=False).card
    points = tuple(dataclasses.replace(one, close_up=0.25) for one in card.operating_points)
    changed = dataclasses.replace(
        card,
        operating_points=points,
        calibrations={"dermoscopic": Calibration(1.3), "close-up": Calibration(1.3)},
    )
    varied_scores().to_parquet(root / SCORES, index=False)
    write_bundle(root / "varied", changed, {SCORES: root / SCORES})
    return open_bundle(root / "varied")


def found_groups(bundle: Bundle) -> dict[str, MeasuredGroup]:
    review = evaluate_split(bundle, "test")
    return {one.title: one for one in groups_for_whom(bundle, "test", (), review.threshold)}


def test_groups_are_counted_as_scikit_learn_counts(varied: Bundle) -> None:
    rows = stored_scores(varied).query("split == 'test'")
    threshold = evaluate_split(varied, "test").threshold
    found = found_groups(varied)
    for name in CLINICS:
        own, group = rows[rows["source"] == name], found[name]
        called = own["probability"] >= threshold
        assert group.images == len(own)
        assert group.found.value == pytest.approx(recall_score(own["malignant"], called))
        assert group.left_alone.value == pytest.approx(recall_score(~own["malignant"], ~called))


def test_a_source_that_is_guessed_at_is_said_to_be_worse_and_what_is_missing_is_said(varied: Bundle) -> None:
    found = found_groups(varied)
    assert found["Clinic C"].standing is Standing.WORSE
    assert found["Clinic A"].standing is Standing.BETTER
    assert found["Dark skin (tone 0 to 1)"].images == 0
    assert found["Dark skin (tone 0 to 1)"].standing is Standing.UNKNOWN


def test_close_ups_and_left_out_sources_have_their_own_thresholds(varied: Bundle) -> None:
    kinds = list(kinds_of(varied, "test"))
    assert kinds[0] == Kind()
    assert set(kinds[1:]) == {Kind("close-up", "main"), Kind("dermoscopic", "Clinic B")}
    close = evaluate_split(varied, "test", Kind("close-up").where)
    assert (close.threshold, close.never_benign) == (0.25, True)
    assert not any(one.count("benign") for one in close.outcomes(0.25))
    group = found_groups(varied)["Close-ups without a dermatoscope"]
    rows = evaluated_rows(varied, "test", Kind("close-up").where)
    assert group.area.value == pytest.approx(roc_auc_score(rows["malignant"], rows["probability"]))
    left_out = evaluate_split(varied, "test", Kind(run="Clinic B").where)
    assert set(left_out.table["source"]) == {"Clinic B"}
    assert left_out.threshold != evaluate_split(varied, "test").threshold


def test_older_scores_have_one_kind(tmp_path: Path) -> None:
    bundle = write_tiny_bundle(tmp_path, "older", graph=False)
    assert list(kinds_of(bundle, "test")) == [Kind()]
    assert evaluated_rows(bundle, "test", Kind("close-up").where).empty
    groups = groups_for_whom(bundle, "test", (), 0.3)
    assert "source" not in {one.variable for one in groups}


def test_the_map_is_drawn_in_the_colours_that_are_asked_for(varied: Bundle, tmp_path: Path) -> None:
    rows = pd.read_parquet(varied.path / SCORES)
    rng = np.random.default_rng(0)
    mapped = tmp_path / SCORES
    rows.assign(map_x=rng.normal(size=len(rows)), map_y=rng.normal(size=len(rows))).to_parquet(
        mapped, index=False
    )
    bundle = write_bundle(tmp_path / "mapped", varied.card, {SCORES: mapped})
    shown = evaluate_split(bundle, "test")
    data = FigureData(bundle, shown, 30.0)
    assert MAP.exists(data)
    assert not MAP.exists(FigureData(varied, evaluate_split(varied, "test"), 30.0))
    names = {way: [line.name.partition(" (")[0] for line in map_lines(data, way)] for way in COLOURINGS}
    assert set(names["source"]) == set(CLINICS)
    assert "Uncertain" in names["outcome"]
    assert "Melanoma" in names["truth"]
    for way in COLOURINGS:
        assert sum(len(line.x) for line in map_lines(data, way)) == shown.truth.size


def map_lines(data: FigureData, colouring: str):
    """The groups of points of a map."""
    return MAP.draw(dataclasses.replace(data, colouring=colouring)).data

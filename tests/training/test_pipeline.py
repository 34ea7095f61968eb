"""Steps that find nothing to start from say what to do first, before they load a network."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.stores import store_of
from training.cases import CasesError
from training.pipeline import Sources, TrainingRun, evaluate_run, export_run, reproduce_run, run_without
from training.recipes import RECIPES
from training.runs import BEST

NOTHING = Sources((), (), "", "", "key")


@pytest.fixture
def run(tmp_path: Path) -> TrainingRun:
    """A run that was never trained, on prepared data."""
    data = tmp_path / "data"
    data.mkdir()
    cases = pd.DataFrame({"lesion_id": ["a", "b"], "label": ["mel", "nv"], "split": ["train", "test"]})
    store = store_of(list(np.zeros((2, 8, 8, 3), np.uint8)), cases.assign(source=["first", "second"]))
    store.cases.to_parquet(data / "cases.parquet")
    store.pixels.tofile(data / "frames.bin")
    return TrainingRun(RECIPES["tiny"], data, tmp_path / "runs" / "tiny", tmp_path / "runs")


def test_what_is_not_trained_is_not_evaluated(run: TrainingRun) -> None:
    with pytest.raises(CasesError, match="training train tiny"):
        evaluate_run(run, "never opened")
    assert not list(run.data.parent.glob("*.openings.jsonl"))


def test_what_is_not_evaluated_is_not_exported(run: TrainingRun, tmp_path: Path) -> None:
    with pytest.raises(CasesError, match="training evaluate tiny"):
        export_run(run, tmp_path / "bundle", "1")
    assert not (tmp_path / "bundle").exists()


def test_nothing_is_reproduced_from_nothing(tmp_path: Path) -> None:
    run = TrainingRun(RECIPES["tiny"], tmp_path / "none", tmp_path / "tiny", tmp_path)
    with pytest.raises(CasesError, match="--metadata and --images"):
        reproduce_run(
            run,
            NOTHING,
            seed=0,
            init="none",
            open_test="why",
            measure_robustness=False,
            out=tmp_path / "bundle",
            version="1",
            with_weights=False,
            elsewhere=True,
        )


def test_a_run_without_a_source_has_a_folder_of_its_own(run: TrainingRun) -> None:
    other = run_without("BCN 20000/a", run.data, run.runs)
    assert other.folder == run.runs / "elsewhere-without-BCN-20000-a" and other.data == run.data
    assert other.recipe is RECIPES["elsewhere"] and not other.is_trained
    other.folder.mkdir(parents=True)
    (other.folder / BEST).touch()
    assert other.is_trained

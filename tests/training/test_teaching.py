"""Networks that teach another one: what they say is mixed with the truth, and one command trains all of them."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from model.taxonomy import LESIONS
from training import recipes
from training.card import training_record
from training.cases import read_cases
from training.drawings.synthetic import write_dataset
from training.fit import network_probabilities, still_images, targets_of
from training.pipeline import TrainingRun, teachers_of, train_run
from training.pixels import open_pixels, prepare
from training.recipes import RECIPES, Stage
from training.runs import BEST, read_history
from training.teaching import said_by, taught_targets

CODES = list(LESIONS.codes)


def test_what_is_learned_is_part_truth_and_part_what_teachers_say() -> None:
    targets = np.zeros((3, len(CODES) + 2), np.float32)
    targets[0, CODES.index("mel")] = targets[0, -1] = 1
    targets[1, -2:] = 1  # a close-up that is malignant, of no diagnosis that the network has
    targets[2, CODES.index("nv")] = 1
    said = np.zeros((3, len(CODES)), np.float32)
    said[:2, CODES.index("nv")], said[:2, CODES.index("bcc")] = 0.8, 0.2
    taught = taught_targets(targets, said, 0.7)
    assert taught.dtype == np.float32
    assert taught[0, CODES.index("mel")] == pytest.approx(0.3)
    assert taught[0, CODES.index("nv")] == pytest.approx(0.56)
    assert taught[0, -1] == pytest.approx(0.3 + 0.7 * 0.2)
    assert taught[1, CODES.index("bcc")] == pytest.approx(0.14)
    assert taught[1, :-2].sum() == pytest.approx(0.7)
    np.testing.assert_allclose(taught[:2, -2], [0, 1])
    np.testing.assert_array_equal(taught[2], targets[2])  # of which nobody says anything


@pytest.mark.slow
def test_one_command_trains_the_teachers_and_who_learns_from_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_dataset(tmp_path, 80, seed=1, size=(150, 200))
    cases = read_cases([tmp_path / "HAM10000_metadata.csv"], [tmp_path / "images"], source="drawn")
    store = prepare(cases, tmp_path / "store")
    teacher = dataclasses.replace(RECIPES["tiny"], name="tutor", stages=(Stage(32, 1),), batch=16)
    monkeypatch.setitem(recipes.RECIPES, "tutor", teacher)
    # It ships at a larger size than it is trained at.
    stages = (Stage(32, 1), Stage(48, 0))
    pupil = dataclasses.replace(
        teacher, name="pupil", stages=stages, teacher="tutor", teachers=(3, 4), taught=0.7
    )
    run = TrainingRun(pupil, tmp_path / "store", tmp_path / "runs" / "pupil", tmp_path / "runs")
    train_run(run, 0, "none")
    first, second = teachers_of(run)
    assert [json.loads((one.folder / "run.json").read_text())["seed"] for one in (first, second)] == [3, 4]
    assert len(read_history(run.folder)) == 1 and training_record(run.folder, pupil)["best_epoch"] == 1
    assert run.network().input_shape[1] == 48
    rows = store.rows("train")
    networks = [first.network(), second.network()]
    said = said_by(networks, store, rows)
    alone = [network_probabilities(one, still_images(store, rows, 32)) for one in networks]
    np.testing.assert_allclose(said[rows], np.mean(alone, axis=0), atol=1e-6)
    assert not said[store.rows("test")].any()
    np.testing.assert_allclose(np.load(run.folder / "said.npy"), said, atol=1e-6)
    # It began with the weights of the first teacher, and its history is measured against the truth.
    assert json.loads((run.folder / "run.json").read_text())["init"].startswith("file with SHA-256")
    assert targets_of(open_pixels(run.data).cases, pupil).max() == 1
    # Once trained, nothing is trained again.
    before = (first.folder / BEST).stat().st_mtime_ns
    train_run(run, 0, "none")
    assert (first.folder / BEST).stat().st_mtime_ns == before

"""Training runs as they are found on disk: still going, stopped, finished, half written."""

import json
import os
from pathlib import Path

import pytest

from dashboard.performance.live import best_so_far, find_runs, run_epochs, trainings
from dashboard.performance.machines import duration_words, machine_table
from tests.dashboard.performance.reading import every, text
from tests.tiny import tiny_history, write_tiny_bundle

NOW = 2_000_000_000.0


def write_run(
    root: Path, name: str, epochs: int = 3, age: float = 10, planned: int = 6, tail: str = ""
) -> Path:
    """A run whose files were last written `age` seconds ago."""
    run = root / name
    run.mkdir(parents=True)
    (run / "run.json").write_text(json.dumps({"recipe": {"stages": [[64, planned - 1], [64, 1]]}}))
    if epochs:
        lines = [json.dumps(line | {"size": 64}) + "\n" for line in tiny_history()[:epochs]]
        (run / "history.jsonl").write_text("".join(lines) + tail)
    for file in run.iterdir():
        os.utime(file, (NOW - age, NOW - age))
    return run


def state(root: Path) -> str:
    (run,) = find_runs(root, NOW)
    return run.state


def test_a_run_that_is_written_to_is_live_and_says_how_far_it_is(tmp_path):
    write_run(tmp_path, "going")
    assert state(tmp_path) == "running, epoch 4 of 6"


def test_before_the_first_epoch_there_is_a_run_too(tmp_path):
    write_run(tmp_path, "young", epochs=0)
    assert state(tmp_path) == "running, epoch 1 of 6"
    assert run_epochs(find_runs(tmp_path, NOW)[0]).empty


def test_a_silent_run_has_stopped(tmp_path):
    write_run(tmp_path, "silent", age=3600)
    assert state(tmp_path) == "stopped after epoch 3 of 6"


def test_long_epochs_may_be_silent_for_longer(tmp_path):
    run = write_run(tmp_path, "slow", age=3600)
    with (run / "history.jsonl").open("a") as file:
        file.write(json.dumps({"epoch": 4, "seconds": 3000}) + "\n")
    os.utime(run / "history.jsonl", (NOW - 3600, NOW - 3600))
    assert state(tmp_path) == "running, epoch 5 of 6"


@pytest.mark.parametrize("done", ["scores.parquet", None])
def test_a_run_that_is_done_is_not_live(tmp_path, done):
    run = write_run(tmp_path, "done", epochs=6 if done is None else 3)
    if done:
        (run / done).touch()
    (found,) = find_runs(tmp_path, NOW)
    assert not found.live
    assert found.state.startswith("finished")


@pytest.mark.parametrize(
    "tail", ['{"epoch": 4, "loss": 0.', "\xff", '{"epoch": "four"}\n', "[1]\n", "null\n"]
)
def test_a_line_that_is_being_written_is_left_out(tmp_path, tail):
    write_run(tmp_path, "half", tail=tail)
    (run,) = find_runs(tmp_path, NOW)
    assert run.epochs == 3
    assert run_epochs(run)["epoch"].tolist() == [1, 2, 3]


def test_what_is_no_run_is_passed_over_and_live_ones_come_first(tmp_path):
    (tmp_path / "notes.txt").write_text("no run")
    (tmp_path / "empty").mkdir()
    write_tiny_bundle(tmp_path, "bundle", graph=False)
    write_run(tmp_path, "a", age=3600)
    run = write_run(tmp_path, "b")
    (run / "run.json").write_text("{")
    assert [(run.name, run.live, run.planned) for run in find_runs(tmp_path, NOW)] == [
        ("b", True, None),
        ("a", False, 6),
    ]
    assert find_runs(None) == find_runs(tmp_path / "gone") == ()


def test_the_best_epoch_so_far_is_of_the_last_image_size(tmp_path):
    write_run(tmp_path, "one", epochs=6)
    epochs = run_epochs(find_runs(tmp_path, NOW)[0])
    assert best_so_far(epochs) == 5
    epochs.loc[5, "size"] = 96
    assert best_so_far(epochs) == 6
    assert best_so_far(epochs.drop(columns=["val_auc"])) is None


def test_the_page_draws_live_runs_and_asks_again_while_there_are_any(page, other, tmp_path, monkeypatch):
    monkeypatch.setattr("time.time", lambda: NOW)
    write_run(tmp_path, "going")
    write_run(tmp_path, "silent", age=99_999)
    other(runs=tmp_path)
    assert page.follow_training(None, ["going"], 1, "1", [], "?model=tiny&split=test")[0] is page.no_update
    graph, options, quiet, _ = page.follow_training(
        {"theme": "light", "sure": False, "narrow": False}, ["going"], 1, "1", [], "?model=tiny&split=test"
    )
    assert {line.name for line in graph.figure.data if line.mode == "lines"} == {"tiny", "going"}
    assert not quiet
    assert "silent (stopped after epoch 3 of 6)" in [one["label"] for one in options]
    (tmp_path / "going" / "scores.parquet").touch()
    assert page.follow_training(
        {"theme": "light", "sure": False, "narrow": False},
        ["going"],
        2,
        "3",
        ["log"],
        "?model=tiny&split=test",
    )[2]
    assert "set DERMABOARD_RUNS" not in text(page.layout())
    other(runs=tmp_path / "gone")
    assert "set DERMABOARD_RUNS" in text(page.layout())


def test_every_training_says_how_long_an_epoch_and_a_photograph_took_and_on_what(tmp_path):
    model = write_tiny_bundle(tmp_path / "bundles", "mine", graph=False)
    run = write_run(tmp_path, "going", epochs=0)
    seconds = (10, 40, 20)
    (run / "history.jsonl").write_text(
        "".join(json.dumps({"epoch": n + 1, "seconds": one}) + "\n" for n, one in enumerate(seconds))
    )
    recipe = {"views_an_epoch": 1000, "learning_rate": 0.0005, "batch": 64}
    (run / "run.json").write_text(json.dumps({"recipe": recipe}))
    machines = [{"processor": "2 cores"}, {"processor": "8 cores"}, {"processor": "2 cores"}]
    (run / "machines.json").write_text(json.dumps(machines))
    rows = every(machine_table(trainings([model], find_runs(tmp_path, NOW))), "Tr")[1:]
    told = [[text(cell) for cell in row.children] for row in rows]
    space = "\u00a0"
    assert told[0][:4] == ["mine", "6", "18 s", f"3{space}s (3 to 3)"]
    assert told[1] == [
        "going",
        "3",
        "70 s",
        f"20{space}s (10 to 40)",
        f"20{space}ms (10 to 40)",
        "2 cores, then 8 cores",
        "0.0005",
        "64",
    ]
    # What is damaged is not noted.
    for name in ("run.json", "machines.json"):
        (run / name).write_text("{")
    (row,) = every(machine_table(trainings([], find_runs(tmp_path, NOW))), "Tr")[1:]
    assert text(row.children[5]) == "not noted"
    assert duration_words(15454.9) == "4 h 18 min"

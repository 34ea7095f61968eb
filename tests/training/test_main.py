"""`python -m training`: calls that cannot work say what to do first. The calls that work are in test_end_to_end."""

from pathlib import Path

import pandas as pd
import pytest

from training.__main__ import main
from training.drawings.synthetic import write_dataset
from training.pixels import open_pixels


def test_every_step_names_the_one_before(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, run = ["--data", str(tmp_path / "none")], ["--run", str(tmp_path / "run")]
    assert main(["train", "tiny", *run, *data, "--init", "none"]) == 1
    assert "training prepare" in capsys.readouterr().err
    assert main(["prepare", "--metadata", str(tmp_path / "m.csv"), "--images", str(tmp_path), *data]) == 1
    assert "m.csv" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["train", "no-such-recipe"])
    assert "seed-cnn" in capsys.readouterr().err


def test_prepare_takes_several_tables_and_states_nothing_by_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = []
    for seed in (1, 2):
        write_dataset(tmp_path / str(seed), 21, seed, size=(150, 200))
        table = pd.read_csv(tmp_path / str(seed) / "HAM10000_metadata.csv")
        table = table.replace(r"^DRAWN_", f"DRAWN_{seed}_", regex=True)
        table["file"] = "images/" + table["image_id"].str.replace(f"_{seed}_", "_") + ".jpg"
        table.to_csv(tmp_path / str(seed) / "table.txt", sep=";", index=False, encoding="utf-16")
        tables += ["--metadata", str(tmp_path / str(seed) / "table.txt")]
    assert main(["prepare", *tables, "--data", str(tmp_path / "data")]) == 0
    store = open_pixels(tmp_path / "data")
    assert len(store.cases) == 42 and set(store.cases["source"]) == set(store.cases["licence"]) == {""}
    assert main(["prepare", "--data", str(tmp_path / "other")]) == 1
    assert "Name a table" in capsys.readouterr().err

"""`python -m training`: calls that cannot work say what to do first. The calls that work are in test_end_to_end."""

from pathlib import Path

import pytest

from training.__main__ import main


def test_every_step_names_the_one_before(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, run = ["--data", str(tmp_path / "none")], ["--run", str(tmp_path / "run")]
    assert main(["train", "tiny", *run, *data, "--init", "none"]) == 1
    assert "training prepare" in capsys.readouterr().err
    assert main(["prepare", "--metadata", str(tmp_path / "m.csv"), "--images", str(tmp_path), *data]) == 1
    assert "m.csv" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["train", "no-such-recipe"])
    assert "seed-cnn" in capsys.readouterr().err

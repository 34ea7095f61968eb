"""`python -m model` as a user calls it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from model.__main__ import main
from model.bundle import GRAPH
from model.images import decode, encode
from model.predictor import Predictor
from model.scoring import COLUMNS
from tests.tiny import write_tiny_bundle


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twenty images in two folders, one of them broken, and a text file that is nobody's business."""
    inner = tmp_path / "images" / "inner"
    inner.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for index in range(20):
        image = encode(rng.integers(0, 255, (100, 120, 3), dtype=np.uint8))
        (inner if index % 2 else inner.parent).joinpath(f"{index:02}.jpg").write_bytes(image)
    (inner / "broken.jpg").write_bytes(b"\xff\xd8\xff not an image")
    (inner / "notes.txt").write_text("nothing")
    return tmp_path / "images"


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_score(tmp_path: Path, folder: Path, ending: str) -> None:
    bundle = write_tiny_bundle(tmp_path / "bundles")
    out = tmp_path / f"out.{ending}"
    call = [
        "score",
        str(folder),
        "--out",
        str(out),
        "--model",
        "tiny",
        "--bundles",
        str(tmp_path / "bundles"),
    ]
    assert main(call) == 1
    table = pd.read_csv(out) if ending == "csv" else pd.read_parquet(out)
    assert tuple(table.columns) == COLUMNS and len(table) == 21
    failed = table[table["error"].notna()]
    assert list(failed["file"].map(lambda name: Path(name).name)) == ["broken.jpg"]
    predictor = Predictor(bundle)
    for row in table[table["error"].isna()].itertuples():
        expected = predictor.predict(decode(Path(row.file).read_bytes()))
        assert row.probability == pytest.approx(expected.probability, abs=1e-6)
        assert (row.sha256, row.decision) == (expected.sha256, expected.decision.value)
    (folder / "inner" / "broken.jpg").unlink()
    assert main(call) == 0


def test_calls_that_cannot_work_say_so(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_bundle(tmp_path / "bundles")
    common = ["--bundles", str(tmp_path / "bundles")]
    assert main(["score", str(folder), "--out", str(tmp_path / "x.xls"), *common]) == 2
    assert main(["score", str(folder), "--out", str(tmp_path / "x.csv"), "--model", "none", *common]) == 2
    assert (
        main(
            ["score", str(tmp_path / "bundles"), "--out", str(tmp_path / "x.csv"), "--model", "tiny", *common]
        )
        == 2
    )
    assert capsys.readouterr().err.count("error:") == 3
    assert not (tmp_path / "x.csv").exists()


def test_list_and_verify(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    common = ["--bundles", str(tmp_path)]
    write_tiny_bundle(tmp_path, "sound")
    write_tiny_bundle(tmp_path, "curves", graph=False)
    assert main(["verify", *common]) == 0
    broken = write_tiny_bundle(tmp_path, "broken").path
    (broken / GRAPH).unlink()
    assert main(["verify", *common]) == 1
    assert main(["list", *common]) == 0
    printed = capsys.readouterr().out
    assert "failed  broken" in printed and "damaged" in printed and "no weights" in printed

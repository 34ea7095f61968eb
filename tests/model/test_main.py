"""`python -m model` as a user calls it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from model import scoring, tables
from model.__main__ import main
from model.bundle import GRAPH
from model.images import decode, encode
from model.predictor import Predictor
from model.scoring import score_columns
from model.tables import read_score_table
from model.taxonomy import HAM10000, LESIONS, Taxonomy
from tests.tiny import signed_again, write_tiny_bundle


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


def scoring_of(folder: Path, out: Path, bundles: Path) -> list[str]:
    """The command line that scores a folder with the tiny model."""
    return ["score", str(folder), "--out", str(out), "--model", "tiny", "--bundles", str(bundles)]


def read(out: Path) -> pd.DataFrame:
    """The table that was written, by pandas, which knows nothing of how."""
    if out.suffix == ".jsonl":
        return pd.read_json(out, lines=True)
    return pd.read_csv(out) if out.suffix == ".csv" else pd.read_parquet(out)


@pytest.mark.parametrize("taxonomy", [HAM10000, LESIONS])
@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl"])
def test_score(tmp_path: Path, folder: Path, ending: str, taxonomy: Taxonomy) -> None:
    bundle = write_tiny_bundle(tmp_path / "bundles", taxonomy=taxonomy)
    out = tmp_path / f"out.{ending}"
    call = scoring_of(folder, out, tmp_path / "bundles")
    assert main(call) == 1
    table = read(out)
    assert list(table.columns) == list(score_columns(taxonomy)) and len(table) == 21
    failed = table[table["error"].notna()]
    assert list(failed["file"].map(lambda name: Path(name).name)) == ["broken.jpg"]
    predictor = Predictor(bundle)
    for row in table[table["error"].isna()].itertuples():
        expected = predictor.predict(decode(Path(row.file).read_bytes()))
        assert row.probability == pytest.approx(expected.probability, abs=1e-6)
        assert (row.sha256, row.decision) == (expected.sha256, expected.decision.value)
        for code in taxonomy.codes:
            assert getattr(row, f"p_{code}") == pytest.approx(expected.probabilities[code], abs=1e-6)
    (folder / "inner" / "broken.jpg").unlink()
    assert main(call) == 0


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl"])
def test_an_interrupted_run_goes_on(
    tmp_path: Path, folder: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tiny_bundle(tmp_path / "bundles")
    (folder / "=cmd.jpg").write_bytes((folder / "00.jpg").read_bytes())
    whole, parts = tmp_path / f"whole.{ending}", tmp_path / f"parts.{ending}"
    places = ["--model", "tiny", "--bundles", str(tmp_path / "bundles")]
    monkeypatch.chdir(folder)
    assert main(["score", ".", "--out", str(whole), *places]) == 1
    original = scoring.score_batch
    calls = 0

    def stop_at_the_second(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise KeyboardInterrupt
        return original(*arguments)

    monkeypatch.setattr(scoring, "score_batch", stop_at_the_second)
    assert main(["score", ".", "--out", str(parts), *places]) == 130
    # What the user finds after Ctrl-C is a whole table of the rows so far.
    assert 0 < len(read(parts)) < 22
    assert main(["score", ".", "--out", str(parts), "--resume", *places]) in (0, 1)
    found = read(parts)
    assert sorted(found["file"]) == sorted(read(whole)["file"]) and len(found) == 22
    assert parts.stat().st_size > 0 and not list(tmp_path.glob(".*journal*"))
    if ending == "csv":
        assert "'=cmd.jpg" in set(found["file"])


def test_a_full_disk_is_said_and_loses_nothing(tmp_path: Path, folder: Path) -> None:
    """Files may grow to a few rows."""
    resource = pytest.importorskip("resource")
    write_tiny_bundle(tmp_path / "bundles")
    out = tmp_path / "scores.jsonl"
    call = [sys.executable, "-m", "model", *scoring_of(folder, out, tmp_path / "bundles")]

    def little() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (3_000, 3_000))

    full = subprocess.run(call, capture_output=True, text=True, preexec_fn=little)
    assert full.returncode == 2
    assert "cannot be written" in full.stderr and "--resume" in full.stderr
    assert not out.exists() and not list(tmp_path.glob(".*.partial"))
    assert subprocess.run([*call, "--resume"], capture_output=True).returncode == 1
    assert len(read(out)) == 21 and read(out)["file"].is_unique


def test_a_table_that_does_not_fit_leaves_its_rows_and_no_half(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_bundle(tmp_path / "bundles")
    out = tmp_path / "scores.csv"
    call = scoring_of(folder, out, tmp_path / "bundles")

    def half(path: Path, *_: object) -> None:
        path.write_text("file,sha256")
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(tables, "write_table", half)
        assert main(call) == 2
    assert "No space left on device" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.glob("*scores*")) == [".scores.csv.journal"]
    assert main([*call, "--resume"]) == 1
    assert len(read(out)) == 21


def test_a_killed_run_loses_and_repeats_no_row(tmp_path: Path, folder: Path) -> None:
    write_tiny_bundle(tmp_path / "bundles")
    out = tmp_path / "out.csv"
    call = scoring_of(folder, out, tmp_path / "bundles")
    assert main(call) == 1
    whole = out.read_text()
    # As a power cut would leave it: no table yet, and the journal's last line half written.
    rows = list(read_score_table(out, score_columns(HAM10000)))
    out.unlink()
    lines = [json.dumps(row) + "\n" for row in rows[:9]]
    (tmp_path / ".out.csv.journal").write_text("".join(lines) + lines[0][:30])
    assert main(call) == 2
    assert main([*call, "--resume"]) in (0, 1)
    assert sorted(out.read_text().splitlines()) == sorted(whole.splitlines())


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl"])
@pytest.mark.parametrize("finished", [True, False])
def test_going_on_with_another_model_changes_nothing(
    tmp_path: Path, folder: Path, ending: str, finished: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, name in enumerate(["tiny", "other"]):
        write_tiny_bundle(tmp_path / "bundles", name, seed=number)
    out = tmp_path / f"out.{ending}"
    call = scoring_of(folder, out, tmp_path / "bundles")
    assert main(call) == 1
    if not finished:
        lines = [json.dumps(row) + "\n" for row in read_score_table(out, score_columns(HAM10000))]
        (tmp_path / f".{out.name}.journal").write_text("".join(lines[:5]) + lines[5][:20])
        out.unlink()
    before = {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    for other in (["--model", "other"], ["--operating-point", "sensitivity-90"]):
        assert main([*call, *other, "--resume"]) == 2
        said = capsys.readouterr().err
        assert "tiny 1 at sensitivity-95" in said and "Nothing was changed" in said
        assert {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before
    # And the run that was meant goes on, or, where it was finished, begins anew.
    assert main([*call, *([] if finished else ["--resume"])]) == 1
    assert len(read(out)) == 21


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl"])
def test_a_table_that_is_none_is_not_gone_on_with(
    tmp_path: Path, folder: Path, ending: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_bundle(tmp_path / "bundles")
    out = tmp_path / f"out.{ending}"
    out.write_bytes(b"\x00 no table\n")
    assert main([*scoring_of(folder, out, tmp_path / "bundles"), "--resume"]) == 2
    assert "Choose another --out" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [out.name]


@pytest.mark.parametrize("command", ["card", "report"])
def test_what_moved_names_its_new_place(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--out", "review.html", "dermanet"]) == 2
    assert f"python -m model.evaluation {command}" in capsys.readouterr().err


def test_heatmaps_and_operating_points(tmp_path: Path, folder: Path) -> None:
    bundle = write_tiny_bundle(tmp_path / "bundles")
    out, maps = tmp_path / "out.jsonl", tmp_path / "maps"
    point = bundle.card.operating_points[0].name
    call = scoring_of(folder, out, tmp_path / "bundles")
    assert main([*call, "--operating-point", point, "--heatmaps", str(maps)]) == 1
    table = read(out)
    scored = table[table["error"].isna()]
    assert set(scored["operating_point"]) == {point}
    assert {path.stem for path in maps.glob("*.png")} == set(scored["sha256"])
    assert main([*call, "--operating-point", "none"]) == 2


def test_no_heatmaps_that_are_no_better_than_random_ones(tmp_path: Path, folder: Path) -> None:
    path, maps = write_tiny_bundle(tmp_path / "bundles").path, tmp_path / "maps"
    evidence = {modality: {"shown": False} for modality in ("dermoscopic", "neither")}
    signed_again(path, facts={"evidence": evidence})
    call = scoring_of(folder, tmp_path / "out.csv", tmp_path / "bundles")
    assert main([*call, "--heatmaps", str(maps)]) == 1
    assert list(maps.iterdir()) == []


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

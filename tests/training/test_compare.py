"""Bundles side by side, on the numbers that their scores give."""

from pathlib import Path

import pytest

from model.bundle import BundleError
from model.evaluation.metrics import auc
from model.evaluation.stored import stored_scores
from tests.tiny import write_tiny_bundle
from training.__main__ import main
from training.compare import compare_bundles


def test_the_best_comes_first_and_the_others_are_tested_against_it(tmp_path: Path) -> None:
    bundles = [write_tiny_bundle(tmp_path, f"run-{seed}", seed=seed, graph=False) for seed in range(3)]
    lines = compare_bundles(bundles, "validation")
    areas = {}
    for bundle in bundles:
        rows = stored_scores(bundle).query("split == 'validation'")
        areas[bundle.name] = auc(rows["malignant"], rows["probability"])
    assert [line.name for line in lines] == sorted(areas, key=lambda name: -areas[name])
    assert lines[0].difference is None
    for line in lines:
        assert line.review.area.value == pytest.approx(areas[line.name])
    for line in lines[1:]:
        assert line.difference is not None
        found = line.difference
        assert found.difference.value == pytest.approx(found.first.value - found.second.value)
    with pytest.raises(BundleError, match="elsewhere"):
        compare_bundles(bundles, "elsewhere")


def test_the_command_prints_a_line_a_bundle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [str(write_tiny_bundle(tmp_path, name, graph=False).path) for name in ("one", "two")]
    assert main(["compare", *paths]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("model") and {line.split()[0] for line in printed[1:]} == {"one", "two"}
    assert main(["compare", str(tmp_path / "none")]) == 1

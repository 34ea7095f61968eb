"""Bundles: what is written comes back, and what was damaged is named and never served."""

import dataclasses
import json
import shutil
from pathlib import Path

import pytest

from model.bundle import (
    GRAPH,
    HISTORY,
    REFERENCE,
    SCORES,
    Bundle,
    BundleError,
    Damaged,
    OperatingPoint,
    find_bundles,
    named_bundle,
    open_bundle,
)
from model.evaluation.stored import stored_scores, training_history
from model.predictor import Predictor
from model.taxonomy import HAM10000, LESIONS
from tests.tiny import write_tiny_bundle


def test_round_trip(tmp_path: Path) -> None:
    written = write_tiny_bundle(tmp_path)
    found = open_bundle(tmp_path / "tiny")
    assert found == written and found.runnable
    assert list(training_history(found)["epoch"]) == [1, 2, 3, 4, 5, 6]


def test_without_weights_it_is_shown_but_not_run(tmp_path: Path) -> None:
    bundle = write_tiny_bundle(tmp_path, graph=False)
    assert not bundle.runnable and len(stored_scores(bundle))


def test_writing_again_replaces_the_whole_folder(tmp_path: Path) -> None:
    write_tiny_bundle(tmp_path, seed=0)
    write_tiny_bundle(tmp_path, seed=1, graph=False)
    assert not open_bundle(tmp_path / "tiny").runnable
    assert [path.name for path in tmp_path.iterdir()] == ["tiny"]


def change(path: Path, **fields: object) -> None:
    card = json.loads((path / "card.json").read_text())
    (path / "card.json").write_text(json.dumps(card | fields))


@pytest.mark.parametrize(
    "damage",
    [
        *("changed", "missing", "no card", "half a card", "newer", "other classes", "no diagnoses"),
        *("other diagnoses", "outside"),
    ],
)
def test_damage_is_reported_by_name_and_hides_nobody(tmp_path: Path, damage: str) -> None:
    write_tiny_bundle(tmp_path, "sound")
    path = write_tiny_bundle(tmp_path, "broken").path
    if damage == "changed":
        (path / GRAPH).write_bytes((path / GRAPH).read_bytes()[:-1] + b"x")
    elif damage == "missing":
        (path / "scores.parquet").unlink()
    elif damage == "no card":
        (path / "card.json").unlink()
    elif damage == "half a card":
        (path / "card.json").write_text((path / "card.json").read_text()[:200])
    elif damage == "newer":
        change(path, format=99)
    elif damage == "other classes":
        change(path, classes=["dog", "cat"])
    elif damage == "no diagnoses":
        change(path, taxonomy=None)
    elif damage == "other diagnoses":
        change(path, taxonomy=dataclasses.asdict(LESIONS))
    else:
        change(path, files={"../sound/card.json": "0" * 64})
    with pytest.raises(BundleError, match="broken"):
        open_bundle(path)
    broken, sound = find_bundles(tmp_path)
    assert isinstance(broken, Damaged) and broken.name == "broken" and "broken" in broken.problem
    assert isinstance(sound, Bundle)


def test_no_folder_means_no_bundles(tmp_path: Path) -> None:
    assert find_bundles(tmp_path / "nowhere") == ()


def test_the_first_format_is_still_read(tmp_path: Path) -> None:
    """A card as format 1 wrote it, word for word; when the format grows, this must go on opening."""
    path = tmp_path / "old"
    path.mkdir()
    (path / "card.json").write_text(
        '{"format": 1, "name": "old", "version": "1", "purpose": "p", "input_size": 224, "classes": ["malignant"],'
        ' "temperature": 1.0, "threshold": 0.5, "target_sensitivity": 0.95, "training": {}, "results": {},'
        ' "licence": "l", "created": "2026-01-01T00:00:00+00:00", "synthetic": false, "files": {}}'
    )
    old = open_bundle(path)
    assert old.card.classes == ("malignant",) and stored_scores(old).empty and training_history(old).empty
    assert old.card.point() == OperatingPoint("sensitivity-95", 0.95, 0.5, 0.5, 0.95, 0.0)
    assert (old.card.threshold, old.card.target_sensitivity) == (0.5, 0.95)


def test_the_second_format_is_still_read_with_the_seven_that_it_knew(tmp_path: Path) -> None:
    bundle = write_tiny_bundle(tmp_path)
    card = json.loads((bundle.path / "card.json").read_text())
    assert card["format"] == 3
    del card["taxonomy"]
    warmth = card.pop("calibrations")["dermoscopic"]["temperature"]
    (bundle.path / "card.json").write_text(json.dumps(card | {"format": 2, "temperature": warmth}))
    old = open_bundle(bundle.path)
    assert old.card.taxonomy == HAM10000 and old.card.classes == HAM10000.codes
    assert stored_scores(old).equals(stored_scores(bundle))


def test_an_operating_point_by_name(tmp_path: Path) -> None:
    card = write_tiny_bundle(tmp_path).card
    assert (
        card.point() is card.operating_points[1] and card.point("sensitivity-90") is card.operating_points[0]
    )
    with pytest.raises(BundleError, match=r"sensitivity-90, sensitivity-95, sensitivity-97\.5"):
        card.point("sensitivity-99")


def test_thresholds_out_of_order_are_refused(tmp_path: Path) -> None:
    path = write_tiny_bundle(tmp_path, "broken").path
    point = dataclasses.asdict(open_bundle(path).card.point())
    change(path, operating_points=[point | {"malignant": point["threshold"] / 2}])
    with pytest.raises(BundleError, match="not in order"):
        open_bundle(path)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("temperature", value) for value in (0, -1.3, float("nan"), float("inf"), "1.3", None, True)),
        *(
            ("version", 2.3),
            ("purpose", None),
            ("licence", ["MIT"]),
            ("input_size", 224.5),
            ("input_size", 0),
        ),
        *(("input_size", 10**9), ("training", []), ("guard", None), ("synthetic", "no"), ("created", 2026)),
    ],
)
def test_a_card_whose_fields_cannot_be_used_is_damaged(tmp_path: Path, field: str, value: object) -> None:
    path = write_tiny_bundle(tmp_path).path
    change(path, **{field: value})
    with pytest.raises(BundleError, match="tiny"):
        open_bundle(path)


def test_a_folder_is_never_taken_for_the_model_that_its_card_names(tmp_path: Path) -> None:
    write_tiny_bundle(tmp_path, "tiny")
    shutil.copytree(tmp_path / "tiny", tmp_path / "another")
    another, tiny = find_bundles(tmp_path)
    assert isinstance(another, Damaged) and "“tiny”" in another.problem and isinstance(tiny, Bundle)
    with pytest.raises(BundleError, match="Give the folder that name"):
        named_bundle(tmp_path, "another")
    assert named_bundle(tmp_path, "tiny") == tiny


@pytest.mark.parametrize("name", [GRAPH, HISTORY, REFERENCE, SCORES])
def test_a_file_that_was_replaced_after_the_bundle_was_opened_is_not_used(tmp_path: Path, name: str) -> None:
    bundle = write_tiny_bundle(tmp_path)
    other = write_tiny_bundle(tmp_path, "other", seed=1)
    (bundle.path / name).write_bytes((other.path / name).read_bytes() + b"\n")
    use = {GRAPH: Predictor, REFERENCE: Predictor, HISTORY: training_history, SCORES: stored_scores}[name]
    with pytest.raises(BundleError, match="is not the file that was written"):
        use(bundle)
    (bundle.path / name).unlink()
    with pytest.raises(BundleError, match="is missing"):
        use(bundle)

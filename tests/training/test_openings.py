"""The log of looks at the test split."""

from pathlib import Path

import pytest

from training.openings import note_opening, openings_log, openings_of_split


def test_openings_are_kept_beside_the_data_by_split(tmp_path: Path) -> None:
    data = tmp_path / "prepared"
    assert openings_of_split(data, "a") == []
    note_opening(data, "dermanet", 0, "w1", "a", "the recipe that ships")
    note_opening(data, "dermanet", 0, "w1", "b", "another split")
    note_opening(data, "seed-cnn", 1, "w2", "a", " the baseline ")
    found = openings_of_split(data, "a")
    assert [(one["recipe"], one["why"]) for one in found] == [
        ("dermanet", "the recipe that ships"),
        ("seed-cnn", "the baseline"),
    ]
    assert found[1]["weights_sha256"] == "w2" and str(found[0]["when"]).endswith("+00:00")
    # Outside the folder, which preparing again replaces as a whole.
    assert openings_log(data).parent == tmp_path


def test_it_takes_a_reason(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="reason"):
        note_opening(tmp_path / "prepared", "dermanet", 0, "w", "a", "  ")
    assert not openings_log(tmp_path / "prepared").exists()

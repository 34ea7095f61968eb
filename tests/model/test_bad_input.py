"""What people and attackers leave in a folder, through the command line: a row for each, and the rest goes on."""

from pathlib import Path

import pandas as pd
import pytest

from model.__main__ import main
from model.images import ImageError, decode
from tests import files
from tests.tiny import write_tiny_bundle

TENTHS = [f"truncated {tenths}" for tenths in range(1, 10)]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """The scores of a folder with one file of every kind, by the file's name without its ending."""
    root = tmp_path_factory.mktemp("files")
    folder = root / "images"
    folder.mkdir()
    contents = {name: make() for name, (make, _) in files.REFUSED.items()}
    contents |= {name: make() for name, make in files.ACCEPTED.items()}
    contents |= {f"orientation {turn}": files.oriented(turn) for turn in files.TURNS}
    whole = files.jpeg()
    contents |= {name: whole[: len(whole) * int(name[-1]) // 10] for name in TENTHS}
    contents |= {name.replace("/", "_").removesuffix(".jpg"): whole for name in file_names()}
    for name, data in contents.items():
        (folder / f"{name}.jpg").write_bytes(data)
    write_tiny_bundle(root / "bundles")
    out = root / "scores.parquet"
    call = ["score", str(folder), "--out", str(out), "--model", "tiny", "--bundles", str(root / "bundles")]
    assert main(call) == 1
    found = pd.read_parquet(out)
    assert len(found) == len(contents) and found["file"].is_unique
    return found.set_index(found["file"].map(lambda name: Path(name).name.removesuffix(".jpg")))


def file_names() -> list[str]:
    """The names that a file system can hold, and that are not hidden: those are passed over in a folder."""
    return [
        name
        for name in files.NAMES.values()
        if name and "\0" not in name and len(name) < 200 and not name.startswith(".")
    ]


@pytest.mark.parametrize("name", files.REFUSED)
def test_what_cannot_be_used_has_its_sentence(table: pd.DataFrame, name: str) -> None:
    make, code = files.REFUSED[name]
    with pytest.raises(ImageError) as caught:
        decode(make())
    assert caught.value.code == code
    row = table.loc[name]
    assert row["error"].endswith(".") and pd.isna(row["probability"])
    # A file beyond the limit is not read to its end, so only the sentence's figure may differ.
    assert row["error"] == str(caught.value) or code == "too_large"


@pytest.mark.parametrize("name", TENTHS)
def test_truncated_photographs_have_an_error(table: pd.DataFrame, name: str) -> None:
    assert "incomplete" in table.loc[name, "error"]


def test_unusual_photographs_and_names_are_scored(table: pd.DataFrame) -> None:
    names = [*files.ACCEPTED, *(name.replace("/", "_").removesuffix(".jpg") for name in file_names())]
    assert table.loc[names, "error"].isna().all() and table.loc[names, "probability"].between(0, 1).all()


def test_all_orientations_of_a_scene_give_one_probability(table: pd.DataFrame) -> None:
    rows = table.loc[[f"orientation {turn}" for turn in files.TURNS]]
    assert rows["probability"].nunique() == 1

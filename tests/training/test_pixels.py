"""The pixel store: the serving decoder's pixels, and sharpness that says nothing about the diagnosis."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from model.images import decode, encode, square
from training.cases import CasesError
from training.pixels import STORE_SIZE, open_pixels, prepare, sharp_odds
from training.synthetic import write_dataset


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty drawings in full size, all of them small as well, and half of the benign ones large too."""
    folder = tmp_path_factory.mktemp("drawn")
    write_dataset(folder, 40, seed=3)
    small = folder / "small"
    small.mkdir()
    for path in sorted((folder / "images").iterdir()):
        small.joinpath(path.name).write_bytes(encode(decode(path.read_bytes()).pixels, max_side=200))
    table = pd.read_csv(folder / "HAM10000_metadata.csv")
    for image in table["image_id"][table["dx"].isin(["mel", "bcc"])]:
        (folder / "images" / f"{image}.jpg").unlink()
    return folder


def test_prepare(drawn: Path, tmp_path: Path) -> None:
    store = prepare(
        drawn / "HAM10000_metadata.csv", [drawn / "images", drawn / "small"], tmp_path / "out", "drawn", "MIT"
    )
    assert store.sharp.shape == (40, STORE_SIZE, STORE_SIZE, 3) and store.common.shape == (40, 150, 150, 3)
    assert store.facts == {"source": "drawn", "licence": "MIT"}
    for row, image in enumerate(store.cases["image_id"]):
        small = decode((drawn / "small" / f"{image}.jpg").read_bytes()).pixels
        large = drawn / "images" / f"{image}.jpg"
        sharpest = decode(large.read_bytes()).pixels if large.exists() else small
        # The same square as the predictor makes, and the common copy from the small file for everybody.
        np.testing.assert_array_equal(store.sharp[row], square(sharpest, STORE_SIZE))
        np.testing.assert_array_equal(store.common[row], square(small, 150))
    assert not list(tmp_path.glob("*.partial"))
    assert set(store.cases["split"]) == {"train", "validation", "test"}


def test_sharpness_is_independent_of_the_diagnosis() -> None:
    rng = np.random.default_rng(0)
    labels = pd.Series(rng.choice(["nv", "mel", "df"], 20_000, p=[0.8, 0.15, 0.05]))
    chance = labels.map({"nv": 0.63, "mel": 0.48, "df": 0.55})
    detail = pd.Series(np.where(rng.random(20_000) < chance, 224, 150))
    odds = sharp_odds(labels, detail, 150)
    seen = pd.Series(odds).groupby(labels).mean()
    assert seen.max() - seen.min() < 1e-9 and seen.min() > 0.4
    assert (odds[detail == 150] == 0).all() and odds.max() <= 1


def test_one_resolution_needs_no_mixing() -> None:
    assert (sharp_odds(pd.Series(["nv", "mel"]), pd.Series([150, 150]), 150) == 0).all()


def test_missing_and_broken_images_are_named(drawn: Path, tmp_path: Path) -> None:
    with pytest.raises(CasesError, match="DRAWN_"):
        prepare(drawn / "HAM10000_metadata.csv", [drawn / "images"], tmp_path / "out")
    broken = tmp_path / "broken"
    broken.mkdir()
    for path in (drawn / "small").iterdir():
        Image.new("RGB", (64, 64)).save(broken / path.name)
    victim = next(iter(sorted(broken.iterdir())))
    victim.write_bytes(b"nothing")
    with pytest.raises(CasesError, match=victim.name):
        prepare(drawn / "HAM10000_metadata.csv", [broken], tmp_path / "out")
    with pytest.raises(CasesError, match="prepare"):
        open_pixels(tmp_path / "out")

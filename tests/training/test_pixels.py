"""The pixel store: the serving decoder's pixels, and sharpness that says nothing about the diagnosis."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from model.images import decode, encode, square
from training.cases import CasesError, read_cases
from training.pixels import STORE_SIZE, open_pixels, prepare, sharp_odds
from training.synthetic import write_dataset


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty drawings: the malignant ones small, the others in full size."""
    folder = tmp_path_factory.mktemp("drawn")
    write_dataset(folder, 40, seed=3)
    table = pd.read_csv(folder / "HAM10000_metadata.csv")
    for image in table["image_id"][table["dx"].isin(["mel", "bcc"])]:
        path = folder / "images" / f"{image}.jpg"
        path.write_bytes(encode(decode(path.read_bytes()).pixels, max_side=200))
    return folder


def test_prepare(drawn: Path, tmp_path: Path) -> None:
    cases = read_cases([drawn / "HAM10000_metadata.csv"], [drawn / "images"], source="drawn", licence="MIT")
    store = prepare(cases, tmp_path / "out")
    assert store.sharp.shape == (40, STORE_SIZE, STORE_SIZE, 3) and store.common.shape == (40, 150, 150, 3)
    assert store.facts == {"source": "drawn", "licence": "MIT"}
    for row, path in enumerate(cases["path"]):
        pixels = decode(Path(path).read_bytes()).pixels
        # The same square as the predictor makes.
        np.testing.assert_array_equal(store.sharp[row], square(pixels, STORE_SIZE))
        np.testing.assert_array_equal(store.common[row], square(pixels, 150))
    assert not list(tmp_path.glob("*.partial"))
    assert set(store.cases["split"]) == {"train", "validation", "test"}


def test_what_the_network_does_not_know_is_left_out_and_counted(
    drawn: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = read_cases([drawn / "HAM10000_metadata.csv"], [drawn / "images"])
    cases.loc[:2, "label"] = ["unknown", "scc", "unknown"]
    store = prepare(cases, tmp_path / "out")
    assert len(store.cases) == 37 and store.facts == {"source": "", "licence": ""}
    assert (
        "3 of 40 images have no diagnosis of the network, left out: unknown (2), scc (1)."
        in capsys.readouterr().out
    )
    with pytest.raises(CasesError, match="No image has one"):
        prepare(cases.assign(label="unknown"), tmp_path / "out")


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


def test_broken_images_are_named(drawn: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    for path in (drawn / "images").iterdir():
        Image.new("RGB", (64, 64)).save(broken / path.name)
    victim = next(iter(sorted(broken.iterdir())))
    victim.write_bytes(b"nothing")
    with pytest.raises(CasesError, match=victim.name):
        prepare(read_cases([drawn / "HAM10000_metadata.csv"], [broken]), tmp_path / "out")
    with pytest.raises(CasesError, match="prepare"):
        open_pixels(tmp_path / "out")

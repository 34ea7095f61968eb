"""The pixel store: the serving decoder's pixels as whole frames, and splits that no other source moves."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from model.images import decode
from training.cases import CasesError, read_cases
from training.drawings.synthetic import write_dataset
from training.pixels import STORE_SIDE, open_pixels, prepare, shrunk_frame


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn")
    write_dataset(folder, 40, seed=3)
    return folder


def cases_in(folder: Path, source: str = "drawn") -> pd.DataFrame:
    return read_cases([folder / "HAM10000_metadata.csv"], [folder / "images"], source=source)


def test_prepare_keeps_whole_frames(drawn: Path, tmp_path: Path) -> None:
    store = prepare(cases_in(drawn), tmp_path / "out")
    for row, image in enumerate(store.cases["image_id"]):
        pixels = decode((drawn / "images" / f"{image}.jpg").read_bytes()).pixels
        assert pixels.shape == (450, 600, 3)
        np.testing.assert_array_equal(store.frame(row), shrunk_frame(pixels))
    assert store.frame(0).shape == (STORE_SIDE, 341, 3)
    assert not list(tmp_path.glob("*.partial"))
    assert set(store.cases["split"]) == {"train", "validation", "test"}
    assert set(store.cases["domain"]) == {"drawn, dermoscopic"}
    small = np.zeros((90, 100, 3), np.uint8)
    assert shrunk_frame(small) is small


def test_another_source_moves_no_image(drawn: Path, tmp_path: Path) -> None:
    alone = prepare(cases_in(drawn), tmp_path / "alone").cases.set_index("image_id")["split"]
    other = tmp_path / "other"
    write_dataset(other, 30, seed=8)
    # The other source has a picture of the first one's test split under another name, turned.
    copied = alone.index[alone == "test"][0]
    with Image.open(drawn / "images" / f"{copied}.jpg") as image:
        image.transpose(Image.Transpose.ROTATE_90).save(other / "images" / "COPY.jpg", quality=90)
    table = pd.read_csv(other / "HAM10000_metadata.csv")
    table["image_id"] = "OTHER_" + table["image_id"]
    table["lesion_id"] = "OTHER_" + table["lesion_id"]
    for path in list((other / "images").glob("DRAWN_*.jpg")):
        path.rename(path.with_name(f"OTHER_{path.name}"))
    copy = table.iloc[[0]].assign(image_id="COPY", lesion_id="COPIED")
    pd.concat([table, copy]).to_csv(other / "HAM10000_metadata.csv", index=False)
    both = prepare(
        pd.concat([cases_in(drawn), cases_in(other, "other")], ignore_index=True), tmp_path / "both"
    ).cases.set_index("image_id")
    pd.testing.assert_series_equal(both["split"][alone.index], alone)
    assert both["split"]["COPY"] == "test"
    listed = pd.read_csv(tmp_path / "both" / "near-duplicates.csv")
    assert listed["image_id_second"].tolist() == ["COPY"] and listed["source_first"].tolist() == ["drawn"]


def test_broken_images_are_named(drawn: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    for path in (drawn / "images").iterdir():
        Image.new("RGB", (64, 64)).save(broken / path.name)
    victim = next(iter(sorted(broken.iterdir())))
    victim.write_bytes(b"nothing")
    cases = read_cases([drawn / "HAM10000_metadata.csv"], [broken])
    with pytest.raises(CasesError, match=victim.name):
        prepare(cases, tmp_path / "out")
    with pytest.raises(CasesError, match="prepare"):
        open_pixels(tmp_path / "out")

"""Drawn lesions: repeatable, telling their classes apart by the lesion alone, in the shape of HAM10000."""

import csv
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from model.taxonomy import HAM10000, LESIONS, Taxonomy
from training.drawings.synthetic import (
    COLUMNS,
    EXAMPLES,
    draw_example,
    draw_lesion,
    write_dataset,
    write_examples,
)

SMALL = (90, 120)


def colour_spread(pixels: NDArray[np.uint8]) -> float:
    """How much the colours of the middle of an image differ within its darker half."""
    flat = pixels[25:65, 40:80].reshape(-1, 3).astype(float)
    dark = flat[flat.sum(1) <= np.quantile(flat.sum(1), 0.5)]
    hue = dark - dark.mean(1, keepdims=True)
    return float(hue.std(0).sum())


def border_difference(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Mean difference of two images along their outermost pixels."""
    apart = np.abs(one.astype(float) - other.astype(float)).mean(2)
    return float(np.concatenate([apart[0], apart[-1], apart[:, 0], apart[:, -1]]).mean())


def test_same_seed_same_picture_another_seed_another() -> None:
    first = draw_lesion(7, True, SMALL)
    assert first.shape == (90, 120, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, draw_lesion(7, True, SMALL))
    assert np.abs(first.astype(int) - draw_lesion(8, True, SMALL)).mean() > 3


def test_default_size_is_that_of_the_real_photographs() -> None:
    assert draw_lesion(1, False).shape == (450, 600, 3)


@pytest.mark.parametrize("size", [(16, 16), (97, 61), (64, 200)])
def test_any_size_and_shape(size: tuple[int, int]) -> None:
    assert draw_lesion(2, True, size).shape == (*size, 3)


def test_too_small_says_so() -> None:
    with pytest.raises(ValueError, match="at least 16 pixels"):
        draw_lesion(1, True, (8, 300))


def test_the_lesion_alone_knows_the_class() -> None:
    inside, edge = [], []
    for seed in range(12):
        benign, malignant = draw_lesion(seed, False, SMALL), draw_lesion(seed, True, SMALL)
        edge.append(border_difference(benign, malignant))
        inside.append(np.abs(benign.astype(int) - malignant)[30:60, 45:75].mean())
    assert np.median(edge) < 3  # the same skin, light, hairs and vignette
    assert np.median(inside) > 12


def test_malignant_drawings_have_more_colours() -> None:
    benign = [colour_spread(draw_lesion(seed, False, SMALL)) for seed in range(12)]
    malignant = [colour_spread(draw_lesion(seed, True, SMALL)) for seed in range(12)]
    higher = [m > b for b in benign for m in malignant]
    assert np.mean(higher) > 0.85


def test_another_view_is_the_same_lesion_in_other_light() -> None:
    first, second = draw_lesion(3, True, SMALL), draw_lesion(3, True, SMALL, view=1)
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("taxonomy", [HAM10000, LESIONS])
def test_dataset_has_the_shape_of_ham10000(tmp_path: Path, taxonomy: Taxonomy) -> None:
    write_dataset(tmp_path, 24, seed=5, size=SMALL, taxonomy=taxonomy)
    with (tmp_path / "HAM10000_metadata.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert len({row["image_id"] for row in rows}) == 24
    assert {row["dx"] for row in rows} == set(taxonomy.codes)
    assert {path.stem for path in (tmp_path / "images").iterdir()} == {row["image_id"] for row in rows}
    assert len({row["lesion_id"] for row in rows}) < 24
    by_lesion: dict[str, set[str]] = {}
    for row in rows:
        by_lesion.setdefault(row["lesion_id"], set()).add(row["dx"])
        assert row["image_id"].startswith("DRAWN_")
        assert row["dx"] not in taxonomy.malignant or row["dx_type"] == "histo"
    assert all(len(codes) == 1 for codes in by_lesion.values())
    with Image.open(tmp_path / "images" / "DRAWN_0000001.jpg") as image:
        assert image.size == (120, 90)


def test_dataset_repeats_itself_and_grows(tmp_path: Path) -> None:
    write_dataset(tmp_path / "short", 5, seed=9, size=SMALL)
    write_dataset(tmp_path / "long", 8, seed=9, size=SMALL)
    short = (tmp_path / "short" / "HAM10000_metadata.csv").read_text()
    assert (tmp_path / "long" / "HAM10000_metadata.csv").read_text().startswith(short)
    name = "images/DRAWN_0000004.jpg"
    assert (tmp_path / "short" / name).read_bytes() == (tmp_path / "long" / name).read_bytes()


def test_examples_are_small_and_of_both_classes(tmp_path: Path) -> None:
    written = write_examples(tmp_path)
    assert {malignant for _, malignant, *_ in EXAMPLES} == {False, True}
    assert len(written) == len(EXAMPLES)
    assert all(path.stat().st_size < 40_000 for path in written)


def test_the_examples_that_ship_are_drawings() -> None:
    shipped = sorted((Path(__file__).parents[3] / "assets" / "examples").glob("*.jpg"))
    assert len(shipped) == len(EXAMPLES)
    for path, example in zip(shipped, EXAMPLES, strict=True):
        with Image.open(path) as image:
            apart = np.abs(np.asarray(image, int) - draw_example(*example))
        assert apart.mean() < 6, f"{path.name} is not what training/drawings/synthetic.py draws"

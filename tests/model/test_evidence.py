"""Where the evidence for malignancy lies, and its picture."""

from io import BytesIO
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from model.engine import Engine, Output
from model.evidence import class_evidence, heatmap_png, occlusion_evidence
from model.images import decode
from model.taxonomy import HAM10000


def test_evidence_lies_where_the_malignant_class_speaks() -> None:
    maps = np.zeros((4, 4, 7), np.float32)
    maps[1, 2, HAM10000.index("mel")] = 5
    maps[3, 3, HAM10000.index("nv")] = 5
    evidence = class_evidence(maps, np.full(7, 1 / 7, np.float32), HAM10000.columns)
    assert evidence[1, 2] == 1 and evidence.sum() == pytest.approx(1)
    assert (
        class_evidence(np.zeros((4, 4, 7), np.float32), np.full(7, 1 / 7, np.float32), HAM10000.columns).max()
        == 0
    )


class Bright:
    """Stands for an engine whose malignancy is the brightness of the upper left seventh of the image."""

    size = 70

    def run(self, batch: NDArray[np.uint8]) -> Output:
        bright = batch[:, :10, :10].mean(axis=(1, 2, 3), dtype=np.float32)[:, None] / 300
        return Output(bright, bright, None)


def test_occlusion_finds_what_raises_the_probability() -> None:
    image = np.full((70, 70, 3), 30, np.uint8)
    image[:10, :10] = 250
    engine = cast(Engine, Bright())
    evidence = occlusion_evidence(engine, image, float(engine.run(image[None]).probabilities[0, 0]))
    assert evidence.shape == (7, 7)
    assert evidence[0, 0] == 1 and evidence.sum() == pytest.approx(1)


def test_heatmaps_become_pictures() -> None:
    png = heatmap_png(np.eye(7, dtype=np.float32), 64)
    pixels = decode(png).pixels
    assert pixels.shape == (64, 64, 3) and (pixels[0, -1] == 255).all()
    blank = np.asarray(Image.open(BytesIO(heatmap_png(np.zeros((7, 7), np.float32), 64))).convert("RGBA"))
    assert blank.shape == (64, 64, 4) and (blank[..., 3] == 0).all()

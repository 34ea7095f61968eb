"""The predictor and the engine on a small real graph."""

from io import BytesIO
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from model.bundle import BundleError, OperatingPoint
from model.engine import Engine, Output
from model.images import Photograph, decode, encode, square
from model.predictor import Decision, Predictor, class_evidence, decide, heatmap_png, occlusion_evidence
from model.taxonomy import CODES, MALIGNANT
from tests.tiny import write_tiny_bundle


def photographs(count: int) -> list[Photograph]:
    rng = np.random.default_rng(0)
    return [
        decode(encode(rng.integers(0, 255, (200, 260 + 10 * index, 3), dtype=np.uint8)))
        for index in range(count)
    ]


@pytest.fixture(scope="module")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    return Predictor(write_tiny_bundle(tmp_path_factory.mktemp("bundles")), threads=1)


def test_a_prediction_adds_up(predictor: Predictor) -> None:
    found = predictor.predict(photographs(1)[0])
    assert sum(found.probabilities.values()) == pytest.approx(1)
    assert found.probability == pytest.approx(sum(found.probabilities[code] for code in MALIGNANT))
    assert found.diagnosis == max(found.probabilities, key=found.probabilities.__getitem__)
    assert found.decision is decide(found.probability, predictor.bundle.card.point())
    assert (found.width, found.height) == (260, 200)
    assert found.heatmap.min() >= 0 and found.heatmap.max() <= 1
    assert any(caution.code == "synthetic" for caution in found.cautions)


def test_many_at_once_are_each_as_alone(predictor: Predictor) -> None:
    images = photographs(5)
    for alone, together in zip(map(predictor.predict, images), predictor.predict_many(images), strict=True):
        assert alone.probability == pytest.approx(together.probability, abs=1e-6)


def test_maps_average_to_the_logits(predictor: Predictor) -> None:
    batch = np.stack([square(photographs(1)[0].pixels, 64)])
    output = predictor.engine.run(batch)
    assert output.maps is not None
    logits = output.maps.mean(axis=(1, 2))[0].astype(float)
    np.testing.assert_allclose(np.exp(logits) / np.exp(logits).sum(), output.probabilities[0], atol=1e-5)


def test_evidence_lies_where_the_malignant_class_speaks() -> None:
    maps = np.zeros((4, 4, 7), np.float32)
    maps[1, 2, CODES.index("mel")] = 5
    maps[3, 3, CODES.index("nv")] = 5
    evidence = class_evidence(maps, np.full(7, 1 / 7, np.float32))
    assert evidence[1, 2] == 1 and evidence.sum() == pytest.approx(1)
    assert class_evidence(np.zeros((4, 4, 7), np.float32), np.full(7, 1 / 7, np.float32)).max() == 0


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
    blank = np.asarray(Image.open(BytesIO(heatmap_png(np.zeros((7, 7), np.float32), 64))))
    assert blank.shape == (64, 64, 4) and (blank[..., 3] == 0).all()


def test_other_shapes_are_refused(predictor: Predictor) -> None:
    with pytest.raises(ValueError, match="uint8"):
        predictor.engine.run(np.zeros((1, 64, 64, 3), np.float32))  # type: ignore[arg-type]


def test_no_weights_no_engine(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no weights"):
        Engine(write_tiny_bundle(tmp_path, graph=False))


def test_small_and_narrow_images_are_warned_about(predictor: Predictor) -> None:
    small = Photograph(np.zeros((60, 300, 3), np.uint8), "0", "PNG")
    assert {"small", "narrow"} <= {caution.code for caution in predictor.predict(small).cautions}


def test_the_decision_has_three_ways(predictor: Predictor) -> None:
    point = OperatingPoint("sensitivity-95", 0.95, 0.1, 0.6, 0.95, 0.95)
    found = [decide(p, point) for p in (0.0, 0.0999, 0.1, 0.5999, 0.6, 1.0)]
    assert [str(one) for one in found] == ["benign"] * 2 + ["uncertain"] * 2 + ["malignant"] * 2
    one_threshold = OperatingPoint("sensitivity-95", 0.95, 0.5, 0.5, 0.95, 0.0)
    assert {decide(p, one_threshold) for p in (0.2, 0.5, 0.8)} == {Decision.BENIGN, Decision.MALIGNANT}


def test_the_operating_point_decides(predictor: Predictor) -> None:
    image = photographs(1)[0]
    for point in predictor.bundle.card.operating_points:
        found = predictor.predict(image, operating_point=point.name)
        assert (found.operating_point, found.threshold, found.malignant_from) == (
            point.name,
            point.threshold,
            point.malignant,
        )
        assert found.decision is decide(found.probability, point)
    assert predictor.predict(image).operating_point == "sensitivity-95"
    with pytest.raises(BundleError, match="operating point"):
        predictor.predict(image, operating_point="sensitivity-1")

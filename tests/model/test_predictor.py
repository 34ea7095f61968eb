"""The predictor and the engine on a small real graph."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import model.predictor
from model.bundle import REFERENCE, BundleError, OperatingPoint
from model.engine import Engine
from model.images import Photograph, decode, encode, square
from model.predictor import Decision, Predictor, decide
from model.quality import RULES
from model.taxonomy import HAM10000, LESIONS, Taxonomy
from tests.tiny import signed_again, write_tiny_bundle
from training.drawings.negatives import draw_negative


def photographs(count: int) -> list[Photograph]:
    rng = np.random.default_rng(0)
    return [
        decode(encode(rng.integers(0, 255, (200, 260 + 10 * index, 3), dtype=np.uint8)))
        for index in range(count)
    ]


@pytest.fixture(scope="module")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    return Predictor(write_tiny_bundle(tmp_path_factory.mktemp("bundles")), threads=1)


@pytest.mark.parametrize("taxonomy", [HAM10000, LESIONS])
def test_a_prediction_adds_up(tmp_path: Path, taxonomy: Taxonomy) -> None:
    predictor = Predictor(write_tiny_bundle(tmp_path, taxonomy=taxonomy), threads=1)
    found = predictor.predict(photographs(1)[0])
    assert tuple(found.probabilities) == taxonomy.codes
    assert sum(found.probabilities.values()) == pytest.approx(1)
    assert found.probability == pytest.approx(sum(found.probabilities[code] for code in taxonomy.malignant))
    assert found.diagnosis == max(found.probabilities, key=found.probabilities.__getitem__)
    assert found.decision is decide(found.probability, predictor.bundle.card.point())
    assert (found.width, found.height) == (260, 200)
    assert found.heatmap.min() >= 0 and found.heatmap.max() <= 1
    assert any(caution.code == "synthetic" for caution in found.cautions)


def test_a_drawing_is_familiar_and_has_similar_cases(predictor: Predictor, lesion_jpeg: bytes) -> None:
    found = predictor.predict(decode(lesion_jpeg))
    assert found.novelty is not None and 0 <= found.novelty < 1
    assert [caution.code for caution in found.cautions] == ["synthetic"]
    assert len(found.similar) == 10 and len({one.lesion_id for one in found.similar}) == 10
    assert set(found.quality) == set(RULES)


def test_what_is_unlike_anything_known_is_said_first(predictor: Predictor) -> None:
    found = predictor.predict(decode(encode(draw_negative("flower", 0))))
    assert found.novelty is not None and found.novelty >= 1
    assert found.cautions[0].code == "unlike" and found.cautions[0].severe
    assert not any(caution.severe for caution in found.cautions[1:])


def test_a_poor_photograph_is_said_to_be_poor(predictor: Predictor, lesion_jpeg: bytes) -> None:
    dark = decode(encode((decode(lesion_jpeg).pixels * 0.15).astype(np.uint8)))
    assert "dark" in {caution.code for caution in predictor.predict(dark).cautions}


def test_a_bundle_without_reference_and_limits_still_predicts(tmp_path: Path, lesion_jpeg: bytes) -> None:
    bundle = write_tiny_bundle(tmp_path)
    files = {name: digest for name, digest in bundle.card.files.items() if name != REFERENCE}
    old = Predictor(replace(bundle, card=replace(bundle.card, files=files, guard={})), threads=1)
    found = old.predict(decode(lesion_jpeg))
    assert found.novelty is None and found.similar == ()
    assert [caution.code for caution in found.cautions] == ["synthetic"]


def test_many_at_once_are_each_as_alone(predictor: Predictor) -> None:
    images = photographs(5)
    for alone, together in zip(map(predictor.predict, images), predictor.predict_many(images), strict=True):
        assert alone.probability == pytest.approx(together.probability, abs=1e-6)


def test_a_program_that_is_ending_still_predicts(
    predictor: Predictor, lesion_jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    photograph = decode(lesion_jpeg)
    before = predictor.predict(photograph)
    ended = ThreadPoolExecutor(1)
    ended.shutdown()
    monkeypatch.setattr(model.predictor, "MEASURING", ended)
    after = predictor.predict(photograph)
    assert (after.probability, after.novelty, after.quality) == (
        before.probability,
        before.novelty,
        before.quality,
    )


def test_a_table_without_them_needs_no_similar_cases(predictor: Predictor, lesion_jpeg: bytes) -> None:
    photograph = decode(lesion_jpeg)
    (found,) = predictor.predict_many([photograph], False, similar=False)
    whole = predictor.predict(photograph)
    assert whole.similar and not found.similar and not found.heatmap.size
    assert found.probability == pytest.approx(whole.probability, abs=1e-6)


def test_maps_average_to_the_logits(predictor: Predictor) -> None:
    batch = np.stack([square(photographs(1)[0].pixels, 64)])
    output = predictor.engine.run(batch)
    assert output.maps is not None
    logits = output.maps.mean(axis=(1, 2))[0].astype(float)
    np.testing.assert_allclose(np.exp(logits) / np.exp(logits).sum(), output.probabilities[0], atol=1e-5)


def test_other_shapes_are_refused(predictor: Predictor) -> None:
    with pytest.raises(ValueError, match="uint8"):
        predictor.engine.run(np.zeros((1, 64, 64, 3), np.float32))  # type: ignore[arg-type]


def test_no_weights_no_engine(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no weights"):
        Engine(write_tiny_bundle(tmp_path, graph=False))


def broken_reference(path: Path, **fields: np.ndarray) -> None:
    """Write other arrays into a bundle's reference."""
    with np.load(path) as stored:
        kept = {name: stored[name] for name in stored.files}
    np.savez_compressed(path, **kept | fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"centre": np.zeros(7, np.float32)},
        {"basis": np.full((3, 2), np.nan, np.float32)},
        {"whitening": np.eye(2)},
        {"vectors": np.zeros((4, 9), np.int8)},
        {"residual_limit": np.array("far")},
    ],
)
def test_a_reference_that_does_not_fit_is_found_before_any_photograph(
    tmp_path: Path, fields: dict[str, np.ndarray]
) -> None:
    path = write_tiny_bundle(tmp_path).path
    broken_reference(path / REFERENCE, **fields)
    with pytest.raises(BundleError, match="tiny"):
        Predictor(signed_again(path), threads=1)


@pytest.mark.parametrize(
    "fields",
    [{"guard": {"quality": {"sharpness": "none"}}}, {"input_size": 32}],
)
def test_a_card_that_does_not_fit_is_found_before_any_photograph(
    tmp_path: Path, fields: dict[str, object]
) -> None:
    path = write_tiny_bundle(tmp_path).path
    with pytest.raises(BundleError, match="tiny: it cannot predict"):
        Predictor(signed_again(path, **fields), threads=1)


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

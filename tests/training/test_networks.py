"""The networks as they were described, and what `serving_model` makes of them."""

from pathlib import Path

import keras
import numpy as np
import pytest

from training.networks import BUILDERS, EMBEDDING, freeze_statistics, in_usual_light, seed_cnn, serving_model
from training.recipes import RECIPES

pytestmark = pytest.mark.slow


def test_seed_cnn_is_the_network_that_was_described() -> None:
    network = seed_cnn(224)
    kinds = [type(layer).__name__ for layer in network.layers]
    assert kinds == [
        "InputLayer",
        "Rescaling",
        *["Conv2D", "MaxPooling2D"] * 3,
        "Flatten",
        "Dense",
        "Dropout",
        "Dense",
    ]
    convolutions = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    assert [(layer.filters, layer.kernel_size) for layer in convolutions] == [
        (32, (3, 3)),
        (64, (3, 3)),
        (128, (3, 3)),
    ]
    assert 44_000_000 < network.count_params() < 45_000_000
    with pytest.raises(ValueError, match="scratch"):
        seed_cnn(224, "weights.h5")


@pytest.mark.parametrize(("name", "size"), [("efficientnet_lite0", 64), ("tiny", 64), ("seed_cnn", 64)])
@pytest.mark.parametrize("outputs", [7, 8])
def test_serving_adds_up(name: str, size: int, outputs: int) -> None:
    network = BUILDERS[name](size, "none", outputs)
    images = np.random.default_rng(0).integers(0, 255, (3, size, size, 3), dtype=np.uint8)
    logits = np.asarray(network(images))
    diagnoses = logits if name == "seed_cnn" else logits[:, :outputs]
    found = {key: np.asarray(value) for key, value in serving_model(network)(images).items()}
    if name == "seed_cnn":
        assert set(found) == {"probabilities", "embedding"} and found["embedding"].shape == (3, 512)
        np.testing.assert_allclose(found["probabilities"], 1 / (1 + np.exp(-logits)), atol=1e-5)
    else:
        np.testing.assert_allclose(found["probabilities"].sum(axis=1), 1, atol=1e-5)
        assert found["probabilities"].shape == (3, outputs)
        np.testing.assert_allclose(found["maps"].mean(axis=(1, 2)), diagnoses, atol=1e-4)


def test_frozen_statistics_leave_only_what_learns() -> None:
    network = BUILDERS["efficientnet_lite0"](64, "none")
    freeze_statistics(network)
    names = " ".join(weight.path for weight in network.trainable_weights)
    assert "gamma" not in names and "depthwise" in names


def test_efficientnet_lite0_starts_from_stored_weights(tmp_path: Path) -> None:
    first = BUILDERS["efficientnet_lite0"](96, "none")
    backbone = next(layer for layer in first.layers if isinstance(layer, keras.Model))
    stored = backbone.get_weights()
    np.savez(tmp_path / "weights.npz", **{f"w{place:03d}": one for place, one in enumerate(stored)})
    second = BUILDERS["efficientnet_lite0"](96, tmp_path / "weights.npz")
    images = np.random.default_rng(0).integers(0, 255, (2, 96, 96, 3), dtype=np.uint8)
    embedding = [keras.Model(one.inputs, one.get_layer(EMBEDDING).output)(images) for one in (first, second)]
    np.testing.assert_allclose(np.asarray(embedding[0]), np.asarray(embedding[1]), atol=1e-5)
    assert embedding[0].shape == (2, 1280)
    with pytest.raises(ValueError, match="--init"):
        BUILDERS["efficientnet_lite0"](96, "imagenet")


def test_coloured_light_changes_nothing() -> None:
    """A lamp's colour is a factor of each channel."""
    pixels = keras.Input((32, 32, 3), dtype="uint8")
    corrected = keras.Model(pixels, in_usual_light(pixels))
    images = np.random.default_rng(0).integers(20, 120, (2, 32, 32, 3), dtype=np.uint8)
    lit = (images * np.array([1.8, 1.2, 0.8])).astype(np.uint8)
    plain, coloured = np.asarray(corrected(images)), np.asarray(corrected(lit))
    # The lamp is brighter, too: 1.27 times, on the whole.
    ratio = coloured.mean(axis=(1, 2)) / plain.mean(axis=(1, 2))
    np.testing.assert_allclose(ratio, ratio.mean(), rtol=0.02)
    assert plain.mean() == pytest.approx(images.mean(), rel=0.05)
    dark = np.asarray(corrected(np.zeros((1, 32, 32, 3), np.uint8)))
    assert not dark.any()


def test_every_recipe_has_its_network() -> None:
    assert all(recipe.network in BUILDERS for recipe in RECIPES.values())
    assert [RECIPES[name].stages[-1].size for name in ("seed-cnn", "dermanet")] == [224, 224]

"""The Keras networks. Only training imports this module; serving runs the exported graph.

Every network takes uint8 pixels (n, s, s, 3) and scales them itself, so that nobody outside can scale them differently.
Networks end in logits (n, k + 1): the diagnoses in the order of a taxonomy, then that of a close-up, which is not
exported; the binary one in a logit (n, 1).
"""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
from keras import layers, ops

from model.taxonomy import LESIONS

HEAD, EMBEDDING, MODALITY = "head", "embedding", "modality"


def seed_cnn(size: int, init: str | Path | None = None, outputs: int = 1) -> keras.Model:
    """The baseline: three blocks of 3x3 convolution and 2x2 pooling, then dense layers; 44 million weights at 224 px.

    Its sigmoid is applied by the loss and by `serving_model`. It tells malignant from benign alone, whatever `outputs`
    says.

    Raises:
        ValueError: `init` names a file; there are no weights to start from.
    """
    if init not in (None, "none", "imagenet"):
        raise ValueError("seed-cnn trains from scratch; leave --init out.")
    pixels = keras.Input((size, size, 3), dtype="uint8", name="pixels")
    flow = layers.Rescaling(1 / 255)(pixels)
    for filters in (32, 64, 128):
        flow = layers.Conv2D(filters, 3, activation="relu")(flow)
        flow = layers.MaxPooling2D(2)(flow)
    flow = layers.Flatten()(flow)
    flow = layers.Dense(512, activation="relu", name=EMBEDDING)(flow)
    flow = layers.Dropout(0.5)(flow)
    return keras.Model(pixels, layers.Dense(1, name=HEAD, dtype="float32")(flow), name="seed_cnn")


def efficientnet_lite0(size: int, init: str | Path | None = None, outputs: int = len(LESIONS)) -> keras.Model:
    """EfficientNet-Lite0 (Tan & Le 2019, without squeeze-and-excitation) in usual light, pooled, a logit a diagnosis.

    Args:
        size: input side in pixels, a multiple of 32.
        init: a path loads an `.npz` of the backbone's weights, `w000` and on, in Keras's order; "none" or None starts
            at random.
        outputs: how many diagnoses it tells apart.

    Raises:
        ValueError: `init` is "imagenet": nobody serves these weights for Keras.
    """
    if init == "imagenet":
        raise ValueError("EfficientNet-Lite0 starts from a file of weights: name it with --init.")
    image = keras.Input((size, size, 3))
    flow = batch_normalised(
        layers.Conv2D(32, 3, strides=2, padding="same", use_bias=False)(image), active=True
    )
    for repeats, kernel, stride, expansion, channels in LITE0_BLOCKS:
        for number in range(repeats):
            flow = inverted_residual(flow, channels, kernel, 1 if number else stride, expansion)
    flow = batch_normalised(layers.Conv2D(1280, 1, use_bias=False)(flow), active=True)
    backbone = keras.Model(image, flow, name="efficientnet_lite0")
    if init not in (None, "none"):
        with np.load(init) as stored:
            backbone.set_weights([stored[name].astype(np.float32) for name in sorted(stored.files)])
    pixels = keras.Input((size, size, 3), dtype="uint8", name="pixels")
    features = backbone(layers.Rescaling(1 / 128, offset=-127 / 128)(in_usual_light(pixels)))
    return keras.Model(pixels, pooled_head(features, outputs, dropout=0.3), name="efficientnet_lite0")


def in_usual_light(pixels: keras.KerasTensor) -> keras.KerasTensor:
    """Photographs as if taken in white light: by shades of grey (Finlayson & Trezzi 2004), with a norm of order 6.

    Each camera and lamp has a colour of its own, and a network learns it with the diagnoses.

    Args:
        pixels: uint8 (n, s, s, 3).

    Returns:
        float32 of the same shape, 0 to 255, of about the same brightness.
    """
    image = ops.cast(pixels, "float32")
    square = ops.square(image / 255)
    light = ops.power(ops.mean(square * square * square, axis=(1, 2), keepdims=True), 1 / 6) + 1e-5
    return ops.minimum(image * (ops.mean(light, axis=-1, keepdims=True) / light), 255.0)


# Repeats, kernel, stride of the first, expansion and channels of each group of blocks.
LITE0_BLOCKS = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


def inverted_residual(
    features: keras.KerasTensor, channels: int, kernel: int, stride: int, expansion: int
) -> keras.KerasTensor:
    """A block of MobileNetV2 (Sandler et al. 2018): expand, filter each channel, project; added where shapes agree."""
    wide, flow = features.shape[-1] * expansion, features
    if expansion > 1:
        flow = batch_normalised(layers.Conv2D(wide, 1, use_bias=False)(flow), active=True)
    flow = layers.DepthwiseConv2D(kernel, strides=stride, padding="same", use_bias=False)(flow)
    flow = batch_normalised(
        layers.Conv2D(channels, 1, use_bias=False)(batch_normalised(flow, active=True)), active=False
    )
    return layers.Add()([features, flow]) if stride == 1 and features.shape[-1] == channels else flow


def batch_normalised(features: keras.KerasTensor, active: bool) -> keras.KerasTensor:
    """Batch normalisation, and ReLU6 behind it where the layer is active.

    Keras's momentum of 0.99 lags so far behind in a short training that inference is ruined.
    """
    flow = layers.BatchNormalization(momentum=0.9, epsilon=1e-3)(features)
    return layers.ReLU(6)(flow) if active else flow


def tiny(size: int, init: str | Path | None = None, outputs: int = len(LESIONS)) -> keras.Model:
    """Three small convolution blocks and the same head as efficientnet_lite0: learns drawn lesions in seconds."""
    pixels = keras.Input((size, size, 3), dtype="uint8", name="pixels")
    flow = layers.Rescaling(1 / 127.5, offset=-1)(pixels)
    for filters in (16, 32, 64):
        flow = layers.Conv2D(filters, 3, strides=2, padding="same", use_bias=False)(flow)
        flow = layers.BatchNormalization(momentum=0.9)(flow)
        flow = layers.ReLU()(flow)
    return keras.Model(pixels, pooled_head(flow, outputs, dropout=0.0), name="tiny")


def pooled_head(features: keras.KerasTensor, outputs: int, dropout: float) -> keras.KerasTensor:
    """Global average pooling, dropout and logits."""
    pooled = layers.Dropout(dropout)(layers.GlobalAveragePooling2D(name=EMBEDDING)(features))
    heads = [
        layers.Dense(outputs, name=HEAD, dtype="float32"),
        layers.Dense(1, name=MODALITY, dtype="float32"),
    ]
    return layers.Concatenate(dtype="float32")([head(pooled) for head in heads])


def freeze_statistics(network: keras.Model) -> None:
    """Stop training of every batch normalisation: it then runs on its stored statistics, also while training."""
    for layer in network._flatten_layers():
        if isinstance(layer, layers.BatchNormalization):
            layer.trainable = False


def serving_model(network: keras.Model) -> keras.Model:
    """The network as it is exported.

    Returns:
        A model from `pixels` to a dictionary: `probabilities` (n, k) by softmax or (n, 1) by sigmoid, `embedding`
        (n, d), and for networks with a pooled head `maps` (n, h, w, k): the class activation maps of Zhou et al. 2016,
        whose mean over h and w is the logits, because the head is linear.
    """
    head, embedding = network.get_layer(HEAD), network.get_layer(EMBEDDING).output
    logits = head(embedding)
    squash = layers.Activation(
        "sigmoid" if logits.shape[-1] == 1 else "softmax", name="probabilities", dtype="float32"
    )
    outputs = {"probabilities": squash(logits), "embedding": embedding}
    pooled = network.get_layer(EMBEDDING).input
    if len(pooled.shape) == 4:
        outputs["maps"] = head(pooled)
    return keras.Model(network.inputs[0], outputs, name=network.name)


BUILDERS: dict[str, Callable[..., keras.Model]] = {
    "seed_cnn": seed_cnn,
    "efficientnet_lite0": efficientnet_lite0,
    "tiny": tiny,
}


def stored_network(name: str, size: int, weights: Path) -> keras.Model:
    """The network of a builder's name at one input size, with the weights that a run has stored."""
    network = BUILDERS[name](size, None, len(LESIONS))
    network.load_weights(weights)
    return network

"""What is measured: the shipped default model and a drawn photograph of the size that HAM10000 has."""

from __future__ import annotations

import io
import os
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image

from model.bundle import WEIGHTS, Bundle, open_bundle
from training.drawings.synthetic import draw_lesion

ROOT = Path(__file__).parents[2]
NAME = "dermanet"


@cache
def bundle() -> Bundle:
    """The bundle that ships, or the one in the folder that DERMABOARD_BUNDLES names. Raises BundleError."""
    return open_bundle(Path(os.environ.get("DERMABOARD_BUNDLES", ROOT / "model" / "bundles")) / NAME)


@cache
def photograph() -> bytes:
    """A JPEG of 600 x 450 pixels."""
    buffer = io.BytesIO()
    Image.fromarray(draw_lesion(13, True)).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


@cache
def keras_model() -> Any:
    """The Keras model inside the bundle."""
    import keras

    return keras.saving.load_model(bundle().path / WEIGHTS, compile=False)

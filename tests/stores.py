"""Pixel stores for tests, made without a decoder."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from model.taxonomy import LESIONS
from training.pixels import PixelStore, domain_names


def store_of(images: Sequence[NDArray[np.uint8]], cases: pd.DataFrame) -> PixelStore:
    """A store of images (height, width, 3) and their cases; what a column lacks is filled in."""
    shapes = np.array([image.shape[:2] for image in images])
    sizes = np.array([image.size for image in images])
    usual = {
        "image_id": [f"ISIC_{index:07d}" for index in range(len(cases))],
        "malignant": cases["label"].isin(list(LESIONS.malignant)),
        "label_original": "",
        "age": 50.0,
        "sex": "female",
        "site": "back",
        "confirmation": "histo",
        "skin_tone": np.nan,
        "modality": "dermoscopic",
        "source": "drawn",
        "licence": "MIT",
    }
    cases = cases.assign(**{name: value for name, value in usual.items() if name not in cases})
    cases = cases.assign(
        domain=domain_names(cases),
        group=cases["lesion_id"],
        height=shapes[:, 0],
        width=shapes[:, 1],
        offset=sizes.cumsum() - sizes,
    )
    return PixelStore(cases, np.concatenate([image.ravel() for image in images]))

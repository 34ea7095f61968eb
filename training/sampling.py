"""Which training images an epoch draws, so that neither the source nor the modality tells the diagnosis."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from training.pixels import STORE_SIDE

Floats = NDArray[np.float64]


def odds_by_source(cases: pd.DataFrame, malignant_share: float, balance: float) -> Floats:
    """How likely each image is drawn, with the same share of malignant images in every source and modality.

    A domain (a source's images of one modality) is drawn by the square root of its number of images, times its
    resolution: a larger one says more, but not in proportion, and small pictures say less. Inside of it a diagnosis is
    drawn by its frequency to the power of 1 - balance, malignant and benign ones apart.

    Args:
        cases: training images with `domain`, `label`, `malignant`, `height` and `width`.
        malignant_share: 0 to 1; a domain that has one side alone gives that side alone.
        balance: 0 draws diagnoses as they come, 1 equally often.

    Returns:
        float64 (n,), summing to 1.
    """
    sides = cases[["height", "width"]].min(axis=1)
    weight = np.sqrt(cases.groupby("domain").size()) * sides.groupby(cases["domain"]).median() / STORE_SIDE
    odds = np.zeros(len(cases))
    for domain, share in (weight / weight.sum()).items():
        inside = (cases["domain"] == domain).to_numpy()
        malignant = cases["malignant"].to_numpy(bool)
        for side, part in ((malignant, malignant_share), (~malignant, 1 - malignant_share)):
            rows = inside & side
            if rows.any():
                odds[rows] = share * part * odds_by_label(cases["label"][rows], balance)
    return odds / odds.sum()


def odds_by_label(labels: pd.Series, balance: float) -> Floats:
    """How likely each image is drawn where a diagnosis counts by its frequency to the power of 1 - balance.

    Returns:
        float64 (n,), summing to 1.
    """
    counts = labels.map(labels.value_counts()).to_numpy(np.float64)
    odds = counts**-balance
    return np.asarray(odds / odds.sum())

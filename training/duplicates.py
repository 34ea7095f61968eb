"""Images that show the same picture, whatever was done to them on the way: saved anew, resized, turned or mirrored.

A data set that gathers from several sources has them under different names and lesions; on two sides of a split they
would let a network recognise what it should judge. The fingerprint is a perceptual hash in full precision: the grey
image at a few pixels, normalised, so that the product of two is their correlation.
"""

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.cluster.hierarchy import DisjointSet

COARSE, FINE = 16, 32
# Above this correlation at COARSE pixels two images are looked at again, at FINE pixels, where different lesions of
# HAM10000 reach 0.974 at most and its one picture under two lesion ids reaches 0.999.
CANDIDATE, SAME = 0.97, 0.99
# The dark ring of a round lens alone reaches SAME, so the inner half of both must agree too: in BCN_20000 different
# lesions reach 0.96 there, and the same pictures 0.98.
SAME_INSIDE = 0.97
BLOCK = 2048


def fingerprints(images: NDArray[np.uint8], side: int) -> NDArray[np.float32]:
    """Grey images at so many pixels, less their mean and at length 1: uint8 (n, s, s, 3) to float32 (n, side, side)."""
    small = np.stack(
        [
            cv2.resize(
                cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY),
                (side, side),
                interpolation=cv2.INTER_AREA,
            )
            for image in images
        ]
    ).astype(np.float32)
    small -= small.mean(axis=(1, 2), keepdims=True)
    return small / np.maximum(np.linalg.norm(small, axis=(1, 2), keepdims=True), 1e-3)


def turned_rows(prints: NDArray[np.float32], turns: int, mirrored: bool) -> NDArray[np.float32]:
    """Every fingerprint after quarter turns and perhaps a mirror, as rows (n, side * side)."""
    moved = np.rot90(prints, turns, axes=(1, 2))
    return np.ascontiguousarray(moved[:, :, ::-1] if mirrored else moved).reshape(len(prints), -1)


def near_duplicates(images: NDArray[np.uint8]) -> pd.DataFrame:
    """Pairs of images that show the same picture under any flip or quarter turn.

    Args:
        images: uint8 (n, s, s, 3).

    Returns:
        Columns `first` and `second` (row numbers, first < second) and `correlation` (above SAME, at most 1), a pair
        once, sorted. Takes time in proportion to n squared: seconds for ten thousand images, a minute for thirty.
    """
    quarter = images.shape[1] // 4
    coarse, fine = fingerprints(images, COARSE), fingerprints(images, FINE)
    inside = fingerprints(images[:, quarter:-quarter, quarter:-quarter], FINE)
    rows = coarse.reshape(len(coarse), -1)
    best: dict[tuple[int, int], float] = {}
    for turns in range(4):
        for mirrored in (False, True):
            others, sharp, core = (turned_rows(prints, turns, mirrored) for prints in (coarse, fine, inside))
            for start in range(0, len(rows), BLOCK):
                close = np.argwhere(rows[start : start + BLOCK] @ others.T > CANDIDATE)
                for one, other in close[close[:, 0] + start < close[:, 1]]:
                    pair = int(one) + start, int(other)
                    correlation = float(fine[pair[0]].ravel() @ sharp[pair[1]])
                    if correlation > SAME and inside[pair[0]].ravel() @ core[pair[1]] > SAME_INSIDE:
                        best[pair] = max(best.get(pair, 0.0), correlation)
    pairs = [(first, second, value) for (first, second), value in sorted(best.items())]
    return pd.DataFrame(pairs, columns=["first", "second", "correlation"])


def one_side(splits: pd.Series, groups: pd.Series, sources: pd.Series, pairs: pd.DataFrame) -> pd.Series:
    """Splits in which every group that shares a picture with another one is where the first of them is.

    Groups keep the split that they have without duplicates, so that adding an image moves no other lesion; of groups
    from several sources, the one whose source stands first in the table keeps its split.

    Args:
        splits, groups, sources: of each image; a group lies in one split.
        pairs: see `near_duplicates`.
    """
    where = splits.groupby(groups).first()
    order = {source: place for place, source in enumerate(sources.unique())}
    rank = sources.map(order).groupby(groups).min().to_dict()
    sides = DisjointSet(where.index)
    for first, second in zip(pairs["first"], pairs["second"], strict=True):
        sides.merge(groups.iloc[first], groups.iloc[second])
    leads = {group: min(side, key=lambda one: (rank[one], one)) for side in sides.subsets() for group in side}
    return groups.map(lambda group: where[leads[group]])

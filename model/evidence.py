"""Where in an image the evidence for malignancy lies: heatmaps, and their pictures."""

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model.engine import Engine

OCCLUSIONS = 7
# Blue is the colour that skin and lesions have least of, so it shows on all of them.
EVIDENCE, OUTLINE = bytes((0x1D, 0x4E, 0xD8)), bytes((0xE0, 0xF2, 0xFE))
# How opaque each of 256 steps of evidence is, and the palette of a heatmap: one blue in every opacity, then the line.
OPACITY = (np.linspace(0, 1, 256) ** 1.5 * 200).astype(np.uint8)
LINE = int(OPACITY.max()) + 1
PALETTE = EVIDENCE * LINE + OUTLINE
ALPHAS = bytes((*range(LINE), 255))


def class_evidence(
    maps: NDArray[np.float32], probabilities: NDArray[np.float32], columns: NDArray[np.intp]
) -> NDArray[np.float32]:
    """Class activation maps to one map of the evidence for malignancy.

    The log odds of malignancy change with each class's logit by its share among the malignant classes, less its share
    among the benign ones; weighting the maps of Zhou et al. (2016) so gives each place's part in those log odds
    (Grad-CAM, Selvaraju et al. 2017, of the log odds).

    Args:
        maps: (h, w, k) in logits.
        probabilities: (k,), of the same image.
        columns: the places of the malignant classes.

    Returns:
        float32 (h, w), 0 to 1; all 0 where no place speaks for malignancy.
    """
    malignant = np.isin(np.arange(len(probabilities)), columns)
    weights = np.where(
        malignant,
        probabilities / max(float(probabilities[malignant].sum()), 1e-12),
        -probabilities / max(float(probabilities[~malignant].sum()), 1e-12),
    )
    return scale_evidence(maps @ weights.astype(np.float32))


def occlusion_evidence(engine: Engine, image: NDArray[np.uint8], probability: float) -> NDArray[np.float32]:
    """How far the probability falls when a patch is painted over with the image's mean colour (Zeiler & Fergus 2014).

    Returns:
        float32 (OCCLUSIONS, OCCLUSIONS), 0 to 1.
    """
    edges = np.linspace(0, engine.size, OCCLUSIONS + 1).round().astype(int)
    patches = [
        (slice(*edges[i : i + 2]), slice(*edges[j : j + 2]))
        for i in range(OCCLUSIONS)
        for j in range(OCCLUSIONS)
    ]
    covered = np.repeat(image[None], len(patches), axis=0)
    for copy, (rows, columns) in zip(covered, patches, strict=True):
        copy[rows, columns] = image.mean(axis=(0, 1)).astype(np.uint8)
    probabilities = np.concatenate(
        [engine.run(covered[start : start + 16]).probabilities[:, 0] for start in range(0, len(covered), 16)]
    )
    logits = np.log(np.clip(probabilities, 1e-7, 1 - 1e-7)) - np.log1p(
        -np.clip(probabilities, 1e-7, 1 - 1e-7)
    )
    own = np.clip(probability, 1e-7, 1 - 1e-7)
    return scale_evidence(
        (np.log(own) - np.log1p(-own) - logits).reshape(OCCLUSIONS, OCCLUSIONS).astype(np.float32)
    )


def scale_evidence(evidence: NDArray[np.float32]) -> NDArray[np.float32]:
    """Evidence below 0 to 0 and the greatest to 1."""
    positive = np.maximum(evidence, 0)
    return np.asarray(positive / max(float(positive.max()), 1e-6), np.float32)


def heatmap_png(heatmap: NDArray[np.float32], size: int = 224) -> bytes:
    """A heatmap as a PNG with transparency (size x size) to lay over the centred square.

    Strong evidence is opaque, none is transparent, and a line encloses what has at least half of the greatest. The
    colours come from a palette: an eighth of the time of four channels, and a fraction of the bytes.
    """
    smooth = np.asarray(Image.fromarray(heatmap).resize((size, size), Image.Resampling.BICUBIC))
    pixels = OPACITY[(np.clip(smooth, 0, 1) * 255).astype(np.uint8)]
    inside = np.pad(smooth >= 0.5, 1, mode="edge")
    rows = inside[:-2] & inside[1:-1] & inside[2:]
    within = rows[:, :-2] & rows[:, 1:-1] & rows[:, 2:]
    pixels[inside[1:-1, 1:-1] & ~within] = LINE
    image = Image.fromarray(pixels)
    image.putpalette(PALETTE)
    buffer = BytesIO()
    image.save(buffer, "PNG", transparency=ALPHAS, compress_level=3)
    return buffer.getvalue()

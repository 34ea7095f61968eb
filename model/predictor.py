"""From an image to a Prediction: the path that page, API and command line share."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from model.bundle import Bundle, OperatingPoint, malignancy
from model.calibration import temper
from model.cautions import Caution, cautions_of
from model.engine import Engine, Output
from model.images import Photograph, square
from model.taxonomy import CODES, MALIGNANT

OCCLUSIONS = 7
# Blue is the colour that skin and lesions have least of, so it shows on all of them.
EVIDENCE = np.array([0x1D, 0x4E, 0xD8], np.uint8)
OUTLINE = np.array([0xE0, 0xF2, 0xFE, 0xFF], np.uint8)


class Decision(StrEnum):
    """What a probability comes to at an operating point."""

    BENIGN = "benign"
    UNCERTAIN = "uncertain"
    MALIGNANT = "malignant"


def decide(probability: float, point: OperatingPoint) -> Decision:
    """The three-way decision: benign below the point's threshold, malignant from its second one on."""
    if probability >= point.malignant:
        return Decision.MALIGNANT
    return Decision.UNCERTAIN if probability >= point.threshold else Decision.BENIGN


@dataclass(frozen=True)
class Similar:
    """A training image that the network takes for much the same; `distance` between embeddings, 0 for the same."""

    image_id: str
    lesion_id: str
    diagnosis: str
    distance: float


@dataclass(frozen=True)
class Prediction:
    """What a model says of one image.

    Attributes:
        sha256: of the file's bytes.
        width, height: of the upright image in pixels.
        probability: calibrated, that the lesion is malignant.
        operating_point: its name, see `model.bundle.OperatingPoint`.
        threshold: below it the decision is benign.
        malignant_from: from it on the decision is malignant; between the two it is uncertain.
        diagnosis: most likely code; None for a binary model.
        probabilities: calibrated, by code; empty for a binary model.
        heatmap: float32 (h, w), 0 to 1, over the centred square of the image: where the evidence for malignancy lies;
            (0, 0) where none was asked for.
        cautions: what makes this result less trustworthy.
        milliseconds: from decoded pixels to here.
        spread: lowest and highest calibrated probability over the eight flips and quarter turns; None when not asked
            for.
        novelty: how far the image is from what the model was trained on; from 1 on the result is not to be relied on;
            None where the bundle cannot tell.
        similar: the nearest training images, nearest first.
        quality: measures of the image by name.
    """

    sha256: str
    width: int
    height: int
    model: str
    model_version: str
    model_sha256: str
    probability: float
    operating_point: str
    threshold: float
    malignant_from: float
    decision: Decision
    diagnosis: str | None
    probabilities: Mapping[str, float]
    heatmap: NDArray[np.float32]
    cautions: tuple[Caution, ...]
    milliseconds: float
    spread: tuple[float, float] | None = None
    novelty: float | None = None
    similar: tuple[Similar, ...] = ()
    quality: Mapping[str, float] = field(default_factory=dict)


class Predictor:
    """A bundle ready to predict; may be shared by threads."""

    def __init__(self, bundle: Bundle, threads: int | None = None) -> None:
        """Load the bundle's graph. Raises BundleError where it has none or it does not load."""
        self.bundle = bundle
        self.engine = Engine(bundle, threads)

    def predict(
        self, photograph: Photograph, *, operating_point: str | None = None, stability: bool = False
    ) -> Prediction:
        """Predict one image; see `predict_many`."""
        return self.predict_many([photograph], operating_point=operating_point, stability=stability)[0]

    def predict_many(
        self,
        photographs: Sequence[Photograph],
        heatmaps: bool = True,
        *,
        operating_point: str | None = None,
        stability: bool = False,
    ) -> list[Prediction]:
        """Predict several images in one call of the engine; the result of each is that of `predict` to rounding.

        Args:
            operating_point: by its name; the card's default for None. Raises BundleError for an unknown one.
            stability: also measure `Prediction.spread`.
        """
        began = time.perf_counter()
        card = self.bundle.card
        point = card.point(operating_point)
        batch = np.stack([square(photograph.pixels, card.input_size) for photograph in photographs])
        output = self.engine.run(batch)
        calibrated = temper(output.probabilities, card.temperature)
        scores = malignancy(calibrated, card.classes)
        none = np.zeros((0, 0), np.float32)
        evidence = [
            self.heatmap(batch[index], output, index) if heatmaps else none for index in range(len(batch))
        ]
        milliseconds = (time.perf_counter() - began) * 1000 / len(batch)
        return [
            Prediction(
                sha256=photograph.sha256,
                width=photograph.pixels.shape[1],
                height=photograph.pixels.shape[0],
                model=card.name,
                model_version=card.version,
                model_sha256=card.sha256,
                probability=float(score),
                operating_point=point.name,
                threshold=point.threshold,
                malignant_from=point.malignant,
                decision=decide(float(score), point),
                diagnosis=CODES[int(np.argmax(classes))] if len(classes) > 1 else None,
                probabilities=dict(zip(CODES, map(float, classes), strict=True)) if len(classes) > 1 else {},
                heatmap=heatmap,
                cautions=cautions_of(photograph, card.synthetic),
                milliseconds=milliseconds,
            )
            for photograph, score, classes, heatmap in zip(
                photographs, scores, calibrated, evidence, strict=True
            )
        ]

    def heatmap(self, image: NDArray[np.uint8], output: Output, index: int) -> NDArray[np.float32]:
        """Where the evidence for malignancy lies in one image of a batch; see `Prediction.heatmap`."""
        if output.maps is not None:
            return class_evidence(output.maps[index], output.probabilities[index])
        return occlusion_evidence(self.engine, image, float(output.probabilities[index, 0]))


def class_evidence(maps: NDArray[np.float32], probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    """Class activation maps to one map of the evidence for malignancy.

    The log odds of malignancy change with each class's logit by its share among the malignant classes, less its share
    among the benign ones; weighting the maps of Zhou et al. (2016) so gives each place's part in those log odds
    (Grad-CAM, Selvaraju et al. 2017, of the log odds).

    Args:
        maps: (h, w, 7) in logits.
        probabilities: (7,), of the same image.

    Returns:
        float32 (h, w), 0 to 1; all 0 where no place speaks for malignancy.
    """
    malignant = np.array([code in MALIGNANT for code in CODES])
    weights = np.where(
        malignant,
        probabilities / max(float(probabilities[malignant].sum()), 1e-12),
        -probabilities / max(float(probabilities[~malignant].sum()), 1e-12),
    )
    return scaled(maps @ weights.astype(np.float32))


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
    found = np.concatenate(
        [engine.run(covered[start : start + 16]).probabilities[:, 0] for start in range(0, len(covered), 16)]
    )
    logits = np.log(np.clip(found, 1e-7, 1 - 1e-7)) - np.log1p(-np.clip(found, 1e-7, 1 - 1e-7))
    own = np.clip(probability, 1e-7, 1 - 1e-7)
    return scaled((np.log(own) - np.log1p(-own) - logits).reshape(OCCLUSIONS, OCCLUSIONS).astype(np.float32))


def scaled(evidence: NDArray[np.float32]) -> NDArray[np.float32]:
    """Evidence below 0 to 0 and the greatest to 1."""
    positive = np.maximum(evidence, 0)
    return np.asarray(positive / max(float(positive.max()), 1e-6), np.float32)


def heatmap_png(heatmap: NDArray[np.float32], size: int = 448) -> bytes:
    """A heatmap as an RGBA PNG (size x size) to lay over the centred square.

    Strong evidence is opaque, none is transparent, and a line encloses what has at least half of the greatest.
    """
    smooth = np.asarray(Image.fromarray(heatmap).resize((size, size), Image.Resampling.BICUBIC))
    pixels = np.empty((size, size, 4), np.uint8)
    pixels[..., :3] = EVIDENCE
    pixels[..., 3] = np.clip(smooth, 0, 1) ** 1.5 * 200
    inside = Image.fromarray((smooth >= 0.5).astype(np.uint8) * 255)
    line = np.asarray(inside.filter(ImageFilter.MaxFilter(3))) != np.asarray(
        inside.filter(ImageFilter.MinFilter(3))
    )
    pixels[line] = OUTLINE
    buffer = BytesIO()
    Image.fromarray(pixels, "RGBA").save(buffer, "PNG", optimize=False, compress_level=3)
    return buffer.getvalue()

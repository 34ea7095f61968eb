"""From an image to a Prediction: the path that page, API and command line share."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial

import numpy as np
from numpy.typing import NDArray

from model.bundle import Bundle, BundleError, OperatingPoint
from model.calibration import calibrate
from model.cautions import CLOSE_UP, Caution, cautions_of
from model.cores import usable_cores
from model.engine import Engine, Output
from model.evidence import class_evidence, occlusion_evidence
from model.evidence import heatmap_png as heatmap_png
from model.images import Photograph, square
from model.modality import Modality
from model.novelty import UNLIKE, appearance
from model.outcome import Outcome, outcome_of
from model.quality import measure, quality_cautions
from model.reference import Similar as Similar
from model.reference import open_reference

Measured = tuple[Mapping[str, float], NDArray[np.float64]]
# Photographs are measured on one core while the graph runs on another.
MEASURING = ThreadPoolExecutor(usable_cores(), "measuring")


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
class Prediction:
    """What a model says of one image.

    Attributes:
        sha256: of the file's bytes.
        width, height: of the upright image in pixels.
        probability: calibrated, that the lesion is malignant.
        operating_point: its name, see `model.bundle.OperatingPoint`.
        threshold: below it the decision is benign; 0 for a close-up, which never is.
        malignant_from: from it on the decision is malignant; between the two it is uncertain.
        diagnosis: most likely code; None for a binary model.
        probabilities: calibrated, by code; empty for a binary model.
        heatmap: float32 (h, w), 0 to 1, over the centred square of the image: where the evidence for malignancy lies;
            (0, 0) where none was asked for.
        cautions: what makes this result less trustworthy.
        modality: what the photograph was taken with; "neither" for what is no photograph of a lesion.
        milliseconds: from decoded pixels to here.
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
    modality: Modality = Modality.DERMOSCOPIC
    novelty: float | None = None
    similar: tuple[Similar, ...] = ()
    quality: Mapping[str, float] = field(default_factory=dict)

    @property
    def outcome(self) -> Outcome:
        """What people are shown: the decision, or no result where a caution forbids to rely on it."""
        return outcome_of(self.decision, self.cautions)


class Predictor:
    """A bundle ready to predict; may be shared by threads."""

    def __init__(self, bundle: Bundle, threads: int | None = None) -> None:
        """Load the bundle's graph and reference, and try them.

        Raises:
            BundleError: it has no graph, a file has changed or does not load, or the parts do not fit each other.
        """
        self.bundle = bundle
        self.engine = Engine(bundle, threads)
        self.reference = open_reference(bundle)
        self.attempt()

    def attempt(self) -> None:
        """Predict noise, so that a bundle that cannot predict fails before any photograph.

        Raises:
            BundleError: it cannot predict, or what it says is no probability.
        """
        noise = np.random.default_rng(0).integers(0, 256, (self.engine.size, self.engine.size, 3), np.uint8)
        try:
            prediction = self.predict(Photograph(noise, "", "PNG"))
        except Exception as error:
            raise BundleError(f"{self.bundle.name}: it cannot predict ({error}).") from error
        chances = [prediction.probability, *prediction.probabilities.values(), *prediction.heatmap.flat]
        if not all(0 <= chance <= 1 + 1e-6 for chance in chances) or math.isnan(prediction.novelty or 0):
            raise BundleError(f"{self.bundle.name}: what it predicts is no probability.")

    def predict(self, photograph: Photograph, *, operating_point: str | None = None) -> Prediction:
        """Predict one image; see `predict_many`."""
        return self.predict_many([photograph], operating_point=operating_point)[0]

    def predict_many(
        self,
        photographs: Sequence[Photograph],
        heatmaps: bool = True,
        similar: bool = True,
        *,
        operating_point: str | None = None,
    ) -> list[Prediction]:
        """Predict several images in one call of the engine; the result of each is that of `predict` to rounding.

        Args:
            heatmaps, similar: False leaves them empty, for a table that does not hold them.
            operating_point: by its name; the card's default for None. Raises BundleError for an unknown one.
        """
        began = time.perf_counter()
        point = self.bundle.card.point(operating_point)
        batch = np.stack([square(photograph.pixels, self.engine.size) for photograph in photographs])
        measuring = [measured_beside(image) for image in batch]
        output = self.engine.run(batch)
        qualities, appearances = zip(*(found() for found in measuring), strict=True)
        looks = self.looks(output.embeddings, np.stack(appearances))
        reference, nothing = self.reference if similar else None, np.zeros((0, 0), np.float32)
        predictions = [
            replace(
                self.judge(photograph, output.probabilities[index], *looks[index], qualities[index], point),
                heatmap=self.heatmap(batch[index], output, index) if heatmaps else nothing,
                similar=reference.nearest(output.embeddings[index]) if reference else (),
            )
            for index, photograph in enumerate(photographs)
        ]
        milliseconds = (time.perf_counter() - began) * 1000 / len(batch)
        return [replace(prediction, milliseconds=milliseconds) for prediction in predictions]

    def judge(
        self,
        photograph: Photograph,
        raw: NDArray[np.float32],
        novelty: float | None,
        modality: Modality,
        quality: Mapping[str, float],
        at: OperatingPoint,
    ) -> Prediction:
        """What the graph's probabilities (k,) of an image come to; without a heatmap and similar images."""
        card, point = self.bundle.card, at.of(modality)
        calibrated = calibrate(raw[None], card.calibration(modality), card.taxonomy.columns)
        score = float(card.taxonomy.malignancy(calibrated)[0])
        classes = calibrated[0] if len(card.classes) > 1 else None
        return Prediction(
            sha256=photograph.sha256,
            width=photograph.pixels.shape[1],
            height=photograph.pixels.shape[0],
            model=card.name,
            model_version=card.version,
            model_sha256=card.sha256,
            probability=score,
            operating_point=point.name,
            threshold=point.threshold,
            malignant_from=point.malignant,
            decision=decide(score, point),
            diagnosis=None if classes is None else card.classes[int(classes.argmax())],
            probabilities={} if classes is None else dict(zip(card.classes, classes.tolist(), strict=True)),
            heatmap=np.zeros((0, 0), np.float32),
            cautions=self.cautions(photograph, modality, quality),
            milliseconds=0.0,
            modality=modality,
            novelty=novelty,
            quality=quality,
        )

    def cautions(
        self, photograph: Photograph, modality: Modality, quality: Mapping[str, float]
    ) -> tuple[Caution, ...]:
        """What makes a result less trustworthy, the severe first."""
        card = self.bundle.card
        everything = [
            *((UNLIKE,) if modality is Modality.NEITHER else ()),
            *((CLOSE_UP,) if modality is Modality.CLOSE_UP else ()),
            *cautions_of(photograph, card.synthetic),
            *quality_cautions(quality, card.guard.get("quality", {}), card.guard.get("severe", {})),
        ]
        return tuple(sorted(everything, key=lambda caution: not caution.severe))

    def looks(
        self, embeddings: NDArray[np.float32], appearances: NDArray[np.float64]
    ) -> list[tuple[float | None, Modality]]:
        """`Prediction.novelty` and `modality` of each image; dermoscopic where the bundle cannot tell."""
        if self.reference is None:
            return [(None, Modality.DERMOSCOPIC)] * len(embeddings)
        familiar = self.reference.familiar
        novelties = familiar.novelty(embeddings, appearances).tolist()
        closeness = familiar.closeness(embeddings, appearances).tolist()
        return [
            (novelty, modality_of(novelty, close))
            for novelty, close in zip(novelties, closeness, strict=True)
        ]

    def heatmap(self, image: NDArray[np.uint8], output: Output, index: int) -> NDArray[np.float32]:
        """Where the evidence for malignancy lies in one image of a batch; see `Prediction.heatmap`."""
        if output.maps is not None:
            columns = self.bundle.card.taxonomy.columns
            return class_evidence(output.maps[index], output.probabilities[index], columns)
        return occlusion_evidence(self.engine, image, float(output.probabilities[index, 0]))


def measured(image: NDArray[np.uint8]) -> Measured:
    """What is known of a network's input without the network: its quality and its appearance."""
    return measure(image), appearance(image)


def measured_beside(image: NDArray[np.uint8]) -> Callable[[], Measured]:
    """Have it measured in another thread; what is returned waits for that."""
    try:
        return MEASURING.submit(measured, image).result
    except RuntimeError:
        # The program is ending and begins no thread any more; a job may still finish what it is at.
        return partial(measured, image)


def modality_of(novelty: float, closeness: float) -> Modality:
    """What a photograph was taken with, from `Familiar.novelty` and `Familiar.closeness`."""
    if novelty >= 1:
        return Modality.NEITHER
    return Modality.CLOSE_UP if closeness > 0 else Modality.DERMOSCOPIC

"""What can be trained, as plain values."""

from dataclasses import dataclass, field, replace
from typing import NamedTuple

from training.augment import Views


class Stage(NamedTuple):
    """One part of a run, with a warm-up and a decay of its own.

    Attributes:
        size: input side in pixels; the last stage's is the one that is shipped.
        epochs: passes over as many images as the training split has; 0 for a last stage that only has the weights of
            the one before see still images larger than its views were (Touvron et al. 2019, "Fixing the train-test
            resolution discrepancy").
        peak: highest learning rate, as a share of the recipe's.
        average: decay a step of the moving average of the weights that is measured and kept (Polyak & Juditsky 1992);
            0 keeps the weights themselves.
        modality_weight: weight of the cross-entropy of close-up against dermoscopic: it teaches the embedding the
            difference, which the guard then looks for there.
        zoom: of the views, where it is not the recipe's.
    """

    size: int
    epochs: int
    peak: float = 1.0
    average: float = 0.0
    modality_weight: float = 0.0
    zoom: float | None = None


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a training run besides its data and its seed.

    Attributes:
        network: name of a builder in `training.networks`.
        stages: one after the other, each from the best weights of the one before.
        learning_rate: peak, after a linear warm-up over `warmup` of a stage's steps and before a cosine decay to 0.
        balance: diagnoses are drawn in proportion to their frequency to the power of 1 - balance; 0 draws them as they
            come, 1 equally often. What this does to the predicted probabilities is undone after training.
        by_source: draw every source and modality with the same share of malignant images, see `training.sampling`.
        malignant_share: that share, 0 to 1.
        views_an_epoch: images drawn in an epoch; 0 draws as many as the training split has.
        malignancy_weight: weight of the cross-entropy of malignant against benign beside that of the diagnoses.
        half_precision: compute in bfloat16, with weights in float32, where the processor has instructions for it.
        frozen_statistics: keep the backbone's batch-norm statistics and scales as they were loaded.
        teacher: name of the recipe whose runs teach this one, which starts from the weights of the first; "" for none.
        teachers: seeds of those runs.
        taught: share of what the teachers say in what is learned, 0 to 1; the rest is the truth.
    """

    name: str
    purpose: str
    network: str
    stages: tuple[Stage, ...]
    batch: int = 64
    learning_rate: float = 1e-3
    warmup: float = 0.05
    weight_decay: float = 0.0
    balance: float = 0.0
    by_source: bool = False
    malignant_share: float = 0.4
    views_an_epoch: int = 0
    malignancy_weight: float = 0.0
    half_precision: bool = False
    frozen_statistics: bool = False
    teacher: str = ""
    teachers: tuple[int, ...] = ()
    taught: float = 0.0
    views: Views = field(default_factory=Views)


# What a photograph may undergo and still show the same lesion: wide enough that every source's light, sharpness and
# framing lies inside.
LESION_SAFE = Views(
    rotation=180,
    shift=0.08,
    zoom=0.3,
    aspect=0.15,
    shear=6,
    flip=True,
    brightness=0.2,
    contrast=0.2,
    saturation=0.3,
    balance=0.1,
    blur=0.5,
    compress=0.4,
    roam=True,
    erase=0.15,
    hair=0.1,
    corners=0.1,
)

TEACHER = Recipe(
    name="teacher",
    purpose="Networks that teach dermanet: diagnoses and malignancy learned together from all sources.",
    network="efficientnet_lite0",
    stages=(
        Stage(128, 7, average=0.996),
        Stage(160, 6, peak=0.6, average=0.996),
        Stage(192, 2, peak=0.4, average=0.996),
    ),
    learning_rate=5e-4,
    weight_decay=0.05,
    balance=0.5,
    by_source=True,
    views_an_epoch=16_000,
    malignancy_weight=1.0,
    frozen_statistics=True,
    views=LESION_SAFE,
)

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="seed-cnn",
            purpose="Baseline: the small network from scratch that the project began with, kept for comparison.",
            network="seed_cnn",
            stages=(Stage(224, 8),),
            batch=32,
            learning_rate=3e-4,
            views_an_epoch=8_000,
            half_precision=True,
            views=Views(rotation=20, shift=0.1, zoom=0.1, shear=10, flip=True),
        ),
        replace(
            TEACHER,
            name="dermanet",
            purpose="The default: EfficientNet-Lite0, which learns from all sources and from trained networks.",
            stages=(
                Stage(192, 3, peak=0.6, average=0.996),
                Stage(224, 2, peak=0.4, average=0.995, modality_weight=0.5, zoom=0.4),
                Stage(192, 3, peak=0.5, average=0.996, modality_weight=0.5),
                Stage(224, 0),
            ),
            teacher="teacher",
            teachers=(0, 1),
            taught=0.7,
        ),
        TEACHER,
        replace(
            TEACHER,
            name="elsewhere",
            purpose="A cheap recipe that is trained without each source in turn: how far does the network carry?",
            stages=(Stage(128, 4, average=0.99),),
            views_an_epoch=12_000,
        ),
        Recipe(
            name="tiny",
            purpose="A network of seconds for tests and demonstrations.",
            network="tiny",
            stages=(Stage(64, 6),),
            batch=32,
            learning_rate=3e-3,
            views=Views(rotation=180, zoom=0.1, flip=True, brightness=0.1),
        ),
    )
}

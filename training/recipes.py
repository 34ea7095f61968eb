"""What can be trained, as plain values."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from training.augment import Views


class Stage(NamedTuple):
    """One part of a run, with a warm-up and a decay of its own.

    Attributes:
        size: input side in pixels; the last stage's is the one that is shipped.
        epochs: passes over as many images as the training split has.
        peak: highest learning rate, as a share of the recipe's.
        mixup: alpha of the beta distribution from which pairs of images are mixed (Zhang et al. 2018); 0 mixes none.
        average: decay a step of the moving average of the weights that is measured and kept (Polyak & Juditsky 1992);
            0 keeps the weights themselves.
        trust: share of the teachers' probabilities in the targets, 0 to 1; the labels have the rest.
    """

    size: int
    epochs: int
    peak: float = 1.0
    mixup: float = 0.0
    average: float = 0.0
    trust: float = 0.0


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a training run besides its data and its seed.

    Attributes:
        network: name of a builder in `model.networks`.
        stages: one after the other, each from the best weights of the one before.
        learning_rate: peak, after a linear warm-up over `warmup` of a stage's steps and before a cosine decay to 0.
        balance: diagnoses are drawn in proportion to their frequency to the power of 1 - balance; 0 draws them as they
            come, 1 equally often. What this does to the predicted probabilities is undone after training.
        malignancy_weight: weight of the cross-entropy of malignant against benign beside that of the seven diagnoses.
        start: name of the recipe from whose best weights the first stage starts, of the same network; "" starts as
            `fit` is told.
        teachers: names of the recipes whose networks are distilled (Hinton et al. 2015): they look at the same views,
            and their probabilities are part of the targets of the stages that trust them.
        softness: temperature of the teachers' probabilities; above 1, what they think less likely counts more.
        half_precision: compute in bfloat16, with weights in float32, where the processor has instructions for it.
        frozen_statistics: keep the backbone's batch-norm statistics and scales as they were loaded.
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
    malignancy_weight: float = 0.0
    start: str = ""
    teachers: tuple[str, ...] = ()
    softness: float = 1.0
    half_precision: bool = False
    frozen_statistics: bool = False
    views: Views = field(default_factory=Views)


# What a dermoscopic image may undergo and still be the same lesion.
LESION_SAFE = Views(
    rotation=180,
    shift=0.06,
    zoom=0.2,
    aspect=0.15,
    shear=6,
    flip=True,
    brightness=0.15,
    contrast=0.15,
    saturation=0.2,
    balance=0.06,
    blur=0.25,
    erase=0.15,
    hair=0.1,
    corners=0.1,
)

# What the networks for dermoscopic images have in common.
DERMOSCOPY: dict[str, Any] = {
    "batch": 64,
    "weight_decay": 0.05,
    "balance": 0.5,
    "malignancy_weight": 0.5,
    "frozen_statistics": True,
    "views": LESION_SAFE,
}

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
            half_precision=True,
            views=Views(rotation=20, shift=0.1, zoom=0.1, shear=10, flip=True),
        ),
        Recipe(
            name="dermanet",
            purpose="The default: MobileNetV2 from ImageNet weights, seven diagnoses and malignancy learned together.",
            network="dermanet",
            stages=(Stage(160, 22),),
            learning_rate=5e-4,
            **DERMOSCOPY,
        ),
        Recipe(
            name="xception",
            purpose="A larger network, too slow to serve, to distil from: Xception from ImageNet weights.",
            network="xception",
            stages=(Stage(160, 10, average=0.99),),
            learning_rate=3e-4,
            half_precision=True,
            **DERMOSCOPY,
        ),
        Recipe(
            name="student",
            purpose="MobileNetV2 distilled from the larger network; no better than dermanet.",
            network="dermanet",
            stages=(Stage(160, 10, average=0.99, trust=0.7),),
            learning_rate=5e-4,
            teachers=("xception",),
            softness=2.0,
            **DERMOSCOPY,
        ),
        Recipe(
            name="fine",
            purpose="The student, gone on with finer images and without a teacher; no better either.",
            network="dermanet",
            stages=(Stage(224, 22, mixup=0.2, average=0.995),),
            learning_rate=3e-4,
            start="student",
            **DERMOSCOPY,
        ),
        Recipe(
            name="distilled",
            purpose="What dermanet becomes when it is distilled from itself and two others; hardly better.",
            network="dermanet",
            stages=(Stage(160, 14, mixup=0.3, average=0.995, trust=0.8),),
            learning_rate=3e-4,
            start="dermanet",
            teachers=("dermanet", "fine", "student"),
            softness=1.5,
            **DERMOSCOPY,
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

"""What training minimises."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="dermaboard")
class JointLoss(keras.losses.Loss):  # type: ignore[misc]
    """Cross-entropy of the diagnoses, of malignant against benign as they add up to it, and of the modality.

    The second part spends the network's effort on the question that decides: mistaking one benign diagnosis for
    another costs nothing there. An image whose diagnosis is none of the network's teaches that and
    the modality alone.
    """

    def __init__(
        self,
        malignant: Sequence[bool],
        malignancy_weight: float = 0.0,
        modality_weight: float = 0.0,
        **options: Any,
    ) -> None:
        """Say which diagnoses are malignant, and weight the second and the third part; 0 leaves one out."""
        super().__init__(**options)
        self.malignant = tuple(malignant)
        self.malignancy_weight, self.modality_weight = malignancy_weight, modality_weight

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Losses (n,) of targets (n, k + 2) and logits (n, k + 1).

        A target is the probability of each diagnosis, all 0 where it is not known, that of a close-up and that of
        malignancy. The last logit is that of a close-up.
        """
        known, close, truth = y_true[:, :-2], y_true[:, -2], y_true[:, -1]
        diagnoses = y_pred[:, :-1]
        loss = -ops.sum(known * ops.log_softmax(diagnoses, axis=1), axis=1)
        if self.modality_weight:
            loss += self.modality_weight * ops.binary_crossentropy(close, y_pred[:, -1], from_logits=True)
        if not self.malignancy_weight:
            return loss
        sides = [
            [index for index, malignant in enumerate(self.malignant) if malignant is side]
            for side in (True, False)
        ]
        malignant, benign = (ops.logsumexp(ops.take(diagnoses, side, axis=1), axis=1) for side in sides)
        return loss + self.malignancy_weight * ops.binary_crossentropy(
            truth, malignant - benign, from_logits=True
        )

    def get_config(self) -> dict[str, Any]:
        """What a saved network needs to make it again."""
        return {
            **super().get_config(),
            "malignant": self.malignant,
            "malignancy_weight": self.malignancy_weight,
            "modality_weight": self.modality_weight,
        }

"""What training minimises."""

from typing import Any

import keras
from keras import ops

from model.taxonomy import CODES, MALIGNANT

BENIGN_COLUMNS = [index for index, code in enumerate(CODES) if code not in MALIGNANT]
MALIGNANT_COLUMNS = [index for index, code in enumerate(CODES) if code in MALIGNANT]


@keras.saving.register_keras_serializable(package="dermaboard")
class JointLoss(keras.losses.Loss):  # type: ignore[misc]
    """Cross-entropy of the seven diagnoses, and of malignant against benign as they add up to it.

    The second part spends the network's effort on the question that decides: mistaking one benign diagnosis for
    another costs nothing there.
    """

    def __init__(self, malignancy_weight: float = 0.0, **options: Any) -> None:
        """Weight the second part; 0 leaves it out."""
        super().__init__(**options)
        self.malignancy_weight = malignancy_weight

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Losses (n,) of targets (n, 7), rows summing to 1, and logits (n, 7)."""
        loss = ops.categorical_crossentropy(y_true, y_pred, from_logits=True)
        if not self.malignancy_weight:
            return loss
        odds = ops.logsumexp(ops.take(y_pred, MALIGNANT_COLUMNS, axis=1), axis=1) - ops.logsumexp(
            ops.take(y_pred, BENIGN_COLUMNS, axis=1), axis=1
        )
        truth = ops.sum(ops.take(y_true, MALIGNANT_COLUMNS, axis=1), axis=1)
        return loss + self.malignancy_weight * ops.binary_crossentropy(truth, odds, from_logits=True)

    def get_config(self) -> dict[str, Any]:
        """What a saved network needs to make it again."""
        return {**super().get_config(), "malignancy_weight": self.malignancy_weight}

"""The learning rate of every step, computed inside the optimizer, so that it is the same on every Keras backend."""

import keras


@keras.saving.register_keras_serializable(package="dermaboard")
class WarmCosine(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """A linear warm-up to the peak, then a cosine to 0 (Loshchilov & Hutter 2017)."""

    def __init__(self, peak: float, warm: int, total: int) -> None:
        """Plan one stage of a run.

        Args:
            peak: highest rate.
            warm: steps of warm-up.
            total: steps of the stage.
        """
        self.peak, self.warm, self.total = peak, warm, total

    def __call__(self, step: object) -> object:
        """The rate of an optimizer's step, counted from 0."""
        at = keras.ops.cast(step, "float32")
        progress = keras.ops.clip((at - self.warm) / max(1, self.total - self.warm), 0.0, 1.0)
        falling = 0.5 * (1 + keras.ops.cos(progress * 3.141592653589793))
        return self.peak * keras.ops.where(at < self.warm, (at + 1) / self.warm, falling)

    def get_config(self) -> dict[str, float]:
        """What a saved optimizer needs to make it again."""
        return {"peak": self.peak, "warm": self.warm, "total": self.total}

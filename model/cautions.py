"""What makes a prediction less trustworthy, as codes for programs and sentences for people."""

from dataclasses import dataclass

from model.images import Photograph

SMALLEST = 150


@dataclass(frozen=True)
class Caution:
    """One reason to trust a prediction less.

    Attributes:
        code: for programs: "synthetic", "small", "narrow", "blurred", "dark", "bright", "grey", "low_contrast",
            "off_frame", "close_up" or "unlike".
        text: a sentence for the user.
        severe: the result must not be relied on.
    """

    code: str
    text: str
    severe: bool = False


CLOSE_UP = Caution(
    "close_up",
    "This photograph was taken without a dermatoscope, which shows less. The result is less certain, and it is never "
    "benign: have the lesion seen through a dermatoscope.",
)


def cautions_of(photograph: Photograph, synthetic: bool) -> tuple[Caution, ...]:
    """What can be said before the network has seen the image.

    Args:
        synthetic: whether the model was trained on drawn lesions.
    """
    cautions: list[Caution] = []
    if synthetic:
        cautions.append(
            Caution(
                "synthetic",
                "This model was trained on drawn lesions. It must not be used for anything but a demonstration.",
            )
        )
    height, width = photograph.pixels.shape[:2]
    if min(height, width) < SMALLEST:
        cautions.append(
            Caution(
                "small",
                f"The image is small ({width} x {height} pixels); the model needs {SMALLEST} pixels on the shorter "
                "side.",
            )
        )
    if max(height, width) > 2 * min(height, width):
        cautions.append(
            Caution("narrow", "The image is long and narrow; the model sees only the square in its middle.")
        )
    return tuple(cautions)

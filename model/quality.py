"""Whether a photograph is good enough to judge a lesion by: sharpness, light, contrast, and where the lesion lies.

Plain measures of the square that the network sees, at reduced sizes: sharpness and light at 112 pixels, because there
the sharper and the coarser copies of the training images look alike, the lesion at 28, where hairs and rulers are gone.
Their limits belong to a model: they come from its validation images (see `training.guard`), and what is rarer than
nearly all of those is worth a word to the user.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model.cautions import Caution

FINE, COARSE = 112, 28
LUMA = np.array([0.299, 0.587, 0.114], np.float32)

# Which side of each measure's limit is bad, the code of its caution, and what the user can do about it.
RULES: Mapping[str, tuple[str, str, str]] = {
    "sharpness": (
        "low",
        "blurred",
        "The image is blurred. Take it again in focus, with the lens held still.",
    ),
    "brightness": ("low", "dark", "The image is very dark. Take it again with more light."),
    "exposure": (
        "high",
        "bright",
        "The image is very bright. Take it again with less light or a shorter exposure.",
    ),
    "glare": (
        "high",
        "bright",
        "Part of the image is burnt out to white. Take it again without glare or flash.",
    ),
    "colour": (
        "low",
        "grey",
        "The image is black and white, and the model judges by colour. Take it again in colour.",
    ),
    "contrast": (
        "low",
        "low_contrast",
        "Nothing stands out from the skin. Check that the lesion is in the picture and take it again from closer by.",
    ),
    "offset": (
        "high",
        "off_frame",
        "What stands out lies near the edge of the picture. Take it again with the whole lesion in the middle.",
    ),
}


def measure(image: NDArray[np.uint8]) -> dict[str, float]:
    """Measures of a network's input.

    Outside of the inscribed circle nothing is looked at: a dermatoscope's lens leaves the corners dark.

    Args:
        image: uint8 (s, s, 3), as `model.images.square` gives it.

    Returns:
        sharpness: mean absolute Laplacian over mean gradient; contrast cancels, so dull but sharp images pass.
        brightness, exposure: mean luma, 0 to 255 (one measure with a limit on either side).
        glare: share of pixels that are white, 0 to 1.
        colour: mean distance from grey in opponent colours, 0 to about 300.
        contrast: how far the most different twentieth is from the typical colour, in opponent colours, 0 to about 300.
        offset: distance of what stands out from the centre, in half sides.
    """
    return light_measures(shrunk_square(image, FINE)) | lesion_measures(shrunk_square(image, COARSE))


def shrunk_square(image: NDArray[np.uint8], side: int) -> NDArray[np.float32]:
    """A square image averaged down (or, if it is smaller, repeated up) to float32 (side, side, 3), 0 to 255."""
    picture, (factor, rest) = Image.fromarray(image), divmod(len(image), side)
    # A whole reduction is three times as fast as the same resize.
    if factor and not rest:
        return np.asarray(picture.reduce(factor), np.float32)
    return np.asarray(picture.resize((side, side), Image.Resampling.BOX), np.float32)


def light_measures(fine: NDArray[np.float32]) -> dict[str, float]:
    """Sharpness and exposure from float32 (FINE, FINE, 3)."""
    luma = fine @ LUMA
    down, right = np.abs(np.diff(luma, axis=0))[:, :-1], np.abs(np.diff(luma, axis=1))[:-1]
    middle = luma[1:-1, 1:-1]
    laplacian = np.abs(4 * middle - luma[:-2, 1:-1] - luma[2:, 1:-1] - luma[1:-1, :-2] - luma[1:-1, 2:])
    # The small constant keeps a blank from being sharp.
    steepness = float((down + right)[FINE_LENS[:-1, :-1]].mean()) + 0.3
    seen = luma[FINE_LENS]
    white = ((fine[..., 0] >= 250) & (fine[..., 1] >= 250) & (fine[..., 2] >= 250))[FINE_LENS]
    return {
        "sharpness": float(laplacian[FINE_LENS[1:-1, 1:-1]].mean()) / steepness,
        "brightness": float(seen.mean()),
        "exposure": float(seen.mean()),
        "glare": float(white.mean()),
    }


def lesion_measures(coarse: NDArray[np.float32]) -> dict[str, float]:
    """Colour, and contrast and place of what differs from the typical one, from float32 (COARSE, COARSE, 3)."""
    colours = opponent(coarse)[COARSE_LENS]
    distance = np.linalg.norm(colours - np.median(colours, axis=0), axis=1)
    colour = float(np.linalg.norm(colours[:, 1:], axis=1).mean())
    contrast = float(np.quantile(distance, 0.95))
    weight = np.maximum(distance - contrast / 2, 0)
    y, x = (PLACES * weight[:, None]).sum(axis=0) / max(float(weight.sum()), 1e-6)
    return {"colour": colour, "contrast": contrast, "offset": float(np.hypot(y, x))}


def opponent(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """RGB (..., 3) to luma, red against green, yellow against blue."""
    red, green, blue = pixels[..., 0], pixels[..., 1], pixels[..., 2]
    return np.stack([pixels @ LUMA, red - green, (red + green) / 2 - blue], axis=-1)


def lens(side: int, radius: float = 0.95) -> NDArray[np.bool_]:
    """The disc in the middle of a square, (side, side); its radius is in half sides."""
    return np.hypot(*(np.indices((side, side)) - (side - 1) / 2)) <= radius * side / 2


FINE_LENS, COARSE_LENS = lens(FINE), lens(COARSE)
PLACES = (np.argwhere(COARSE_LENS) - (COARSE - 1) / 2) / (COARSE / 2)


def quality_cautions(
    measures: Mapping[str, float], limits: Mapping[str, float], severe: Mapping[str, float]
) -> tuple[Caution, ...]:
    """What to tell the user about a photograph.

    Args:
        measures: of `measure`.
        limits: by the measure's name; a measure without a limit is not judged.
        severe: likewise, the limits beyond which the result must not be relied on.
    """
    cautions: dict[str, Caution] = {}
    for name, (side, code, text) in RULES.items():
        if name not in measures:
            continue
        if is_beyond_limit(side, measures[name], severe.get(name)):
            cautions[code] = Caution(code, text, severe=True)
        elif is_beyond_limit(side, measures[name], limits.get(name)):
            cautions.setdefault(code, Caution(code, text))
    return tuple(cautions.values())


def is_beyond_limit(side: str, value: float, limit: float | None) -> bool:
    """Whether a measure is on the bad side, "low" or "high", of its limit."""
    return limit is not None and (value < limit if side == "low" else value > limit)

"""Random views of images: geometry as one affine map an image, colour as one linear map, resolution by reducing first.

Composing the maps costs one pass over the pixels whatever is asked for, where a chain of augmentation layers costs one
pass each.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.drawings.artefacts import darken_corners, draw_hair, erase_rectangle

# Parallelism comes from whole images; OpenCV's own threads would compete with the training step.
cv2.setNumThreads(1)


@dataclass(frozen=True)
class Views:
    """Ranges of the random views. All zero is the image itself.

    Attributes:
        rotation: largest turn in degrees, either way.
        shift: largest shift as a share of the side, either way.
        zoom: scale between 1 - zoom and 1 + zoom.
        aspect: ratio of the axes between 1 - aspect and 1 + aspect.
        shear: largest shear angle in degrees.
        flip: mirror at random, left to right.
        brightness, contrast, saturation, balance: largest relative change, either way; balance is by channel.
        blur: share of views that are reduced first, to a shorter side between `coarsest` pixels and their own.
        coarsest: see `blur`.
        compress: share of views that go through JPEG at a quality between 20 and 95.
        roam: whether the view's middle is drawn from all along the longer side of the frame, not near its middle.
        erase: share of views in which a rectangle is replaced by the mean colour (random erasing, Zhong et al. 2020).
        hair, corners: share of views with drawn hair, and with the dark corners of a round lens.
    """

    rotation: float = 0.0
    shift: float = 0.0
    zoom: float = 0.0
    aspect: float = 0.0
    shear: float = 0.0
    flip: bool = False
    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    balance: float = 0.0
    blur: float = 0.0
    coarsest: int = 72
    compress: float = 0.0
    roam: bool = False
    erase: float = 0.0
    hair: float = 0.0
    corners: float = 0.0


GREY = np.array([0.299, 0.587, 0.114])


def affine_map(
    views: Views, shape: tuple[int, ...], size: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """A random map (2, 3) from coordinates of the view (size x size) to those of the image (height, width, ...)."""
    sides = np.array([shape[1], shape[0]])
    source = sides.min()
    turn = np.deg2rad(rng.uniform(-views.rotation, views.rotation))
    shear = np.tan(np.deg2rad(rng.uniform(-views.shear, views.shear)))
    scale = source / size / rng.uniform(1 - views.zoom, 1 + views.zoom)
    stretch = np.sqrt(rng.uniform(1 - views.aspect, 1 + views.aspect))
    mirror = -1.0 if views.flip and rng.random() < 0.5 else 1.0
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    matrix = (
        rotation @ np.array([[1.0, shear], [0.0, 1.0]]) @ np.diag([mirror * stretch, 1 / stretch]) * scale
    )
    shift = rng.uniform(-views.shift, views.shift, 2) * source
    if views.roam:
        shift += rng.uniform(-0.5, 0.5) * (sides - source)
    centre = (sides - 1) / 2 + shift - matrix @ np.full(2, (size - 1) / 2)
    return np.column_stack([matrix, centre])


def colour_map(views: Views, rng: np.random.Generator) -> NDArray[np.float64]:
    """A random linear map (3, 4) of RGB values: white balance, saturation, contrast about mid-grey, brightness."""
    gains = np.diag(1 + rng.uniform(-views.balance, views.balance, 3))
    saturation = 1 + rng.uniform(-views.saturation, views.saturation)
    mix = saturation * np.eye(3) + (1 - saturation) * np.tile(GREY, (3, 1))
    contrast = 1 + rng.uniform(-views.contrast, views.contrast)
    gain = contrast * (1 + rng.uniform(-views.brightness, views.brightness))
    return np.column_stack([gain * mix @ gains, np.full(3, 127.5 * (1 - contrast))])


def view(image: NDArray[np.uint8], size: int, views: Views, rng: np.random.Generator) -> NDArray[np.uint8]:
    """One random view of an image.

    Args:
        image: uint8 (height, width, 3).
        size: side of the view.

    Returns:
        uint8 (size, size, 3); what lies outside of the image is its reflection.
    """
    if rng.random() < views.blur:
        image = coarser_image(image, views.coarsest, rng)
    warped = cv2.warpAffine(
        image,
        affine_map(views, image.shape, size, rng),
        (size, size),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    if views.brightness or views.contrast or views.saturation or views.balance:
        warped = cv2.transform(warped, colour_map(views, rng))
    if rng.random() < views.hair:
        warped = draw_hair(np.asarray(warped, np.uint8), int(rng.integers(3, 20)), rng)
    if rng.random() < views.corners:
        warped = darken_corners(np.asarray(warped, np.uint8), rng.uniform(0.9, 1.2))
    if rng.random() < views.compress:
        warped = compressed_image(np.asarray(warped, np.uint8), int(rng.integers(20, 96)))
    if rng.random() < views.erase:
        warped = erase_rectangle(np.asarray(warped, np.uint8), rng)
    return np.asarray(warped, np.uint8)


def coarser_image(image: NDArray[np.uint8], coarsest: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """An image reduced so that its shorter side has between `coarsest` pixels and its own, evenly by octaves."""
    height, width = image.shape[:2]
    side = min(height, width)
    if side <= coarsest:
        return image
    scale = np.exp(rng.uniform(np.log(coarsest / side), 0.0))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def compressed_image(image: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """An image after JPEG at a quality of 1 to 100."""
    # OpenCV takes its channels for blue, green, red: turned, so that chroma is what is thinned out.
    _, data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)[..., ::-1]

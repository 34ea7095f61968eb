"""Quality measures on drawn lesions, made worse one way at a time."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from model.images import square
from model.quality import RULES, measure, quality_cautions
from training.drawings.negatives import draw_negative
from training.drawings.synthetic import draw_lesion

LIMITS = {
    "sharpness": 0.63,
    "brightness": 68.0,
    "exposure": 207.0,
    "glare": 0.005,
    "colour": 1.0,
    "contrast": 15.0,
    "offset": 0.7,
}


@pytest.fixture(scope="module")
def lesion() -> NDArray[np.uint8]:
    return square(draw_lesion(seed=7, malignant=True), 224)


def codes(image: NDArray[np.uint8]) -> set[str]:
    return {caution.code for caution in quality_cautions(measure(image), LIMITS, {})}


def lit(image: NDArray[np.uint8], factor: float, offset: float = 0) -> NDArray[np.uint8]:
    return np.clip(image * factor + offset, 0, 255).astype(np.uint8)


def test_a_good_photograph_gets_no_caution(lesion: NDArray[np.uint8]) -> None:
    assert codes(lesion) == set()
    assert set(measure(lesion)) == set(RULES)


def test_blur_is_seen_whatever_the_contrast(lesion: NDArray[np.uint8]) -> None:
    sharp = measure(lesion)["sharpness"]
    assert measure(lit(lesion, 0.5, 60))["sharpness"] == pytest.approx(sharp, rel=0.1)
    blurs = [
        measure(np.asarray(Image.fromarray(lesion).filter(ImageFilter.GaussianBlur(radius))))["sharpness"]
        for radius in (2, 4, 8)
    ]
    assert sharp > blurs[0] > blurs[1] > blurs[2]
    assert "blurred" in codes(np.asarray(Image.fromarray(lesion).filter(ImageFilter.GaussianBlur(4))))


@pytest.mark.parametrize(("factor", "code"), [(0.25, "dark"), (2.5, "bright")])
def test_light(lesion: NDArray[np.uint8], factor: float, code: str) -> None:
    assert code in codes(lit(lesion, factor))


def test_glare_is_one_caution_with_brightness(lesion: NDArray[np.uint8]) -> None:
    spot = lesion.copy()
    spot[90:120, 90:120] = 255
    found = quality_cautions(measure(spot), LIMITS, {})
    assert [caution.code for caution in found] == ["bright"] and "white" in found[0].text
    both = quality_cautions(measure(np.full((224, 224, 3), 255, np.uint8)), LIMITS, {})
    assert [caution.code for caution in both].count("bright") == 1


def test_a_black_and_white_picture_has_no_colour(lesion: NDArray[np.uint8]) -> None:
    grey = np.asarray(Image.fromarray(lesion).convert("L").convert("RGB"))
    assert codes(grey) == {"grey"}
    faint = (0.1 * lesion + 0.9 * grey).round().astype(np.uint8)
    assert "grey" not in codes(faint)


def test_skin_without_a_lesion_has_no_contrast(lesion: NDArray[np.uint8]) -> None:
    found = [measure(draw_negative("skin", seed))["contrast"] for seed in range(12)]
    assert np.median(found) < LIMITS["contrast"] < measure(lesion)["contrast"] / 2
    assert "low_contrast" in codes(lit(lesion, 0.1, 130))


def test_a_lesion_at_the_edge_is_off_the_frame() -> None:
    skin = np.full((224, 224, 3), (220, 180, 165), np.uint8)
    skin += np.random.default_rng(0).integers(0, 8, skin.shape, dtype=np.uint8)
    middle, edge = skin.copy(), skin.copy()
    middle[80:140, 80:140] = (90, 60, 50)
    edge[90:140, 0:40] = (90, 60, 50)
    assert measure(middle)["offset"] < 0.1 < 0.7 < measure(edge)["offset"]
    assert "off_frame" in codes(edge) and "off_frame" not in codes(middle)


def test_dark_corners_of_a_lens_count_for_nothing(lesion: NDArray[np.uint8]) -> None:
    away = np.hypot(*(np.indices((224, 224)) - 111.5)) / 112
    ringed = np.where((away > 1.02)[..., None], np.uint8(0), lesion)
    for name, value in measure(lesion).items():
        assert measure(ringed)[name] == pytest.approx(value, rel=0.02, abs=0.02), name


def test_without_limits_nothing_is_judged(lesion: NDArray[np.uint8]) -> None:
    assert quality_cautions(measure(lit(lesion, 0.1)), {}, {}) == ()


@pytest.mark.parametrize("value", [0, 255])
def test_blanks_are_measured_without_a_warning(value: int) -> None:
    with np.errstate(all="raise"):
        found = measure(np.full((64, 64, 3), value, np.uint8))
    assert all(np.isfinite(list(found.values()))) and found["sharpness"] == 0 and found["offset"] == 0


def test_every_caution_says_what_to_do() -> None:
    assert all("ake it again" in text for _, _, text in RULES.values())

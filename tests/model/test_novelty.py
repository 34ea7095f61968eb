"""What is too far from the training images, on numbers, on drawings, and on photographs with the shipped model."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model.bundle import REFERENCE, SHIPPED, open_bundle
from model.images import Photograph, decode, encode, square
from model.novelty import Familiar, appearance
from model.outcome import Outcome
from model.predictor import Prediction, Predictor
from tests.tiny import tiny_reference
from training.drawings.negatives import NEGATIVES, draw_negative
from training.drawings.synthetic import draw_lesion


def familiar(residual_limit: float = 1.0, appearance_limit: float = 1.0) -> Familiar:
    """Centre (1, 1, 1, 1), a subspace of the first two axes, two appearances of spread 1 and 2."""
    centre, basis = np.ones(4, np.float32), np.eye(4, 2, dtype=np.float32)
    boundary = np.array([0, 0, 0, 0, 1, -1], np.float32)
    return Familiar(
        centre,
        basis,
        residual_limit,
        np.array([3.0, 5.0]),
        np.diag([1.0, 0.5]),
        appearance_limit,
        boundary,
        2,
        4,
    )


def test_only_what_leaves_the_subspace_is_far() -> None:
    inside, outside = np.array([[9, -7, 1, 1], [1, 1, 4, 5]], np.float32)
    found = familiar().residuals(np.stack([inside, outside]))
    np.testing.assert_allclose(found, [0, 5], atol=1e-5)


def test_appearance_is_measured_in_its_own_spread() -> None:
    np.testing.assert_allclose(familiar().oddness(np.array([[4.0, 5.0], [3.0, 9.0]])), [1, 2])


def test_one_is_the_limit_of_either_distance() -> None:
    known, usual = np.ones((1, 4), np.float32), np.array([[3.0, 5.0]])
    far, odd = np.array([[1, 1, 4, 5]], np.float32), np.array([[3.0, 25.0]])
    measured = familiar(residual_limit=5, appearance_limit=20)
    assert measured.novelty(known, usual) == pytest.approx(0)
    assert measured.novelty(far, usual) == pytest.approx(1)
    assert measured.novelty(known, odd) == pytest.approx(0.5)
    assert measured.novelty(far, odd) == pytest.approx(1)


def test_one_is_the_limit_of_the_way_beyond_the_boundary() -> None:
    known, measured = np.ones((1, 4), np.float32), familiar(residual_limit=5, appearance_limit=20)
    assert measured.foreignness(known, np.array([[3.0, 5.0]])) == pytest.approx(0)
    assert measured.foreignness(known, np.array([[0.0, 9.0]])) == 0, "the familiar side has no distance"
    assert measured.novelty(known, np.array([[7.0, 5.0]])) == pytest.approx(1)
    assert measured.novelty(known, np.array([[7.0, 4.0]])) == pytest.approx(1.25)


def test_appearance_tells_a_lesion_from_what_is_none() -> None:
    reference = tiny_reference().familiar
    lesions = [square(draw_lesion(100 + seed, seed % 2 == 0), 64) for seed in range(4)]
    assert max(reference.oddness(np.stack([appearance(image) for image in lesions]))) < 12
    others = [draw_negative(kind, 0, 64) for kind in ("blank", "gradient", "noise", "page", "flower")]
    assert min(reference.oddness(np.stack([appearance(image) for image in others]))) > 12


@pytest.mark.parametrize("value", [0, 255])
def test_a_blank_has_an_appearance(value: int) -> None:
    with np.errstate(all="raise"):
        assert np.isfinite(appearance(np.full((64, 64, 3), value, np.uint8))).all()


# The honest test: photographs that ship inside Python packages, through the model that ships with the project. Score
# and limits were chosen on drawn pictures and on validation images; these were looked at beside them since 2.1.
SCIKIT_IMAGE = (
    "astronaut.png",
    "brick.png",
    "camera.png",
    "chelsea.png",
    "coffee.png",
    "coins.png",
    "grass.png",
    "gravel.png",
    "hubble_deep_field.jpg",
    "moon.png",
    "motorcycle_left.png",
    "page.png",
    "retina.jpg",
    "rocket.jpg",
    "text.png",
)
SCIKIT_LEARN = ("china.jpg", "flower.jpg")
# The pictures, a cat and a retina, that the network that ships answers although it should not: a gap, held here so that
# it neither grows nor is forgotten.
ANSWERED = {"chelsea.png", "retina.jpg"}


@pytest.fixture(scope="module")
def shipped() -> Predictor:
    bundle = open_bundle(SHIPPED / "dermanet")
    if REFERENCE not in bundle.card.files:
        pytest.skip("the shipped dermanet carries no reference.npz yet: export it again")
    return Predictor(bundle)


def answered(predictor: Predictor, photographs: dict[str, Photograph]) -> dict[str, Prediction]:
    """Those of the photographs that the model judged without any word about the picture."""
    found = dict(zip(photographs, predictor.predict_many(list(photographs.values()), False), strict=True))
    return {name: one for name, one in found.items() if not one.cautions}


def library_pictures() -> dict[str, Photograph]:
    skimage, sklearn = pytest.importorskip("skimage"), pytest.importorskip("sklearn")
    folders = {Path(skimage.__file__).parent / "data": SCIKIT_IMAGE}
    folders[Path(sklearn.__file__).parent / "datasets" / "images"] = SCIKIT_LEARN
    return {name: decode((folder / name).read_bytes()) for folder, names in folders.items() for name in names}


def test_library_pictures_have_no_result_but_for_known_gaps(shipped: Predictor) -> None:
    pictures = library_pictures()
    found = dict(zip(pictures, shipped.predict_many(list(pictures.values()), False), strict=True))
    assert {name for name, one in found.items() if one.outcome is not Outcome.NO_RESULT} == ANSWERED


def test_small_black_and_white_faces_are_refused(shipped: Predictor) -> None:
    skimage = pytest.importorskip("skimage")
    faces = np.load(Path(skimage.__file__).parent / "data" / "lfw_subset.npy")[:20]
    grown = [Image.fromarray((face * 255).astype(np.uint8)).resize((200, 200)) for face in faces]
    pictures = {
        str(index): decode(encode(np.asarray(face.convert("RGB")))) for index, face in enumerate(grown)
    }
    assert not answered(shipped, pictures)


def test_drawn_pictures_without_a_lesion_are_hardly_ever_answered(shipped: Predictor) -> None:
    # Other drawings than those on which the score was chosen.
    pictures = {
        f"{kind} {seed}": decode(encode(draw_negative(kind, 5000 + seed)))
        for kind in NEGATIVES
        for seed in range(4)
    }
    slipped = answered(shipped, pictures)
    assert len(slipped) <= 0.1 * len(pictures), sorted(slipped)


@pytest.mark.parametrize(
    "colour", [(0, 0, 0), (255, 255, 255), (128, 128, 128), (230, 190, 170), (20, 90, 200)]
)
def test_blanks_are_refused(shipped: Predictor, colour: tuple[int, int, int]) -> None:
    blank = decode(encode(np.full((300, 400, 3), colour, np.uint8)))
    assert "unlike" in {caution.code for caution in shipped.predict(blank).cautions}

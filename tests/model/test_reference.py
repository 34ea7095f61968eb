"""The index of training images in a bundle."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.bundle import REFERENCE, Bundle, BundleError, open_bundle
from model.novelty import Familiar
from model.reference import Reference, Similar, directions, open_reference, write_reference
from model.taxonomy import HAM10000
from tests.tiny import signed_again, tiny_reference, write_tiny_bundle


def index(embeddings: list[list[float]], lesions: list[str]) -> Reference:
    vectors = np.array(embeddings, np.float32)
    centre, basis = np.zeros(vectors.shape[1], np.float32), np.eye(vectors.shape[1], dtype=np.float32)
    familiar = Familiar(
        centre, basis, 1.0, np.zeros(2), np.eye(2), 1.0, np.zeros(vectors.shape[1] + 2, np.float32)
    )
    return Reference(
        familiar,
        directions(vectors, familiar, vectors.shape[1]),
        np.array([f"I{number}" for number in range(len(lesions))]),
        np.array(lesions),
        np.array(["nv"] * len(lesions)),
    )


def test_nearest_first_and_one_image_a_lesion() -> None:
    found = index([[1, 0], [0.9, 0.1], [0, 1], [1, 1], [-1, 0]], ["a", "a", "b", "c", "d"]).nearest(
        np.array([2, 0.01], np.float32)
    )
    assert [(one.image_id, one.lesion_id) for one in found] == [
        ("I0", "a"),
        ("I3", "c"),
        ("I2", "b"),
        ("I4", "d"),
    ]
    distances = [one.distance for one in found]
    assert distances == sorted(distances)
    assert distances[0] == pytest.approx(0, abs=1e-4) and distances[-1] == pytest.approx(2, abs=1e-4)


def test_enough_lesions_are_found_behind_one_with_very_many_images() -> None:
    rng = np.random.default_rng(0)
    crowd = np.array([1.0, 0, 0]) + rng.normal(0, 1e-3, (500, 3))
    others = rng.normal(0, 1, (30, 3))
    lesions = ["crowd"] * 500 + [f"other {number}" for number in range(30)]
    found = index([*crowd.tolist(), *others.tolist()], lesions).nearest(np.array([1, 0, 0], np.float32))
    assert len(found) == 10 and len({one.lesion_id for one in found}) == 10
    assert found[0].lesion_id == "crowd"


def test_a_nearest_case_is_the_nearest() -> None:
    rng = np.random.default_rng(1)
    embeddings = rng.normal(0, 1, (300, 8))
    reference = index(embeddings.tolist(), [str(number // 2) for number in range(300)])
    query = rng.normal(0, 1, 8).astype(np.float32)
    unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    distances = 1 - unit @ query / np.linalg.norm(query)
    best: dict[str, float] = {}
    for number in np.argsort(distances):
        best.setdefault(str(number // 2), distances[number])
    found = {one.lesion_id: one.distance for one in reference.nearest(query)}
    assert list(found) == list(best)[:10]
    np.testing.assert_allclose(list(found.values()), list(best.values())[:10], atol=1e-5)


def test_an_embedding_without_direction_is_no_error() -> None:
    found = index([[1, 0], [0, 1]], ["a", "b"]).nearest(np.zeros(2, np.float32))
    assert [one.distance for one in found] == [1, 1]


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return write_tiny_bundle(tmp_path)


def test_it_comes_back_as_it_was_written(bundle: Bundle) -> None:
    written, read = tiny_reference(), open_reference(bundle)
    assert read is not None
    assert (read.image_ids == written.image_ids).all() and (read.diagnoses == written.diagnoses).all()
    np.testing.assert_allclose(np.linalg.norm(read.vectors, axis=1), 1, atol=1e-6)
    assert ((read.vectors * written.vectors).sum(axis=1) > np.cos(np.deg2rad(1.5))).all()
    np.testing.assert_allclose(read.familiar.whitening, written.familiar.whitening)
    assert isinstance(read.nearest(read.familiar.centre + 1)[0], Similar)


def test_one_with_vectors_in_half_precision_is_read(bundle: Bundle) -> None:
    path, written = bundle.path / REFERENCE, tiny_reference()
    with np.load(path) as stored:
        kept = {name: stored[name] for name in stored.files}
    np.savez_compressed(path, **kept | {"vectors": written.vectors.astype(np.float16)})
    read = open_reference(signed_again(bundle.path))
    assert read is not None
    np.testing.assert_allclose(read.vectors, written.vectors, atol=1e-3)


def test_one_from_before_the_codes_is_read(bundle: Bundle) -> None:
    path, written = bundle.path / REFERENCE, tiny_reference()
    with np.load(path) as stored:
        kept = {name: stored[name] for name in stored.files if name != "codes"}
    places = np.array([HAM10000.index(code) for code in written.diagnoses], np.uint8)
    np.savez_compressed(path, **kept | {"diagnoses": places})
    read = open_reference(signed_again(bundle.path))
    assert read is not None and (read.diagnoses == written.diagnoses).all()


def test_one_from_before_the_boundary_is_read(bundle: Bundle) -> None:
    path = bundle.path / REFERENCE
    with np.load(path) as stored:
        kept = {name: stored[name] for name in stored.files if not name.startswith("boundary")}
    np.savez_compressed(path, **kept)
    read = open_reference(signed_again(bundle.path))
    assert read is not None
    centre, typical = read.familiar.centre[None], read.familiar.typical[None]
    assert read.familiar.foreignness(centre + 9, typical + 9) == 0
    assert read.familiar.novelty(centre, typical) == pytest.approx(0, abs=1e-6)


def test_a_bundle_without_one_has_none(bundle: Bundle) -> None:
    files = {name: digest for name, digest in bundle.card.files.items() if name != REFERENCE}
    assert open_reference(replace(bundle, card=replace(bundle.card, files=files))) is None


def test_a_changed_one_is_refused(bundle: Bundle) -> None:
    write_reference(bundle.path / REFERENCE, index([[1, 0]], ["a"]))
    with pytest.raises(BundleError, match=r"reference\.npz is not the file"):
        open_bundle(bundle.path)


@pytest.mark.parametrize("damage", [b"", b"no archive", b"PK\x03\x04 cut"])
def test_an_unreadable_one_is_named(bundle: Bundle, damage: bytes) -> None:
    (bundle.path / REFERENCE).write_bytes(damage)
    with pytest.raises(BundleError, match=r"tiny: reference\.npz cannot be read"):
        open_reference(signed_again(bundle.path))


def test_it_holds_no_pickles(bundle: Bundle) -> None:
    np.savez(bundle.path / REFERENCE, vectors=np.array([{"a": 1}], object))
    with pytest.raises(BundleError):
        open_reference(bundle)

"""One photograph, one probability: from the upload, from the file, and again from what is kept, to the last bit."""

from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from flask.testing import FlaskClient
from PIL import Image

from dashboard.cases import NOBODY, predict_again, predict_photograph
from dashboard.services import Services
from dashboard.store import Context, Query
from dashboard.store.export import dataset_zip, images_zip
from model.images import decode, encode
from model.predictor import Predictor
from model.scoring import score_files
from tests import files
from tests.dashboard.reviews import add_review, consent
from tests.files import lesion, saved
from tests.model.reading.test_colour import PROFILES, meant_in
from tests.tiny import write_tiny_bundle

LARGE = lesion().resize((3000, 2250))
PHOTOGRAPHS = {
    **{name: make() for name, make in files.ACCEPTED.items()},
    **{f"orientation {turn}": files.oriented(turn) for turn in (1, 6)},
    "small": saved(lesion().resize((80, 60)), quality=60),
    "progressive": saved(lesion(), progressive=True),
    "Display P3": saved(meant_in(PROFILES["Display P3"]), icc_profile=PROFILES["Display P3"]),
    "WebP": saved(lesion(), "WEBP"),
    "large": saved(LARGE),
    "large PNG": saved(LARGE, "PNG", compress_level=1),
}


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_the_same_photograph_gives_the_same_probability(
    services: Services, tmp_path: Path, name: str
) -> None:
    data = PHOTOGRAPHS[name]
    record = predict_photograph(NOBODY, services, data, "a.jpg")
    file = tmp_path / "photograph.jpg"
    file.write_bytes(data)
    predictor = services.predictors.get(services.bundle("tiny"))
    (row,) = score_files(Predictor(services.bundle("tiny"), threads=1), [file])
    kept = decode(services.store.image(record.id))
    np.testing.assert_array_equal(kept.pixels, decode(data).pixels)
    assert record.probability == row["probability"] == predictor.predict(kept).probability


def test_predicting_again_gives_the_same(settings_of_two: Services) -> None:
    services = settings_of_two
    data = PHOTOGRAPHS["Display P3"]
    record = predict_photograph(NOBODY, services, data, "a.jpg", model="tiny")
    again = predict_again(NOBODY, services, record.id, "other")
    assert again.probability == record.probability and again.sha256 == record.sha256


@pytest.fixture
def settings_of_two(settings, tmp_path: Path):  # type: ignore[no-untyped-def]
    """Services with the same model under two names, which have weights of their own digests."""
    from dashboard.services import build_services

    root = tmp_path / "bundles"
    write_tiny_bundle(root)
    write_tiny_bundle(root, "other")
    services = build_services(settings.model_copy(update={"bundles": root}))
    yield services
    services.store.close()


def test_nothing_that_the_file_said_is_kept(services: Services) -> None:
    for data in (files.located(), files.polyglot()):
        record = predict_photograph(NOBODY, services, data, "a.jpg")
        kept = services.store.image(record.id)
        assert files.SERIAL.encode() not in kept and files.SCRIPT not in kept
        assert not Image.open(BytesIO(kept)).getexif() and len(kept) <= len(data)


def test_what_is_kept_is_served_and_exported_as_what_it_is(client: FlaskClient, services: Services) -> None:
    kinds = {"photograph": ("image/jpeg", ".jpg"), "WebP": ("image/webp", ".webp")}
    for data, (kind, ending) in zip((saved(lesion()), PHOTOGRAPHS["WebP"]), kinds.values(), strict=True):
        record = predict_photograph(NOBODY, services, data, "a", context=Context(patient="P1"))
        add_review(services.store, [record.id], "A", "nv", "histology") if ending == ".jpg" else None
        answer = client.get(f"/api/v1/predictions/{record.id}/image")
        assert answer.content_type == kind
        assert Image.open(BytesIO(answer.data)).format == kind.removeprefix("image/").upper()
        zipped = ZipFile(BytesIO(b"".join(images_zip(services.store, [record]))))
        assert f"images/{record.sha256}{ending}" in zipped.namelist()
        assert client.get(f"/api/v1/predictions/{record.id}/report").data.startswith(b"%PDF")
    consent(services.store, "P1")
    confirmed = services.store.stream(Query())
    assert any(
        name.endswith(".jpg")
        for name in ZipFile(BytesIO(b"".join(dataset_zip(services.store, confirmed)))).namelist()
    )


def test_what_an_earlier_version_kept_is_replaced_by_the_exact_pixels(services: Services) -> None:
    for data in (PHOTOGRAPHS["small"], PHOTOGRAPHS["WebP"]):
        photograph = decode(data)
        first = predict_photograph(NOBODY, services, data, "a")
        files_of = services.store.files
        for name in files_of.images(first.sha256):
            files_of.place.remove(name)
        old = encode(photograph.pixels)
        files_of.place.stage({files_of.images(first.sha256)[1]: old}).commit()
        assert services.store.image(first.id) == old
        second = predict_photograph(NOBODY, services, data, "b")
        np.testing.assert_array_equal(decode(services.store.image(second.id)).pixels, photograph.pixels)
        services.store.delete([first.id, second.id])
        assert not any(files_of.place.has(name) for name in files_of.images(first.sha256))

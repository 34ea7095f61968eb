"""Everything that is not a plain photograph, over HTTP: a sentence for each, and nothing half-written behind."""

import io
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image

import dashboard.cases
from dashboard.services import Services
from dashboard.store import Query, places
from model.reading import helper
from tests import files
from tests.dashboard.api.conftest import PREDICTIONS, Send, problem

STATUS = {
    "too_large": 413,
    "too_many_pixels": 413,
    "not_an_image": 415,
    "unsupported": 415,
}


def left_behind(services: Services) -> list[Path]:
    """Pictures and unfinished files in the data folder."""
    found = services.settings.data_dir.rglob("*")
    return [path for path in found if path.suffix in (".jpg", ".png", ".webp", ".tmp")]


@pytest.mark.parametrize("name", files.REFUSED)
def test_what_cannot_be_used_is_refused_with_a_sentence(send: Send, services: Services, name: str) -> None:
    make, code = files.REFUSED[name]
    response = send(make())
    assert problem(response)["code"] == code
    assert response.status_code == STATUS.get(code, 422)
    assert services.store.page(Query()).total == 0
    assert not left_behind(services)


@pytest.mark.parametrize("tenths", range(1, 10))
def test_truncated_photograph_is_refused(send: Send, services: Services, tenths: int) -> None:
    whole = files.jpeg()
    response = send(whole[: len(whole) * tenths // 10])
    assert response.status_code == 422
    assert problem(response)["code"] == "truncated"
    assert not left_behind(services)


@pytest.mark.parametrize("name", files.ACCEPTED)
def test_unusual_photographs_are_read_and_stored_clean(
    client: FlaskClient, services: Services, send: Send, name: str
) -> None:
    response = send(files.ACCEPTED[name]())
    assert response.status_code == 201
    body = response.get_json()
    links = body["links"]
    files.let_region_stand_out(services.settings.data_dir, body["id"])
    for part in ("image", "thumbnail", "outline"):
        stored = client.get(links[part]).data
        for secret in (files.SCRIPT, files.SERIAL.encode(), b"PK\x03\x04", b"Exif"):
            assert secret not in stored
        with Image.open(io.BytesIO(stored)) as picture:
            picture.load()
            assert not picture.getexif()
            assert not picture.info.keys() & {"comment", "icc_profile", "exif"}


def test_all_orientations_of_a_scene_give_one_probability(send: Send) -> None:
    answers = [send(files.oriented(orientation)).get_json() for orientation in files.TURNS]
    assert len({answer["probability"] for answer in answers}) == 1
    assert {(answer["width"], answer["height"]) for answer in answers} == {(600, 450)}


@pytest.mark.parametrize("name", files.NAMES)
def test_file_name_is_data(client: FlaskClient, send: Send, services: Services, name: str) -> None:
    response = send(files.jpeg(), files.NAMES[name] or "unnamed")
    assert response.status_code == 201
    kept = response.get_json()["filename"]
    assert 1 <= len(kept) <= 255
    assert not set("\x00\x1b\u202e") & set(kept)
    inside = services.settings.data_dir.resolve()
    assert all(path.resolve().is_relative_to(inside) for path in left_behind(services))
    assert client.get(response.headers["Location"]).get_json()["filename"] == kept


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ([("photo", "a.jpg")], "no_file"),
        ([("age", "a.jpg")], "no_file"),
        ([("file\0", "a.jpg")], "no_file"),
        ([("file", "a.jpg"), ("file", "b.jpg")], "invalid"),
        ([("file", "a.jpg"), ("age", "b.jpg")], "invalid"),
        ([("file", "a.jpg"), ("photo", "b.jpg")], "invalid"),
        ([("file", None)], "no_file"),
        ([("file", None), ("file", "a.jpg")], "no_file"),
        ([("age", None)], "no_file"),
    ],
)
def test_files_under_other_names_are_refused(
    client: FlaskClient, services: Services, parts: list[tuple[str, str | None]], code: str
) -> None:
    body = b"".join(
        b'--x\r\nContent-Disposition: form-data; name="%s"' % name.encode()
        + (b'; filename="%s"' % file.encode() if file else b"")
        + b"\r\n\r\n%s\r\n" % files.jpeg()
        for name, file in parts
    )
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    response = client.post(PREDICTIONS, data=body + b"--x--\r\n", headers=form)
    assert (response.status_code, problem(response)["code"]) == (422, code)
    assert services.store.page(Query()).total == 0


@pytest.mark.parametrize("depth", [100, 500, 900, 960, 1000, 100_000])
def test_nested_json_is_refused(client: FlaskClient, send: Send, depth: int) -> None:
    address = send(files.jpeg()).headers["Location"]
    for start, end in (("[", "]"), ('{"context":', "}")):
        body = f'{{"context": {{"note": {start * depth}1{end * depth}}}}}'
        response = client.patch(address, data=body, content_type="application/json")
        assert problem(response)["status"] in (400, 422)


def test_same_request_twice_at_once_is_one_prediction(
    client: FlaskClient, send: Send, services: Services
) -> None:
    data, answers, start = files.jpeg(), list[dict[str, Any]](), threading.Barrier(4)

    def post() -> None:
        start.wait()
        answers.append(send(data, key="the-same").get_json())

    threads = [threading.Thread(target=post) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({answer["id"] for answer in answers}) == 1
    assert services.store.page(Query()).total == 1
    assert len(left_behind(services)) == len(list(pictures_of(services)))


def pictures_of(services: Services) -> Iterator[Path]:
    """The files that the stored predictions name."""
    for record in services.store.stream(Query()):
        folder = services.settings.data_dir
        named = folder / "images" / record.sha256[:2] / record.sha256
        for path in (
            named.with_suffix(".jpg"),
            named.with_suffix(".webp"),
            named.with_suffix(".thumb.jpg"),
        ):
            if path.exists():
                yield path


def test_key_of_another_request_is_refused(send: Send) -> None:
    assert send(files.jpeg(), key="one").status_code == 201
    other_image = send(files.saved(files.lesion(3)), key="one")
    assert other_image.status_code == 409
    assert problem(other_image)["code"] == "conflict"
    other_point = send(files.jpeg(), key="one", operating_point="sensitivity-90")
    assert other_point.status_code == 409
    words = ({"age": "50"}, {"note": "new"}, {"lesion": "L1"}, {"name": "leg.jpg"})
    assert {send(files.jpeg(), key="one", **more).status_code for more in words} == {409}
    assert send(files.jpeg(), key="one", model="tiny").status_code == 201
    assert send(files.jpeg(), key="ä").status_code == 422


@pytest.mark.parametrize("written", [0, 1])
def test_full_disk_leaves_nothing_behind(
    client: FlaskClient, send: Send, services: Services, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    """The disk fills up while the picture after `written` ones is written."""
    real, count = places.os.fsync, iter(range(1000))

    def fill(descriptor: int) -> None:
        if next(count) >= written:
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(places.os, "fsync", fill)
    response = send(files.jpeg())
    assert response.status_code == 503
    assert problem(response)["code"] == "store"
    monkeypatch.undo()
    assert services.store.page(Query()).total == 0
    assert not [path for path in left_behind(services) if path.suffix == ".tmp"]
    # What was written before may stay until the next start sweeps it, and never shows.
    services.store.sweep()
    assert not left_behind(services)
    assert send(files.jpeg()).status_code == 201


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"model": "none-such"}, "unknown_model"),
        ({"operating_point": "sensitivity-100"}, "unknown_operating_point"),
        ({"age": "old"}, "invalid"),
        ({"age": "121"}, "invalid"),
        ({"sex": "m"}, "invalid"),
        ({"note": "x" * 4001}, "invalid"),
        ({"operating-point": "sensitivity-90"}, "invalid"),
        # A field of earlier versions.
        ({"stability": "1"}, "invalid"),
    ],
)
def test_wrong_fields_are_named(send: Send, fields: dict[str, str], code: str) -> None:
    response = send(files.jpeg(), **fields)
    assert response.status_code == 422
    body = problem(response)
    assert body["code"] == code
    if code == "invalid":
        assert next(iter(fields)) in body["detail"]


def test_requests_that_are_no_form_are_explained(client: FlaskClient) -> None:
    assert problem(client.post(PREDICTIONS, data={"photo": "x"}))["code"] == "no_file"
    assert problem(client.post(PREDICTIONS, data=files.jpeg(), content_type="image/jpeg"))["status"] == 415
    assert problem(client.post(PREDICTIONS))["status"] == 415
    broken = client.post(PREDICTIONS, data=b"--x\r\n", content_type="multipart/form-data; boundary=y")
    assert problem(broken)["code"] == "no_file"
    long = client.post(PREDICTIONS, data={"file": (io.BytesIO(b"x"), "a"), "note": "x" * 600_000})
    assert problem(long)["code"] == "fields_too_large"


@pytest.fixture(scope="module")
def originals() -> list[bytes]:
    """Small files in every format that mutation starts from."""
    small = files.lesion().resize((96, 72))
    kinds = [("JPEG", {}), ("PNG", {}), ("WEBP", {}), ("TIFF", {"compression": "tiff_lzw"}), ("BMP", {})]
    return [files.saved(small, kind, **options) for kind, options in kinds]


@given(
    which=st.integers(0, 4),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(max_size=8)), max_size=6),
    cut=st.one_of(st.just(1.0), st.floats(0, 1)),
)
@example(which=0, changes=[], cut=1.0)
@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_no_mutated_photograph_is_a_server_error(
    send: Send, originals: list[bytes], which: int, changes: list[tuple[float, bytes]], cut: float
) -> None:
    data = bytearray(originals[which])
    for where, what in changes:
        at = int(where * len(data))
        data[at : at + len(what)] = what
    response = send(bytes(data[: int(cut * len(data))]))
    assert 200 <= response.status_code < 500
    if response.status_code >= 400:
        problem(response)


def test_a_file_that_has_to_wait_too_long_may_come_again(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dashboard.cases, "PATIENCE", 0.01)
    monkeypatch.setattr(helper, "_helpers", helper.Helpers(0))
    response = send(files.saved(files.lesion(), "WEBP"))
    assert problem(response)["code"] == "busy"
    assert response.status_code == 503 and response.headers["Retry-After"] == "2"


def test_a_picture_wider_than_any_is_not_the_servers_fault(send: Send) -> None:
    response = send(files.saved(Image.new("L", (1_500_000, 32)), "PNG"))
    assert problem(response)["code"] == "too_many_pixels" and response.status_code == 413

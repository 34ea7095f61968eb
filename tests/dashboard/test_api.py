"""The REST API: one path with the page, problem documents for everything that goes wrong."""

from io import BytesIO
from typing import Any

import pytest
from dash import Dash
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from dashboard import examples
from dashboard.app import create_app
from dashboard.services import Services, build_services
from dashboard.settings import Settings
from dashboard.store import StoreError
from model.images import Limits, decode
from model.predictor import Predictor

ADDRESS = "/api/v1/predictions"


def post(client: FlaskClient, data: bytes, name: str = "arm.jpg", **fields: str) -> TestResponse:
    """Send one file as the page does."""
    return client.post(ADDRESS, data={"file": (BytesIO(data), name), **fields})


def problem(response: TestResponse) -> dict[str, Any]:
    """The problem document of an answer, checked for its shape."""
    assert response.mimetype == "application/problem+json"
    body: dict[str, Any] = response.get_json()
    assert body.keys() == {"title", "status", "detail", "code"}
    assert body["status"] == response.status_code
    assert body["detail"].endswith(".")
    return body


def test_prediction_agrees_with_the_predictor(
    client: FlaskClient, services: Services, lesion_jpeg: bytes
) -> None:
    response = post(client, lesion_jpeg)
    body = response.get_json()
    alone = Predictor(services.bundle()).predict(decode(lesion_jpeg))
    assert response.status_code == 201
    assert response.headers["Location"] == f"{ADDRESS}/{body['id']}"
    assert body["probability"] == pytest.approx(alone.probability, abs=1e-6)
    assert body["decision"] == alone.decision
    assert body["sha256"] == alone.sha256
    assert sum(body["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert client.get(response.headers["Location"]).get_json() == body


def test_model_can_be_chosen(client: FlaskClient, lesion_jpeg: bytes) -> None:
    assert post(client, lesion_jpeg, model="tiny").get_json()["model"] == "tiny"
    refused = post(client, lesion_jpeg, model="none-such")
    assert refused.status_code == 422
    assert problem(refused)["code"] == "unknown_model"


def test_images_are_clean_and_private(client: FlaskClient, lesion_jpeg: bytes) -> None:
    links = post(client, lesion_jpeg + b"PK<script>alert(1)</script>").get_json()["links"]
    for part, kind in (("image", "JPEG"), ("thumbnail", "JPEG"), ("heatmap", "PNG")):
        response = client.get(links[part])
        assert response.mimetype == f"image/{kind.lower()}"
        assert "private" in response.headers["Cache-Control"]
        assert b"<script>" not in response.data
        with Image.open(BytesIO(response.data)) as image:
            assert image.format == kind
            assert not image.getexif()


def test_deleted_prediction_is_gone_with_its_images(client: FlaskClient, lesion_jpeg: bytes) -> None:
    links = post(client, lesion_jpeg).get_json()["links"]
    assert client.delete(links["self"]).status_code == 204
    for address in (links["self"], links["image"], links["heatmap"]):
        assert client.get(address).status_code == 404
    assert problem(client.delete(links["self"]))["code"] == "not_found"


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 422, "empty"),
        (b"\xff", 415, "not_an_image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "not_an_image"),
        (b"%PDF-1.7", 415, "not_an_image"),
        (b"PK\x03\x04", 415, "not_an_image"),
    ],
)
def test_what_is_no_photograph_is_refused(client: FlaskClient, data: bytes, status: int, code: str) -> None:
    response = post(client, data)
    assert response.status_code == status
    assert problem(response)["code"] == code


def test_truncated_photograph_is_refused(client: FlaskClient, lesion_jpeg: bytes) -> None:
    response = post(client, lesion_jpeg[: len(lesion_jpeg) // 2])
    assert response.status_code == 422
    assert problem(response)["code"] == "truncated"


@pytest.mark.parametrize("surplus", [1, 1_000_000])
def test_too_large_a_file_is_refused(client: FlaskClient, surplus: int) -> None:
    response = post(client, bytes(Limits().max_bytes + surplus))
    assert response.status_code == 413
    assert "25 MB" in problem(response)["detail"]


def test_request_without_a_file_is_explained(client: FlaskClient) -> None:
    response = client.post(ADDRESS, data={"photo": "x"})
    assert response.status_code == 422
    assert problem(response)["code"] == "no_file"


def test_unknown_addresses_and_methods_are_problems(client: FlaskClient) -> None:
    assert problem(client.get("/api/v1/nothing"))["status"] == 404
    assert problem(client.get(f"{ADDRESS}/..%2f..%2fetc"))["status"] == 404
    assert problem(client.get(f"{ADDRESS}/unknown"))["code"] == "not_found"
    refused = client.put(ADDRESS)
    assert problem(refused)["status"] == 405
    assert "POST" in refused.headers["Allow"]


def test_other_web_sites_cannot_write(client: FlaskClient, lesion_jpeg: bytes) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    response = client.post(ADDRESS, data={"file": (BytesIO(lesion_jpeg), "a.jpg")}, headers=headers)
    assert response.status_code == 403
    assert problem(response)["code"] == "cross_site"


def test_without_a_model_the_server_says_so(bundle_root: Any, tmp_path: Any, lesion_jpeg: bytes) -> None:
    empty = tmp_path / "none"
    empty.mkdir()
    services = build_services(Settings(bundles=empty, data_dir=tmp_path / "data"))
    client = create_app(services=services).server.test_client()
    response = post(client, lesion_jpeg)
    assert response.status_code == 503
    assert problem(response)["code"] == "no_model"
    services.store.close()


def test_full_disk_is_said_and_can_be_tried_again(
    client: FlaskClient, services: Services, lesion_jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise StoreError("no space left")

    monkeypatch.setattr(type(services.store), "add", fail)
    response = post(client, lesion_jpeg)
    assert response.status_code == 503
    assert problem(response)["code"] == "store"


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a\x1b.jpg", "<b>=1+1</b>.jpg", "ü" * 4000, "\u202egpj.exe"]
)
def test_file_name_is_data(client: FlaskClient, lesion_jpeg: bytes, name: str) -> None:
    response = post(client, lesion_jpeg, name)
    assert response.status_code == 201
    assert not set("\x1b\u202e") & set(response.get_json()["filename"])


def test_unexpected_error_is_one_sentence(
    client: FlaskClient, services: Services, lesion_jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(type(services.store), "add", fail)
    response = post(client, lesion_jpeg)
    assert response.status_code == 500
    assert "secret" not in problem(response)["detail"]


def test_drawn_examples_are_served_and_known_as_drawn(client: FlaskClient) -> None:
    assert examples.names()
    for number in range(1, len(examples.names()) + 1):
        photograph = decode(client.get(f"/api/v1/examples/{number}").data)
        assert examples.is_drawn(photograph.sha256)
    assert problem(client.get(f"/api/v1/examples/{len(examples.names()) + 1}"))["status"] == 404


def test_every_answer_carries_the_security_headers(app: Dash) -> None:
    client = app.server.test_client()
    for address in ("/", "/api/v1/examples/1", "/api/v1/nothing"):
        headers = client.get(address).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]

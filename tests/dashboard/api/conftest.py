"""The server without the pages, which take ten times as long to make as all the rest."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dashboard.services import Services

PREDICTIONS = "/api/v1/predictions"
Send = Callable[..., TestResponse]


@pytest.fixture
def server(services: Services) -> Flask:
    from dashboard.app import make_server

    return make_server(services)


@pytest.fixture
def client(server: Flask) -> FlaskClient:
    return server.test_client()


@pytest.fixture
def send(client: FlaskClient) -> Send:
    """Send one file as the page does; keyword arguments are form fields, `key` is the idempotency key."""

    def post(data: bytes, name: str = "arm.jpg", key: str | None = None, **fields: str) -> TestResponse:
        headers = {"Idempotency-Key": key} if key is not None else {}
        return client.post(PREDICTIONS, data={"file": (BytesIO(data), name), **fields}, headers=headers)

    return post


def problem(response: TestResponse) -> dict[str, Any]:
    """The problem document of an answer, checked for its shape."""
    assert response.mimetype == "application/problem+json"
    assert response.headers["Cache-Control"] == "no-store"
    body: dict[str, Any] = response.get_json()
    assert {"title", "status", "detail", "code"} <= body.keys()
    assert body["status"] == response.status_code
    assert body["detail"].endswith(".")
    return body

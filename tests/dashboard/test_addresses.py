"""Everything below the path of a proxy: whatever an answer names has to be asked for below it."""

import re
from collections.abc import Iterator

import pytest
from dash import Dash
from flask.testing import FlaskClient

from dashboard.services import Services, build_services
from dashboard.settings import Settings
from tests.dashboard.api.conftest import PREDICTIONS

PREFIX = "/derma"


@pytest.fixture
def services(settings: Settings) -> Iterator[Services]:
    services = build_services(settings.model_copy(update={"prefix": PREFIX}))
    yield services
    services.store.close()


def named(text: str) -> set[str]:
    """Every address of ours in an HTML page or a layout."""
    return set(
        re.findall(r'"?(?:href|src|data-address|data-document)"?[=:]"(/[^"]*)"', text.replace("\\u002f", "/"))
    )


@pytest.mark.parametrize("asked", [PREFIX, ""])
def test_pages_and_what_they_load_are_below_the_prefix(client: FlaskClient, asked: str) -> None:
    for page in ("/", "/history", "/performance", "/api/v1/docs", "/_dash-layout"):
        answer = client.get(asked + page)
        assert answer.status_code == 200
        addresses = named(answer.text)
        assert addresses and all(one.startswith(f"{PREFIX}/") for one in addresses)
        for one in addresses:
            assert client.get(one).status_code == 200, one
    assert client.get(f"{PREFIX}/nowhere").status_code == 404
    assert client.get(PREFIX).status_code == 200
    assert client.get(f"{PREFIX}tology").status_code == 404


def test_what_the_api_names_is_below_the_prefix(client: FlaskClient, lesion_jpeg: bytes) -> None:
    import io

    answer = client.post(PREFIX + PREDICTIONS, data={"file": (io.BytesIO(lesion_jpeg), "a.jpg")})
    links = answer.json["links"] | {"location": answer.headers["Location"]}
    for name, link in links.items():
        assert link.startswith(f"{PREFIX}/"), name
        answer = client.get(link)
        # The tiny model looks at no region above others.
        assert answer.json["code"] == "no_outline" if name == "outline" else answer.status_code == 200, name
    assert client.get(f"{PREFIX}/api/v1/openapi.json").json["servers"] == [{"url": PREFIX}]


def test_callbacks_are_sent_below_the_prefix(app: Dash, client: FlaskClient) -> None:
    page = client.get(f"{PREFIX}/").text.replace("\\u002f", "/")
    assert '"requests_pathname_prefix":"/derma/"' in page
    assert 'data-root="/derma"' in page
    assert app.config.routes_pathname_prefix == "/"

"""What goes over the wire: compressed, compressed once, and kept by browsers by its fingerprint."""

import gzip
import re

import brotli
import pytest
from flask.testing import FlaskClient

from dashboard.server.delivery import CompressedFiles

BROWSER = {"Accept-Encoding": "gzip, deflate, br, zstd"}


def addresses(client: FlaskClient) -> list[str]:
    """Every script and style sheet that the first page names."""
    return re.findall(r'(?:src|href)="(/[^"]+\.(?:js|css)[^"]*)"', client.get("/").get_data(as_text=True))


def test_everything_the_first_page_names_is_compressed_and_kept(client: FlaskClient) -> None:
    found = addresses(client)
    assert found
    for address in found:
        plain = client.get(address).data
        response = client.get(address, headers=BROWSER)
        assert "immutable" in response.headers["Cache-Control"], address
        assert "max-age=31536000" in response.headers["Cache-Control"], address
        assert "Accept-Encoding" in response.headers["Vary"]
        if len(plain) >= 500:
            assert response.headers["Content-Encoding"] == "br", address
            assert brotli.decompress(response.data) == plain
        assert client.get(address, headers=BROWSER).data == response.data


def test_pages_and_layouts_are_compressed_and_asked_for_again(client: FlaskClient) -> None:
    for address in ("/", "/_dash-layout", "/_dash-dependencies"):
        response = client.get(address, headers={"Accept-Encoding": "gzip"})
        assert response.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(response.data)
        assert "immutable" not in response.headers.get("Cache-Control", "")


def test_without_a_fingerprint_the_browser_asks(client: FlaskClient) -> None:
    response = client.get("/assets/favicon.svg")
    assert "immutable" not in response.headers["Cache-Control"]
    tag = response.headers["ETag"]
    assert client.get("/assets/favicon.svg", headers={"If-None-Match": tag}).status_code == 304


def test_first_page_weighs_little(client: FlaskClient) -> None:
    """What is loaded later, by scripts, is weighed in the browser test."""
    paths = ["/", "/_dash-layout", "/_dash-dependencies", *addresses(client)]
    assert sum(len(client.get(path, headers=BROWSER).data) for path in paths) < 1_000_000


@pytest.mark.parametrize("coding", ["identity", ""])
def test_who_takes_nothing_compressed_gets_it_plain(client: FlaskClient, coding: str) -> None:
    response = client.get("/", headers={"Accept-Encoding": coding})
    assert "Content-Encoding" not in response.headers


def test_no_more_is_kept_than_the_limit() -> None:
    kept = CompressedFiles(limit=10)
    kept.set("a", b"12345")
    kept.set("b", b"12345")
    assert kept.get("a") == b"12345"
    kept.set("c", b"123")
    assert kept.get("b") is None
    assert kept.get("a") is not None and kept.get("c") is not None
    kept.set("d", bytes(11))
    assert kept.get("d") is None

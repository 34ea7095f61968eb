"""Cards as HTML, with nothing in it that a file name or a note could run."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest
from flask.testing import FlaskClient

from dashboard.cases import NOBODY, predict_photograph
from dashboard.predict.batch import batch_row
from dashboard.services import Services
from dashboard.shell.result_card import result_card
from dashboard.store import Context, Record
from model.taxonomy import HAM10000

HARMFUL = '<script>alert("1")</script>'


@pytest.fixture
def record(services: Services, lesion_jpeg: bytes) -> Record:
    """A stored prediction."""
    return predict_photograph(NOBODY, services, lesion_jpeg, "left arm.jpg")


class Reader(HTMLParser):
    """Collects the tags of a document, and holds it to closing what it opens."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("img", "input", "br", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_nothing_that_a_user_wrote_becomes_markup(record: Record) -> None:
    harmful = replace(record, filename=HARMFUL + '" onerror="x', context=Context(note=HARMFUL, site=HARMFUL))
    tags = Reader(result_card(harmful, HAM10000, drawn=True)).tags
    assert "script" not in [tag for tag, _ in tags]
    assert not [name for _, attributes in tags for name in attributes if name.startswith("on")]
    assert {attributes.get("loading") for tag, attributes in tags if tag == "img"} == {"lazy"}


def test_card_and_row_of_a_stored_prediction(client: FlaskClient, record: Record) -> None:
    answer = client.get(f"/cards/{record.id}").get_json()
    assert answer["row"] == batch_row(record, HAM10000)
    assert answer["row"]["probability"] == record.probability
    links = [attributes["href"] for tag, attributes in Reader(answer["card"]).tags if tag == "a"]
    assert links == [
        f"/compare?cases={record.id}",
        f"/history/{record.id}",
        f"/report/{record.id}",
        f"/api/v1/predictions/{record.id}/report",
    ]
    assert client.get("/cards/0198c0de-0000-7000-8000-000000000000").status_code == 404
    assert client.get("/cards/..%2f").status_code == 404

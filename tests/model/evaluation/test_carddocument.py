"""The card as files: one text, read back into a page and into paper."""

import dataclasses
import io
import re
from pathlib import Path

import pytest
from pypdf import PdfReader

from model.bundle import SHIPPED, Card, open_bundle
from model.evaluation.__main__ import main
from model.evaluation.carddocument import Block, card_blocks, card_markdown, card_page
from model.evaluation.cardfile import card_pdf
from model.evaluation.checklists import CHECKLISTS, answered
from tests.tiny import write_tiny_bundle


@pytest.fixture(name="card", scope="module")
def shipped_card() -> Card:
    return open_bundle(SHIPPED / "dermanet").card


def plain(text: str) -> str:
    """Without what only one of the formats has."""
    return re.sub(r"[\s*`|#-]+", "", text)


def test_blocks_are_what_the_text_is_made_of() -> None:
    text = (
        "# Title\n\nWords with `code`.\n\n**Limits.**\n\n- One.\n- Two.\n\n**By source**, apart.\n\n"
        "| a | b |\n| --- | --- |\n| 1 \\| 2 | - |\n"
    )
    assert list(card_blocks(text)) == [
        Block("title", ("Title",)),
        Block("paragraph", ("Words with `code`.",)),
        Block("heading", ("Limits",)),
        Block("list", ("One.", "Two.")),
        Block("heading", ("By source",)),
        Block("paragraph", ("By source, apart.",)),
        Block("table", rows=(("a", "b"), ("1 | 2", "-"))),
    ]


def test_all_formats_say_the_same(card: Card) -> None:
    blocks = list(card_blocks(card_markdown(card)))
    words = [line for block in blocks for line in block.lines] + [
        cell for block in blocks for row in block.rows for cell in row
    ]
    page = plain(re.sub("<[^>]+>", "", card_page(card).replace("&#39;", "'").replace("&#34;", '"')))
    paper = plain("".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(card_pdf(card))).pages))
    for one in words:
        assert plain(one) in page, one
    # A cell that goes on in the next line is torn apart by what stands beside it.
    for block in blocks:
        for line in block.lines:
            assert plain(line) in re.sub("Modelcard:dermanet,version[0-9.]+·[0-9]+", "", paper), line


def test_names_stand_where_keys_are(card: Card) -> None:
    text = card_markdown(card)
    for key in ("no_result", "close_up", "akiec |", "learning_rate", "follow_up", "histo |"):
        assert key not in text
    for name in ("Actinic / Bowen", "unlike the training photographs", "Learning rate", "histopathology"):
        assert name in text


def test_checklists_are_whole_and_honest(card: Card) -> None:
    text = card_markdown(card)
    for name in CHECKLISTS:
        items = answered(card, name)
        undone = sum(not item.done for item in items)
        assert undone and f"{undone} were not done" in text
        for item in items:
            assert f"| {item.number} | {item.item} | {item.answer} |" in text


def test_what_a_card_says_is_text_and_no_markup(tmp_path: Path) -> None:
    card = write_tiny_bundle(tmp_path, graph=False).card
    odd = dataclasses.replace(card, facts={"limits": ["<script>alert(1)</script> | \N{SNOWMAN}"]})
    assert "<script>" not in card_page(odd)
    assert card_pdf(odd).startswith(b"%PDF")


def test_the_name_of_the_file_says_the_format(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_tiny_bundle(tmp_path, graph=False)
    for ending, begins in ((".md", b"# Model card: tiny"), (".html", b"<!doctype html>"), (".pdf", b"%PDF")):
        out = tmp_path / f"card{ending}"
        assert main(["card", "tiny", "--bundles", str(tmp_path), "--out", str(out)]) == 0
        assert out.read_bytes().startswith(begins)
    assert main(["card", "tiny", "--bundles", str(tmp_path), "--out", str(tmp_path / "card.doc")]) == 2
    assert "must end with one of .md, .html, .pdf" in capsys.readouterr().err

"""What is read, and heard, of a result; and what an operating point costs."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, FilePayload, Locator, Page, expect

from model.bundle import SHIPPED, open_bundle
from model.points import point_cost
from tests.browser.conftest import Visit, served

CARD = ".slot .result:not(.waiting)"


def choose_one(page: Page, name: str, data: bytes) -> Locator:
    """Choose a file; its card."""
    page.set_input_files("#file-chooser", FilePayload(name=name, mimeType="image/jpeg", buffer=data))
    return page.locator(CARD)


def heard_in_order(region: Locator) -> None:
    """What a screen reader meets in a result: outcome, chance, cautions, advice."""
    tree = region.aria_snapshot()
    headline = region.locator(".result-verdict").inner_text().split("\n")[-1]
    words = (headline, "chance of cancer", 'list "Cautions"', "What to do next")
    places = [tree.index(one) for one in words]
    assert places == sorted(places)


@pytest.mark.parametrize("width", [360, 1440])
def test_a_screen_reader_hears_outcome_chance_cautions_advice(
    visit: Visit, lesion_jpeg: bytes, width: int
) -> None:
    page = visit.open(width=width)
    card = choose_one(page, "heard.jpg", lesion_jpeg)
    expect(card).to_be_visible()
    heard_in_order(card)
    # And without going there, when the result comes.
    announcer = page.get_by_role("status").filter(has_text="heard.jpg: ")
    expect(announcer).to_contain_text("chance of cancer")
    said = announcer.inner_text()
    headline, advice = (
        card.locator(place).inner_text().split("\n")[-1] for place in (".result-verdict", ".next-step p")
    )
    cautions = card.get_by_role("list", name="Cautions").get_by_role("listitem").all_inner_texts()
    places = [said.index(words) for words in (headline, "chance of cancer", *cautions, advice)]
    assert cautions and places == sorted(places)
    card.get_by_role("link", name="Open in history").click()
    expect(page.locator("#case-card .next-step")).to_be_visible()
    heard_in_order(page.locator("#case-card"))


def test_the_shipped_model_says_what_its_operating_points_cost(browser: Browser, tmp_path: Path) -> None:
    card = open_bundle(SHIPPED / "dermanet").card
    with served(data_dir=tmp_path / "data") as address:
        visit = Visit(browser, address)
        page = visit.open(width=360)
        point = page.get_by_label("Operating point")
        for name in ("sensitivity-90", "sensitivity-97.5"):
            point.select_option(name)
            cost = point_cost(card, name)
            assert cost is not None
            expect(point.locator("option:checked")).to_contain_text(cost.short)
            expect(page.locator("#point-cost")).to_have_text(cost.sentence)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        visit.close()

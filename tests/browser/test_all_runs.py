"""The table of all models, sorted by figure, date or recipe value, also where its heads are out of sight."""

import pytest
from playwright.sync_api import Browser, expect

from model.bundle import open_bundle
from tests.browser.conftest import ROOT, Visit


@pytest.mark.parametrize("width", [360, 1280])
def test_models_are_sorted_by_recipe_value_and_date(browser: Browser, shipped: str, width: int) -> None:
    names = ("dermanet", "seed-cnn")
    cards = {name: open_bundle(ROOT / "model" / "bundles" / name).card for name in names}
    visit = Visit(browser, shipped)
    page = visit.open("/performance?model=dermanet#section-comparison", width=width)
    table = page.locator("#performance-all-runs")
    table.scroll_into_view_if_needed()
    models = table.locator("tbody th")

    def order_by(value) -> list[str]:
        return sorted(names, key=lambda name: value(cards[name]), reverse=True)

    select = page.get_by_label("All models, sorted by")
    select.select_option("Learning rate")
    expect(models).to_have_text(order_by(lambda card: card.training["recipe"]["learning_rate"]))
    rate = table.locator("td[data-name='Learning rate']")
    expect(rate.first).to_be_visible()
    rates = [card.training["recipe"]["learning_rate"] for card in cards.values()]
    expect(rate.first).to_have_text(f"{max(rates):g}")
    page.get_by_role("button", name="Turn order").click()
    expect(models).to_have_text(order_by(lambda card: -card.training["recipe"]["learning_rate"]))
    select.select_option("Batch")
    expect(rate.first).to_be_hidden()
    select.select_option("Made")
    expect(models).to_have_text(order_by(lambda card: card.created))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    visit.close()

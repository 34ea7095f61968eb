"""What every page shares: theme, navigation, unknown addresses, phone width."""

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Visit, predict

HTML = "html"


def test_theme_follows_the_system_until_somebody_chooses(visit: Visit) -> None:
    page = visit.open(scheme="dark")
    expect(page.locator(HTML)).to_have_attribute("data-bs-theme", "dark")
    page.get_by_role("button", name="Dark theme").click()
    expect(page.locator(HTML)).to_have_attribute("data-bs-theme", "light")
    page.reload()
    expect(page.locator(HTML)).to_have_attribute("data-bs-theme", "light")
    expect(page.get_by_role("button", name="Dark theme")).to_have_attribute("aria-pressed", "false")


def test_navigation_marks_where_one_is(visit: Visit) -> None:
    page = visit.open()
    for name in ("Performance", "History", "Predict"):
        link = page.get_by_role("navigation").get_by_role("link", name=name)
        link.click()
        expect(link).to_have_attribute("aria-current", "page")
        expect(page.locator("[aria-current=page]")).to_have_count(1)
        expect(page.locator("h1")).to_be_visible()


@pytest.mark.parametrize("path", ["/nowhere", "/history/0198c0de-0000-7000-8000-000000000000"])
def test_unknown_address_leads_back(visit: Visit, path: str) -> None:
    page = visit.open(path)
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator("#content").get_by_role("link").first).to_be_visible()


def test_skip_link_comes_first(visit: Visit) -> None:
    page = visit.open()
    expect(page.locator("h1")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    expect(page.get_by_role("link", name="Skip to content")).to_be_in_viewport()


@pytest.mark.parametrize("path", ["/", "/performance", "/history", "/nowhere"])
def test_phone_needs_no_sideways_scrolling(visit: Visit, path: str) -> None:
    page = visit.open(path, width=390)
    expect(page.locator("h1")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_history_comes_early_over_a_slow_line(visit: Visit, address: str, lesion_jpeg: bytes) -> None:
    predict(address, lesion_jpeg, "early.jpg")
    page = visit.open()
    expect(page.locator("#file-chooser")).to_be_attached()
    held: list[Route] = []
    page.route("**/dash_ag_grid.*.js", lambda route: held.append(route))
    # The one does not wait for the other.
    with page.expect_request("**/async-community.js"):
        page.get_by_role("link", name="History", exact=True).click()
    # The first rows can be read meanwhile, and make room for the grid.
    expect(page.locator(".first-rows")).to_contain_text("early.jpg")
    for route in held:
        route.continue_()
    expect(page.locator(".ag-row", has_text="early.jpg")).to_be_visible()
    expect(page.locator(".first-rows li")).to_have_count(0)


def test_first_load_is_light(visit: Visit) -> None:
    received: list[float] = []
    page = visit.open("/nowhere")
    tools = page.context.new_cdp_session(page)
    tools.send("Network.enable")
    tools.send("Network.setCacheDisabled", {"cacheDisabled": True})
    tools.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(visit.address)
    page.wait_for_selector("#file-chooser", state="attached")
    page.wait_for_load_state("networkidle")
    assert 100_000 < sum(received) < 700_000
    assert not [url for url in asked if "ag_grid" in url or "bootstrap_components" in url or "plotly" in url]

"""A server that stops, and what the page says and does until it is back."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import Visit, served
from tests.browser.test_predict import CARD, choose, photograph

QUESTIONS = re.compile("_dash-update-component")


def cut(page: Page) -> None:
    """Let no question through."""
    for address in (QUESTIONS, re.compile("/health/live")):
        page.route(address, lambda route: route.abort())


def mend(page: Page) -> None:
    """Let them through again."""
    for address in (QUESTIONS, re.compile("/health/live")):
        page.unroute(address)


def stored(page: Page) -> list[str]:
    """The file names of what is stored."""
    text = page.evaluate("fetch('/api/v1/predictions?limit=100').then(answer => answer.text())")
    return sorted(one["filename"] for one in json.loads(text)["items"])


@pytest.mark.parametrize("width", [360, 1440])
def test_thirty_uploads_outlive_their_server(
    browser: Browser, bundle_root: Path, runs_root: Path, tmp_path: Path, lesion_jpeg: bytes, width: int
) -> None:
    names = [f"{number:02}.jpg" for number in range(30)]
    settings = {"bundles": bundle_root, "runs": runs_root, "data_dir": tmp_path}
    with served(**settings) as address:
        visit = Visit(browser, address)
        page = visit.open(width=width)
        choose(page, *(photograph(name, lesion_jpeg) for name in names))
        expect(page.locator("#batch-rows td.risk").nth(2)).to_be_visible()
    banner = page.locator("#connection")
    expect(banner).to_contain_text("No connection to the server")
    expect(banner.get_by_role("button", name="Try now")).to_be_visible()
    # Nothing looks as if it went on: each has its result, or a sentence and a way to try again.
    expect(page.locator(".slot-waiting, .slot-sending")).to_have_count(0)
    page.get_by_role("button", name="Cards", exact=True).click()
    lost = page.locator(".slot-lost")
    assert lost.count() > 0
    expect(lost.first).to_contain_text("The server could not be reached")
    expect(lost.first.get_by_role("button", name="Try again")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    with served(int(address.rsplit(":", 1)[1]), **settings):
        expect(banner).to_contain_text("Connected again")
        expect(page.locator(CARD)).to_have_count(30)
        expect(banner).to_be_hidden()
        assert stored(page) == names
        visit.close()


def test_a_photograph_whose_answer_was_lost_is_not_stored_twice(visit: Visit, lesion_jpeg: bytes) -> None:
    page = visit.open()
    tries: list[str] = []

    def swallow(route: Route) -> None:
        tries.append(route.request.headers["idempotency-key"])
        if len(tries) == 1:
            assert route.fetch().status == 201
            route.abort()
        else:
            route.continue_()

    page.route("**/api/v1/predictions", swallow)
    choose(page, photograph("only-once.jpg", lesion_jpeg))
    expect(page.locator(CARD)).to_contain_text("only-once.jpg")
    assert len(tries) == 2 and len(set(tries)) == 1
    page.unroute("**/api/v1/predictions")
    assert stored(page).count("only-once.jpg") == 1


@pytest.mark.parametrize("width", [360, 1440])
def test_no_page_stands_under_the_name_of_another(visit: Visit, width: int) -> None:
    page = visit.open(width=width)
    expect(page.locator("h1")).to_have_text("Check a skin lesion")
    cut(page)
    page.get_by_role("navigation").get_by_role("link", name="Monitoring").click()
    expect(page.locator("h1")).to_be_hidden()
    expect(page.locator("#coming")).to_have_text(
        re.compile("This page comes when the server is back|Loading")
    )
    expect(page.locator("#connection")).to_contain_text("No connection to the server")
    mend(page)
    page.get_by_role("button", name="Try now").click()
    expect(page.locator("h1")).to_have_text(re.compile("Monitoring"))
    expect(page.locator("#coming")).to_be_hidden()


def test_a_page_that_fails_says_so(visit: Visit) -> None:
    page = visit.open()
    expect(page.locator("h1")).to_be_visible()
    page.route(QUESTIONS, lambda route: route.fulfill(status=500, body="broken"))
    page.get_by_role("navigation").get_by_role("link", name="Monitoring").click()
    expect(page.locator("#coming")).to_contain_text("This page could not be loaded.")
    expect(page.locator("h1")).to_be_hidden()
    page.unroute(QUESTIONS)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("h1")).to_have_text(re.compile("Monitoring"))


def test_every_skeleton_ends_in_a_sentence(visit: Visit) -> None:
    page = visit.open(width=1440)
    expect(page.locator("h1")).to_be_visible()
    page.route(
        QUESTIONS,
        lambda route: (
            route.fulfill(status=500, body="broken")
            if "performance-turn" in str(route.request.post_data)
            else route.continue_()
        ),
    )
    page.goto(f"{visit.address}/performance?model=tiny&split=test")
    # What comes into view asks for itself.
    page.locator(".skeleton").first.scroll_into_view_if_needed()
    expect(page.locator(".skeleton").first).to_contain_text("This could not be loaded.")
    visit.errors.clear()  # Dash says in its own way, too, that the server has failed

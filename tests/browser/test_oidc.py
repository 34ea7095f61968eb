"""Logging in at a provider of OpenID Connect by keyboard, and again while somebody writes."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.cases import NOBODY, predict_photograph
from dashboard.services import build_services
from dashboard.settings import Settings
from dashboard.store.user_tables import user_sessions
from tests.browser.conftest import Visit, served
from tests.provider import CLIENT, SECRET, SmallProvider, small_provider


@pytest.fixture(scope="module")
def provider() -> Iterator[SmallProvider]:
    with small_provider() as provider:
        yield provider


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("oidc")


@pytest.fixture(scope="module")
def case_id(bundle_root: Path, data_dir: Path, lesion_jpeg: bytes) -> str:
    services = build_services(Settings(bundles=bundle_root, data_dir=data_dir, model="tiny", threads=1))
    record = predict_photograph(NOBODY, services, lesion_jpeg, "arm.jpg")
    services.store.close()
    return record.id


@pytest.fixture(scope="module")
def address(bundle_root: Path, data_dir: Path, case_id: str, provider: SmallProvider) -> Iterator[str]:
    names = {"oidc_issuer": provider.address, "oidc_client": CLIENT, "oidc_secret": SECRET}
    with served(auth="oidc", bundles=bundle_root, data_dir=data_dir, **names) as address:
        yield address


@pytest.fixture
def visit(browser: Browser, address: str, provider: SmallProvider) -> Iterator[Visit]:
    visit = Visit(browser, address)
    yield visit
    # The browser goes to the provider, and nowhere else.
    visit.abroad = [url for url in visit.abroad if not url.startswith(f"{provider.address}/authorize?")]
    visit.close()


def sign_in(page: Page) -> None:
    """Log in without a mouse: the way to the provider has the focus already."""
    way = page.get_by_role("link", name="Sign in with 127.0.0.1")
    expect(way).to_be_focused()
    page.keyboard.press("Enter")


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1440, "dark")])
def test_logging_in_and_out_by_keyboard(visit: Visit, width: int, scheme: str) -> None:
    page = visit.open("/history?view=gallery", width, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    sign_in(page)
    expect(page).to_have_url(re.compile(r"/history\?view=gallery$"))
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    page.get_by_role("button", name="Sign out").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/login$"))
    page.goto(visit.address + "/history")
    expect(page).to_have_url(re.compile("/login"))
    sign_in(page)
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    # Whoever comes after somebody who has logged out is asked who it is.
    ways = [url for url in visit.abroad if "/authorize?" in url]
    assert ["prompt=login" in way for way in ways] == [False, True]


def test_without_a_role_the_page_says_so(visit: Visit, provider: SmallProvider) -> None:
    page = visit.open("/history", 360)
    provider.changed = {"roles": ["porter"]}
    sign_in(page)
    expect(page.get_by_role("alert")).to_contain_text("gives you no role in Dermaboard")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    provider.changed = {}
    sign_in(page)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_a_session_that_ends_loses_nothing_typed(visit: Visit, case_id: str, data_dir: Path) -> None:
    page = visit.open(f"/history/{case_id}")
    sign_in(page)
    note = page.get_by_label("Note").first
    note.fill("three visits, no change")
    services = build_services(Settings(data_dir=data_dir))
    with services.store.writing() as connection:
        connection.execute(user_sessions.delete())
    services.store.close()
    page.get_by_role("button", name="Save review").click()
    expect(page.get_by_role("link", name="Sign in")).to_be_focused()
    with page.context.expect_page() as opened:
        page.keyboard.press("Enter")
    sign_in(opened.value)
    expect(opened.value.get_by_role("heading", name="You are signed in again")).to_be_visible()
    opened.value.close()
    expect(note).to_have_value("three visits, no change")
    page.get_by_role("button", name="Save review").click()
    expect(page.locator("#case-reviews")).to_contain_text("three visits, no change")
    expect(page.locator("#case-reviews")).to_contain_text("anna")

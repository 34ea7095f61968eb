"""Logging in by keyboard, each role's day in short, and a session that ends while somebody writes."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.cases import NOBODY, predict_photograph
from dashboard.services import build_services
from dashboard.settings import Settings
from dashboard.store.schema import user_sessions
from dashboard.users.accounts import Accounts
from dashboard.users.roles import Role
from tests.browser.conftest import Visit, served

PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("users")


@pytest.fixture(scope="module")
def case_id(bundle_root: Path, data_dir: Path, lesion_jpeg: bytes) -> str:
    """A case, in a store with a user for each role."""
    services = build_services(Settings(bundles=bundle_root, data_dir=data_dir, model="tiny", threads=1))
    for role in Role:
        Accounts(services.store).add(str(role), role, PASSWORD)
    record = predict_photograph(NOBODY, services, lesion_jpeg, "arm.jpg")
    services.store.close()
    return record.id


@pytest.fixture(scope="module")
def address(bundle_root: Path, data_dir: Path, case_id: str) -> Iterator[str]:
    """The address of a dashboard with a log-in."""
    with served(auth="local", bundles=bundle_root, data_dir=data_dir) as address:
        yield address


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Visit]:
    visit = Visit(browser, address)
    yield visit
    visit.close()


def sign_in(page: Page, name: str) -> None:
    """Log in without a mouse: the first field has the focus already."""
    expect(page.get_by_label("User name")).to_be_focused()
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")


def links(page: Page) -> list[str]:
    """The pages that the bar names."""
    expect(page.locator("h1")).to_be_visible()
    return page.locator("#navigation a").all_inner_texts()


def test_logging_in_and_out_by_keyboard(visit: Visit) -> None:
    page = visit.open("/history?view=gallery", width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.keyboard.type("viewer")
    page.keyboard.press("Tab")
    page.keyboard.type("wrong horse")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("do not match")
    expect(page.get_by_label("Password")).to_be_focused()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/history\?view=gallery$"))
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Sign out").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/login$"))
    page.goto(visit.address + "/history")
    expect(page).to_have_url(re.compile("/login"))


def test_a_viewer_only_looks(visit: Visit, case_id: str) -> None:
    page = visit.open()
    sign_in(page, "viewer")
    assert links(page) == ["Performance", "History", "Monitoring"]
    page.goto(f"{visit.address}/history/{case_id}")
    expect(page.get_by_role("heading", name="Prediction")).to_be_visible()
    for name in ("Save review", "Predict again", "Delete"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    page.goto(visit.address + "/nowhere")
    expect(page.get_by_role("heading", name="There is no page")).to_be_visible()


def test_a_scientist_sees_no_case(visit: Visit, case_id: str) -> None:
    page = visit.open()
    sign_in(page, "scientist")
    assert links(page) == ["Performance", "Monitoring"]
    for path in ("/history", f"/history/{case_id}", f"/report/{case_id}"):
        page.goto(visit.address + path)
        expect(page.get_by_role("heading", name="There is no page")).to_be_visible()


def test_a_clinician_predicts_and_reviews(visit: Visit, mole_jpeg: bytes) -> None:
    page = visit.open()
    sign_in(page, "clinician")
    assert links(page) == ["Predict", "Performance", "History", "Monitoring"]
    page.locator("#file-chooser").set_input_files(
        {"name": "back.jpg", "mimeType": "image/jpeg", "buffer": mole_jpeg}
    )
    page.locator("#results a[href*='/history/']").first.click()
    expect(page.get_by_role("heading", name="Prediction")).to_be_visible()
    expect(page.get_by_label("Your name")).to_be_hidden()
    page.get_by_label("Note").first.fill("looks harmless")
    page.get_by_role("button", name="Save review").click()
    expect(page.locator("#case-reviews")).to_contain_text("clinician")
    expect(page.get_by_role("button", name="Delete")).to_have_count(0)


def test_a_session_that_ends_loses_nothing_typed(visit: Visit, case_id: str, data_dir: Path) -> None:
    page = visit.open(f"/history/{case_id}")
    sign_in(page, "administrator")
    note = page.get_by_label("Note").first
    note.fill("three visits, no change")
    services = build_services(Settings(data_dir=data_dir))
    with services.store.writing() as connection:
        connection.execute(user_sessions.delete())
    services.store.close()
    page.get_by_role("button", name="Save review").click()
    link = page.get_by_role("link", name="Sign in")
    expect(link).to_be_focused()
    with page.context.expect_page() as opened:
        page.keyboard.press("Enter")
    sign_in(opened.value, "administrator")
    expect(opened.value.get_by_role("heading", name="You are signed in again")).to_be_visible()
    opened.value.close()
    expect(note).to_have_value("three visits, no change")
    page.get_by_role("button", name="Save review").click()
    expect(page.locator("#case-reviews")).to_contain_text("three visits, no change")
    expect(page.locator(".session-ended")).to_have_count(0)

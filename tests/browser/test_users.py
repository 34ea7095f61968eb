"""Logging in and administration by keyboard, each role's day in short, a session that ends while somebody writes."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from dashboard.cases import NOBODY, predict_photograph
from dashboard.services import build_services
from dashboard.settings import Settings
from dashboard.store.user_tables import user_sessions
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


def by_keyboard(page: Page, target: Locator, key: str = "Enter") -> None:
    """Press a key on something that the tab key reaches."""
    expect(target).to_be_visible()
    for _ in range(200):
        if target.evaluate("node => node === document.activeElement"):
            page.keyboard.press(key)
            return
        page.keyboard.press("Tab")
    raise AssertionError("The tab key does not lead there.")


@pytest.mark.parametrize("width", [360, 1440])
def test_an_administrators_day_by_keyboard(visit: Visit, width: int) -> None:
    page, name = visit.open("/administration", width=width), f"dora{width}"
    sign_in(page, "administrator")
    expect(page.get_by_role("heading", name="Administration")).to_be_visible()
    assert links(page) == ["Predict", "Performance", "History", "Monitoring", "Administration"]
    # A new user, with a drawn password.
    by_keyboard(page, page.get_by_role("button", name="Add a user"))
    dialog = page.get_by_role("dialog", name="Add a user")
    by_keyboard(page, dialog.get_by_label("User name"), "x")
    page.keyboard.press("Backspace")
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    password = dialog.locator(".secret").inner_text()
    assert re.fullmatch(r"(\w{4}-){3}\w{4}", password)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="Add a user")).to_be_focused()
    # Another role.
    change = page.get_by_role("button", name=f"Change {name}")
    by_keyboard(page, change)
    dialog = page.get_by_role("dialog", name=f"Change {name}")
    by_keyboard(page, dialog.get_by_label("Role"), "s")
    by_keyboard(page, dialog.get_by_role("button", name="Save role"))
    expect(dialog.get_by_role("status")).to_have_text(f"{name} is scientist now.")
    by_keyboard(page, dialog.get_by_role("button", name="Close"))
    expect(dialog).to_be_hidden()
    expect(change).to_be_focused()
    expect(page.locator("#users").get_by_role("row", name=name)).to_contain_text("Scientist")
    # The last administrator stays.
    by_keyboard(page, page.get_by_role("button", name="Change administrator"))
    dialog = page.get_by_role("dialog", name="Change administrator")
    by_keyboard(page, dialog.get_by_role("button", name="Switch off"))
    expect(dialog.get_by_role("alert")).to_contain_text("administrator is the last administrator")
    page.keyboard.press("Escape")
    # What was done stands in the trail, and nothing is wider than the window.
    by_keyboard(page, page.locator("#admin-trail-user"), "x")
    page.keyboard.press("Backspace")
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    expect(page.locator("#admin-trail-lines")).to_contain_text("viewer to scientist")
    by_keyboard(page, page.get_by_role("button", name="Verify"))
    expect(page.locator("#admin-verified")).to_contain_text("are as they were written")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_new_user_chooses_a_password_and_makes_a_token(visit: Visit, data_dir: Path) -> None:
    services = build_services(Settings(data_dir=data_dir))
    Accounts(services.store).add("dora", Role.SCIENTIST, PASSWORD, once=True)
    services.store.close()
    page = visit.open("/performance")
    sign_in(page, "dora")
    expect(page.get_by_role("heading", name="Choose a password of your own")).to_be_visible()
    assert links(page) == []
    page.get_by_label("Password now").fill(PASSWORD)
    page.get_by_label("New password").fill("my own horse")
    page.get_by_label("The new one once more").fill("my own horse")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/performance$"))
    assert links(page) == ["Performance", "Monitoring"]
    page.get_by_role("link", name="dora").click()
    page.get_by_role("button", name="Make a token").click()
    dialog = page.get_by_role("dialog", name="Make a token")
    expect(dialog.get_by_role("checkbox")).to_have_count(3)
    dialog.get_by_label("Name", exact=True).fill("nightly export")
    dialog.get_by_label("Export without names and notes").check()
    dialog.get_by_role("button", name="Make the token").click()
    expect(dialog.locator(".secret")).to_be_visible()
    dialog.get_by_role("button", name="Close").click()
    row = page.get_by_role("row", name="nightly export")
    row.get_by_text("Revoke", exact=True).click()
    row.get_by_role("button", name="Revoke now").click()
    expect(page.locator("#account-said")).to_contain_text("The token is revoked.")
    expect(row).to_have_count(0)


def test_a_scientist_takes_exports_along(visit: Visit) -> None:
    page = visit.open("/monitoring")
    sign_in(page, "scientist")
    with page.expect_download() as taken:
        page.get_by_role("link", name="CSV").click()
    assert "arm.jpg" not in taken.value.path().read_text(encoding="utf-8")
    page.goto(visit.address + "/administration")
    expect(page.get_by_role("heading", name="There is no page")).to_be_visible()

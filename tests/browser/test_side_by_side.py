"""From the history's list to several cases at once: rows on a telephone, selecting, comparing, predicting again."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit, predict

WIDTHS = pytest.mark.parametrize("width", [360, 1440])


@pytest.fixture(scope="module")
def checked(address: str, lesion_jpeg: bytes, mole_jpeg: bytes) -> list[str]:
    """The ids of three predictions."""
    return [
        predict(address, lesion_jpeg, "beside-1.jpg", lesion="arm-1", site="back", bleeds="yes"),
        predict(address, mole_jpeg, "beside-2.jpg", lesion="arm-2"),
        predict(address, mole_jpeg, "beside-3.jpg"),
    ]


@WIDTHS
def test_a_row_shows_what_matters(visit: Visit, checked: list[str], width: int) -> None:
    page = visit.open("/history?q=beside-1", width=width)
    row = page.locator(".ag-center-cols-container .ag-row").first
    expect(row.locator("img")).to_be_visible()
    for words in (
        re.compile(r"Benign|Uncertain|Malignant"),
        "%",
        "arm-1",
        "back",
        "Needs review",
        "Bleeds",
        "20",
    ):
        expect(row.get_by_text(words).locator("visible=true").first).to_be_in_viewport()
    # Nothing is cut off below.
    cell = row.locator(".history-cell").first
    box, around = cell.bounding_box(), row.bounding_box()
    assert box and around and box["height"] <= around["height"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@WIDTHS
def test_all_that_match_are_selected_and_one_is_left_out(
    visit: Visit, checked: list[str], width: int
) -> None:
    page = visit.open("/history?q=beside", width=width)
    rows = page.locator(".ag-center-cols-container .ag-row")
    expect(rows.locator(".verdict")).to_have_count(3)
    page.get_by_role("button", name="Select all that match").click()
    expect(page.locator("#history-selected")).to_have_text("3 selected")
    expect(page.locator(".ag-row-selected")).to_have_count(3)
    page.get_by_role("radio", name="Cards").check()
    expect(page.locator('.gallery-select[aria-pressed="true"]')).to_have_count(0)
    page.get_by_role("button", name="Select all that match").click()
    expect(page.locator('.gallery-select[aria-pressed="true"]')).to_have_count(3)
    page.get_by_role("button", name="Select beside-3.jpg").click()
    expect(page.locator("#history-selected")).to_have_text("2 selected")
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page).to_have_url(re.compile(rf"/compare\?.*cases={checked[1]}%2C{checked[0]}"))
    expect(page.locator(".pane")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def transforms(page: Page) -> list[str]:
    """How each photograph is enlarged and moved."""
    script = "images => images.map((image) => getComputedStyle(image).transform)"
    return [str(one) for one in page.locator(".pane img").evaluate_all(script)]


@WIDTHS
def test_photographs_are_enlarged_and_moved_together(visit: Visit, checked: list[str], width: int) -> None:
    page = visit.open(f"/compare?cases={checked[0]},{checked[1]}", width=width)
    first = page.locator(".pane").first
    first.focus()
    whole = transforms(page)

    def together() -> list[str]:
        now = transforms(page)
        assert now[0] == now[1]
        return now

    page.keyboard.press("+")
    enlarged = together()
    page.keyboard.press("ArrowRight")
    moved = together()
    page.keyboard.press("0")
    assert together() == whole and enlarged != whole and moved != enlarged
    first.dblclick()
    twice = together()
    box = first.bounding_box()
    assert box and twice != whole
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 90, box["y"] + 60, steps=4)
    page.mouse.up()
    assert together() != twice
    page.mouse.wheel(0, -200)
    page.get_by_role("button", name="Whole photograph").click()
    assert together() == whole
    page.get_by_role("button", name="Enlarge", exact=True).click()
    assert together() == enlarged


def test_two_fingers_enlarge_a_photograph(visit: Visit, checked: list[str]) -> None:
    page = visit.open(f"/compare?cases={checked[0]}", width=360, touch=True)
    pane = page.locator(".pane")
    expect(pane.locator("img")).to_have_js_property("complete", True)
    pane.scroll_into_view_if_needed()
    box = pane.bounding_box()
    assert box
    whole = transforms(page)
    tools = page.context.new_cdp_session(page)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for kind, apart in (("touchStart", 20), ("touchMove", 40), ("touchMove", 80), ("touchEnd", 0)):
        points = [{"x": x - apart, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}] if apart else []
        tools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    enlarged = transforms(page)
    assert enlarged != whole
    # Then one finger moves it.
    for kind, shift in (("touchStart", 0), ("touchMove", 30), ("touchEnd", None)):
        points = [] if shift is None else [{"x": x + shift, "y": y, "id": 0}]
        tools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    assert transforms(page) != enlarged
    # The page itself stays as large as it was.
    assert page.evaluate("visualViewport.scale") == 1


@WIDTHS
def test_a_photograph_fills_the_screen(visit: Visit, checked: list[str], width: int) -> None:
    page = visit.open(f"/compare?cases={checked[0]}", width=width)
    full = page.get_by_role("button", name="Full screen")
    full.click()
    board = page.locator("#side-by-side:fullscreen")
    expect(board).to_be_visible()
    size = board.evaluate("node => [node.clientWidth, innerWidth, node.clientHeight, innerHeight]")
    assert size[0] == size[1] and size[2] == size[3]
    page.locator(".pane").focus()
    whole = transforms(page)
    page.keyboard.press("+")
    assert transforms(page) != whole
    full.click()
    expect(board).to_have_count(0)


def test_a_job_shows_in_its_browser_until_it_is_dismissed(visit: Visit, checked: list[str]) -> None:
    page = visit.open("/history?q=beside-1")
    page.locator(".ag-row .ag-checkbox-input").first.check()
    page.locator("#history-again-open").click()
    page.locator("#again-start").click()
    expect(page.locator(".job")).to_contain_text("predicted again with tiny · Balanced")
    elsewhere = visit.open("/history?q=beside-1")
    expect(elsewhere.locator(".ag-row .verdict").first).to_be_visible()
    expect(elsewhere.locator(".job")).to_have_count(0)
    page.reload()
    page.get_by_role("button", name=re.compile("Dismiss")).click()
    expect(page.locator(".job")).to_have_count(0)
    page.reload()
    expect(page.locator(".ag-row .verdict").first).to_be_visible()
    expect(page.locator(".job")).to_have_count(0)

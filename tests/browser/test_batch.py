"""What becomes of the photographs that were chosen: where the eye is taken, and what is there after a reload."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests import files
from tests.browser.conftest import Visit, predict
from tests.browser.test_predict import CARD, ERROR, choose, photograph

WIDTHS = pytest.mark.parametrize("width", [360, 1440])
# How long after the choice the page first looks otherwise, as the browser's clock says.
MOVED = """
addEventListener("change", (event) => {
  const began = performance.now();
  const look = () =>
    document.querySelector(".slot, #batch-rows tr") ? (window.moved = performance.now() - began)
    : requestAnimationFrame(look);
  if (event.target.type === "file") requestAnimationFrame(look);
}, true);
"""


def several(count: int, data: bytes) -> list[tuple[str, bytes]]:
    """Different names for the same bytes."""
    return [(f"{number:02}.jpg", data) for number in range(count)]


def fits(page: Page, width: int) -> None:
    """Nothing is wider than the window."""
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@WIDTHS
@pytest.mark.parametrize("count", [1, 3, 8])
def test_the_eye_is_taken_to_the_results(visit: Visit, lesion_jpeg: bytes, width: int, count: int) -> None:
    page = visit.open(width=width, script=MOVED)
    expect(page.locator(".welcome")).to_be_visible()
    tall = page.locator(".intake").bounding_box()
    choose(page, *(photograph(*one) for one in several(count, lesion_jpeg)))
    title = page.locator("#batch-title")
    expect(title).to_be_focused()
    expect(title).to_be_in_viewport()
    expect(title).to_have_text(re.compile(rf"{count} photographs? checked"))
    assert page.evaluate("moved") < 300
    bar = page.locator(".intake").bounding_box()
    assert tall and bar and bar["height"] < min(180, tall["height"] / 2)
    # A few as cards, many as a table.
    expect(page.locator(".batch-table" if count >= 6 else ".results")).to_be_visible()
    expect(page.locator(".batch-table")).to_be_visible(visible=count >= 6)
    fits(page, width)
    # What goes with the next photographs is one press away.
    expect(page.locator(".choice:not([hidden]) > select.point")).to_be_hidden()
    page.get_by_role("button", name="Change", exact=True).press("Enter")
    page.locator(".choice:not([hidden]) > select.point").select_option("sensitivity-90")
    expect(page.locator("#choices-told")).to_contain_text("Fewer false alarms")


@WIDTHS
def test_the_way_to_a_card_leads_back_to_its_row(visit: Visit, lesion_jpeg: bytes, width: int) -> None:
    page = visit.open(width=width)
    choose(page, *(photograph(*one) for one in several(7, lesion_jpeg)))
    expect(page.locator("#batch-rows td.risk")).to_have_count(7)
    page.get_by_role("button", name="05.jpg").press("Enter")
    expect(page.locator(".slot").nth(5)).to_be_focused()
    page.get_by_role("button", name="Back to the table: 05.jpg").press("Enter")
    expect(page.get_by_role("button", name="05.jpg", exact=True)).to_be_focused()
    expect(page.get_by_role("button", name="05.jpg", exact=True)).to_be_in_viewport()


def test_a_bar_at_the_foot_of_a_telephone_says_how_far_it_is(visit: Visit, lesion_jpeg: bytes) -> None:
    page = visit.open(width=360)
    held: list[Route] = []
    page.route("**/api/v1/predictions", lambda route: held.append(route))
    choose(page, *(photograph(*one) for one in several(5, lesion_jpeg)))
    bar = page.locator("#sending")
    expect(bar).to_have_text(re.compile(r"(Sending \d+ %|Analysing)Cancel"))
    box = bar.bounding_box()
    assert box and box["y"] + box["height"] == pytest.approx(800)
    bar.get_by_role("button", name="Cancel").click()
    expect(page.locator(".slot-cancelled")).to_have_count(5)
    expect(bar).to_be_hidden()


@WIDTHS
def test_a_reload_brings_the_results_back(visit: Visit, lesion_jpeg: bytes, width: int) -> None:
    page = visit.open(width=width)
    choose(page, photograph("kept.jpg", lesion_jpeg), photograph("bad.jpg", b"x"))
    expect(page.locator(CARD)).to_have_count(1)
    expect(page.locator(ERROR)).to_have_count(1)
    # Names of files may name people.
    assert "kept" not in page.evaluate("JSON.stringify({...sessionStorage})")
    page.reload()
    expect(page.locator(CARD)).to_contain_text("kept.jpg")
    expect(page.get_by_role("alert").filter(has_text="1 photograph has no result")).to_be_visible()
    page.get_by_role("button", name="Clear the list").click()
    page.reload()
    expect(page.get_by_text("or drop them here")).to_be_visible()
    assert page.locator(".slot").count() == 0


def test_what_was_deleted_meanwhile_does_not_come_back(visit: Visit, lesion_jpeg: bytes) -> None:
    page = visit.open()
    choose(page, photograph("stays.jpg", lesion_jpeg), photograph("goes.jpg", lesion_jpeg))
    expect(page.locator(CARD)).to_have_count(2)
    gone = page.locator(f"{CARD}[data-prediction]").filter(has_text="goes.jpg")
    page.evaluate(
        "id => fetch('/api/v1/predictions/' + id, {method: 'DELETE'})", gone.get_attribute("data-prediction")
    )
    page.reload()
    expect(page.locator(CARD)).to_have_count(1)
    expect(page.locator(".slot")).to_have_count(1)


def test_a_photograph_that_was_here_already_says_so(visit: Visit, address: str) -> None:
    image = files.saved(files.lesion(), quality=77)
    first = predict(address, image, "first.jpg")
    page = visit.open()
    choose(page, photograph("second.jpg", image))
    before = page.locator(".slot .before")
    expect(before).to_have_text(re.compile(r"Checked before on \d+ \w+ \d{4}, open it\."))
    before.get_by_role("link").click()
    expect(page.locator(".case")).to_contain_text("first.jpg")
    assert page.url.endswith(first)


@WIDTHS
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_newcomer_sees_what_there_is_to_get(visit: Visit, width: int, scheme: str) -> None:
    page = visit.open(width=width, scheme=scheme)
    expect(page.locator(".in-small")).to_contain_text("Malignancy suspected")
    expect(page.locator(".in-small")).to_contain_text("87 % chance of cancer")
    expect(page.locator(".in-small")).to_contain_text("where one in five is malignant")
    expect(page.locator(".outcome-card")).to_have_count(4)
    fits(page, width)
    # Who it is for and what it is not, until somebody has understood; then never again in this browser.
    told = page.locator("#acknowledgement")
    expect(told).to_contain_text("It is not a medical device")
    page.get_by_role("button", name="I understand").press("Enter")
    expect(told).to_be_hidden()
    expect(page.locator("#file-chooser")).to_be_focused()
    page.reload()
    expect(page.locator(".in-small")).to_be_visible()
    expect(told).to_be_hidden()
    page.get_by_role("button", name="Try this example: malignant, a drawing").press("Enter")
    expect(page.locator(CARD)).to_contain_text("Drawn example, not a patient")
    expect(page.locator(".welcome")).to_be_hidden()

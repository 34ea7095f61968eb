"""Crops, turns and retakes in the browser: by mouse, by touch and by keyboard."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests import files
from tests.browser.conftest import Visit, predict
from tests.browser.test_predict import CARD, choose, photograph

WIDTHS = pytest.mark.parametrize("width", [360, 1440])
DIALOG, SQUARE = "dialog.crop", ".crop-square"


def newest(page: Page) -> dict[str, Any]:
    """The prediction that was stored last."""
    text = page.evaluate("fetch('/api/v1/predictions?limit=1').then(answer => answer.text())")
    prediction: dict[str, Any] = json.loads(text)["items"][0]
    return prediction


@WIDTHS
def test_a_part_is_chosen_by_keyboard_before_it_is_sent(visit: Visit, lesion_jpeg: bytes, width: int) -> None:
    page = visit.open(width=width)
    page.get_by_role("button", name="Crop or turn first").press("Enter")
    choose(page, photograph("part.jpg", lesion_jpeg))
    square = page.locator(SQUARE)
    expect(square).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # Nothing travels before somebody has chosen.
    assert page.locator(".slot").count() == 0
    for key in ("r", *["-"] * 5, *["ArrowLeft"] * 30, *["ArrowDown"] * 30):
        square.press(key)
    expect(page.locator(DIALOG).get_by_role("status")).to_contain_text("turned by 90°")
    page.get_by_role("button", name="Use the square").press("Enter")
    expect(page.locator(CARD)).to_have_count(1)
    crop = newest(page)["crop"]
    assert crop["turns"] == 1 and crop["left"] == 0
    assert crop["width"] == pytest.approx(0.8, abs=0.01)
    assert crop["top"] + crop["height"] == pytest.approx(1, abs=0.001)
    # A square in pixels, of the photograph that now stands upright.
    assert crop["width"] * 450 == pytest.approx(crop["height"] * 600, abs=1)
    expect(page.locator(CARD)).to_contain_text("turned by 90°")
    page.locator(CARD).get_by_role("link", name="Report").click()
    expect(page.locator(".sheet")).to_contain_text("A part of the photograph")


def test_a_square_is_moved_and_resized_by_mouse(visit: Visit, lesion_jpeg: bytes) -> None:
    page = visit.open()
    choose(page, photograph("mouse.jpg", lesion_jpeg))
    page.locator(CARD).get_by_role("button", name="Crop or turn").click()
    expect(page.locator(SQUARE)).to_be_visible()
    page.get_by_role("button", name="Smaller").click(click_count=4)
    box = page.locator(SQUARE).bounding_box()
    assert box
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] - 40, middle[1] - 30, steps=4)
    page.mouse.up()
    moved = page.locator(SQUARE).bounding_box()
    assert moved and moved["x"] == pytest.approx(box["x"] - 40, abs=2)
    page.mouse.move(moved["x"] + moved["width"] - 8, moved["y"] + moved["height"] - 8)
    page.mouse.down()
    page.mouse.move(moved["x"] + moved["width"] + 22, moved["y"] + moved["height"] + 22, steps=4)
    page.mouse.up()
    grown = page.locator(SQUARE).bounding_box()
    assert grown and grown["width"] == pytest.approx(moved["width"] + 30, abs=3)
    page.get_by_role("button", name="Use the square").click()
    # Both attempts stay, together, and the new one says what it replaces.
    expect(page.locator(CARD)).to_have_count(2)
    expect(page.locator(CARD).filter(has_text="It replaces mouse.jpg")).to_have_count(1)
    expect(page.locator(CARD).filter(has_text="mouse.jpg replaces it")).to_have_count(1)
    assert newest(page)["crop"] is not None


def test_a_square_is_moved_by_touch(visit: Visit, address: str, lesion_jpeg: bytes) -> None:
    case = predict(address, lesion_jpeg, "touch.jpg")
    page = visit.open(f"/history/{case}", width=360)
    page.locator("#case-card").get_by_role("button", name="Crop or turn").click()
    page.get_by_role("button", name="Smaller").click(click_count=4)
    box = page.locator(SQUARE).bounding_box()
    assert box
    tools = page.context.new_cdp_session(page)
    at = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
    for kind, shift in (("touchStart", 0), ("touchMove", 10), ("touchMove", 20), ("touchEnd", None)):
        points = [] if shift is None else [{"x": at[0] + shift, "y": at[1]}]
        tools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    moved = page.locator(SQUARE).bounding_box()
    assert moved and moved["x"] == pytest.approx(box["x"] + 20, abs=3)
    page.get_by_role("button", name="Use the square").click()
    expect(page.locator("#case-card")).to_contain_text("It replaces touch.jpg")
    assert newest(page)["replaces"] == case


@WIDTHS
def test_a_photograph_without_result_is_taken_again(visit: Visit, lesion_jpeg: bytes, width: int) -> None:
    page = visit.open(width=width)
    page.get_by_text("Person and lesion").click()
    page.get_by_label("Lesion reference").fill(f"L-retake-{width}")
    dark = files.saved(files.lesion().point(lambda value: value // 12), quality=90)
    choose(page, photograph("dark.jpg", dark))
    card = page.locator(CARD)
    expect(card).to_contain_text("No result: retake the photograph")
    with page.expect_file_chooser() as chooser:
        card.get_by_role("button", name="Choose another file").click()
    chooser.value.set_files([photograph("better.jpg", lesion_jpeg)])
    expect(card).to_have_count(2)
    # The one that has a result leads; the other stays.
    expect(card.first).to_contain_text("It replaces dark.jpg (no result).")
    expect(card.nth(1)).to_contain_text("better.jpg replaces it")
    assert newest(page)["context"]["lesion"] == f"L-retake-{width}"
    page.get_by_role("button", name="Table", exact=True).click()
    expect(page.locator("#batch-rows tr").first).to_contain_text("better.jpg")


def test_cancelling_sends_nothing(visit: Visit, lesion_jpeg: bytes) -> None:
    page = visit.open()
    page.get_by_role("button", name="Crop or turn first").click()
    choose(page, photograph("never.jpg", lesion_jpeg))
    page.locator(SQUARE).press("Escape")
    expect(page.locator(DIALOG)).to_be_hidden()
    assert page.locator(".slot").count() == 0
    page.reload()
    expect(page.get_by_role("button", name="Crop or turn first")).to_have_attribute("aria-pressed", "true")
    choose(page, photograph("all.jpg", lesion_jpeg))
    page.get_by_role("button", name="Use all of it").click()
    expect(page.locator(CARD)).to_contain_text("all.jpg")
    assert newest(page)["crop"] is None

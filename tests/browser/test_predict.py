"""The predict page as a person uses it."""

from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.conftest import Visit

CARD, ERROR = ".slot .result:not(.waiting)", ".slot-failed"


def photograph(name: str, data: bytes) -> FilePayload:
    """A file as the chooser hands it over."""
    return {"name": name, "mimeType": "image/jpeg", "buffer": data}


def choose(page: Page, *files: FilePayload) -> None:
    """Choose files with the file chooser."""
    page.set_input_files("#file-chooser", list(files))


def test_each_file_gets_its_own_answer_and_the_history_keeps_it(
    visit: Visit, lesion_jpeg: bytes, mole_jpeg: bytes
) -> None:
    page = visit.open()
    choose(
        page,
        photograph("arm.jpg", lesion_jpeg),
        photograph("broken.jpg", lesion_jpeg[:4000]),
        photograph("back.jpg", mole_jpeg),
    )
    expect(page.locator(CARD)).to_have_count(2)
    expect(page.locator(ERROR)).to_have_count(1)
    slots = page.locator(".slot")
    expect(slots.nth(0)).to_contain_text("arm.jpg")
    expect(slots.nth(1)).to_contain_text("The image is damaged or incomplete")
    expect(slots.nth(2)).to_contain_text("back.jpg")
    expect(slots.nth(0)).to_contain_text("does not rule out cancer")
    expect(slots.nth(0).locator(".verdict")).to_be_visible()
    for picture in (".photo", ".heatmap"):
        expect(slots.nth(0).locator(picture)).to_have_js_property("complete", True)
        assert slots.nth(0).locator(picture).evaluate("image => image.naturalWidth") > 0

    page.get_by_role("link", name="History", exact=True).click()
    expect(page.locator("#content")).to_contain_text("arm.jpg")
    expect(page.locator("#content")).to_contain_text("back.jpg")
    expect(page.locator("#content")).not_to_contain_text("broken.jpg")


def test_prediction_has_its_own_page(visit: Visit, lesion_jpeg: bytes) -> None:
    page = visit.open()
    choose(page, photograph("own-page.jpg", lesion_jpeg))
    page.locator(CARD).get_by_role("link", name="Open in history").click()
    expect(page.locator("#content")).to_contain_text("own-page.jpg")
    expect(page.locator("#content")).to_contain_text("does not rule out cancer")
    assert "/history/" in page.url


def test_same_file_again_works_and_the_list_can_be_cleared(visit: Visit, lesion_jpeg: bytes) -> None:
    page = visit.open()
    for count in (1, 2):
        choose(page, photograph("again.jpg", lesion_jpeg))
        expect(page.locator(CARD)).to_have_count(count)
    page.get_by_role("button", name="Clear the list").click()
    expect(page.locator(".slot")).to_have_count(0)
    choose(page, photograph("again.jpg", lesion_jpeg))
    expect(page.locator(CARD)).to_have_count(1)


def test_many_files_go_at_most_four_at_once(visit: Visit, lesion_jpeg: bytes) -> None:
    # Counted where the requests are made: the browser reports their ends late.
    page = visit.open(
        script="""
        let now = 0;
        window.most = 0;
        const open = XMLHttpRequest.prototype.open;
        XMLHttpRequest.prototype.open = function (...values) {
            window.most = Math.max(window.most, ++now);
            this.addEventListener("loadend", () => now--);
            return open.apply(this, values);
        };"""
    )
    choose(page, *(photograph(f"{number:02}.jpg", lesion_jpeg) for number in range(12)))
    expect(page.locator(CARD)).to_have_count(12)
    assert 1 <= page.evaluate("window.most") <= 4
    assert [name.strip() for name in page.locator(".slot .result .filename").all_inner_texts()] == [
        f"{number:02}.jpg" for number in range(12)
    ]


def test_too_large_a_file_is_refused_before_it_travels(visit: Visit, tmp_path: Path) -> None:
    large = tmp_path / "large.jpg"
    large.write_bytes(bytes(26_000_000))
    page = visit.open()
    sent: list[str] = []
    page.on(
        "request", lambda request: sent.append(request.url) if "/api/v1/predictions" in request.url else None
    )
    page.set_input_files("#file-chooser", large)
    expect(page.locator(ERROR)).to_contain_text("the limit is 25 MB")
    assert not sent


def test_dropped_file_is_analysed(visit: Visit, lesion_jpeg: bytes) -> None:
    page = visit.open()
    page.wait_for_selector("#file-chooser", state="attached")
    transfer = page.evaluate_handle(
        """bytes => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(bytes)], "dropped.jpg", {type: "image/jpeg"}));
            return transfer;
        }""",
        list(lesion_jpeg),
    )
    page.dispatch_event("#drop-zone", "drop", {"dataTransfer": transfer})
    expect(page.locator(CARD)).to_contain_text("dropped.jpg")


def test_drawn_example_is_called_drawn(visit: Visit) -> None:
    page = visit.open()
    page.get_by_role("button", name="Try drawn example 1").click()
    expect(page.locator(CARD)).to_contain_text("Drawn example, not a patient")


def test_heatmap_follows_its_slider(visit: Visit, lesion_jpeg: bytes) -> None:
    page = visit.open()
    choose(page, photograph("slider.jpg", lesion_jpeg))
    slider = page.get_by_label("Heatmap")
    slider.fill("80")
    expect(page.locator(".heatmap")).to_have_css("opacity", "0.8")
    slider.focus()
    page.keyboard.press("Home")
    expect(page.locator(".heatmap")).to_have_css("opacity", "0")


def test_file_chooser_is_reached_with_the_keyboard(visit: Visit) -> None:
    page = visit.open()
    page.wait_for_selector("#file-chooser", state="attached")
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.locator("#file-chooser").evaluate("input => input === document.activeElement"):
            break
    with page.expect_file_chooser():
        page.keyboard.press("Enter")


def test_server_that_cannot_be_reached_is_said_in_the_files_place(visit: Visit, lesion_jpeg: bytes) -> None:
    page = visit.open()
    page.route("**/api/v1/predictions", lambda route: route.abort())
    choose(page, photograph("lost.jpg", lesion_jpeg))
    expect(page.locator(ERROR)).to_contain_text("The server could not be reached")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_phone_needs_no_sideways_scrolling(visit: Visit, lesion_jpeg: bytes, scheme: str) -> None:
    page = visit.open(width=390, scheme=scheme)
    choose(page, photograph("a-very-long-name-" * 12 + ".jpg", lesion_jpeg), photograph("bad.jpg", b"x"))
    expect(page.locator(CARD)).to_have_count(1)
    expect(page.locator(ERROR)).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

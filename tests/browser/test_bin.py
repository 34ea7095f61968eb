"""Delete, undo, delete, look into the bin, put back: on a telephone and on a screen."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit, predict


def delete_selected(page: Page, count: str) -> None:
    """Press Delete, and confirm it."""
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("heading", name=f"Delete {count}?")).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()


@pytest.mark.parametrize("width", [360, 1440])
def test_what_was_deleted_is_undone_found_in_the_bin_and_put_back(
    visit: Visit, address: str, lesion_jpeg: bytes, width: int
) -> None:
    word = f"binned{width}"
    ids = [predict(address, lesion_jpeg, f"{word}-{number}.jpg", lesion=word) for number in range(2)]
    page = visit.open(f"/history?q={word}&view=gallery", width=width)
    for number in range(2):
        page.get_by_role("button", name=f"Select {word}").nth(number).click()
    delete_selected(page, "2 predictions")
    expect(page.locator("#history-binned-count")).to_have_text("2 cases are in the bin.")
    expect(page.locator(".gallery-item")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#history-undone")).to_have_text("2 cases are back.")
    expect(page.locator(".gallery-item")).to_have_count(2)
    expect(page.get_by_role("button", name="Undo")).to_be_hidden()

    # From the page of a case; the history then offers to undo it, also after a reload.
    page.goto(f"{address}/history/{ids[0]}?q={word}")
    page.get_by_role("button", name="Delete this prediction").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator("h1")).to_have_text("History")
    expect(page.locator("#history-binned-count")).to_have_text("1 case is in the bin.")
    page.reload()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width

    page.get_by_role("link", name="Bin", exact=True).click()
    expect(page.locator("h1")).to_have_text("Bin")
    expect(page.locator(".bin-cases .form-check", has_text=f"lesion {word}")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    expect(page.get_by_role("button", name="Put back")).to_be_disabled()
    page.get_by_role("checkbox", name=word).check()
    page.get_by_role("button", name="Put back").click()
    expect(page.locator("#bin-told")).to_have_text("1 case is back in the history.")
    page.goto(f"{address}/history/{ids[0]}")
    expect(page.locator("h1")).to_have_text("Prediction")


def test_a_case_is_held_released_and_deleted_for_good(visit: Visit, address: str, lesion_jpeg: bytes) -> None:
    case_id = predict(address, lesion_jpeg, "held.jpg", lesion="held-lesion")
    page = visit.open(f"/history/{case_id}")
    page.locator("#case-hold summary").click()
    page.get_by_role("button", name="Set legal hold").click()
    expect(page.locator("#hold-problem")).to_contain_text("Say why")
    page.get_by_label("Why nobody may delete it").fill("a lawsuit")
    page.get_by_role("button", name="Set legal hold").click()
    expect(page.locator("#hold-words")).to_contain_text("a lawsuit")
    page.get_by_role("button", name="Delete this prediction").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator("#case-dialog-error")).to_contain_text("legal hold")
    dialog.get_by_role("button", name="Keep").click()
    page.get_by_role("button", name="Release legal hold").click()
    expect(page.locator("#hold-words")).to_contain_text("There is none")
    page.get_by_role("button", name="Delete this prediction").click()
    dialog.get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator("h1")).to_have_text("History")

    page.get_by_role("link", name="Bin", exact=True).click()
    page.get_by_role("checkbox", name="held-lesion").check()
    page.get_by_role("button", name="Delete for good").click()
    expect(dialog.get_by_role("heading")).to_have_text("Delete this case for good?")
    dialog.get_by_role("button", name="Delete for good").click()
    expect(page.locator("#bin-told")).to_have_text("1 case is deleted for good.")
    expect(page.locator(".bin-cases .form-check", has_text="held-lesion")).to_have_count(0)

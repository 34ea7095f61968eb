"""Judge first, then look, as a clinician does it."""

import pytest
from playwright.sync_api import FilePayload, expect

from tests.browser.conftest import Visit

ANSWERS = ".verdict, .scale, .result-verdict, .diagnoses, .similar, [data-outcome], .outline"


@pytest.mark.parametrize("width", [360, 1440])
def test_the_result_comes_after_the_judgement(visit: Visit, lesion_jpeg: bytes, width: int) -> None:
    page = visit.open(width=width)
    switch = page.get_by_role("button", name="Judge first")
    switch.click()
    expect(switch).to_have_attribute("aria-pressed", "true")
    page.set_input_files(
        "#file-chooser",
        FilePayload(name="first.jpg", mimeType="image/jpeg", buffer=lesion_jpeg + bytes([width % 251])),
    )
    card = page.locator(".slot .judge")
    expect(card).to_contain_text("The result is hidden until you save.")
    assert page.locator("#results").locator(ANSWERS).count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    case = card.get_by_role("link", name="Open in history").get_attribute("href")
    # Nothing is preselected, and nothing is sent without a choice.
    assert card.locator("input:checked").count() == 0
    card.get_by_role("button", name="Save and see the result").click()
    expect(card).to_be_visible()

    # The page of the case hides it too.
    other = page.context.new_page()
    other.goto(visit.address + str(case))
    expect(other.locator("#case-card .judge")).to_be_visible()
    assert other.locator("#content").locator(ANSWERS).count() == 0
    other.close()

    # By keyboard alone.
    card.get_by_role("radio", name="Benign").focus()
    page.keyboard.press("ArrowDown")
    expect(card.get_by_role("radio", name="Uncertain")).to_be_checked()
    page.keyboard.press("Enter")
    result = page.locator(".slot .result[data-outcome]")
    expect(result.locator(".judged")).to_contain_text("You said uncertain before you saw the result.")
    expect(page.locator(".slot")).to_be_focused()
    expect(page.locator("#announcer")).to_contain_text("chance of cancer")
    result.get_by_role("button", name="Change to malignant").click()
    expect(result.locator(".judged")).to_contain_text("You changed it to malignant.")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_case_is_judged_on_its_page(visit: Visit, mole_jpeg: bytes) -> None:
    page = visit.open()
    page.get_by_role("button", name="Judge first").click()
    page.set_input_files(
        "#file-chooser", FilePayload(name="own.jpg", mimeType="image/jpeg", buffer=mole_jpeg + b"\0")
    )
    page.locator(".slot .judge").get_by_role("link", name="Open in history").click()
    card = page.locator("#case-card")
    card.get_by_role("radio", name="Malignant").check()
    card.get_by_label("Likeliest diagnosis").select_option("mel")
    card.get_by_role("button", name="Save and see the result").click()
    expect(card.locator(".judged")).to_contain_text("You said malignant, likeliest")
    card.get_by_role("button", name="Keep malignant").click()
    expect(card.locator(".judged")).to_contain_text("You kept it.")
    page.get_by_text("Audit trail").click()
    expect(page.locator("#case-reviews")).to_contain_text("Judged")

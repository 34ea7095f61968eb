"""The table to fill in after a drop: copied down, pasted from a spreadsheet, wrong rows, two who edit one row."""

import json
import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visit
from tests.browser.test_batch import fits, several
from tests.browser.test_predict import CARD, choose, photograph

WIDTHS = pytest.mark.parametrize("width", [360, 1440])
# What a spreadsheet puts on the clipboard.
PASTE = """(cell, text) => {
    const data = new DataTransfer();
    data.setData("text/plain", text);
    cell.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""
STORED = """async (name) => {
    const found = await (await fetch("/api/v1/predictions?filename=" + name)).json();
    return found.items[0];
}"""


def assign_rows(page: Page, count: int, data: bytes, prefix: str = "") -> Locator:
    """The rows of the table to fill in for so many photographs, by the way that a newcomer finds."""
    choose(page, *(photograph(prefix + name, data) for name, data in several(count, data)))
    expect(page.locator("#batch-title")).to_have_text(f"{count} photographs checked")
    expect(page.locator("#assign-reminder")).to_contain_text(f"No patient for {count} photographs")
    page.get_by_role("button", name="Fill in").click()
    rows = page.locator("#assign-rows tr:not(.assign-problem)")
    expect(rows).to_have_count(count)
    return rows


def cell(row: Locator, field: str) -> Locator:
    return row.locator(f"[data-cell={field}]")


@WIDTHS
def test_a_value_is_copied_down_and_that_is_undone(visit: Visit, lesion_jpeg: bytes, width: int) -> None:
    page = visit.open(width=width)
    rows = assign_rows(page, 4, lesion_jpeg, f"down-{width}-")
    first = cell(rows.nth(0), "patient")
    expect(first).to_be_focused()
    first.fill(f"D-{width}")
    page.keyboard.press("Enter")
    expect(cell(rows.nth(1), "patient")).to_be_focused()
    expect(rows.nth(0)).to_contain_text("Saved")
    page.keyboard.press("Shift+Enter")
    expect(first).to_be_focused()
    page.keyboard.press("Control+d")
    expect(page.locator("#assign-said")).to_have_text("Copied to 3 rows.")
    expect(page.get_by_text("Saved", exact=True)).to_have_count(4)
    stored = page.evaluate(STORED, f"down-{width}-03.jpg")
    assert stored["patient"] == f"D-{width}"
    fits(page, width)
    page.get_by_role("button", name="Undo").click()
    expect(cell(rows.nth(3), "patient")).to_have_value("")
    expect(page.get_by_text("Saved", exact=True)).to_have_count(4)
    expect(first).to_have_value(f"D-{width}")
    assert page.evaluate(STORED, f"down-{width}-03.jpg")["patient"] is None
    cell(rows.nth(2), "taken").fill("2026-03-02")
    page.get_by_role("button", name="Copy down").click()
    expect(cell(rows.nth(3), "taken")).to_have_value("2026-03-02")
    # The next photographs come with nothing of these.
    choose(page, photograph("next.jpg", lesion_jpeg))
    expect(rows).to_have_count(5)
    for field in ("patient", "lesion", "site", "taken", "note"):
        expect(cell(rows.nth(4), field)).to_have_value("")
    # Nor do they after these are cleared; their results are looked at first.
    page.get_by_role("button", name="Clear the list").click()
    choose(page, photograph("other.jpg", lesion_jpeg))
    expect(page.locator(CARD)).to_be_visible()
    page.get_by_role("button", name="Fill in").click()
    expect(rows).to_have_count(1)
    expect(cell(rows.first, "patient")).to_have_value("")


@WIDTHS
def test_a_spreadsheet_is_pasted_and_a_wrong_row_says_so(
    visit: Visit, lesion_jpeg: bytes, width: int
) -> None:
    page = visit.open(width=width)
    rows = assign_rows(page, 3, lesion_jpeg, f"paste-{width}-")
    name = f"S-{width}"
    block = f"{name}\t1\tback\t03.05.2026\tclose-up\tgrew\r\n{name}\t2\t\t2999-01-01\r\n{name}\t3\t\tyesterday\r\n"
    cell(rows.nth(0), "patient").evaluate(PASTE, block)
    expect(page.locator("#assign-said")).to_contain_text("Pasted into 3 rows.")
    expect(cell(rows.nth(0), "taken")).to_have_value("2026-05-03")
    expect(page.get_by_text("the model took it for dermoscopic")).to_be_visible()
    expect(page.get_by_text("Not saved. The date taken lies in the future.")).to_be_visible()
    expect(page.get_by_text("Not taken over: “yesterday”")).to_be_visible()
    assert page.evaluate(STORED, f"paste-{width}-00.jpg")["context"]["note"] == "grew"
    # Nothing of the wrong row is stored; its cells keep what was pasted, and are corrected there.
    assert page.evaluate(STORED, f"paste-{width}-01.jpg")["patient"] is None
    fits(page, width)
    expect(cell(rows.nth(1), "lesion")).to_have_value("2")
    cell(rows.nth(1), "taken").fill("2026-05-03")
    cell(rows.nth(1), "note").focus()
    expect(page.get_by_text("in the future")).to_be_hidden()
    expect(rows.nth(1)).to_contain_text("Saved")
    stored = page.evaluate(STORED, f"paste-{width}-01.jpg")
    assert (stored["patient"], stored["taken"]) == (name, "2026-05-03")
    # Other columns, too many, and rows that are found by the name of the file.
    said = page.locator("#assign-said")
    cell(rows.nth(0), "note").evaluate(PASTE, "Patient\tColour\r\nP-1\tred")
    expect(said).to_contain_text("does not know 'Colour'")
    cell(rows.nth(0), "note").evaluate(PASTE, "a\tb")
    expect(said).to_contain_text("2 columns, and from here on there is room for 1: note")
    cell(rows.nth(0), "lesion").evaluate(
        PASTE, f"File\tNote\r\npaste-{width}-02.jpg\tby name\r\ngone.jpg\tnot here"
    )
    expect(said).to_contain_text("Not among the photographs here: gone.jpg.")
    expect(cell(rows.nth(2), "note")).to_have_value("by name")


def test_two_who_edit_one_row_both_hear_of_it(visit: Visit, lesion_jpeg: bytes) -> None:
    page = visit.open()
    rows = assign_rows(page, 2, lesion_jpeg, "two-")
    found = page.evaluate(STORED, "two-00.jpg")

    def elsewhere(**context: str) -> None:
        answer = page.request.patch(
            f"{visit.address}/api/v1/predictions/{found['id']}",
            data=json.dumps({"context": context}),
            headers={"Content-Type": "application/json"},
        )
        assert answer.ok

    # Another field: both are kept.
    elsewhere(note="from elsewhere")
    cell(rows.nth(0), "patient").fill("T-1")
    cell(rows.nth(0), "lesion").focus()
    expect(rows.nth(0)).to_contain_text("Saved")
    expect(cell(rows.nth(0), "note")).to_have_value("from elsewhere")
    # The same field: theirs stands, and the row says so.
    elsewhere(patient="T-2")
    cell(rows.nth(0), "patient").fill("T-3")
    cell(rows.nth(0), "lesion").focus()
    expect(
        page.get_by_text(re.compile("somebody else has changed this row.*patient is “T-2”"))
    ).to_be_visible()
    expect(cell(rows.nth(0), "patient")).to_have_value("T-2")
    assert page.evaluate(STORED, "two-00.jpg")["patient"] == "T-2"

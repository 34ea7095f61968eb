"""A lesion's story and its patient, by the day the photographs were taken, on a telephone and on a desk."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit, predict

WIDTHS = pytest.mark.parametrize("width", [360, 1440])


def fits(page: Page, width: int) -> bool:
    """Whether nothing is wider than the window."""
    return bool(page.evaluate("document.documentElement.scrollWidth") <= width)


@WIDTHS
def test_a_case_leads_to_its_lesion_and_that_to_its_patient(
    visit: Visit, address: str, lesion_jpeg: bytes, mole_jpeg: bytes, width: int
) -> None:
    name = f"P-{width}"
    late = predict(address, mole_jpeg, "late.jpg", patient=name, lesion="1", taken="2026-05-20")
    predict(address, lesion_jpeg, "early.jpg", patient=name, lesion="1", taken="2025-03-12")
    page = visit.open(f"/history/{late}", width=width)
    page.get_by_role("link", name=re.compile("then and now")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{name}, lesion 1")
    expect(page.locator(".visits strong")).to_have_text(["12 Mar 2025", "20 May 2026"])
    panes = page.locator("#side-by-side .pane-case")
    expect(panes).to_have_text([re.compile("Then: 12 Mar 2025"), re.compile("Now: 20 May 2026")])
    page.get_by_role("button", name="Enlarge").click()
    expect(page.locator("#side-by-side")).to_have_class(re.compile("enlarged"))
    lay = page.get_by_role("button", name="Lay one over the other")
    lay.click()
    expect(lay).to_have_attribute("aria-pressed", "true")
    page.locator(".swipe-line").fill("80")
    expect(panes.last.locator(".pane")).to_have_css("clip-path", re.compile(r"20%"))
    assert fits(page, width)
    page.get_by_role("link", name=f"← {name}").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    expect(page.locator(".visit-days time")).to_have_text(["20 May 2026", "12 Mar 2025"])
    page.get_by_text("Change", exact=True).click()
    page.get_by_label("Year of birth").fill("1961")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.get_by_text(re.compile("born 1961"))).to_be_visible()
    assert fits(page, width)


@WIDTHS
def test_patients_are_merged_and_a_lesion_is_split_by_buttons(
    visit: Visit, address: str, lesion_jpeg: bytes, mole_jpeg: bytes, width: int
) -> None:
    wrong, right = f"W-{width}", f"R-{width}"
    stays = predict(address, mole_jpeg, "stays.jpg", patient=wrong, lesion="1", taken="2026-05-20")
    predict(address, lesion_jpeg, "goes.jpg", patient=wrong, lesion="1", taken="2025-03-12")
    predict(address, lesion_jpeg, "other.jpg", patient=right, lesion="1")
    page = visit.open(f"/history/{stays}", width=width)
    page.get_by_role("link", name=re.compile("then and now")).click()
    page.get_by_text("Split", exact=True).click()
    page.get_by_label(re.compile("goes.jpg")).check()
    page.get_by_label("Name of their lesion").fill("2")
    assert fits(page, width)
    page.get_by_role("button", name="Split off").click()
    expect(page.get_by_text("Split off: the photographs are with")).to_be_visible()
    expect(page.locator(".visits strong")).to_have_text(["20 May 2026"])
    page.get_by_role("link", name=f"← {wrong}").click()
    page.get_by_text("Merge with another patient").click()
    field = page.get_by_label("Identifier of the other patient")
    field.fill(right[:-1])
    expect(page.locator(f"#patient-offers option[value='{right}']")).to_be_attached()
    field.fill("nobody")
    page.get_by_role("button", name="Merge", exact=True).click()
    expect(page.get_by_text("There is no patient nobody.")).to_be_visible()
    field.fill(right)
    assert fits(page, width)
    page.get_by_role("button", name="Merge", exact=True).click()
    expect(page.get_by_text("This record was merged with")).to_be_visible()
    assert fits(page, width)
    page.get_by_role("button", name="Undo the merge").click()
    expect(page.get_by_text("The merge is undone.")).to_be_visible()
    expect(page.locator(".lesion-link")).to_have_count(2)


@WIDTHS
def test_a_lesion_is_moved_to_another_patient_and_back(
    visit: Visit, address: str, lesion_jpeg: bytes, mole_jpeg: bytes, width: int
) -> None:
    wrong, right = f"M-{width}", f"N-{width}"
    moved = predict(address, mole_jpeg, "moved.jpg", patient=wrong, lesion="1", taken="2026-05-20")
    predict(address, lesion_jpeg, "there.jpg", patient=right, lesion="1")
    page = visit.open(f"/history/{moved}", width=width)
    page.get_by_role("link", name=re.compile("then and now")).click()
    page.get_by_text("Move to another patient").click()
    field = page.get_by_label("Identifier of the other patient")
    field.fill(right[:-1])
    expect(page.locator(f"#lesion-owner-offers option[value='{right}']")).to_be_attached()
    field.fill(right)
    page.get_by_role("button", name="Move", exact=True).click()
    expect(page.get_by_text(f"There is a lesion 1 of {right} already")).to_be_visible()
    page.get_by_label("Name of the lesion there").fill("2")
    assert fits(page, width)
    page.get_by_role("button", name="Move", exact=True).click()
    title = page.get_by_role("heading", level=1)
    expect(title).to_have_text(f"{right}, lesion 2")
    expect(page.get_by_role("link", name=f"← {right}")).to_be_visible()
    assert fits(page, width)
    page.get_by_role("button", name=f"Move back to {wrong}").click()
    expect(title).to_have_text(f"{wrong}, lesion 1")

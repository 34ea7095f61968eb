"""A dermatologist's fortnight: twelve photographs of four patients in one drop, a report, histology two weeks later,
and a lesion's story with two visits of real dates. At a desk and on a telephone."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from model.images import encode
from tests.browser.conftest import Visit
from tests.browser.test_assigning import PASTE, STORED, cell
from tests.browser.test_batch import fits
from tests.browser.test_predict import choose, photograph
from training.drawings.synthetic import draw_lesion

SITES = ("posterior torso", "lower extremity", "anterior torso")
TODAY = datetime.now(UTC).date()
FIRST = TODAY - timedelta(days=14)


def day(of: object) -> str:
    """A day as pages write it."""
    return f"{of:%-d %b %Y}"


@pytest.mark.parametrize("width", [360, 1440])
def test_a_dermatologists_fortnight(visit: Visit, width: int) -> None:
    page = visit.open(width=width)
    patients = [f"F{width}-{number}" for number in range(1, 5)]
    drop_twelve(page, width, patients)
    say_whose_they_are(page, width, patients)
    case = report_of_the_worst(page, width, patients[0])
    histology_comes(page, width, case)
    second_visit(page, width, patients[0])


def drop_twelve(page: Page, width: int, patients: list[str]) -> None:
    """The photographs of one morning, all at once."""
    names = [f"fortnight-{width}-{number:02}.jpg" for number in range(12)]
    pictures = [encode(draw_lesion(seed, seed % 3 == 0)) for seed in range(12)]
    choose(page, *map(photograph, names, pictures))
    expect(page.locator("#batch-title")).to_have_text("12 photographs checked")
    expect(page.locator("#assign-missing")).to_have_text(
        "No patient for 12 photographs, no date taken for 12 photographs."
    )
    fits(page, width)


def say_whose_they_are(page: Page, width: int, patients: list[str]) -> None:
    """Three lesions of each, from the clinic's spreadsheet; the day is the same for all."""
    page.get_by_role("button", name="Fill in").click()
    rows = page.locator("#assign-rows tr:not(.assign-problem)")
    expect(rows).to_have_count(12)
    lines = ["Patient\tLesion\tSite"]
    lines += [f"{name}\t{number + 1}\t{SITES[number]}" for name in patients for number in range(3)]
    cell(rows.first, "patient").evaluate(PASTE, "\r\n".join(lines))
    expect(page.locator("#assign-said")).to_have_text("Pasted into 12 rows.")
    cell(rows.first, "taken").fill(FIRST.isoformat())
    page.get_by_role("button", name="Copy down").click()
    expect(page.locator("#assign-said")).to_have_text("Copied to 11 rows.")
    expect(page.get_by_text("Saved", exact=True)).to_have_count(12)
    expect(page.locator("#assign-reminder")).to_be_hidden()
    fits(page, width)
    last = page.evaluate(STORED, f"fortnight-{width}-11.jpg")
    assert (last["patient"], last["lesion"], last["taken"]) == (patients[3], "3", FIRST.isoformat())
    assert last["context"]["site"] == SITES[2]


def report_of_the_worst(page: Page, width: int, patient: str) -> str:
    """A biopsy is taken: its result is expected by today. The report is for the letter."""
    case = str(page.evaluate(STORED, f"fortnight-{width}-00.jpg")["id"])
    page.get_by_role("button", name=f"fortnight-{width}-00.jpg").click()
    page.locator(".slot:focus").get_by_role("link", name="Open in history").click()
    head = page.locator("#case-head")
    for words in (patient, SITES[0], day(FIRST)):
        expect(head).to_contain_text(words)
    page.get_by_label("Histology expected by").fill(TODAY.isoformat())
    page.locator("#context-save").click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    fits(page, width)
    page.goto(page.url.replace("/history/", "/report/"))
    sheet = page.locator("main")
    for words in (patient, SITES[0], day(FIRST)):
        expect(sheet).to_contain_text(words)
    fits(page, width)
    return case


def histology_comes(page: Page, width: int, case: str) -> None:
    """Two weeks later, the worklist asks for it; what it says is on the report."""
    page.get_by_role("link", name="History", exact=True).first.click()
    page.get_by_role("link", name=re.compile("Histology due")).click()
    expect(page.locator("#history-count")).to_contain_text("1 ")
    fits(page, width)
    page.goto(page.url.split("/history")[0] + f"/history/{case}")
    adding = page.locator("details", has=page.locator("#review-save"))
    expect(adding).to_be_attached()
    if adding.get_attribute("open") is None:
        adding.locator("summary").click()
    page.get_by_label("Confirmed diagnosis").select_option(label="Melanoma")
    page.get_by_label("Confirmed by").select_option(label="Histology")
    page.locator("#review-note").fill("Breslow 0.4 mm, excised in sano.")
    page.get_by_label("Your name").fill("Dr. Ward")
    page.get_by_role("button", name="Save review").click()
    expect(page.locator(".reviews")).to_contain_text("Breslow 0.4 mm")
    fits(page, width)
    page.goto(page.url.split("/history")[0] + "/history?due=histology")
    expect(page.locator("#history-count")).to_contain_text("No ")
    page.goto(page.url.split("/history")[0] + f"/report/{case}")
    expect(page.locator("main")).to_contain_text("Breslow 0.4 mm, excised in sano.")
    fits(page, width)


def second_visit(page: Page, width: int, patient: str) -> None:
    """The lesion is photographed again; its site is known, and its story has two days."""
    page.goto(page.url.split("/report")[0] + "/")
    page.get_by_role("button", name="Clear the list").click()
    choose(page, photograph(f"fortnight-{width}-again.jpg", encode(draw_lesion(40, False))))
    page.get_by_role("button", name="Fill in").click()
    row = page.locator("#assign-rows tr").first
    for field, value in (("patient", patient), ("lesion", "1"), ("taken", TODAY.isoformat())):
        cell(row, field).fill(value)
    page.keyboard.press("Tab")
    expect(row).to_contain_text("Saved")
    expect(cell(row, "site")).to_have_value(SITES[0])
    fits(page, width)
    lesion = page.evaluate(STORED, f"fortnight-{width}-again.jpg")["lesion_id"]
    page.goto(page.url.rstrip("/") + f"/lesions/{lesion}")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{patient}, lesion 1")
    expect(page.locator(".visits strong")).to_have_text([day(FIRST), day(TODAY)])
    panes = page.locator("#side-by-side .pane-case")
    expect(panes).to_have_text([re.compile(f"Then: {day(FIRST)}"), re.compile(f"Now: {day(TODAY)}")])
    expect(page.locator("#lesion-trend .scatterlayer .point").first).to_be_attached()
    fits(page, width)

"""What people and attackers send, through the page: each has its answer in its own place, and the rest goes on."""

import json

import pytest
from playwright.sync_api import FilePayload, Page, expect

from model.images import ImageError, decode
from tests import files
from tests.browser.conftest import Visit

# What the page refuses before it travels has a test of its own.
REFUSED = {name: make for name, (make, _) in files.REFUSED.items() if name != "26 MB"}
TENTHS = tuple(range(1, 10))


def payload(name: str, data: bytes) -> FilePayload:
    """A file as the chooser hands it over."""
    return {"name": name, "mimeType": "image/jpeg", "buffer": data}


def send(page: Page, *chosen: FilePayload) -> None:
    """Choose files, and wait until each has its answer."""
    page.set_input_files("#file-chooser", list(chosen))
    expect(page.locator("#batch-rows tr")).to_have_count(len(chosen))
    expect(page.locator("#predict")).not_to_have_class("predict busy")


def sentence(data: bytes) -> str:
    """What the decoder says of a file that it refuses."""
    with pytest.raises(ImageError) as caught:
        decode(data)
    return str(caught.value)


def test_every_bad_file_has_its_sentence_and_the_good_ones_their_results(visit: Visit) -> None:
    page = visit.open()
    whole = files.jpeg()
    bad = {f"{name}.jpg": make() for name, make in REFUSED.items()}
    bad |= {f"truncated {tenths}.jpg": whole[: len(whole) * tenths // 10] for tenths in TENTHS}
    good = {f"{name}.jpg": make() for name, make in files.ACCEPTED.items()}
    send(page, *(payload(*one) for one in (bad | good).items()))
    rows = page.locator("#batch-rows tr")
    for name, data in bad.items():
        expect(rows.filter(has=page.get_by_role("button", name=name, exact=True))).to_contain_text(
            sentence(data)
        )
    expect(page.locator("#batch-rows td.risk")).to_have_count(len(good))
    expect(page.locator("#batch-summary")).to_contain_text(f"{len(bad)} failed")


def test_names_are_text_wherever_they_are_shown(visit: Visit) -> None:
    page = visit.open()
    # A browser ends a name at its NUL, and gives a file without a name one.
    told = [name for key, name in files.NAMES.items() if key not in ("NUL", "none")]
    # What an operating system leaves beside photographs begins with a dot, and is passed over.
    names = [f"a{name}" if name.startswith(".") else name for name in told]
    send(page, *(payload(name, files.jpeg()) for name in names))
    expect(page.locator("#batch-rows td.risk")).to_have_count(len(names))
    page.get_by_role("button", name="Cards", exact=True).click()
    expect(page.locator(".slot .result:not(.waiting)")).to_have_count(len(names))
    kept = json.loads(
        page.evaluate("fetch('/api/v1/predictions?limit=100').then((answer) => answer.text())")
    )["items"]
    page.goto(visit.address + "/history")
    expect(page.locator(".ag-row").first).to_be_visible()
    for shown in (page, visit.open(f"/history/{kept[0]['id']}")):
        # Nothing of a name became an element, and no name stretches the page.
        assert shown.locator("img[src=x]").count() == 0
        assert shown.evaluate("document.documentElement.scrollWidth") <= 1280


@pytest.mark.parametrize("name", ["long", "markup", "right to left"])
def test_a_case_with_such_a_name_fits_a_telephone(visit: Visit, name: str) -> None:
    page = visit.open(width=390)
    page.set_input_files("#file-chooser", [payload(files.NAMES[name], files.jpeg())])
    card = page.locator(".slot .result:not(.waiting)")
    expect(card).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    card.get_by_role("link", name="Open in history").click()
    expect(page.locator(".case")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

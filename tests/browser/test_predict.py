"""The predict page as a person uses it."""

import io
import json
from pathlib import Path

import pytest
from playwright.sync_api import FileChooser, FilePayload, Page, Route, expect
from pypdf import PdfReader

from tests import files
from tests.browser.conftest import Visit, predict

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
    expect(slots.nth(0).locator(".photo")).to_have_js_property("complete", True)
    assert slots.nth(0).locator(".photo").evaluate("image => image.naturalWidth") > 0

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
    expect(page.locator("#batch-bar")).to_be_hidden()
    choose(page, photograph("again.jpg", lesion_jpeg))
    expect(page.locator(CARD)).to_have_count(1)


def test_many_files_become_a_table_with_the_riskiest_first(
    visit: Visit, lesion_jpeg: bytes, mole_jpeg: bytes
) -> None:
    # Counted where the requests are made: the browser reports their ends late.
    page = visit.open(
        script="""
        let now = 0;
        window.most = 0;
        const open = XMLHttpRequest.prototype.open;
        XMLHttpRequest.prototype.open = function (...values) {
            window.most = Math.max(window.most, ++now);
            for (const end of ["load", "error", "abort"]) this.addEventListener(end, () => now--);
            return open.apply(this, values);
        };"""
    )
    names = [f"{number:02}.jpg" for number in range(7)]
    files = [photograph(name, (lesion_jpeg, mole_jpeg)[place % 2]) for place, name in enumerate(names)]
    choose(page, *files, photograph("=broken.jpg", b"x"))
    expect(page.locator("#predict")).not_to_have_class("predict busy")
    rows = page.locator("#batch-rows tr")
    expect(rows).to_have_count(8)
    expect(page.locator("#batch-rows td.risk")).to_have_count(7)
    assert 1 <= page.evaluate("window.most") <= 4
    risks = page.locator("#batch-rows .risk > span:first-child").all_inner_texts()
    assert risks == sorted(risks, key=lambda said: -float(said.strip("<> %")))
    assert len(set(risks)) == 2
    expect(rows.last).to_contain_text("This is not a JPEG")
    expect(page.locator("#batch-summary")).to_contain_text("1 failed")
    assert rows.first.locator("img").evaluate("image => image.src.endsWith('/thumbnail')")

    page.get_by_role("button", name="File", exact=True).click()
    assert rows.locator("th").all_inner_texts() == [*names, "=broken.jpg"]
    expect(page.locator("th[aria-sort=ascending]")).to_have_text("File")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    table = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in table] == ["file", *names, "'=broken.jpg"]

    page.get_by_role("button", name="03.jpg").click()
    expect(page.locator(".slot").nth(3)).to_be_focused()
    expect(page.locator(".slot").nth(3)).to_be_in_viewport()
    expect(page.locator(CARD)).to_have_count(7)
    assert [name.strip() for name in page.locator(".slot .result .filename").all_inner_texts()] == names


def test_list_is_there_again_after_a_look_at_the_history(visit: Visit, lesion_jpeg: bytes) -> None:
    page = visit.open()
    choose(page, photograph("kept.jpg", lesion_jpeg), photograph("bad.jpg", b"x"))
    page.locator(CARD).get_by_role("link", name="Open in history").click()
    expect(page.locator(".case")).to_contain_text("kept.jpg")
    page.go_back()
    expect(page.locator(CARD)).to_contain_text("kept.jpg")
    expect(page.locator(ERROR)).to_contain_text("bad.jpg")


def test_waiting_and_travelling_files_can_be_cancelled(visit: Visit, lesion_jpeg: bytes) -> None:
    page = visit.open()
    held: list[Route] = []
    page.route("**/api/v1/predictions", lambda route: held.append(route))
    choose(page, *(photograph(f"{number}.jpg", lesion_jpeg) for number in range(5)))
    slots = page.locator(".slot")
    expect(page.locator(".slot-sending")).to_have_count(4)
    expect(page.locator(".slot-waiting")).to_have_count(1)
    page.get_by_role("button", name="Cancel: 1.jpg").click()
    expect(slots.nth(1)).to_have_class("slot slot-cancelled")
    # The place that became free is taken by the one that waited.
    expect(page.locator(".slot-sending")).to_have_count(4)
    page.get_by_role("button", name="Cancel all").click()
    expect(page.locator(".slot-cancelled")).to_have_count(5)
    page.unroute("**/api/v1/predictions")
    page.get_by_role("button", name="Try again: 1.jpg").click()
    expect(slots.nth(1).locator(".result:not(.waiting)")).to_be_visible()
    expect(page.locator(".slot-cancelled")).to_have_count(4)


def test_file_that_is_cancelled_and_tried_again_is_sent_once(visit: Visit, lesion_jpeg: bytes) -> None:
    page = visit.open()
    page.wait_for_selector("#file-chooser", state="attached")
    # Scaling down takes until it is let go.
    page.evaluate(
        """() => {
            const waiting = [];
            dermaboard.line.prepare = (file) => new Promise((done) => waiting.push(() => done(file)));
            window.letGo = () => waiting.forEach((done) => done());
        }"""
    )
    sent: list[str] = []
    page.on(
        "request",
        lambda request: (
            sent.append(request.url)
            if request.method == "POST" and request.url.endswith("/api/v1/predictions")
            else None
        ),
    )
    choose(page, photograph("once.jpg", lesion_jpeg))
    page.get_by_role("button", name="Cancel: once.jpg").click()
    page.get_by_role("button", name="Try again: once.jpg").click()
    page.evaluate("letGo()")
    expect(page.locator(CARD)).to_contain_text("once.jpg")
    assert len(sent) == 1


def test_more_than_a_hundred_files_are_too_many(visit: Visit) -> None:
    page = visit.open()
    problem = json.dumps({"detail": "It is empty."})
    page.route("**/api/v1/predictions", lambda route: route.fulfill(status=422, body=problem))
    choose(page, *(photograph(f"{number}.jpg", b"x") for number in range(101)))
    expect(page.get_by_role("alert").filter(has_text="101 files")).to_contain_text("The first 100")
    expect(page.locator("#batch-summary")).to_have_text("! 100 failed")
    expect(page.locator("#batch-rows tr")).to_have_count(100)


def test_choices_and_context_go_with_the_photograph(visit: Visit, lesion_jpeg: bytes) -> None:
    page = visit.open()
    page.locator("select.point[data-model=tiny]").select_option("sensitivity-97.5")
    page.get_by_text("Person and lesion").click()
    page.get_by_label("Age in years").fill("54")
    page.get_by_label("Sex").select_option("female")
    page.get_by_label("Body site").fill("back")
    page.get_by_label("Lesion reference").fill("L-12")
    page.get_by_label("Note").fill("<b>grows</b>")
    with page.expect_response("**/api/v1/predictions") as answer:
        choose(page, photograph("context.jpg", lesion_jpeg))
    stored = answer.value.json()
    assert stored["operating_point"] == "sensitivity-97.5"
    told = {"age": 54, "sex": "female", "site": "back", "lesion": "L-12", "note": "<b>grows</b>"}
    assert {name: value for name, value in stored["context"].items() if value is not None} == told
    expect(page.locator(CARD)).to_contain_text("54 years, female, back, lesion L-12, <b>grows</b>")
    expect(page.locator(CARD)).to_contain_text("not used by the model")
    # Nothing of the last patient stays for the next.
    expect(page.locator("#context-told")).to_be_empty()
    page.get_by_role("button", name="Change", exact=True).click()
    expect(page.get_by_label("Age in years")).to_have_value("")
    page.get_by_label("Age in years").fill("61")
    expect(page.locator("#context-told")).to_contain_text("61")
    page.get_by_role("button", name="Empty these fields").click()
    expect(page.get_by_label("Age in years")).to_have_value("")
    page.reload()
    # The choice is remembered; what was told of a person is not.
    expect(page.locator("select.point[data-model=tiny]")).to_have_value("sensitivity-97.5")
    expect(page.get_by_label("Lesion reference")).to_have_value("")


def test_camera_takes_a_photograph(visit: Visit) -> None:
    page = visit.open()
    page.get_by_role("button", name="Use the camera").click()
    page.get_by_role("button", name="Take photograph").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator(CARD)).to_contain_text("camera ")


def test_phone_opens_its_own_camera(visit: Visit) -> None:
    page = visit.open(width=390, script="window.matchMedia = () => ({matches: true, addEventListener() {}});")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Use the camera").click()
    assert chooser.value.element.get_attribute("capture") == "environment"


@pytest.mark.parametrize("width", [360, 1440])
def test_report_fits_one_sheet(visit: Visit, lesion_jpeg: bytes, width: int) -> None:
    page = visit.open(width=width)
    choose(page, photograph("printed.jpg", lesion_jpeg))
    page.locator(CARD).get_by_role("link", name="Report").click()
    sheet = page.locator(".sheet")
    expect(sheet).to_contain_text("printed.jpg")
    expect(sheet).to_contain_text("does not rule out cancer")
    for image in sheet.locator("img").all():
        expect(image).to_have_js_property("complete", True)
    printed = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    assert len(printed.pages) == 1
    text = printed.pages[0].extract_text()
    assert "printed.jpg" in text
    assert "Performance" not in text
    with page.expect_download() as download:
        page.get_by_role("link", name="Download PDF").click()
    assert "printed.jpg" in PdfReader(download.value.path()).pages[0].extract_text()


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


@pytest.mark.parametrize(("event", "carrier"), [("drop", "dataTransfer"), ("paste", "clipboardData")])
def test_dropped_and_pasted_pictures_are_analysed(
    visit: Visit, lesion_jpeg: bytes, event: str, carrier: str
) -> None:
    page = visit.open()
    page.wait_for_selector("#file-chooser", state="attached")
    page.evaluate(
        """([bytes, event, carrier]) => {
            const transfer = new DataTransfer();
            // What macOS keeps beside a file is no photograph.
            transfer.items.add(new File([new Uint8Array([0, 5, 22, 7])], "._image.png", {type: "image/png"}));
            transfer.items.add(new File([new Uint8Array(bytes)], "image.png", {type: "image/jpeg"}));
            const kinds = {drop: DragEvent, paste: ClipboardEvent};
            document.body.dispatchEvent(
                new kinds[event](event, {[carrier]: transfer, bubbles: true, cancelable: true}));
        }""",
        [list(lesion_jpeg), event, carrier],
    )
    expect(page.locator(CARD)).to_have_count(1)
    expect(page.locator(CARD)).to_contain_text("image.png" if event == "drop" else "pasted ")


def test_drawn_example_is_called_drawn(visit: Visit) -> None:
    page = visit.open()
    page.get_by_role("button", name="Try this example: malignant, a drawing").click()
    expect(page.locator(CARD)).to_contain_text("Drawn example, not a patient")


def test_what_the_model_looked_at_is_shown_on_request_only(
    visit: Visit, address: str, data_root: Path, lesion_jpeg: bytes
) -> None:
    case = predict(address, lesion_jpeg, "outline.jpg")
    files.let_region_stand_out(data_root, case)
    page = visit.open(f"/history/{case}")
    button = page.get_by_role("button", name="What the model looked at")
    outline = page.locator("#case-card .outline")
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(outline).to_be_hidden()
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(outline).to_be_visible()
    expect(outline).to_have_js_property("complete", True)
    # Over the centred square of 600 x 450.
    photo, line = page.locator("#case-card .photo").bounding_box(), outline.bounding_box()
    assert photo and line
    assert [line["width"], line["height"]] == pytest.approx([photo["height"], photo["height"]], abs=1)
    page.keyboard.press("o")
    expect(outline).to_be_hidden()
    # What somebody writes or dictates elsewhere presses nothing.
    page.get_by_label("Your name").press("o")
    page.locator("h1").click()
    page.keyboard.press("o")
    expect(outline).to_be_hidden()


def test_a_sentence_stands_where_no_region_stands_out(visit: Visit, lesion_jpeg: bytes) -> None:
    page = visit.open()
    choose(page, photograph("plain.jpg", lesion_jpeg))
    expect(page.locator(CARD)).to_contain_text("No single region stood out to the model.")
    assert page.locator(".outline, [data-outline]").count() == 0


def test_what_the_person_says_ends_a_reassuring_headline(visit: Visit, mole_jpeg: bytes) -> None:
    page = visit.open()
    page.locator("select.point[data-model=tiny]").select_option("sensitivity-90")
    choose(page, photograph("signs.jpg", mole_jpeg))
    headline, sign = page.locator(f"{CARD} .result-verdict"), page.get_by_role("button", name="It bleeds")
    before = headline.inner_text().split("\n")[-1]
    sign.click()
    expect(page.locator(f"{CARD} .next-step")).to_contain_text("It bleeds")
    if "No malignancy" in before:
        expect(headline).to_have_text("Have it examined, whatever the photograph shows.")
    # The eye, and the focus, stay where they were.
    expect(sign).to_be_focused()
    expect(sign).to_have_attribute("aria-pressed", "true")
    page.locator(CARD).get_by_role("link", name="Open in history").click()
    expect(page.locator("#case-card .next-step")).to_contain_text("It bleeds")
    expect(page.get_by_label("Does it bleed")).to_have_value("yes")
    # Taken back there, and saved with the form at once: nobody else was faster.
    page.get_by_label("Age in years").fill("61")
    page.get_by_role("button", name="It bleeds").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#context-problem")).to_have_text("Saved.")
    expect(page.get_by_label("Does it bleed")).to_have_value("none")
    expect(page.locator("#case-card .result-verdict")).to_contain_text(before)


def test_file_chooser_is_reached_with_the_keyboard(visit: Visit) -> None:
    page = visit.open()
    # Listened for from the beginning: the browser is told of it a moment later, and Enter may be faster than that.
    opened: list[FileChooser] = []
    page.on("filechooser", lambda chooser: opened.append(chooser))
    page.wait_for_selector("#file-chooser", state="attached")
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.locator("#file-chooser").evaluate("input => input === document.activeElement"):
            break
    expect(page.locator("#file-chooser")).to_be_focused()
    with page.expect_event("filechooser"):
        page.keyboard.press("Enter")
    assert len(opened) == 1


def test_server_that_cannot_be_reached_is_said_in_the_files_place(visit: Visit, lesion_jpeg: bytes) -> None:
    page = visit.open()
    page.route("**/api/v1/predictions", lambda route: route.abort())
    choose(page, photograph("lost.jpg", lesion_jpeg))
    expect(page.locator(ERROR)).to_contain_text("The server could not be reached")
    page.unroute("**/api/v1/predictions")
    page.get_by_role("button", name="Try again: lost.jpg").click()
    expect(page.locator(CARD)).to_contain_text("lost.jpg")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_phone_needs_no_sideways_scrolling(visit: Visit, lesion_jpeg: bytes, scheme: str) -> None:
    page = visit.open(width=390, scheme=scheme)
    choose(page, photograph("a-very-long-name-" * 12 + ".jpg", lesion_jpeg), photograph("bad.jpg", b"x"))
    expect(page.locator(CARD)).to_have_count(1)
    expect(page.locator(ERROR)).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

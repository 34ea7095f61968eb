"""The history, its cases and what can be done with them, as a person does it."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import FilePayload, Page, expect

from model.images import encode
from tests.browser.conftest import Visit, predict
from tests.browser.test_answers import HOLD, rest
from training.drawings.synthetic import draw_lesion


@pytest.fixture(scope="module")
def stored(address: str) -> list[str]:
    """The ids of five predictions, oldest first, with a reference that no other test uses."""
    return [
        predict(
            address,
            encode(draw_lesion(seed=900 + number, malignant=number % 2 == 1)),
            f"trip-{number}.jpg",
            lesion="TRIP-7",
        )
        for number in range(5)
    ]


def names(page: Page) -> list[str]:
    """The files that the grid shows, from top to bottom."""
    rows = page.locator(".ag-center-cols-container .ag-row")
    found = {
        int(row.get_attribute("row-index") or 0): row.locator(".action").inner_text() for row in rows.all()
    }
    return [found[index] for index in sorted(found)]


def test_filters_and_order_live_in_the_address(visit: Visit, stored: list[str]) -> None:
    page = visit.open("/history")
    page.get_by_label("Search", exact=True).fill("trip-7")
    expect(page.locator("#history-count")).to_have_text("5 match these filters")
    expect(page).to_have_url(re.compile(r"/history\?q=trip-7$"))
    page.get_by_label("Order").select_option("filename.asc")
    expect(page).to_have_url(re.compile(r"q=trip-7&sort=filename\.asc$"))
    expect(page.locator(".ag-row").first).to_contain_text("trip-0.jpg")
    assert names(page) == [f"trip-{number}.jpg" for number in range(5)]
    # A header changes the order, and the address with it.
    page.locator(".ag-header-cell", has_text="File").click()
    expect(page).to_have_url(re.compile(r"sort=filename\.desc$"))
    shared = page.url.removeprefix(visit.address)

    # Somebody else opens the link.
    other = visit.open(shared)
    expect(other.locator("#history-count")).to_have_text("5 match these filters")
    expect(other.locator(".ag-row").first).to_contain_text("trip-4.jpg")
    expect(other.get_by_label("Search", exact=True)).to_have_value("trip-7")

    # Into a case, on to the next one with the keyboard, and back to the list as it was.
    other.get_by_role("link", name="trip-4.jpg", exact=True).click()
    expect(other.locator(".result .filename[title]")).to_have_text("trip-4.jpg")
    other.locator("h1").click()
    other.keyboard.press("ArrowRight")
    expect(other.locator(".result .filename[title]")).to_have_text("trip-3.jpg")
    other.get_by_role("link", name="← History").click()
    expect(other).to_have_url(re.compile(re.escape(shared)))
    expect(other.locator("#history-count")).to_have_text("5 match these filters")

    # Back undoes a filter.
    page.go_back()
    expect(page.get_by_label("Order")).to_have_value("filename.asc")
    expect(page.locator(".ag-row").first).to_contain_text("trip-0.jpg")


def test_a_review_is_appended_and_two_people_notice_each_other(visit: Visit, stored: list[str]) -> None:
    first, second = visit.open(f"/history/{stored[0]}"), visit.open(f"/history/{stored[0]}")
    expect(second.get_by_role("button", name="Save review")).to_be_visible()
    first.get_by_label("Confirmed diagnosis").select_option("mel")
    first.get_by_label("Confirmed by").select_option("histology")
    first.get_by_label("Your name").fill("Dr A")
    first.get_by_role("button", name="Save review").click()
    expect(first.locator(".reviews")).to_contain_text("Melanoma")
    expect(first.locator(".review-state")).to_contain_text("Melanoma (histology)")

    second.get_by_label("Note").first.fill("Looks harmless.")
    second.get_by_label("Your name").fill("Dr B")
    second.get_by_role("button", name="Save review").click()
    expect(second.locator("#review-problem")).to_contain_text("changed meanwhile by Dr A")
    expect(second.get_by_label("Note").first).to_have_value("Looks harmless.")
    second.get_by_role("button", name="Save review").click()
    expect(second.locator(".reviews")).to_contain_text("Looks harmless.")

    # The name is remembered.
    first.goto(f"{visit.address}/history/{stored[1]}")
    expect(first.get_by_label("Your name")).to_have_value("Dr A")


def test_pictures_are_selected_and_tagged_together(visit: Visit, stored: list[str]) -> None:
    page = visit.open("/history?q=trip-7&view=gallery")
    expect(page.locator(".gallery-item")).to_have_count(5)
    page.get_by_role("button", name="Select trip-1.jpg").click()
    page.get_by_role("button", name="Select trip-2.jpg").click()
    expect(page.locator("#history-selected")).to_have_text("2 selected")
    page.get_by_role("button", name="Review or tag").click()
    page.get_by_label("Add tags").fill("teaching")
    page.get_by_label("Your name").fill("Dr A")
    page.get_by_role("button", name="Save for all selected").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.goto(f"{visit.address}/history?tag=teaching")
    expect(page.locator("#history-count")).to_have_text("2 match these filters")


def test_another_model_answers_in_the_background(visit: Visit, stored: list[str]) -> None:
    page = visit.open("/history?q=trip-7&sort=filename.asc")
    boxes = page.locator(".ag-row .ag-checkbox-input")
    expect(boxes).to_have_count(5)
    boxes.nth(0).check()
    boxes.nth(1).check()
    page.get_by_role("button", name="Predict again").click()
    page.get_by_role("dialog").get_by_role("button", name="Predict again").click()
    expect(page.locator(".job")).to_contain_text("2 predicted again with tiny")
    page.locator(".job").get_by_role("link", name="Compare").click()
    expect(page.locator(".compare-table tbody tr")).to_have_count(2)
    assert "/compare/" in page.url


def test_new_predictions_are_told_without_a_reload(
    visit: Visit, stored: list[str], lesion_jpeg: bytes
) -> None:
    page = visit.open("/history?q=latecomer")
    expect(page.locator("#history-count")).to_have_text("No prediction matches these filters.")
    other = visit.open("/")
    late: FilePayload = {"name": "latecomer.jpg", "mimeType": "image/jpeg", "buffer": lesion_jpeg}
    other.set_input_files("#file-chooser", [late])
    expect(other.locator(".slot .result:not(.waiting)")).to_have_count(1)
    # The page asks every ten seconds; this is one of those moments.
    page.evaluate("window.dash_clientside.set_props('history-tick', { n_intervals: 99 })")
    page.get_by_role("button", name="1 new · show").click()
    expect(page.locator("#history-count")).to_have_text("1 matches these filters")


def test_what_is_selected_is_deleted_after_a_question(visit: Visit, stored: list[str]) -> None:
    page = visit.open("/history?q=trip-7&view=gallery&sort=filename.desc")
    page.get_by_role("button", name="Select trip-3.jpg").click()
    expect(page.locator("#history-selected")).to_have_text("1 selected")
    # What goes out of sight is no longer selected, or it would be deleted unseen.
    page.get_by_label("Order").select_option("filename.asc")
    expect(page.locator("#history-actions")).to_be_hidden()
    page.get_by_role("button", name="Select trip-4.jpg").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("heading", name="Delete this prediction?")).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator(".gallery-item", has_text="trip-4.jpg")).to_have_count(0)
    page.goto(f"{visit.address}/history/{stored[4]}")
    expect(page.locator("h1")).to_have_text("This prediction is not here")


@pytest.mark.parametrize("path", ["/monitoring", "/history?view=gallery"])
def test_phone_needs_no_sideways_scrolling(visit: Visit, stored: list[str], path: str) -> None:
    page = visit.open(path, width=390)
    expect(page.locator("h1")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_monitoring_says_what_it_does_not_know_yet(visit: Visit, stored: list[str]) -> None:
    page = visit.open("/monitoring?days=all")
    expect(page.locator("#monitoring-body")).to_contain_text("Too few predictions to say")
    expect(page).to_have_url(re.compile(r"days=all&model="))
    page.get_by_label("Time").select_option("7")
    expect(page).to_have_url(re.compile(r"days=7&model="))


# A Stop button as a running job has it, pressed at a moment at which the page asks how far the jobs are. A real job
# would be over before the press on an idle machine.
STOP = """
const button = document.createElement("button");
button.dataset.stop = "a-job";
document.body.append(button);
dash_clientside.set_props("jobs-tick", { n_intervals: 1000 });
button.click();
"""


def test_a_job_stops_though_the_page_asks_at_the_same_moment(visit: Visit, stored: list[str]) -> None:
    page = visit.open("/history?q=trip-7")
    expect(page.locator(".ag-row .ag-checkbox-input").first).to_be_visible()
    with page.expect_response(
        lambda answer: '"output":"again-stopped.data"' in (answer.request.post_data or "")
    ) as asked:
        page.evaluate(f"() => {{{STOP}}}")
    assert asked.value.json()["response"]["again-stopped"]["data"] == "a-job"


def test_more_pictures_of_another_view_are_not_added(visit: Visit, address: str, lesion_jpeg: bytes) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: predict(address, lesion_jpeg, f"many-{number}.jpg"), range(62)))
    page = visit.open("/history?q=many&view=gallery", script=HOLD)
    further = page.locator("#history-further")
    expect(page.locator(".gallery-item")).to_have_count(60)
    page.evaluate("hold('history-pictures.children')")
    with page.expect_response(re.compile("_dash-update-component")):
        page.get_by_label("Search", exact=True).fill("many-1")
    further.evaluate("button => button.click()")
    rest(page)
    page.evaluate("letGo()")
    rest(page)
    # many-1 and many-10 to many-19.
    expect(page.locator(".gallery-item")).to_have_count(11)


def test_what_was_cleared_does_not_come_back(visit: Visit, stored: list[str]) -> None:
    page = visit.open("/history?q=trip-7")
    expect(page.locator("#history-count")).to_contain_text("match")
    # Typed, and cleared before Dash has heard of it.
    page.evaluate("""() => {
        const field = document.querySelector("#history-q");
        Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(field, "trip-7 left");
        field.dispatchEvent(new Event("input", { bubbles: true }));
        document.querySelector("#history-clear").click();
    }""")
    page.wait_for_timeout(2000)
    expect(page.get_by_label("Search", exact=True)).to_have_value("")
    expect(page).to_have_url(re.compile(r"/history$"))


# When the first filter goes into the address, the second one is set.
SECOND = """
const push = window.history.pushState;
window.history.pushState = function (...values) {
  push.apply(this, values);
  if (String(values[2]).includes("outcome=malignant") && !window.second) {
    window.second = true;
    setTimeout(() => document.querySelector("#history-review input").click(), 0);
  }
};
"""


def test_a_filter_that_is_set_as_the_address_changes_stays(visit: Visit, stored: list[str]) -> None:
    page = visit.open("/history", script=SECOND)
    page.locator("#history-outcome input[value=malignant]").check()
    expect(page).to_have_url(re.compile(r"outcome=malignant&review=open$"))

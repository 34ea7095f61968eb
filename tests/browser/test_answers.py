"""Answers that come late, and clicks beside something that just arrives: the page shows what was asked for last."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Response, expect

from model.bundle import open_bundle
from model.evaluation.review import evaluate_split
from tests.browser.conftest import Visit, look_at, predict

# Answers to the next question that holds a text wait until they are let go.
HOLD = """
const send = window.fetch;
const held = [];
window.hold = (text) => held.push({ text, waiting: new Promise((go) => (window.letGo = go)) });
window.fetch = async (...question) => {
  const at = held.findIndex(({ text }) => String((question[1] || {}).body).includes(text));
  const [hold] = at < 0 ? [] : held.splice(at, 1);
  const answer = await send(...question);
  await (hold && hold.waiting);
  return answer;
};
"""

# With every figure that arrives, another cell of the table is clicked; what is listed then is written down.
CLICKS = """
window.listed = [];
const codes = ["fp", "tn", "tp", "fn"];
new MutationObserver(() => {
  for (const room of document.querySelectorAll(".room:has(.dash-graph):not([data-seen])")) {
    room.dataset.seen = "yes";
    const code = codes[window.listed.length % 4];
    const entry = [code];
    window.listed.push(entry);
    document.querySelector(`#cell-${code}`).click();
    setTimeout(() => entry.push(dash_component_api.getLayout("performance-show").props.data), 20);
  }
}).observe(document, { childList: true, subtree: true });
"""


@pytest.fixture
def case(address: str, lesion_jpeg: bytes) -> str:
    """The id of a prediction."""
    return predict(address, lesion_jpeg, "twice.jpg")


def rest(page: Page) -> None:
    """Wait until the page asks nothing any more."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1000)


def asks_for(figure: str) -> Callable[[Response], bool]:
    """Whether an answer is about that figure."""
    return lambda answer: f'"name\\":\\"{figure}' in (answer.request.post_data or "")


def test_a_click_beside_an_arriving_figure_counts(visit: Visit) -> None:
    page = visit.open("/performance?model=tiny&split=test", script=CLICKS)
    for figure in ("roc", "calibration", "benefit", "subgroups"):
        look_at(page, figure)
    page.wait_for_function("() => window.listed.filter((one) => one.length === 2).length >= 4")
    listed = [one for one in page.evaluate("window.listed") if len(one) == 2]
    assert [shown for _, shown in listed] == [wanted for wanted, _ in listed]


@pytest.mark.parametrize("first", ["female", "male"])
def test_the_last_choice_is_shown(visit: Visit, first: str) -> None:
    page = visit.open("/performance?model=tiny&split=test", script=HOLD)
    rest(page)
    last = {"female": "male", "male": "female"}[first]
    page.evaluate("hold('performance-body.children')")
    with page.expect_request(re.compile("_dash-update-component")):
        page.get_by_label("sex").select_option(first)
    page.get_by_label("sex").select_option(last)
    about = page.locator(".summary-about")
    expect(about).to_contain_text(f"only sex {last}")
    page.evaluate("letGo()")
    rest(page)
    expect(about).to_contain_text(f"only sex {last}")
    expect(page.get_by_label("sex")).to_have_value(last)
    assert page.url.endswith(f"sex={last}")


def test_an_answer_about_another_view_is_not_shown(visit: Visit) -> None:
    page = visit.open("/performance?model=tiny&split=test", script=HOLD)
    rest(page)
    page.evaluate("""hold('"name\\\\":\\\\"subgroups')""")
    forest = page.locator(".graph-subgroups")
    with page.expect_response(asks_for("subgroups")):
        forest.scroll_into_view_if_needed()
    page.evaluate("scrollTo(0, 0)")
    page.get_by_label("sex").select_option("female")
    expect(page.locator(".summary-about")).to_contain_text("only sex female")
    page.evaluate("letGo()")
    rest(page)
    # Out of sight, the room of the new view stays empty, and is drawn of that view when it is looked at.
    expect(forest.locator(".room > .skeleton")).to_have_count(1)
    look_at(page, "subgroups")
    labels = page.evaluate(
        "document.querySelector('.graph-subgroups .js-plotly-plot')._fullLayout.yaxis.ticktext"
    )
    assert labels
    assert not any("male" in one.replace("female", "") for one in labels)


def test_the_slider_stays_where_it_was_put_while_a_new_body_came(visit: Visit, bundle_root: Path) -> None:
    page = visit.open("/performance?model=tiny&split=test", script=HOLD)
    rest(page)
    page.evaluate("hold('performance-body.children')")
    with page.expect_request(re.compile("_dash-update-component")):
        page.get_by_label("sex").select_option("female")
    page.evaluate("dash_clientside.set_props('performance-threshold', {value: 62.5})")
    page.evaluate("letGo()")
    page.wait_for_url("**sex=female**threshold=62.5**")
    expect(page.locator(".summary-about")).to_contain_text("only sex female")
    handle = page.locator("#performance-threshold [role=slider]")
    expect(handle).to_have_attribute("aria-valuenow", "62.5")
    at = evaluate_split(open_bundle(bundle_root / "tiny"), "test", (("sex", "female"),)).confusion(62.5)
    expect(page.locator("#cell-fn")).to_have_text(str(at.fn))


def test_a_figure_that_comes_late_has_its_mark_at_the_slider(visit: Visit) -> None:
    page = visit.open("/performance?model=tiny&split=test", script=HOLD)
    look_at(page, "roc")
    rest(page)
    page.evaluate("""hold('"name\\\\":\\\\"roc')""")
    with page.expect_response(asks_for("roc")):
        page.locator("#theme-switch").click()
        page.locator(".graph-roc").scroll_into_view_if_needed()
    page.evaluate("dash_clientside.set_props('performance-threshold', {value: 62.5})")
    page.wait_for_timeout(500)
    page.evaluate("letGo()")
    # The dark theme's ink.
    first = "document.querySelector('.graph-roc .js-plotly-plot').data[0]"
    page.wait_for_function(f"() => {first}.marker.color === '#e6eaf0'")
    rest(page)
    assert page.evaluate(f"{first}.text[0]") == "threshold 62.5 %"


def test_what_is_moved_before_the_sweep_is_there_is_kept(visit: Visit) -> None:
    page = visit.open("/performance?model=tiny&split=test", script=HOLD + "hold('performance-sweep.data');")
    look_at(page, "roc")
    page.evaluate("dash_clientside.set_props('performance-threshold', {value: 62.5})")
    page.wait_for_timeout(500)
    page.evaluate("letGo()")
    page.wait_for_url("**threshold=62.5**")
    rest(page)
    text = "document.querySelector('.graph-roc .js-plotly-plot').data[0].text[0]"
    assert page.evaluate(text) == "threshold 62.5 %"


def test_a_choice_before_the_sweep_is_there_leaves_the_slider_where_it_is(visit: Visit) -> None:
    page = visit.open("/performance?model=tiny&split=test", script=HOLD + "hold('performance-sweep.data');")
    handle = page.locator("#performance-threshold [role=slider]")
    expect(handle).to_be_visible()
    rest(page)
    page.evaluate("dash_clientside.set_props('performance-threshold', {value: 62.5})")
    page.get_by_label("sex").select_option("female")
    expect(page.locator(".summary-about")).to_contain_text("only sex female")
    page.evaluate("letGo()")
    rest(page)
    expect(handle).to_have_attribute("aria-valuenow", "62.5")
    assert page.url.endswith("sex=female&threshold=62.5")


def test_a_button_that_is_pressed_twice_saves_once(visit: Visit, case: str) -> None:
    page = visit.open(f"/history/{case}", script=HOLD)
    page.get_by_label("Note").first.fill("Once is enough.")
    page.get_by_label("Your name").fill("Dr A")
    rest(page)
    page.evaluate("hold('review-done.data')")
    save = page.get_by_role("button", name="Save review")
    with page.expect_response(re.compile("_dash-update-component")):
        save.click()
    save.click()
    page.wait_for_timeout(500)
    page.evaluate("letGo()")
    expect(page.locator(".reviews li")).to_have_count(1)
    rest(page)
    expect(page.locator("#review-problem")).to_be_empty()
    # The next press counts.
    page.get_by_label("Note").first.fill("Twice, too.")
    save.click()
    expect(page.locator(".reviews li")).to_have_count(2)


def test_context_and_review_saved_at_once_are_both_kept(visit: Visit, case: str) -> None:
    page = visit.open(f"/history/{case}", script=HOLD)
    page.get_by_label("Note").first.fill("Both are kept.")
    page.get_by_label("Your name").fill("Dr A")
    page.get_by_label("Age in years").fill("54")
    rest(page)
    review, context = (
        page.get_by_role("button", name="Save review"),
        page.get_by_role("button", name="Save", exact=True),
    )
    page.evaluate("hold('review-done.data')")
    with page.expect_response(re.compile("_dash-update-component")):
        review.click()
    context.click()
    page.wait_for_timeout(500)
    page.evaluate("letGo()")
    expect(page.locator("#context-problem")).to_have_text("Saved.")
    expect(page.locator(".reviews")).to_contain_text("Both are kept.")
    expect(page.locator("#review-problem")).to_be_empty()
    # The other way round.
    page.get_by_label("Note").first.fill("And again.")
    page.get_by_label("Age in years").fill("55")
    rest(page)
    page.evaluate("hold('context-done.data')")
    with page.expect_response(re.compile("_dash-update-component")):
        context.click()
    review.click()
    page.wait_for_timeout(500)
    page.evaluate("letGo()")
    expect(page.locator(".reviews li")).to_have_count(2)
    rest(page)
    expect(page.locator("#review-problem")).to_be_empty()
    expect(page.locator(".audit")).to_contain_text("54 → 55")


def test_what_waits_for_a_save_that_somebody_else_forestalled_is_not_saved_blindly(
    visit: Visit, case: str
) -> None:
    page, other = visit.open(f"/history/{case}", script=HOLD), visit.open(f"/history/{case}")
    rest(page)
    other.get_by_label("Age in years").fill("70")
    other.get_by_role("button", name="Save", exact=True).click()
    expect(other.locator("#context-problem")).to_have_text("Saved.")
    page.get_by_label("Note").first.fill("Late.")
    page.get_by_label("Your name").fill("Dr A")
    page.get_by_label("Age in years").fill("20")
    rest(page)
    page.evaluate("hold('review-done.data')")
    with page.expect_response(re.compile("_dash-update-component")):
        page.get_by_role("button", name="Save review").click()
    page.get_by_role("button", name="Save", exact=True).click()
    page.evaluate("letGo()")
    expect(page.locator("#review-problem")).to_contain_text("changed meanwhile")
    expect(page.locator("#context-problem")).to_contain_text("Not saved yet")
    expect(page.get_by_label("Age in years")).to_have_value("20")

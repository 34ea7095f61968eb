"""Answers that come late, and clicks beside something that just arrives: the page shows what was asked for last."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit

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


def rest(page: Page) -> None:
    """Wait until the page asks nothing any more."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1000)


def test_a_click_beside_an_arriving_figure_counts(visit: Visit) -> None:
    page = visit.open("/performance?model=tiny&split=test", script=CLICKS)
    page.wait_for_function("() => window.listed.filter((one) => one.length === 2).length >= 3")
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
    about = page.locator(".performance-about")
    expect(about).to_contain_text(f"only sex {last}")
    page.evaluate("letGo()")
    rest(page)
    expect(about).to_contain_text(f"only sex {last}")
    expect(page.get_by_label("sex")).to_have_value(last)
    assert page.url.endswith(f"sex={last}")


def test_an_answer_about_another_view_is_not_shown(visit: Visit, bundle_root: Path) -> None:
    """The model card looks the same in every theme, so nobody asks for it again."""
    page = visit.open("/performance?model=tiny&split=test", script=HOLD + 'hold(\'"name\\\\":\\\\"forest\');')
    page.wait_for_function("() => document.querySelector('.graph-roc .js-plotly-plot')?._fullData")
    page.get_by_label("sex").select_option("female")
    expect(page.locator(".performance-about")).to_contain_text("only sex female")
    page.evaluate("letGo()")
    page.wait_for_timeout(100)
    labels = "() => document.querySelector('.graph-forest .js-plotly-plot')?._fullLayout?.yaxis?.ticktext"
    page.wait_for_function(labels)
    assert not any("sex: male" in one for one in page.evaluate(f"({labels})()"))

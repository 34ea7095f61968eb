"""The performance page on paper: everything that the page can draw is drawn, and fits on A4."""

import io

from playwright.sync_api import expect
from pypdf import PdfReader

from tests.browser.conftest import Visit, look_at

# What the browser would print is kept as it stands.
HELD = "window.print = () => { document.documentElement.dataset.printed = 'yes'; };"


def test_every_figure_is_drawn_before_the_page_is_printed(visit: Visit) -> None:
    page = visit.open("/performance?model=tiny&split=test", script=HELD)
    page.get_by_role("button", name="Print").click()
    expect(page.locator("html[data-printed]")).to_be_attached()
    rooms = page.locator("#performance-body .room")
    assert rooms.count() > 8
    assert all(not one.locator(":scope > .skeleton").count() for one in rooms.all())
    figures = page.locator("#performance-body .graph > .room")
    assert all(one.locator(".main-svg .trace").count() for one in figures.all())
    expect(page.locator(".graph-roc .point").first).to_be_visible()
    # 186 millimetres are 703 pixels.
    widths = page.locator("#performance-body .main-svg").evaluate_all(
        "all => all.map((one) => one.getBoundingClientRect().right)"
    )
    assert max(widths) <= 704
    # Which ends with "afterprint", as printing does.
    paper = io.BytesIO(page.pdf())
    text = " ".join(sheet.extract_text() for sheet in PdfReader(paper).pages)
    for words in ("What is known", "Model card", "CLAIM 2024", "SHA-256", "Where it is answered"):
        assert words in text, words
    # The page is as it was.
    expect(page.locator("html.printing")).to_have_count(0)
    expect(page.locator("#section-card > details")).not_to_have_attribute("open", "")


def test_paper_from_the_browsers_own_menu_says_what_is_not_drawn(visit: Visit) -> None:
    page = visit.open("/performance?model=tiny&split=test")
    look_at(page, "roc")
    page.wait_for_load_state("networkidle")
    paper = io.BytesIO(page.pdf())
    text = " ".join(" ".join(sheet.extract_text() for sheet in PdfReader(paper).pages).split())
    assert "Not on this paper:" in text
    note = text.split("Not on this paper:")[1].split("Figures are drawn")[0]
    assert "Training" in note
    assert "ROC" not in note
    assert "the button “Print” of the page draws all of them" in text
    # The page is as it was, and its figures follow the window again.
    expect(page.locator("html.printing")).to_have_count(0)
    expect(page.locator(".undrawn")).to_have_count(0)
    graph = page.locator(".graph-roc")
    wide = (
        "one => Math.abs(one.querySelector('.main-svg').getBoundingClientRect().width - one.clientWidth) < 2"
    )
    for _ in range(50):
        if graph.evaluate(wide):
            break
        page.wait_for_timeout(100)
    assert graph.evaluate(wide)

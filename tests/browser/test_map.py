"""The map of the evaluated images: chosen by finger, and the same in whoever's window the link is opened."""

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Visit, look_at

ADDRESS = "/performance?model=dermanet&split=test"


def swipe(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw a finger over the middle of the map, from one place to another, in pixels from its middle."""
    page.locator(".graph-map").evaluate("map => map.scrollIntoView({ block: 'center' })")
    page.wait_for_timeout(500)
    box = page.locator(".graph-map .nsewdrag").first.bounding_box()
    assert box is not None
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    session = page.context.new_cdp_session(page)

    def touch(kind: str, share: float) -> None:
        places = [middle[axis] + start[axis] + share * (end[axis] - start[axis]) for axis in (0, 1)]
        points = [] if kind == "touchEnd" else [{"x": places[0], "y": places[1]}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        page.wait_for_timeout(30)

    touch("touchStart", 0)
    for step in range(1, 11):
        touch("touchMove", step / 10)
    touch("touchEnd", 1)


def test_a_finger_moves_the_page_until_it_is_asked_to_choose(browser: Browser, shipped: str) -> None:
    visit = Visit(browser, shipped)
    page = visit.open(ADDRESS, width=360, touch=True)
    look_at(page, "map")
    expect(page.get_by_role("button", name="Move")).to_have_attribute("aria-pressed", "true")
    drawer = page.locator("#performance-drawer")
    # Upwards over the map: the page moves.
    before = page.evaluate("scrollY")
    swipe(page, (0, 60), (0, -120))
    page.wait_for_timeout(500)
    assert page.evaluate("scrollY") != before
    expect(drawer).to_be_hidden()
    for name in ("Box", "Lasso"):
        page.get_by_role("button", name=name).tap()
        expect(page.get_by_role("button", name=name)).to_have_attribute("aria-pressed", "true")
        expect(page.get_by_role("button", name="Move")).to_have_attribute("aria-pressed", "false")
        if name == "Box":
            swipe(page, (-100, -100), (100, 100))
            expect(page.locator("#performance-chip")).to_contain_text("Chosen on the map")
            expect(page.locator("#performance-drawer .case-card").first).to_be_visible()
            drawer.get_by_role("button", name="Close").tap()
            expect(drawer).to_be_hidden()
    # A figure that is drawn anew keeps what was asked for.
    page.get_by_label("Colour by").select_option("outcome")
    expect(page.locator(".graph-map .legendtext").filter(has_text="Uncertain")).to_have_count(1)
    assert page.locator(".graph-map .js-plotly-plot").evaluate("one => one._fullLayout.dragmode") == "lasso"
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    visit.close()


def test_a_link_has_the_colouring_of_the_map(browser: Browser, shipped: str) -> None:
    visit = Visit(browser, shipped)
    page = visit.open(ADDRESS)
    look_at(page, "map")
    page.get_by_label("Colour by").select_option("source")
    page.wait_for_url("**colour=source**")
    other = visit.open(page.url.removeprefix(shipped))
    look_at(other, "map")
    expect(other.get_by_label("Colour by")).to_have_value("source")
    expect(other.locator(".graph-map .legendtext").filter(has_text="HAM10000")).to_have_count(1)
    # Back to the usual one, which no address needs.
    other.get_by_label("Colour by").select_option("truth")
    other.wait_for_url(lambda url: "colour" not in url)
    visit.close()

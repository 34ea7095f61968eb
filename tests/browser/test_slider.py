"""The numbers at the slider without Dash: what a person sees while dragging is what the server would say."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from dashboard.performance import threshold
from dashboard.performance.threshold import CELLS, TILES, tile_readings
from model.bundle import open_bundle
from model.evaluation.metrics import Confusion
from model.evaluation.review import evaluate_split
from model.evaluation.words import rate
from tests.browser.conftest import Visit

ADDRESS = "/performance?model=tiny&split=test"


def press(page: Page, key: str) -> float:
    """A key on the slider's handle; where it is then, in per cent."""
    handle = page.locator("#performance-threshold [role=slider]").first
    handle.press(key)
    return float(handle.get_attribute("aria-valuenow") or "nan")


def expect_numbers(page: Page, at: Confusion) -> None:
    """Every number that follows the slider."""
    for name, _, _ in TILES:
        for end, words in zip(("", "-line"), tile_readings(at)[name], strict=True):
            expect(page.locator(f"#tile-{name}{end}")).to_have_text(words)
    for name, *_ in CELLS:
        of = at.tp + at.fn if name in ("tp", "fn") else at.fp + at.tn
        expect(page.locator(f"#cell-{name}")).to_have_text(f"{getattr(at, name):,}")
        expect(page.locator(f"#cell-{name}-share")).to_have_text(rate(getattr(at, name) / of))
    for name, told in threshold.number_readings(at, threshold.chosen_prevalence(None, at)).items():
        for end, words in zip(("", "-range"), told, strict=True):
            expect(page.locator(f"#number-{name}{end}")).to_have_text(words)


@pytest.mark.parametrize("dash", [False, True], ids=["at once", "at rest"])
def test_numbers_follow_the_handle(visit: Visit, bundle_root: Path, dash: bool) -> None:
    shown = evaluate_split(open_bundle(bundle_root / "tiny"), "test")
    page = visit.open(ADDRESS)
    expect(page.locator("#tile-auc")).to_be_visible()
    page.wait_for_load_state("networkidle")
    if not dash:
        page.evaluate(
            "['read', 'weigh'].forEach((name) =>"
            " { dash_clientside.slider[name] = () => dash_clientside.no_update; })"
        )
    for key in ("ArrowRight", "Home", "End", "ArrowLeft"):
        expect_numbers(page, shown.confusion(press(page, key)))
    for _ in range(5):
        last = press(page, "PageDown")
    expect_numbers(page, shown.confusion(last))


def test_numbers_are_right_after_the_page_was_drawn_anew(visit: Visit, bundle_root: Path) -> None:
    """What was written past React must not stay when React finds its own value unchanged."""
    bundle = open_bundle(bundle_root / "tiny")
    page = visit.open(ADDRESS)
    expect(page.locator("#tile-auc")).to_be_visible()
    page.wait_for_load_state("networkidle")
    position = press(page, "End")
    expect_numbers(page, evaluate_split(bundle, "test").confusion(position))
    page.locator("#performance-split").select_option("validation")
    page.wait_for_url("**split=validation**", timeout=20_000)
    expect(page.locator("#performance-threshold [role=slider]").first).to_be_visible()
    now = float(
        page.locator("#performance-threshold [role=slider]").first.get_attribute("aria-valuenow") or "nan"
    )
    expect_numbers(page, evaluate_split(bundle, "validation").confusion(now))


def test_what_is_chosen_before_the_sweep_is_there_is_kept(visit: Visit) -> None:
    """The sweep is most of the page's weight: on a slow line somebody is faster."""
    page = visit.open()
    held: list[Route] = []

    def hold(route: Route) -> None:
        if '"output":"performance-sweep.data"' in (route.request.post_data or ""):
            held.append(route)
        else:
            route.continue_()

    page.route("**/_dash-update-component*", hold)
    page.goto(visit.address + ADDRESS)
    field = page.locator("#performance-prevalence")
    field.fill("2.5")
    field.press("Enter")
    expect(page.locator("#performance-per-hundred")).to_contain_text("Where 2.5\u00a0% are cancers")
    # It is in the link at once, and another view takes it along.
    page.wait_for_url("**prevalence=2.5**")
    page.get_by_label("sex").select_option("female")
    page.wait_for_url("**sex=female**")
    expect(page.locator("#performance-per-hundred")).to_contain_text("Where 2.5\u00a0% are cancers")
    expect(field).to_have_value("2.5")
    assert "prevalence=2.5" in page.url
    assert held
    # Which lets go what is held.
    page.unroute("**/_dash-update-component*", hold)
    expect(page.locator("#number-ppv-range")).to_contain_text("–")


@pytest.mark.parametrize("wait", [0, 60, 120])
def test_who_leaves_before_the_slider_rests_meets_no_error(visit: Visit, wait: int) -> None:
    page = visit.open(ADDRESS)
    press(page, "ArrowRight")
    page.wait_for_timeout(wait)
    page.get_by_role("link", name="Monitoring").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Monitoring")
    page.wait_for_timeout(300)

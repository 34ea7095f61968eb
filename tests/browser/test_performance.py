"""The performance page as a person uses it; its script must count and write as the server does."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from dashboard.components import operating
from dashboard.components.performance import CELLS, TILES, rate, readings
from model.bundle import open_bundle
from model.figures import benefit
from model.figures.curves import OperatingPoint
from model.review import review
from tests.browser.conftest import Visit

FIGURE = ".js-plotly-plot .main-svg"


def slide(page: Page, position: float) -> None:
    """Put the slider somewhere, in per cent."""
    page.evaluate("at => dash_clientside.set_props('performance-threshold', {value: at})", position)


def mark(page: Page, figure: str) -> list[float]:
    """Where a figure's operating point is."""
    return page.evaluate(
        "name => { const {x, y} = document.querySelector(`.graph-${name} .js-plotly-plot`).data[0];"
        " return [...x, ...y] }",
        figure,
    )


@pytest.mark.parametrize("position", [0.0, 12.3, 30.0, 64.5, 100.0])
def test_slider_writes_what_the_server_would(visit: Visit, bundle_root: Path, position: float) -> None:
    shown = review(open_bundle(bundle_root / "tiny"), "test")
    page = visit.open("/performance?model=tiny&split=test")
    expect(page.locator(FIGURE).first).to_be_visible()
    # From elsewhere, so that nothing was right before.
    slide(page, 55.5)
    expect(page.locator("#tile-sensitivity")).to_have_text(readings(shown.confusion(55.5))["sensitivity"][0])
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    slide(page, position)
    at = shown.confusion(position)
    for name, _, _ in TILES:
        value, line = readings(at)[name]
        expect(page.locator(f"#tile-{name}")).to_have_text(value)
        expect(page.locator(f"#tile-{name}-line")).to_have_text(line)
    for name, *_ in CELLS:
        of = at.tp + at.fn if name in ("tp", "fn") else at.fp + at.tn
        expect(page.locator(f"#cell-{name}")).to_have_text(f"{getattr(at, name):,}")
        expect(page.locator(f"#cell-{name}-share")).to_have_text(rate(getattr(at, name) / of))
    for name, (value, interval) in operating.readings(at, operating.prevalence(None, at)).items():
        expect(page.locator(f"#number-{name}")).to_have_text(value)
        expect(page.locator(f"#number-{name}-range")).to_have_text(interval)
    page.wait_for_function(
        "y => document.querySelector('.graph-roc .js-plotly-plot').data[0].y[0] === y",
        arg=at.sensitivity.value,
    )
    if position < 100:
        assert mark(page, "benefit")[1] == pytest.approx(
            benefit.at(OperatingPoint(shown.probability(position), at))
        )
    assert mark(page, "scores")[0] == pytest.approx(100 * shown.probability(position))
    assert not asked


def test_prevalence_is_kept_in_the_address_without_asking_the_server(visit: Visit, bundle_root: Path) -> None:
    shown = review(open_bundle(bundle_root / "tiny"), "test")
    page = visit.open("/performance?model=tiny&split=test")
    expect(page.locator(FIGURE).first).to_be_visible()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.locator("#performance-prevalence").fill("2.5")
    page.locator("#performance-prevalence").press("Enter")
    at = operating.readings(shown.confusion(30), 2.5)
    expect(page.locator("#number-ppv")).to_have_text(at["ppv"][0])
    page.wait_for_url("**/performance?model=tiny&split=test&prevalence=2.5")
    assert not [url for url in asked if "_dash" in url]
    page.reload()
    expect(page.locator("#performance-prevalence")).to_have_value("2.5")
    expect(page.locator("#number-npv-range")).to_have_text(at["npv"][1])
    page.locator("#performance-split").select_option("validation")
    page.wait_for_url("**/performance?model=tiny&split=validation&prevalence=2.5")


def test_cases_behind_a_cell_worst_first(visit: Visit, bundle_root: Path) -> None:
    bundle = open_bundle(bundle_root / "tiny")
    page = visit.open("/performance?model=tiny&split=test")
    expect(page.locator(FIGURE).first).to_be_visible()
    rows = bundle.scores().query("split == 'test'")
    for position in (30, 60):
        slide(page, position)
        missed = rows[rows["malignant"] & (rows["probability"] < position / 100)].sort_values("probability")
        alarms = rows[~rows["malignant"] & (rows["probability"] >= position / 100)]
        alarms = alarms.sort_values("probability", ascending=False)
        worst = [*missed["image_id"], *alarms["image_id"]]
        expect(page.locator(".cases tbody th")).to_have_text(worst[:100])
    page.locator("#cell-fp-box").click()
    expect(page.locator(".cases tbody th")).to_have_text([*alarms["image_id"]])
    expect(page.locator(".cases tbody tr").first).to_contain_text("False alarm")


def test_theme_redraws_figures_and_keeps_the_operating_point(visit: Visit) -> None:
    page = visit.open("/performance")
    expect(page.locator(FIGURE).first).to_be_visible()
    slide(page, 50)
    page.wait_for_function(
        "() => document.querySelector('.graph-roc .js-plotly-plot').data[0].text[0].includes('50.0')"
    )
    before = mark(page, "roc")
    page.locator("#theme-switch").click()
    # The dark theme's ink.
    page.wait_for_function(
        "() => document.querySelector('.graph-roc .js-plotly-plot').data[0].marker.color === '#e6eaf0'"
    )
    assert mark(page, "roc") == pytest.approx(before)


def test_choice_is_in_the_address_and_the_address_is_the_choice(visit: Visit) -> None:
    page = visit.open("/performance?model=tiny&split=validation")
    expect(page.locator("#performance-split")).to_have_value("validation")
    page.locator("#performance-split").select_option("test")
    page.wait_for_url("**/performance?model=tiny&split=test")
    page.get_by_role("link", name="Predict").click()
    page.go_back()
    expect(page.locator("#performance-split")).to_have_value("test")
    expect(page.locator(FIGURE).first).to_be_visible()


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_window(visit: Visit, width: int) -> None:
    page = visit.open("/performance", width=width)
    expect(page.locator(FIGURE).first).to_be_visible()
    page.wait_for_timeout(500)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    inside = page.evaluate(
        "[...document.querySelectorAll('.graph')].every(one => one.clientWidth <= one.parentElement.clientWidth)"
    )
    assert inside

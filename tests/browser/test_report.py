"""The report in a browser without a network: every figure is drawn, nothing is asked for, it fits screen and paper."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from model.bundle import open_bundle
from model.evaluation.report import model_report


@pytest.fixture(name="file", scope="module")
def report_file(bundle_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "tiny.html"
    path.write_text(model_report(open_bundle(bundle_root / "tiny")), encoding="utf-8")
    return path


@pytest.mark.parametrize("width", [390, 1280])
def test_report_opens_without_a_network(browser: Browser, file: Path, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, offline=True, color_scheme="dark")
    page = context.new_page()
    wrong: list[str] = []
    page.on("request", lambda request: wrong.append(request.url) if request.url != file.as_uri() else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
    page.goto(file.as_uri())
    figures = page.locator("figure > div")
    expect(page.locator("figure .main-svg").first).to_be_visible()
    assert figures.count() == 8
    assert page.evaluate(
        "[...document.querySelectorAll('figure')].every(one => one.querySelector('.main-svg'))"
    )
    # Curves, not only axes.
    assert page.locator("#figure-roc .scatterlayer .trace").count() >= 4
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # A report is light whatever the system wears.
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not wrong
    context.close()


def test_report_fits_a4(browser: Browser, file: Path) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, offline=True)
    page = context.new_page()
    page.goto(file.as_uri())
    expect(page.locator("figure .main-svg").first).to_be_visible()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    # The type area of A4 in CSS pixels: 210 mm less two margins of 15 mm.
    page.set_viewport_size({"width": 680, "height": 1009})
    page.wait_for_function("document.querySelector('#figure-roc .main-svg').width.baseVal.value === 680")
    assert page.evaluate("document.documentElement.scrollWidth") <= 680
    context.close()

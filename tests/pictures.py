"""Pictures of the dashboard with drawn lesions: `python -m tests.pictures` makes those of the README anew.

`python -m tests.pictures --all FOLDER` takes every page in both themes, wide, medium and narrow, to be looked at.
"""

import argparse
import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from model.images import encode
from tests.browser.conftest import QUIET, ROOT, chromium_path, predict, served
from training.drawings.synthetic import draw_lesion

README_PICTURES = ROOT / "assets" / "pages"
WIDTHS = (360, 768, 1440)
SITES = ("back", "lower extremity", "face", "abdomen")
LESIONS = 12


# What is still to come, but for what is folded away: the first of it comes into view, where it is asked for.
BRING_INTO_VIEW = """() => {
  const waiting = [...document.querySelectorAll(".skeleton")].find((one) => one.checkVisibility());
  if (waiting) waiting.scrollIntoView({ block: "center" });
  return Boolean(waiting);
}"""


def fill_history(address: str) -> list[str]:
    """Predict drawn lesions; their ids."""
    return [
        predict(
            address,
            encode(draw_lesion(seed, malignant=seed % 3 == 0)),
            f"drawn-{seed}.jpg",
            age=str(30 + 4 * seed),
            sex=("female", "male")[seed % 2],
            site=SITES[seed % len(SITES)],
            lesion=f"drawn {seed // 2}",
        )
        for seed in range(LESIONS)
    ]


def open_page(browser: Browser, address: str, width: int, height: int, scheme: str = "light") -> Page:
    """A page in a window of that size, when everything on it stands."""
    page = browser.new_page(
        viewport={"width": width, "height": height},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    page.set_default_timeout(120_000)
    page.goto(address)
    expect(page.locator("h1")).to_be_visible()
    # Figures are drawn when they come into view. Some pages ask for news without end: a quiet network is no sign.
    for _ in range(600):
        if not page.evaluate(BRING_INTO_VIEW):
            break
        page.wait_for_timeout(200)
    expect(page.locator("._dash-loading:visible")).to_have_count(0)
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(2000)
    return page


def try_example(page: Page, number: int) -> None:
    """Choose a drawn example on the first page and wait for its result."""
    page.click(f'[data-example="{number}"]')
    page.wait_for_selector("#results article h2, #results article h3")
    page.wait_for_timeout(1000)


def save_webp(picture: bytes, path: Path) -> None:
    """A screenshot as the README shows it."""
    Image.open(io.BytesIO(picture)).save(path, quality=80, method=6)


def take_readme_pictures(browser: Browser, address: str, folder: Path) -> None:
    """The result of an example, and the first screen of three pages."""
    page = open_page(browser, f"{address}/", 1280, 1000)
    save_webp(page.screenshot(), folder / "predict.webp")
    try_example(page, 4)
    save_webp(page.locator("#results > *").first.screenshot(), folder / "result.webp")
    for name, height in (("performance", 1480), ("history", 960)):
        save_webp(open_page(browser, f"{address}/{name}", 1280, height).screenshot(), folder / f"{name}.webp")


def take_all_pictures(browser: Browser, address: str, folder: Path, record_id: str) -> None:
    """Every page, whole, as FOLDER/<page>-<theme>-<width>.png."""
    pages = {
        "predict": "/",
        "performance": "/performance",
        "history": "/history",
        "case": f"/history/{record_id}",
        "report": f"/report/{record_id}",
        "monitoring": "/monitoring",
    }
    for scheme in ("light", "dark"):
        for width in WIDTHS:
            for name, path in pages.items():
                page = open_page(browser, address + path, width, 900, scheme)
                page.screenshot(path=folder / f"{name}-{scheme}-{width}.png", full_page=True)
                if name == "predict":
                    try_example(page, 1)
                    page.screenshot(path=folder / f"result-{scheme}-{width}.png", full_page=True)
                page.close()


def main() -> int:
    """Serve, fill, take the pictures."""
    parser = argparse.ArgumentParser(prog="python -m tests.pictures", description=__doc__)
    parser.add_argument(
        "--all", type=Path, metavar="FOLDER", help="every page in both themes and three widths"
    )
    folder = parser.parse_args().all
    with (
        tempfile.TemporaryDirectory() as data,
        served(data_dir=data) as address,
        sync_playwright() as playwright,
    ):
        ids = fill_history(address)
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(QUIET))
        if folder is None:
            take_readme_pictures(browser, address, README_PICTURES)
        else:
            folder.mkdir(parents=True, exist_ok=True)
            take_all_pictures(browser, address, folder, ids[0])
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())

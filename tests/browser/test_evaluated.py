"""The page of an evaluated image, where its photograph is there."""

from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, expect

from model.images import encode
from tests.browser.conftest import Visit, served

IMAGE = "DRAWN_0000001"


def test_key_o_shows_what_the_model_looked_at(browser: Browser, bundle_root: Path, tmp_path: Path) -> None:
    # A patch that the tiny model looks at, and nothing else.
    pixels = np.zeros((256, 256, 3), np.uint8)
    pixels[96:160, 96:160] = (0, 255, 0)
    (tmp_path / f"{IMAGE}.jpg").write_bytes(encode(pixels))
    with served(bundles=bundle_root, data_dir=tmp_path / "data", images=tmp_path) as address:
        visit = Visit(browser, address)
        page = visit.open(f"/performance/case/tiny/{IMAGE}")
        outline, button = page.locator(".evaluated .outline"), page.locator("[data-outline]")
        expect(button).to_have_attribute("aria-pressed", "false")
        expect(outline).to_be_hidden()
        page.keyboard.press("o")
        expect(button).to_have_attribute("aria-pressed", "true")
        expect(outline).to_be_visible()
        expect(outline).to_have_js_property("complete", True)
        assert outline.evaluate("image => image.naturalWidth") > 0
        page.keyboard.press("o")
        expect(outline).to_be_hidden()
        visit.close()

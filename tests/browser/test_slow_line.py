"""Photographs over a slow line: smaller by themselves, upright and in their colours, and whole where somebody asks."""

import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from model.reading.colour import PRIMARIES, made_profile
from tests.browser.conftest import Visit
from tests.browser.test_predict import CARD, choose, photograph

# What a browser says of itself whose owner pays by the megabyte.
SAVING = """Object.defineProperty(navigator, "connection", {value: {saveData: true, effectiveType: "4g"}});"""
DISPLAY_P3 = 12
TURNED = 6


def grainy(width: int = 2000, height: int = 1500, **options: Any) -> bytes:
    """A large file: grain over four colours, one in each quarter."""
    quarters = np.array([[[200, 90, 70], [90, 60, 40]], [[230, 180, 160], [60, 90, 160]]])
    colours = quarters.repeat(height // 2, 0).repeat(width // 2, 1)
    grain = np.random.default_rng(1).integers(-40, 40, (height, width, 1))
    buffer = io.BytesIO()
    Image.fromarray((colours + grain).clip(0, 255).astype(np.uint8)).save(
        buffer, "JPEG", quality=90, subsampling=0, **options
    )
    return buffer.getvalue()


def newest(page: Page) -> dict[str, Any]:
    """The prediction that was stored last."""
    text = page.evaluate("fetch('/api/v1/predictions?limit=1').then(answer => answer.text())")
    prediction: dict[str, Any] = json.loads(text)["items"][0]
    return prediction


def quarters(page: Page) -> np.ndarray:
    """The mean colour of each quarter of the photograph that was stored last, (2, 2, 3)."""
    data = page.context.request.get(f"{page.url.rstrip('/')}{newest(page)['links']['image']}").body()
    return np.asarray(Image.open(io.BytesIO(data)).resize((2, 2), Image.Resampling.BOX), float)


@pytest.mark.parametrize("width", [360, 1440])
def test_a_browser_that_saves_data_sends_smaller_until_told_otherwise(visit: Visit, width: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = TURNED
    image = grainy(exif=exif, icc_profile=made_profile(PRIMARIES[DISPLAY_P3], None))
    page = visit.open(width=width, script=SAVING)
    expect(page.locator("#slow")).to_contain_text("The line is slow: photographs travel smaller")
    choose(page, photograph("sideways.jpg", image))
    expect(page.locator(CARD)).to_have_count(1)
    assert (newest(page)["width"], newest(page)["height"]) == (960, 1280)
    small = quarters(page)
    page.get_by_role("button", name="Send full size").press("Enter")
    expect(page.locator("#slow")).to_contain_text("at full size")
    choose(page, photograph("sideways.jpg", image))
    expect(page.locator(CARD)).to_have_count(2)
    assert (newest(page)["width"], newest(page)["height"]) == (1500, 2000)
    assert np.abs(small - quarters(page)).max() < 3
    expect(page.get_by_role("button", name="Send smaller")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_slow_first_upload_begins_anew_with_a_smaller_picture(visit: Visit) -> None:
    page = visit.open(width=360)
    expect(page.locator("#slow")).to_be_hidden()
    tools = page.context.new_cdp_session(page)
    tools.send("Network.enable")
    line = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 94_000}
    tools.send("Network.emulateNetworkConditions", line)
    choose(page, photograph("large.jpg", grainy(4000, 3000)))
    expect(page.locator("#slow")).to_contain_text("smaller")
    expect(page.locator(CARD)).to_contain_text("large.jpg")
    assert newest(page)["width"] == 1280
    assert newest(page)["filename"] == "large.jpg"


def test_over_a_fast_line_everything_travels_whole(visit: Visit) -> None:
    page = visit.open()
    choose(page, photograph("whole.jpg", grainy()))
    expect(page.locator(CARD)).to_have_count(1)
    assert newest(page)["width"] == 2000
    expect(page.locator("#slow")).to_be_hidden()

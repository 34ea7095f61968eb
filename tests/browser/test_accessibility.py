"""axe-core's rules on every page, in light and dark: nothing serious or critical may stand."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests import files
from tests.browser.conftest import Visit

GRAVE = ("serious", "critical")


@pytest.fixture(scope="session")
def stored(browser: Any, address: str, lesion_jpeg: bytes) -> str:
    """The id of a prediction that the pages can show."""
    request = browser.new_context().request
    file = {"name": "axe.jpg", "mimeType": "image/jpeg", "buffer": lesion_jpeg}
    form = {"file": file, "age": "54"}
    return str(request.post(f"{address}/api/v1/predictions", multipart=form).json()["id"])


def results(page: Page) -> None:
    """Cards, a file that failed, and the fields for a person."""
    page.get_by_text("Person and lesion").click()
    page.locator("[data-example='3']").click()
    page.set_input_files(
        "#file-chooser",
        [
            {"name": "good.jpg", "mimeType": "image/jpeg", "buffer": files.jpeg()},
            {"name": "bad.jpg", "mimeType": "image/jpeg", "buffer": b"x"},
        ],
    )
    page.get_by_role("button", name="Change", exact=True).click()
    expect(page.locator(".slot-done")).to_have_count(2)
    expect(page.locator(".slot-failed")).to_have_count(1)


def table(page: Page) -> None:
    """The same as a table."""
    results(page)
    page.get_by_role("button", name="Table", exact=True).click()


def figures(page: Page) -> None:
    """A page whose figures come last."""
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()


def nothing(page: Page) -> None:
    """A page that is there at once."""


def grave_violations(page: Page) -> list[str]:
    """The rules that a page breaks gravely, and where."""
    return [
        f"{one['id']}: {one['help']}: {[node['html'][:200] for node in one['nodes'][:4]]}"
        for one in Axe().run(page).response["violations"]
        if one["impact"] in GRAVE
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("path", "prepare"),
    [
        ("/", nothing),
        ("/", results),
        ("/", table),
        ("/performance", figures),
        ("/history", nothing),
        ("/history/{stored}", nothing),
        ("/bin", nothing),
        ("/monitoring", nothing),
        ("/report/{stored}", nothing),
        ("/nowhere", nothing),
    ],
)
def test_nothing_serious_stands_in_anyones_way(
    visit: Visit, stored: str, scheme: str, path: str, prepare: Callable[[Page], None]
) -> None:
    page = visit.open(path.format(stored=stored), scheme=scheme)
    expect(page.locator("h1").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    prepare(page)
    grave = grave_violations(page)
    assert not grave, "\n".join(grave)

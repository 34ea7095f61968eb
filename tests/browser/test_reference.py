"""The API's documentation: what is filled in works at the first "Try it out", with a log-in, too."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.services import build_services
from dashboard.settings import Settings
from dashboard.users.accounts import Accounts
from dashboard.users.roles import Role
from tests.browser.conftest import Visit, predict, served
from tests.browser.test_users import PASSWORD, sign_in

DOCS = "/api/v1/docs"
# In an order in which each finds what it needs: the first one makes the prediction.
OPERATIONS = (
    ("Predictions", "createPrediction", 201),
    *(("Predictions", name, 200) for name in ("listPredictions", "readPrediction", "changePrediction")),
    ("Predictions", "cropPrediction", 201),
    *(("Predictions", name, 200) for name in ("readImage", "readThumbnail", "readReport", "listBin")),
    ("Models", "listModels", 200),
    ("Models", "readModel", 200),
    ("Models", "readMetrics", 200),
    ("Examples", "readExample", 200),
    ("Predictions", "deletePrediction", 204),
)


@pytest.fixture(scope="module")
def guarded(bundle_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a dashboard with a log-in and an administrator."""
    data = tmp_path_factory.mktemp("guarded")
    services = build_services(Settings(bundles=bundle_root, data_dir=data, model="tiny", threads=1))
    Accounts(services.store).add("administrator", Role.ADMINISTRATOR, PASSWORD)
    services.store.close()
    with served(auth="local", bundles=bundle_root, data_dir=data) as address:
        yield address


def try_out(page: Page, tag: str, operation: str) -> str:
    """Open an operation, try it as it is filled in, and close it; the status of the answer."""
    block = page.locator(f"#operations-{tag}-{operation}")
    block.locator(".opblock-summary-control").click()
    block.get_by_role("button", name="Try it out").click()
    chooser = block.locator("input[type=file]")
    if chooser.count():
        expect(chooser).to_have_value(re.compile("drawn-example.jpg$"))
    if "{record_id}" in block.locator(".opblock-summary-path").inner_text().replace("\u200b", ""):
        expect(block.get_by_placeholder("record_id")).not_to_have_value("")
    block.get_by_role("button", name="Execute").click()
    status = block.locator(".live-responses-table tbody .response-col_status").first.inner_text()
    block.locator(".opblock-summary-control").click()
    return status.split()[0]


def test_examples_work_at_the_first_try(browser: Browser, guarded: str) -> None:
    visit = Visit(browser, guarded)
    page = visit.open(DOCS)
    sign_in(page, "administrator")
    found = {operation: try_out(page, tag, operation) for tag, operation, _ in OPERATIONS}
    visit.close()
    assert found == {operation: str(status) for _, operation, status in OPERATIONS}


def test_writing_is_never_tried_on_a_patient(visit: Visit, address: str, lesion_jpeg: bytes) -> None:
    stored = predict(address, lesion_jpeg, "a-patient.jpg")
    page = visit.open(DOCS)
    for operation, value in (("readPrediction", stored), ("deletePrediction", ""), ("changePrediction", "")):
        block = page.locator(f"#operations-Predictions-{operation}")
        block.locator(".opblock-summary-control").click()
        block.get_by_role("button", name="Try it out").click()
        expect(block.get_by_placeholder("record_id")).to_have_value(value)

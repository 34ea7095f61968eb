"""WCAG 2.2 AA on every page, in both themes: axe-core's rules, targets, focus, nothing wider than the window.

`make test` looks at each page in one width, `make test-full` in all.
"""

import json
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.services import build_services
from dashboard.settings import Settings
from dashboard.users.accounts import Accounts
from dashboard.users.roles import Role
from tests import files
from tests.browser.conftest import Visit, look_at, predict, served
from tests.browser.obstacles import axe_violations, hidden_focus, overflow, small_targets

WIDTHS = (320, 390, 1440)
# Wider windows belong to computers with a mouse.
TELEPHONE = 767
PASSWORD = "correct horse"
# Of the tiny model's test images, which is there as a photograph.
IMAGE = "DRAWN_0000001"


@dataclass(frozen=True)
class Screen:
    """A page in a state.

    Attributes:
        path: `{one}` and `{two}` stand for stored predictions, `{lesion}` and `{patient}` for whose they are.
        prepare: what is done until it is in the state.
        user: who has logged in; empty where nobody has to, "nobody" where it is the page that asks.
        widths: of the windows that it has.
    """

    name: str
    path: str
    prepare: Callable[[Page], None] = lambda page: None
    user: str = ""
    widths: tuple[int, ...] = WIDTHS


def results(page: Page) -> None:
    """Cards, a file that failed, and the fields for a person."""
    page.get_by_text("Person and lesion").click()
    dark = files.saved(files.lesion().point(lambda value: value // 12), quality=90)
    page.set_input_files(
        "#file-chooser",
        [
            {"name": "good.jpg", "mimeType": "image/jpeg", "buffer": files.jpeg()},
            {"name": "dark.jpg", "mimeType": "image/jpeg", "buffer": dark},
            {"name": "bad.jpg", "mimeType": "image/jpeg", "buffer": b"x"},
        ],
    )
    expect(page.locator(".slot-done")).to_have_count(2)
    expect(page.locator(".slot-failed")).to_have_count(1)


def table(page: Page) -> None:
    """The same as a table."""
    results(page)
    page.get_by_role("button", name="Table", exact=True).click()


def assigned(page: Page) -> None:
    """The table to fill in, with a row that does not fit."""
    results(page)
    page.get_by_role("button", name="Fill in").click()
    page.get_by_label("Date taken: good.jpg").fill("2999-01-01")
    page.get_by_label("Note: good.jpg").focus()
    expect(page.get_by_text("lies in the future")).to_be_visible()


def moving(page: Page) -> None:
    """A lesion is about to be moved, and nobody has said to whom."""
    page.get_by_text("Move to another patient").click()
    page.get_by_role("button", name="Move", exact=True).click()
    expect(page.get_by_text("Say which patient it is.")).to_be_visible()


def press(name: str) -> Callable[[Page], None]:
    """Press a button, and see the dialog that it opens."""

    def prepare(page: Page) -> None:
        page.get_by_role("button", name=name, exact=True).first.click()
        expect(page.locator("[role=dialog]:visible, dialog[open]")).to_be_visible()

    return prepare


def on_first_row(name: str) -> Callable[[Page], None]:
    """Select the first row of the history, and open a dialog for it."""

    def prepare(page: Page) -> None:
        page.get_by_role("button", name="Select all that match").click()
        press(name)(page)

    return prepare


def filters(page: Page) -> None:
    """Everything that the history filters by, with rows selected."""
    page.get_by_role("button", name="Select all that match").click()
    page.locator(".history-details > summary").click()


def in_bin(page: Page) -> None:
    """A case of the bin is about to go for good."""
    page.get_by_role("checkbox").first.check()
    press("Delete for good")(page)


def figures(page: Page) -> None:
    """A page whose figures are drawn when they come into view."""
    look_at(page, "roc")


def drawer(page: Page) -> None:
    """The cases behind a cell of the matrix."""
    page.get_by_title("Show these cases").first.click()
    expect(page.locator("#performance-drawer .case-card").first).to_be_visible()


def operation(page: Page) -> None:
    """An operation of the API, about to be tried."""
    page.locator("#operations-Predictions-createPrediction .opblock-summary-control").click()
    page.get_by_role("button", name="Try it out").click()


def lost(page: Page) -> None:
    """The server does not answer."""
    page.context.set_offline(True)
    page.get_by_role("link", name="Monitoring").click()
    expect(page.locator("#connection")).to_be_visible()


def refused(page: Page) -> None:
    """A password that is wrong."""
    page.get_by_label("User name").fill("administrator")
    page.get_by_label("Password").fill("wrong horse")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()


SCREENS = (
    Screen("predict", "/"),
    Screen("predict with results", "/", results),
    Screen("predict as a table", "/", table),
    # A telephone opens its own camera.
    Screen("camera", "/", press("Use the camera"), widths=WIDTHS[2:]),
    Screen("connection lost", "/", lost),
    Screen("history", "/history"),
    Screen("history with filters", "/history", filters),
    Screen("history as cards", "/history?view=gallery"),
    Screen("history, review several", "/history", on_first_row("Review or tag")),
    Screen("history, predict again", "/history", on_first_row("Predict again")),
    Screen("history, delete", "/history", on_first_row("Delete")),
    Screen("bin", "/bin"),
    Screen("bin, delete for good", "/bin", in_bin),
    Screen("case", "/history/{one}"),
    Screen("case, crop", "/history/{one}", press("Crop or turn")),
    Screen("case, delete", "/history/{one}", press("Delete this prediction")),
    Screen("lesion", "/lesions/{lesion}"),
    Screen("patient", "/patients/{patient}"),
    Screen("report", "/report/{one}"),
    Screen("photograph, enlarged", "/compare?cases={one}"),
    Screen("side by side", "/compare?cases={one},{two}"),
    Screen("performance", "/performance", figures),
    Screen("evaluated image", f"/performance/case/tiny/{IMAGE}"),
    Screen("monitoring", "/monitoring"),
    Screen("API", "/api/v1/docs", lambda page: expect(page.locator(".opblock").first).to_be_visible()),
    Screen("API, try it out", "/api/v1/docs", operation),
    Screen("unknown page", "/nowhere"),
    Screen("unknown case", "/history/0198c0de-0000-7000-8000-000000000000"),
    Screen("log-in", "/login", user="nobody"),
    Screen("log-in, refused", "/login", refused, "nobody"),
    Screen("password to choose", "/account", user="newcomer"),
    Screen("administration", "/administration", user="administrator"),
    Screen("administration, new user", "/administration", press("Add a user"), "administrator"),
    Screen("administration, change a user", "/administration", press("Change viewer"), "administrator"),
    Screen("account", "/account", user="clinician"),
    Screen("account, new token", "/account", press("Make a token"), "clinician"),
    Screen("history of a viewer", "/history", user="viewer"),
    Screen("performance, cases", "/performance", drawer),
    Screen("predict, patients and dates", "/", assigned),
    Screen("lesion, move", "/lesions/{lesion}", moving),
)


@pytest.fixture(scope="module")
def address(bundle_root: Path, tmp_path_factory: pytest.TempPathFactory, lesion_jpeg: bytes) -> Iterator[str]:
    """The address of a dashboard where nobody logs in, with an evaluated photograph."""
    images = tmp_path_factory.mktemp("images")
    (images / f"{IMAGE}.jpg").write_bytes(lesion_jpeg)
    with served(bundles=bundle_root, data_dir=tmp_path_factory.mktemp("data"), images=images) as address:
        yield address


@pytest.fixture(scope="module")
def stored(address: str, lesion_jpeg: bytes, mole_jpeg: bytes) -> dict[str, str]:
    """Ids of predictions of one lesion, of the lesion and its patient; one more prediction is in the bin."""
    predict(address, mole_jpeg, "nothing-told.jpg")
    gone = predict(address, mole_jpeg, "gone.jpg", lesion="axe-2")
    urllib.request.urlopen(urllib.request.Request(f"{address}/api/v1/predictions/{gone}", method="DELETE"))
    whose = {"patient": "P-1", "lesion": "axe-1"}
    two = predict(address, mole_jpeg, "axe-2.jpg", **whose, site="back", taken="2026-01-05")
    one = predict(address, lesion_jpeg, "axe-1.jpg", **whose, age="54", taken="2026-03-05")
    with urllib.request.urlopen(f"{address}/api/v1/patients?identifier=P-1") as answer:
        (patient,) = json.load(answer)["items"]
    with urllib.request.urlopen(f"{address}/api/v1/predictions/{one}") as answer:
        return {"two": two, "one": one, "patient": patient["id"], "lesion": json.load(answer)["lesion_id"]}


@pytest.fixture(scope="module")
def guarded(bundle_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a dashboard with a log-in and a user for each role."""
    data = tmp_path_factory.mktemp("guarded")
    services = build_services(Settings(bundles=bundle_root, data_dir=data, model="tiny", threads=1))
    for role in Role:
        Accounts(services.store).add(str(role), role, PASSWORD)
    Accounts(services.store).add("newcomer", Role.CLINICIAN, PASSWORD, once=True)
    services.store.close()
    with served(auth="local", bundles=bundle_root, data_dir=data) as address:
        yield address


def screens() -> Iterator[object]:
    """Every screen in every width; all but one width of each are for the full set."""
    for number, screen in enumerate(SCREENS):
        for width in screen.widths:
            marks = () if width == screen.widths[number % len(screen.widths)] else pytest.mark.full
            yield pytest.param(screen, width, id=f"{screen.name}-{width}", marks=marks)


def obstacles_on(visit: Visit, screen: Screen, width: int, ids: Mapping[str, str]) -> list[str]:
    """What stands in the way on a screen in a window of that width."""
    telephone = width <= TELEPHONE
    page = visit.open(screen.path.format_map(ids), width, touch=telephone)
    # What fades in has too little contrast while it does.
    page.emulate_media(reduced_motion="reduce")
    if screen.user and screen.user != "nobody":
        page.get_by_label("User name").fill(screen.user)
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.locator("#navigation")).to_be_attached()
    expect(page.locator("h1, .info .title").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    screen.prepare(page)
    # What the page's bar covers is not too small.
    page.evaluate("scrollTo(0, 0)")
    found = axe_violations(page)
    found += overflow(page, width)
    found += small_targets(page, 44 if telephone else 24)
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    found += [f"dark: {one}" for one in axe_violations(page)]
    return found + hidden_focus(page)


@pytest.mark.parametrize(("screen", "width"), screens())
def test_nothing_stands_in_anyones_way(
    browser: Browser, request: pytest.FixtureRequest, screen: Screen, width: int
) -> None:
    address = request.getfixturevalue("guarded" if screen.user else "address")
    ids = {} if screen.user else request.getfixturevalue("stored")
    visit = Visit(browser, address)
    found = obstacles_on(visit, screen, width, ids)
    visit.pages[0].context.set_offline(False)
    visit.close()
    assert not found, "\n".join(found)

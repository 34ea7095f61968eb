"""The performance page at 10,000 and 1,000,000 cases, in a real browser without a window."""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from model.evaluation.delong import compare_auc
from model.evaluation.resampling import bootstrap
from model.evaluation.review import evaluate_split
from tests.benchmarks.evaluations import write_evaluation
from tests.benchmarks.measure import Measure, medians
from tests.benchmarks.serving import serving

SMALL, LARGE, WARM = 10_000, 1_000_000, 500
KEYS, OPENINGS = 40, 3
WINDOW: ViewportSize = {"width": 1280, "height": 900}
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
# Drawn: its lines are there, not only its axes.
DRAWN = """const drawn = (room) => room.querySelector(".js-plotly-plot .main-svg .trace") !== null;"""
# Open: all that the window shows is there, figures included; every number is there, and the slider can be moved. The
# figures further below are drawn one after another, and the intervals of many cases follow: printed beside it.
OPEN = (
    "() => {"
    + DRAWN
    + """
  const rooms = [...document.querySelectorAll("#performance-body .graph > .room")];
  const seen = rooms.filter((room) => room.getBoundingClientRect().top < innerHeight);
  const numbers = ["tile-auc", "tile-sensitivity", "cell-tp", "number-ppv"];
  return rooms.length > 5 && document.querySelector("#performance-summary .marks")
    && seen.every(drawn) && document.querySelector("#performance-threshold [role=slider]")
    && numbers.every((id) => document.getElementById(id)?.textContent);
}"""
)
CURVES = """() => document.querySelector("#performance-body .graph-roc .js-plotly-plot .main-svg .trace") !== null"""
# What comes later is drawn when it comes into view. Jumping to each in turn is the worst of that: nothing is drawn
# before it is in sight. Milliseconds by name, from the jump, or from opening what is folded, to the frame that has it.
EACH = (
    "async () => {"
    + DRAWN
    + """
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const stands = (room) => room.closest(".graph") ? drawn(room) : !room.querySelector(":scope > .skeleton");
  const taken = {};
  for (const room of document.querySelectorAll("#performance-body .room")) {
    const began = performance.now();
    const folded = room.closest("details");
    if (folded) folded.open = true;
    room.scrollIntoView({ block: "start" });
    while (!stands(room) && performance.now() - began < 60000) await frame();
    await frame();
    taken[JSON.parse(room.id).name] = performance.now() - began;
  }
  return taken;
}"""
)
# A checklist has a fold of its own, and comes when it is opened.
SURE = """() => {
  const left = document.querySelector(
    "#performance-body .room:not(.checklist .room) > .skeleton, #performance-body .rough");
  if (left) left.scrollIntoView({ block: "center" });
  return !left && /\\d–\\d/.test(document.querySelector("#tile-auc-line")?.textContent ?? "");
}"""
SLOW = "1.6 Mbit/s, 150 ms, a processor 4 times slower"
PHONE = {
    "summary": """() => document.querySelector("#performance-summary .marks")?.getClientRects().length""",
    "outcomes": """() => document.querySelector("#performance-outcomes .cell")?.getClientRects().length""",
    "ROC": """() => document.querySelector(".graph-roc .sketch, .graph-roc .main-svg")?.getClientRects().length
  && (document.querySelector(".graph-roc .main-svg")
    || performance.getEntriesByType("resource").some(({ name }) => name.includes("/sketch/roc.svg")))""",
}
# From a key on the slider's handle to the frame that shows the new count.
WATCH = """() => {
  window.taken = [];
  let pressed = null;
  addEventListener("keydown", () => { pressed = performance.now(); }, true);
  const seen = () => {
    if (pressed === null) return;
    const began = pressed;
    pressed = null;
    requestAnimationFrame(() => setTimeout(() => window.taken.push(performance.now() - began)));
  };
  const watched = { childList: true, characterData: true, subtree: true };
  for (const name of ["#cell-tp", "#cell-fp"]) {
    new MutationObserver(seen).observe(document.querySelector(name), watched);
  }
}"""


def performance() -> list[Measure]:
    """Slider, opening and intervals."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, cases in (("warm", WARM), ("small", SMALL), ("large", LARGE)):
            write_evaluation(root, name, cases)
        return [*intervals(root), *pages(root)]


def intervals(root: Path) -> list[Measure]:
    """What resampling and DeLong's test take by themselves."""
    from model.bundle import open_bundle

    shown = evaluate_split(open_bundle(root / "small"), "test")
    many = evaluate_split(open_bundle(root / "large"), "test")

    def bands() -> object:
        return bootstrap(shown.truth, shown.scores, shown.lesion)

    (seconds,) = medians([bands], repeat=3, warm=1)
    began = time.perf_counter()
    compare_auc(many.truth, many.scores, many.raw, many.lesion)
    delong = time.perf_counter() - began
    return [
        Measure(
            "bootstrap of areas and both bands, 10,000 cases", seconds, "s", "2,000 resamples of lesions", 1
        ),
        Measure("DeLong's comparison by lesion, 1,000,000 cases", delong, "s"),
    ]


def pages(root: Path) -> list[Measure]:
    """The page in a browser: each evaluation opened for the first time by a server that is up."""
    with folder_of_bundles(root), serving() as (_, address), browser() as chromium:
        opened(chromium, f"{address}/performance?model=warm&split=test").context.close()
        small, million = (f"{address}/performance?model={name}&split=test" for name in ("small", "large"))
        page = opened(chromium, small)
        slider = keys(page.page)
        page.context.close()
        again = [again_opened(chromium, small) for _ in range(OPENINGS)]
        curves = [opened_at_curves(chromium, small) for _ in range(OPENINGS)]
        phone = opened_on_a_telephone(chromium, small)
        large = opened(chromium, million, wait=60)
        sent = page_weight(large.page)
        large.context.close()
    name, slowest = page.slowest
    last, million_slowest = large.slowest
    return [
        Measure(
            "threshold slider to numbers on screen, 10,000 cases",
            slider,
            "ms",
            f"95th of {KEYS} key presses",
            100,
        ),
        Measure(
            "performance page opens, 10,000 cases",
            page.opened,
            "s",
            f"{statistics.median(again):.2f} s again",
            1.5,
        ),
        Measure(
            "summary, matrix and ROC from the start, 10,000 cases",
            statistics.median(curves),
            "s",
            f"median of {OPENINGS}",
            2,
        ),
        Measure(
            "any figure from coming into view, 10,000 cases",
            slowest,
            "s",
            f"{name}; ROC {page.figures['roc']:.2f} s, median {statistics.median(page.figures.values()):.2f} s",
            2,
        ),
        Measure(
            "performance page opens, 1,000,000 cases",
            large.opened,
            "s",
            f"every interval {large.sure:.1f} s",
            1,
        ),
        Measure(
            "any figure from coming into view, 1,000,000 cases",
            million_slowest,
            "s",
            f"{last}; ROC {large.figures['roc']:.2f} s",
        ),
        *(
            Measure(f"a slow telephone: {name}, 10,000 cases", seconds, "s", SLOW, 8)
            for name, seconds in phone.items()
        ),
        Measure("points drawn in all figures, 1,000,000 cases", sent, "points"),
    ]


@contextmanager
def folder_of_bundles(root: Path) -> Iterator[None]:
    """Servers started inside take their bundles from here."""
    before = os.environ.get("DERMABOARD_BUNDLES")
    os.environ["DERMABOARD_BUNDLES"] = str(root)
    try:
        yield
    finally:
        if before is None:
            del os.environ["DERMABOARD_BUNDLES"]
        else:
            os.environ["DERMABOARD_BUNDLES"] = before


@contextmanager
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise RuntimeError(f"none of {', '.join(NAMES)} is installed")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=QUIET)
        yield chromium
        chromium.close()


class Opened:
    """A page.

    Attributes:
        opened: seconds until the first window was there; `sure` until every interval was, too.
        figures: seconds from coming into view to being drawn, by name.
    """

    def __init__(self, page: Page, opened: float, figures: dict[str, float], sure: float) -> None:
        self.page, self.opened, self.figures, self.sure = page, opened, figures, sure
        self.context = page.context

    @property
    def slowest(self) -> tuple[str, float]:
        """The figure that takes longest, and its seconds."""
        return max(self.figures.items(), key=lambda one: one[1])


def opened(chromium: Browser, address: str, wait: float = 30) -> Opened:
    """Open an address as a new visitor, bring every figure into view, and wait."""
    page = chromium.new_context(viewport=WINDOW).new_page()
    page.set_default_timeout(1000 * wait)
    began = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_function(OPEN, polling=20)
    first = time.perf_counter() - began
    figures: dict[str, float] = page.evaluate(EACH)
    page.wait_for_function(SURE, polling=20)
    seconds = {name: taken / 1000 for name, taken in figures.items()}
    return Opened(page, first, seconds, time.perf_counter() - began)


def opened_at_curves(chromium: Browser, address: str) -> float:
    """Seconds from an address that leads to the curves to the ROC curve with its lines, summary and matrix above it."""
    page = chromium.new_context(viewport=WINDOW).new_page()
    began = time.perf_counter()
    page.goto(f"{address}#section-curves", wait_until="commit")
    page.wait_for_function(CURVES, polling=20)
    page.wait_for_function(f"() => ({PHONE['summary']})() && ({PHONE['outcomes']})()", polling=20)
    taken = time.perf_counter() - began
    page.context.close()
    return taken


def opened_on_a_telephone(chromium: Browser, address: str) -> dict[str, float]:
    """Seconds until a new visitor on a slow telephone sees the summary, the outcomes and the ROC curve.

    The curve is first a picture that the server draws; what draws figures takes longer to arrive than all the rest.
    """
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.set_default_timeout(60_000)
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.8e6 / 8},
    )
    session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    found: dict[str, float] = {}
    began = time.perf_counter()
    page.goto(address, wait_until="commit")
    for name, sign in PHONE.items():
        page.wait_for_function(sign, polling=50)
        found[name] = time.perf_counter() - began
    context.close()
    return found


def again_opened(chromium: Browser, address: str) -> float:
    """Seconds that another visitor waits."""
    found = opened(chromium, address)
    found.context.close()
    return found.opened


def keys(page: Page) -> float:
    """Milliseconds from a key to the numbers, the 95th percentile."""
    page.wait_for_timeout(500)
    page.evaluate(WATCH)
    page.locator("#performance-threshold [role=slider]").first.focus()
    for _ in range(KEYS):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(60)
    taken: list[float] = page.evaluate("window.taken")
    if len(taken) < KEYS // 2:
        raise RuntimeError(f"only {len(taken)} of {KEYS} key presses moved the numbers")
    return sorted(taken)[int(0.95 * (len(taken) - 1))]


def page_weight(page: Page) -> float:
    """How many points the figures hold."""
    return page.evaluate(
        "[...document.querySelectorAll('.js-plotly-plot')].flatMap((one) => one._fullData)"
        ".reduce((sum, one) => sum + (one.x?.length ?? 0), 0)"
    )

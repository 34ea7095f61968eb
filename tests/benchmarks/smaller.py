"""`python -m tests.benchmarks.smaller FOLDER [PIXELS...]`: how often a smaller picture changes what is said of it.

Each photograph is made smaller by the script of the page, in a real browser, and both are predicted.
"""

from __future__ import annotations

import base64
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

from model.images import decode, image_files_below
from model.predictor import Prediction, Predictor, decide
from tests.benchmarks.performance import browser
from tests.benchmarks.subjects import ROOT, bundle

USUAL = 1280
# A page that may use the script; nothing is asked of anybody.
ADDRESS = "http://localhost/"
SHRINK = """async ([data, pixels]) => {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    const file = await dermaboard.shrink(new File([bytes], "photograph"), pixels);
    const reader = new FileReader();
    return new Promise((done) => {
        reader.onload = () => done(reader.result.split(",")[1]);
        reader.readAsDataURL(file);
    });
}"""


@dataclass(frozen=True)
class Change:
    """One photograph sent both ways.

    Attributes:
        before, after: bytes.
        moved: by how much the probability differs.
        outcome: whether people are shown another outcome at the usual operating point.
        decisions: at how many of the model's operating points the decision is another one.
    """

    name: str
    before: int
    after: int
    moved: float
    outcome: bool
    decisions: int


def shrunk(page: Page, data: bytes, pixels: int) -> bytes:
    """A photograph as the page sends it over a slow line, its longer side at most `pixels`."""
    return base64.b64decode(page.evaluate(SHRINK, [base64.b64encode(data).decode(), pixels]))


def changes(files: Sequence[Path], pixels: int) -> list[Change]:
    """What becomes of each photograph that the page makes smaller."""
    predictor = Predictor(bundle())
    with browser() as chromium:
        page = chromium.new_page()
        page.route("**/*", lambda route: route.fulfill(body="<!DOCTYPE html>", content_type="text/html"))
        page.goto(ADDRESS)
        page.add_script_tag(path=ROOT / "assets/slow.js")
        found = []
        for file in files:
            data = file.read_bytes()
            small = shrunk(page, data, pixels)
            if small != data:
                one, other = (predictor.predict(decode(sent)) for sent in (data, small))
                found.append(compared(predictor, file.name, (data, small), one, other))
    return found


def compared(
    predictor: Predictor, name: str, sent: tuple[bytes, bytes], one: Prediction, other: Prediction
) -> Change:
    """What is said of a photograph, and of the same made smaller."""
    decisions = sum(
        decide(one.probability, point.of(one.modality)) != decide(other.probability, point.of(other.modality))
        for point in predictor.bundle.card.operating_points
    )
    moved = abs(one.probability - other.probability)
    return Change(name, len(sent[0]), len(sent[1]), moved, one.outcome != other.outcome, decisions)


def main(arguments: Sequence[str]) -> int:
    """Print what changes at each size; 1 where it is more than 1 outcome in 200."""
    files = list(image_files_below(Path(arguments[0])))
    enough = True
    for pixels in [int(size) for size in arguments[1:]] or [USUAL]:
        found = changes(files, pixels)
        if not found:
            print(f"{pixels} pixels: no photograph of {len(files)} gets smaller")
            continue
        outcomes = sum(one.outcome for one in found)
        decisions = sum(one.decisions for one in found)
        before, after = (
            sum(sizes) / 1e6 for sizes in zip(*((c.before, c.after) for c in found), strict=True)
        )
        print(
            f"{pixels} pixels: {len(found)} of {len(files)} photographs made smaller, {before:.1f} to {after:.1f} MB; "
            f"{outcomes} outcomes changed, {decisions} decisions at all operating points; probability moves by "
            f"{max(one.moved for one in found):.4f} at most"
        )
        for one in found:
            if one.outcome or one.decisions:
                print(
                    f"  {one.name}: moved {one.moved:.4f}, outcome {one.outcome}, decisions {one.decisions}"
                )
        enough = enough and outcomes <= len(found) / 200
    return 0 if enough else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The first load of the predict page over a slow line: bytes over the wire, and until a photograph can be chosen."""

from __future__ import annotations

import time
from typing import Any

from playwright.sync_api import Browser

from tests.benchmarks.measure import Measure
from tests.benchmarks.performance import browser
from tests.benchmarks.serving import serving

# 1.6 Mbit/s with 150 ms there and back: Lighthouse's slow 4G, and many a village's line.
LINE = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.75e6 / 8}


def page() -> list[Measure]:
    """Empty browser cache, throttled by the browser's own developer tools."""
    with serving() as (_, address), browser() as chromium:
        loads = [first_load(chromium, address) for _ in range(3)]
    size, seconds = (sorted(values)[1] for values in zip(*loads, strict=True))
    line = "an empty cache, 1.6 Mbit/s, 150 ms"
    return [
        Measure("first load of the predict page", size / 1e6, "MB", line, 1),
        Measure("until a photograph can be chosen", seconds, "s", line, 8),
    ]


def first_load(chromium: Browser, address: str) -> tuple[float, float]:
    """Bytes received until the network is quiet, and seconds until the page takes files."""
    context = chromium.new_context()
    opened = context.new_page()
    tools = context.new_cdp_session(opened)
    received: list[float] = []

    def done(event: dict[str, Any]) -> None:
        received.append(float(event["encodedDataLength"]))

    tools.on("Network.loadingFinished", done)
    tools.send("Network.enable")
    tools.send("Network.emulateNetworkConditions", LINE)
    began = time.perf_counter()
    opened.goto(address)
    opened.wait_for_selector("#file-chooser", state="attached")
    seconds = time.perf_counter() - began
    opened.wait_for_load_state("networkidle")
    context.close()
    return sum(received), seconds

"""One measure of the benchmarks: a figure, what it was compared with, the bar, and whether it clears it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Measure:
    """A figure against its bar.

    Attributes:
        name: what was measured.
        figure: NaN where it could not be measured; that is short of any bar.
        unit: of figure and bar; "x" is a ratio.
        against: what it was compared with in the same run, with its own figure; empty for an absolute figure.
        bar: None where the figure is only for information.
        better: the side of the bar on which a figure is `ok`.
    """

    name: str
    figure: float
    unit: str
    against: str = ""
    bar: float | None = None
    better: Literal["lower", "higher"] = "lower"

    @property
    def ok(self) -> bool:
        if self.bar is None:
            return True
        return self.figure <= self.bar if self.better == "lower" else self.figure >= self.bar

    def line(self) -> str:
        """name, figure, unit, compared with, bar, verdict: one line."""
        sign = "<=" if self.better == "lower" else ">="
        bar = f"bar {sign} {self.bar:g} {self.unit}" if self.bar is not None else "no bar"
        verdict = "ok" if self.ok else "short"
        return f"{self.name:<52}{self.figure:>9.4g} {self.unit:<9}{self.against or '-':<58}{bar:<18}{verdict}"


def medians(functions: Sequence[Callable[[], object]], repeat: int, warm: int = 3) -> list[float]:
    """Median seconds of each function, called in turns so that noise of the machine meets all alike."""
    for _ in range(warm):
        for function in functions:
            function()
    seconds: list[list[float]] = [[] for _ in functions]
    for _ in range(repeat):
        for taken, function in zip(seconds, functions, strict=True):
            began = time.perf_counter()
            function()
            taken.append(time.perf_counter() - began)
    return [statistics.median(taken) for taken in seconds]

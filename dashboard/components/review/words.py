"""Numbers as the performance page writes them; performance.js writes them the same way."""

import math

from model.intervals import Interval


def tenths(share: float) -> str:
    """A share (0 to 1) in per cent with one decimal, halves upwards as in performance.js: "94.7"."""
    return f"{math.floor(1000 * share + 0.5) / 10:.1f}"


def rate(share: float) -> str:
    """A share (0 to 1) in per cent: "94.7 %"."""
    return f"{tenths(share)} %"


def fixed(value: float, digits: int) -> str:
    """A number with so many decimals, halves upwards as in performance.js."""
    return f"{math.floor(10**digits * value + 0.5) / 10**digits:,.{digits}f}"


def signed(value: float) -> str:
    """A difference with its sign, three decimals."""
    return f"{value:+.3f}".replace("-", "−")


def area(interval: Interval) -> str:
    """An area with its interval, or why there is none."""
    if interval.reason is not None:
        return interval.reason.sentence
    return f"{interval.value:.3f} ({interval.low:.3f}–{interval.high:.3f})"


def share(interval: Interval) -> str:
    """A rate in per cent with its interval, or why there is none."""
    if interval.reason is not None:
        return interval.reason.sentence
    return f"{tenths(interval.value)} % ({tenths(interval.low)}–{tenths(interval.high)})"


def chance(p: float) -> str:
    """A p value."""
    if math.isnan(p):
        return "p not defined"
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"

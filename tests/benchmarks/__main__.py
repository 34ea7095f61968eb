"""`python -m tests.benchmarks [NAME...]`: run the benchmarks, one line a measure; 1 if any is short of its bar."""

from __future__ import annotations

import math
import os
import platform
import sys
from collections.abc import Callable

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")  # every bar is for a processor
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as `model` has it

from tests.benchmarks import (
    engines,
    history,
    history_page,
    http,
    page,
    patients,
    performance,
    profile,
    scoring,
    serving,
    telephone,
    training,
)
from tests.benchmarks.measure import Measure

GROUPS: dict[str, Callable[[], list[Measure]]] = {
    "size": serving.size,
    "server": serving.server,
    "prediction": serving.prediction,
    "profile": profile.profile,
    "http": http.http,
    "endurance": http.endurance,
    "page": page.page,
    "telephone": telephone.telephone,
    "engines": engines.engines,
    "scoring": scoring.scoring,
    "performance": performance.performance,
    "history": history.history,
    "history page": history_page.history_page,
    "patients": patients.patients,
    "training": training.training,
}


def main(names: list[str]) -> int:
    """Run the named groups, or all of them."""
    unknown = sorted(set(names) - set(GROUPS))
    if unknown:
        print(f"No such benchmark: {', '.join(unknown)}. There are {', '.join(GROUPS)}.", file=sys.stderr)
        return 2
    load = f", load {os.getloadavg()[0]:.1f} from other work" if hasattr(os, "getloadavg") else ""
    print(
        f"{platform.machine()}, {os.cpu_count()} cores{load}, Python {platform.python_version()}", flush=True
    )
    enough = True
    for name in names or GROUPS:
        for measure in attempted(name):
            print(measure.line(), flush=True)
            enough = enough and measure.ok
    return 0 if enough else 1


def attempted(name: str) -> list[Measure]:
    """The measures of a group; one that cannot be taken is short, and the others still run."""
    try:
        return GROUPS[name]()
    except Exception as error:
        return [Measure(f"{name}: not measured ({type(error).__name__}: {error})", math.nan, "", bar=0)]


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

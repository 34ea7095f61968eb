"""How many processor cores this process may use, which in a container are fewer than the machine has."""

import math
import os
from pathlib import Path, PurePosixPath

# Nothing here gets faster with more threads, and each one costs memory.
MOST = 64


def usable_cores(root: Path = Path("/")) -> int:
    """The cores that the affinity and the quotas of the control groups leave, 1 to MOST; part of a core counts whole.

    Args:
        root: where /proc and /sys lie.
    """
    own = allowed_cores()
    return max(1, min([own, MOST, *(math.ceil(quota) for quota in core_quotas(root))]))


def allowed_cores() -> int:
    """The cores that the process may run on."""
    if hasattr(os, "process_cpu_count"):  # Python 3.13
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def core_quotas(root: Path) -> list[float]:
    """The quotas, in cores, of this process's control group and of those above it; empty where nothing limits it."""
    quotas = []
    for folder in group_folders(root):
        limit = text_of_file(folder / "cpu.max").split()
        if not limit:
            limit = [text_of_file(folder / f"cpu.cfs_{name}_us") for name in ("quota", "period")]
        try:
            quota, period = (float(number) for number in limit)
        except ValueError:  # "max", or no such files
            continue
        if quota > 0 and period > 0:
            quotas.append(quota / period)
    return quotas


def group_folders(root: Path) -> list[Path]:
    """The folders of the process's control groups that may limit its time (versions 2 and 1), and those above."""
    groups = root / "sys/fs/cgroup"
    folders = [groups, groups / "cpu"]
    for line in text_of_file(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers or "cpu" in controllers.split(","):
            above = groups / controllers if controllers else groups
            inside = PurePosixPath(path.lstrip("/"))
            folders += [above / place for place in (inside, *inside.parents)]
    return folders


def text_of_file(path: Path) -> str:
    """What a small file says; nothing where there is none."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""

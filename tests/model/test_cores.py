"""The cores of a process are those that its container leaves it."""

import os
from pathlib import Path

import pytest

from model import cores
from model.cores import MOST, usable_cores


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine of 48 cores."""
    monkeypatch.setattr(cores, "allowed_cores", lambda: 48)


def files(root: Path, **texts: str) -> None:
    """Write files below a folder; `__` stands for `/`, and `-` for a dot."""
    for name, text in texts.items():
        path = root / name.replace("__", "/").replace("-", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.mark.parametrize(
    ("limit", "expected"),
    [("max 100000", 48), ("50000 100000", 1), ("150000 100000", 2), ("400000 100000", 4), ("odd", 48)],
)
def test_version_2_in_a_container(tmp_path: Path, limit: str, expected: int) -> None:
    files(tmp_path, **{"proc__self__cgroup": "0::/\n", "sys__fs__cgroup__cpu-max": limit})
    assert usable_cores(tmp_path) == expected


def test_version_2_takes_the_smallest_quota_on_the_way_up(tmp_path: Path) -> None:
    files(
        tmp_path,
        **{
            "proc__self__cgroup": "0::/system.slice/dermaboard.service\n",
            "sys__fs__cgroup__system-slice__cpu-max": "300000 100000",
            "sys__fs__cgroup__system-slice__dermaboard-service__cpu-max": "max 100000",
        },
    )
    assert usable_cores(tmp_path) == 3


@pytest.mark.parametrize(("quota", "expected"), [("-1", 48), ("50000", 1), ("250000", 3)])
def test_version_1(tmp_path: Path, quota: str, expected: int) -> None:
    groups = "4:memory:/docker/1\n3:cpu,cpuacct:/docker/1\n"
    place = "sys__fs__cgroup__cpu,cpuacct__docker__1__cpu-cfs_"
    files(
        tmp_path, **{"proc__self__cgroup": groups, f"{place}quota_us": quota, f"{place}period_us": "100000"}
    )
    assert usable_cores(tmp_path) == expected


def test_a_machine_without_control_groups_has_all_its_cores_up_to_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert usable_cores(tmp_path) == 48
    monkeypatch.setattr(cores, "allowed_cores", lambda: 65_536)
    assert usable_cores(tmp_path) == MOST


def test_the_affinity_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    name = "process_cpu_count" if hasattr(os, "process_cpu_count") else "sched_getaffinity"
    if not hasattr(os, name):
        pytest.skip("This system has no affinity.")
    monkeypatch.setattr(os, name, lambda *_: 3 if name == "process_cpu_count" else {0, 2, 5})
    assert cores.allowed_cores() == 3

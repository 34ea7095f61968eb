"""A card names the machine that trained, not the one that exported."""

from pathlib import Path

import pytest

from training import machine


def test_a_run_that_moved_names_both_machines_and_each_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "accelerators", lambda: ["NVIDIA H100"])
    monkeypatch.setattr(machine, "processor_name", lambda: "Xeon")
    for cores in (16, 16, 2):
        monkeypatch.setattr(machine, "usable_cores", lambda cores=cores: cores)
        machine.note_machine(tmp_path)
    # Whoever exports is another one.
    monkeypatch.setattr(machine, "processor_name", lambda: "elsewhere")
    facts = machine.training_facts(tmp_path)
    assert facts["processor"] == "16 cores of Xeon, NVIDIA H100, then 2 cores of Xeon, NVIDIA H100"
    assert facts["versions"]["keras"] and facts["python"]


def test_a_run_that_noted_nothing_claims_nothing(tmp_path: Path) -> None:
    assert machine.training_facts(tmp_path) == {"processor": "a machine that was not recorded"}


def test_this_machine_has_a_processor() -> None:
    told = machine.this_machine()["processor"]
    assert " cores of " in told and told.endswith("no GPU") is (not machine.accelerators())

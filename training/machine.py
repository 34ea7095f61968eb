"""What a run was trained on: noted while it trains, since it may be exported elsewhere."""

import json
import platform
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import keras

from model.cores import usable_cores

MACHINES = "machines.json"
UNKNOWN = "a machine that was not recorded"


def note_machine(run: Path) -> None:
    """Add this machine to those that a run was trained on, unless it is the last one already."""
    noted = noted_machines(run)
    if noted[-1:] != [this_machine()]:
        (run / MACHINES).write_text(json.dumps([*noted, this_machine()], indent=1))


def noted_machines(run: Path) -> list[dict[str, Any]]:
    """The machines that a run was trained on, in that order, each as `this_machine` says; empty if none was noted."""
    path = run / MACHINES
    return json.loads(path.read_text()) if path.exists() else []


def training_facts(run: Path) -> dict[str, Any]:
    """What a card says of them: `processor` in words, and the `python` and `versions` that were there last."""
    noted = noted_machines(run)
    if not noted:
        return {"processor": UNKNOWN}
    return noted[-1] | {"processor": ", then ".join(dict.fromkeys(one["processor"] for one in noted))}


def this_machine() -> dict[str, Any]:
    """What this machine computes with."""
    return {
        "processor": f"{usable_cores()} cores of {processor_name()}, {' and '.join(accelerators()) or 'no GPU'}",
        "python": platform.python_version(),
        "versions": installed_versions("keras", "tensorflow", "jax", "torch", "numpy", "pillow"),
    }


def processor_name() -> str:
    """The processor as Linux calls it, elsewhere its kind."""
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def accelerators() -> list[str]:
    """Names of the accelerators that Keras's backend uses; empty where it has only the processor."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        config = import_module("tensorflow").config
        devices = config.list_physical_devices("GPU")
        return [
            config.experimental.get_device_details(one).get("device_name", one.device_type) for one in devices
        ]
    if backend == "jax":
        return [one.device_kind for one in import_module("jax").devices() if one.platform != "cpu"]
    if backend == "torch":
        cuda = import_module("torch").cuda
        return [cuda.get_device_name(one) for one in range(cuda.device_count())]
    return []


def installed_versions(*names: str) -> dict[str, str]:
    """The installed ones of some packages."""
    versions: dict[str, str] = {}
    for name in names:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions

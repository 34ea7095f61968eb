"""What stands in the environment before libraries are imported: ONNX Runtime reports nothing, NumPy has one thread."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("what", ["model.engine", "dashboard.app", "training.evaluate", "tests.tiny"])
def test_a_new_home_folder_stays_empty(what: str, tmp_path: Path) -> None:
    """Where it reports, importing ONNX Runtime leaves a device id and a queue below the home folder."""
    home = tmp_path / "home"
    home.mkdir()
    inherited = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    places = {"HOME": str(home), "USERPROFILE": str(home), "XDG_CACHE_HOME": str(home / ".cache")}
    load = f"import {what}\nimport model.engine\nassert 'onnxruntime' in __import__('sys').modules"
    done = subprocess.run(
        [sys.executable, "-c", load], cwd=ROOT, env=inherited | places, capture_output=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    left = [path for path in home.rglob("*") if path.is_file() and "keras" not in str(path)]
    assert not left


@pytest.mark.parametrize("what", ["model.__main__", "dashboard.app"])
def test_numpy_computes_in_one_thread(what: str) -> None:
    """Others would turn idly for longer than a prediction takes."""
    inherited = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    load = (
        f"import {what}\nimport numpy, time\nothers = lambda: time.process_time() - time.thread_time()\n"
        "square, before = numpy.ones((600, 600)), others()\nsquare @ square\ntime.sleep(0.2)\n"
        "assert others() - before < 0.003"
    )
    subprocess.run([sys.executable, "-c", load], cwd=ROOT, env=inherited, check=True, timeout=300)

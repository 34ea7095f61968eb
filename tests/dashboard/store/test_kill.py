"""`kill -9` at any moment: no row without its image, no image without its row, nothing acknowledged is lost."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kill -9 is for POSIX")
def test_a_hundred_kills_leave_every_row_with_its_files(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("killed.py")), str(tmp_path), "100", "1"],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    *problems, told = [json.loads(line) for line in done.stdout.splitlines()]
    assert problems == []
    # The writers had time to write, and were killed while they did.
    assert told["killed"] == 100 and told["kept"] > 50

"""`python -m model.evaluation` as a user calls it; the report is in test_report, the text of the card in test_card."""

import os
import subprocess
import sys
from pathlib import Path

from tests.tiny import signed_again, write_tiny_bundle


def test_a_card_is_printed_into_a_file_whatever_the_code_page(tmp_path: Path) -> None:
    """As Windows does it."""
    path = write_tiny_bundle(tmp_path).path
    signed_again(path, facts={"limits": ["Σ ≥ 0.5 → \N{GREEK SMALL LETTER ALPHA}"]})
    out = tmp_path / "card.md"
    with out.open("wb") as file:
        done = subprocess.run(
            [sys.executable, "-m", "model.evaluation", "card", "tiny", "--bundles", str(tmp_path)],
            env=os.environ | {"PYTHONIOENCODING": "cp1252"},
            stdout=file,
            stderr=subprocess.PIPE,
        )
    assert (done.returncode, done.stderr) == (0, b"")
    assert "Σ ≥ 0.5 → α" in out.read_text(encoding="utf-8")

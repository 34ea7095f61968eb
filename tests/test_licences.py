"""What is passed on with Dermaboard, and on which terms."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pillow_heif
import pytest
from dash import Dash

from dashboard.shell.frame import shell
from dashboard.shell.text import terms
from model.bundle import Bundle, find_bundles

ROOT = Path(__file__).parents[1]


def version(text: str) -> tuple[int, ...]:
    """The number at the end of a library's description."""
    return tuple(int(part) for part in text.split()[-1].split("."))


def test_the_decoders_of_heic_have_their_known_holes_closed() -> None:
    # Both read files from strangers. The floors are the first versions with the security fixes known in September 2026:
    # libheif 1.23.3 to 1.23.5 (GHSA-x8r2-mggj-j6wr, a critical heap overflow; GHSA-v8qw-hwjv-44hw and others) and
    # libde265 1.1.2 (GHSA-xp3h-6f5r-8cxp, GHSA-mm7m-v26f-wf8x). Raise them when newer ones are published.
    found = pillow_heif.libheif_info()
    assert version(found["libheif"]) >= (1, 23, 5)
    assert version(found["decoders"]["libde265"]) >= (1, 1, 2)


@pytest.mark.parametrize("name", ["pillow_heif", "libx265", "libheif", "libde265", "psycopg", "fpdf2"])
def test_the_notice_names_what_passing_on_has_conditions(name: str) -> None:
    assert name in (ROOT / "NOTICE").read_text(encoding="utf-8")


def test_every_page_says_which_models_are_not_for_commercial_use() -> None:
    shipped = [one.card for one in find_bundles(ROOT / "model/bundles") if isinstance(one, Bundle)]
    sentence = terms((card.name, card.licence) for card in shipped)
    assert sentence.startswith("For non-commercial use only: dermanet, seed-cnn")
    assert terms([("free", "CC BY 4.0"), ("unknown", "not stated")]) == ""


def test_the_frame_names_them(app: Dash) -> None:
    with app.server.app_context():
        assert "For non-commercial use only: theirs (" in str(shell("1.0", [("theirs", "CC BY-NC 4.0")]))
        assert "commercial" not in str(app.layout())  # the tests' model is under the MIT licence


def test_the_bill_of_materials_names_what_serves(tmp_path: Path) -> None:
    recipe = subprocess.run(
        [
            "make",
            "--no-print-directory",
            "--dry-run",
            "sbom",
            "SERVE=.serve",
            "--old-file=.serve/.installed",
            "--old-file=.venv-dev/.installed",
        ],
        cwd=ROOT,
        # `make test` runs this too, and what it exports to the makes below it changes what they print.
        env={
            name: value
            for name, value in os.environ.items()
            if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")
        },
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    # The environment that runs the tests in place of the one that serves. `make sbom` also checks the file against
    # CycloneDX's schema, which takes twenty times as long as writing it.
    arguments = [sys.prefix if one == ".serve" else one for one in recipe[1:]]
    arguments[arguments.index("--output-file") + 1] = str(tmp_path / "sbom.json")
    subprocess.run([sys.executable, "-m", "cyclonedx_py", *arguments, "--no-validate"], cwd=ROOT, check=True)

    bill = json.loads((tmp_path / "sbom.json").read_text(encoding="utf-8"))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert "onnxruntime" in {component["name"] for component in bill["components"]}

"""`check` says what is wrong with settings, bundles, database and files, and what to do."""

import shutil
from pathlib import Path

import pytest

from dashboard import inspection
from dashboard.__main__ import main
from dashboard.cases import NOBODY, predict_photograph
from dashboard.models import set_model_state
from dashboard.services import build_services
from dashboard.settings import Settings
from dashboard.store.registry import ModelState
from model.bundle import GRAPH, SCORES
from tests.tiny import signed_again, write_tiny_bundle


@pytest.fixture
def settings(bundle_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Those of a server that has predicted something, in the environment, too."""
    shutil.copytree(bundle_root, tmp_path / "bundles")
    for name, value in (
        ("BUNDLES", tmp_path / "bundles"),
        ("DATA_DIR", tmp_path / "data"),
        ("MODEL", "tiny"),
    ):
        monkeypatch.setenv(f"DERMABOARD_{name}", str(value))
    return Settings()


@pytest.fixture
def image(settings: Settings, lesion_jpeg: bytes) -> Path:
    """The file of a stored photograph."""
    services = build_services(settings)
    record = predict_photograph(NOBODY, services, lesion_jpeg, "a.jpg")
    name = services.store.files.image(record.sha256)
    services.store.close()
    return settings.data_dir / name


def test_nothing_is_wrong(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0
    assert "Everything is there and can be read." in capsys.readouterr().out


def test_each_thing_that_is_wrong_says_what_to_do(
    image: Path, settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    image.unlink()
    (write_tiny_bundle(settings.bundles, "damaged").path / SCORES).write_bytes(b"x")
    odd = write_tiny_bundle(settings.bundles, "odd").path
    (odd / GRAPH).write_bytes(b"no graph")
    signed_again(odd)
    monkeypatch.setattr(inspection, "LITTLE_ROOM", 1 << 62)
    assert main(["check"]) == 1
    said = capsys.readouterr().out
    for problem, advice in (
        ("MB are left where the data folder", "Make room"),
        ("damaged: scores.parquet is not the file that was written", "Copy"),
        ("The bundle odd", "Train or export it anew"),
        ("is missing or empty", "from a backup"),
    ):
        lines = said.splitlines()
        (place,) = [number for number, line in enumerate(lines) if problem in line]
        assert lines[place + 1].startswith("  -> ") and advice in lines[place + 1]
    assert "4 things are wrong." in said


def test_no_model_in_use_is_a_finding(
    image: Path, settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    services = build_services(settings)
    set_model_state(NOBODY, services, "tiny", ModelState.RETIRED, False, "Misses too much.")
    services.store.close()
    monkeypatch.setenv("DERMABOARD_MODEL", "other")
    assert main(["check"]) == 1
    said = capsys.readouterr().out
    assert "There is no bundle other" in said and "No model answers" in said and "/administration" in said


def test_a_database_that_is_away_is_a_sentence(
    settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DERMABOARD_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:9/none")
    assert main(["check"]) == 2
    assert "database" in capsys.readouterr().err

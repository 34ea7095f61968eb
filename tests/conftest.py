"""What tests of several packages share. Everything lives in temporary folders and on drawn data."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from dash import Dash
from flask.testing import FlaskClient

from dashboard.services import Services, build_services
from dashboard.settings import PREFIX, Settings
from model.images import encode
from tests.tiny import write_tiny_bundle
from training.drawings.synthetic import draw_lesion


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may have settings of their own; none of them counts here."""
    for name in [name for name in os.environ if name.upper().startswith(PREFIX)]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def process_as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The command line changes what holds for a whole process."""
    monkeypatch.setattr(tempfile, "tempdir", tempfile.tempdir)
    monkeypatch.setenv("TMPDIR", tempfile.gettempdir())
    umask = os.umask(0o022)
    yield
    os.umask(umask)


@pytest.fixture(scope="session")
def bundle_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one tiny bundle that runs, called "tiny"."""
    root = tmp_path_factory.mktemp("bundles")
    write_tiny_bundle(root)
    return root


@pytest.fixture
def settings(bundle_root: Path, tmp_path: Path) -> Settings:
    """Settings of a server on temporary data with the tiny model."""
    return Settings(bundles=bundle_root, data_dir=tmp_path / "data", model="tiny", threads=1)


@pytest.fixture
def services(settings: Settings) -> Iterator[Services]:
    """Open services, closed afterwards."""
    services = build_services(settings)
    yield services
    services.store.close()


@pytest.fixture
def app(services: Services) -> Dash:
    """The application, with every callback registered."""
    # Imported here: tests of model and training have no use for Dash's pages.
    from dashboard.app import create_app

    return create_app(services=services)


@pytest.fixture
def client(app: Dash) -> FlaskClient:
    """A client of the application's server."""
    return app.server.test_client()


@pytest.fixture(scope="session")
def lesion_jpeg() -> bytes:
    """A drawn malignant lesion, 600 x 450, as a JPEG file."""
    return encode(draw_lesion(seed=7, malignant=True))


@pytest.fixture(scope="session")
def mole_jpeg() -> bytes:
    """A drawn benign lesion, 600 x 450, as a JPEG file."""
    return encode(draw_lesion(seed=3, malignant=False))

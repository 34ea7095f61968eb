"""The performance page inside the application's context, over the tiny bundle or over others."""

import dataclasses
from pathlib import Path

import pytest

from dashboard.bundle_folder import BundleFolder
from dashboard.services import build_services
from dashboard.settings import Settings


@pytest.fixture(name="services", scope="session")
def performance_services(bundle_root, tmp_path_factory):
    """Services for all of these tests: the page only reads."""
    services = build_services(
        Settings(bundles=bundle_root, data_dir=tmp_path_factory.mktemp("data"), model="tiny", threads=1)
    )
    yield services
    services.store.close()


@pytest.fixture(name="app", scope="session")
def performance_app(services):
    """One application for all of these tests."""
    from dashboard.app import create_app

    app = create_app(services=services)
    app.server.test_client().get("/health")  # Dash collects callbacks at the first request
    return app


@pytest.fixture(name="client")
def performance_client(app):
    """A client of the application's server."""
    return app.server.test_client()


@pytest.fixture(name="page")
def performance_page(app):
    """layout() and callbacks inside the application's context."""
    from dashboard.performance import page as performance

    with app.server.app_context():
        yield performance


@pytest.fixture(name="other")
def other_services(page, app, services, monkeypatch):
    """Other bundles or settings for the page: other(root=None, **settings)."""
    from dashboard.services import EXTENSION

    def use(root: Path | None = None, **settings):
        changed = dataclasses.replace(
            services,
            folder=services.folder if root is None else BundleFolder(root),
            settings=services.settings.model_copy(update=settings),
        )
        monkeypatch.setitem(app.server.extensions, EXTENSION, changed)
        return page

    return use

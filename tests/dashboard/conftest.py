"""An empty database of each kind there is.

SQLite is always there; PostgreSQL where TEST_POSTGRES_URL names a server on which databases may be created, such as
postgresql+psycopg://user@127.0.0.1:5432/postgres. With REQUIRE_POSTGRES=1 its absence is a failure.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL, make_url

from dashboard.store import database, open_store

POSTGRES = "TEST_POSTGRES_URL"


@contextmanager
def administering(url: URL) -> Iterator[Any]:
    """A connection outside transactions, on which databases are created and dropped."""
    engine = database.database_engine(url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection
    engine.dispose()


@pytest.fixture(scope="session")
def postgres() -> Iterator[URL | None]:
    """A database on the server at TEST_POSTGRES_URL to copy others from, migrated once; None without a server."""
    if POSTGRES not in os.environ:
        assert os.environ.get("REQUIRE_POSTGRES") != "1", f"{POSTGRES} names no server"
        yield None
        return
    server = make_url(os.environ[POSTGRES])
    template = server.set(database=f"dermaboard_{uuid4().hex}")
    with administering(server) as connection:
        connection.execute(text(f"CREATE DATABASE {template.database}"))
    engine = database.database_engine(template)
    database.migrate(engine)
    engine.dispose()
    yield template
    with administering(server) as connection:
        connection.execute(text(f"DROP DATABASE {template.database} WITH (FORCE)"))


@pytest.fixture
def empty_postgres(postgres: URL | None) -> Iterator[URL]:
    """A fresh, migrated PostgreSQL database."""
    if postgres is None:
        pytest.skip(f"PostgreSQL: {POSTGRES} names no server")
    server = make_url(os.environ[POSTGRES])
    url = server.set(database=f"dermaboard_{uuid4().hex}")
    with administering(server) as connection:
        connection.execute(text(f"CREATE DATABASE {url.database} TEMPLATE {postgres.database}"))
    yield url
    with administering(server) as connection:
        connection.execute(text(f"DROP DATABASE {url.database} WITH (FORCE)"))


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite database to copy others from, migrated once."""
    folder = tmp_path_factory.mktemp("migrated")
    open_store(folder).close()
    return folder / "dermaboard.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, migrated: Path, tmp_path: Path) -> URL:
    """The address of an empty, migrated database."""
    if request.param == "postgresql":
        return request.getfixturevalue("empty_postgres")
    (tmp_path / "data").mkdir()
    shutil.copy(migrated, tmp_path / "data/dermaboard.db")
    return database.sqlite_url(tmp_path / "data/dermaboard.db")

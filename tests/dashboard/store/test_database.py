"""Migrations, and how connections are set up."""

import logging
import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine, MetaData, Table, insert, text

from dashboard.store import Query, Search, Store, StoreError, database, open_store, text_index
from dashboard.store.files import Files
from dashboard.store.places import LocalFolder
from dashboard.store.schema import metadata
from tests.benchmarks.history_rows import fill, rows


def test_an_empty_database_gets_the_whole_schema(bare: Engine) -> None:
    database.migrate(bare)
    assert_whole(bare)
    database.migrate(bare)


def assert_whole(engine: Engine) -> None:
    """A database has the tables and indexes that the code expects."""
    with engine.connect() as connection:
        # The index behind free text is no table of the schema: each database has its own.
        options = {
            "compare_type": True,
            "include_name": lambda name, kind, _: not (name or "").startswith(text_index.INDEX),
        }
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def test_a_database_with_twelve_wide_indexes_is_upgraded(bare: Engine, tmp_path: Path) -> None:
    config = Config()
    config.set_main_option("script_location", "dashboard.store:migrations")
    with bare.connect().execution_options(writing=True) as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "0005")
        text_index.build_text_index(connection)
        if connection.dialect.name == "postgresql":
            connection.execute(text("CREATE INDEX predictions_words_sampled ON predictions (seq)"))
        old = Table("predictions", MetaData(), autoload_with=connection)
        connection.execute(
            insert(old),
            [{name: row[name] for name in row if name in old.columns} for row in next(rows(30))],
        )
    database.migrate(bare)
    assert_whole(bare)
    store = Store(bare, Files(LocalFolder(tmp_path)))
    newest = store.page(Query(limit=10))
    assert newest.total == 30 and store.page(Query(after=newest.next)).total == 30
    assert newest.records[0].id in {
        record.id for record in store.page(Query(filters=(Search(newest.records[0].filename),))).records
    }


def test_text_is_searched_without_an_index_where_none_can_be_made(
    bare: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(
        text_index, "POSTGRESQL", ("CREATE EXTENSION not_installed", *text_index.POSTGRESQL[1:])
    )
    monkeypatch.setattr(
        text_index, "SQLITE", (text_index.SQLITE[0].replace("trigram", "unknown"), *text_index.SQLITE[1:])
    )
    with caplog.at_level(logging.WARNING):
        fill(bare, 20)
    assert "Text is searched without an index" in caplog.text
    store = Store(bare, Files(LocalFolder(tmp_path)))
    name = store.page(Query()).records[0].filename
    for part in (name, name[:2], name[-6:].upper()):
        found = store.page(Query(filters=(Search(part),))).records
        assert name in {record.filename for record in found}, part


def test_sqlite_is_set_up_to_survive_a_power_cut(tmp_path: Path) -> None:
    engine = database.database_engine(database.sqlite_url(tmp_path / "new.db"))
    with engine.connect() as connection:
        values = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert values == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 60_000}
    engine.dispose()


def test_a_newer_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    with sqlite3.connect(tmp_path / "dermaboard.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match=r"newer Dermaboard.*9999"):
        open_store(tmp_path)
    with sqlite3.connect(tmp_path / "dermaboard.db") as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("9999",)]


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dermaboard.db").write_bytes(b"this is no database, it only looks like one" * 100)
    with pytest.raises(StoreError, match="not a database"):
        open_store(tmp_path)


def test_a_failed_migration_leaves_nothing_half_done(tmp_path: Path) -> None:
    # The second table of the first migration is in the way.
    with sqlite3.connect(tmp_path / "dermaboard.db") as connection:
        connection.execute("CREATE TABLE store (x)")
    with pytest.raises(StoreError, match="already exists"):
        open_store(tmp_path)
    with sqlite3.connect(tmp_path / "dermaboard.db") as connection:
        assert connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall() == [
            ("store",)
        ]


def test_unusual_characters_in_the_folder_do_no_harm(tmp_path: Path) -> None:
    folder = tmp_path / "50% größer?mode=memory&x #1"
    open_store(folder).close()
    assert (folder / "dermaboard.db").stat().st_size > 0


@pytest.mark.parametrize(
    "url", ["nonsense", "sqlit:///x", "postgresql+nodriver://a:secret@host/db", "oracle7://a@b/c"]
)
def test_a_wrong_address_is_said_without_its_password(tmp_path: Path, url: str) -> None:
    with pytest.raises(StoreError, match="DERMABOARD_DATABASE_URL") as caught:
        open_store(tmp_path, url)
    assert "secret" not in str(caught.value)


def test_another_database_can_be_named(tmp_path: Path) -> None:
    open_store(tmp_path / "data", f"sqlite:///{tmp_path}/elsewhere.db").close()
    assert (tmp_path / "elsewhere.db").exists()
    assert not (tmp_path / "data/dermaboard.db").exists()


def test_opening_leaves_logging_alone(tmp_path: Path) -> None:
    handlers = list(logging.getLogger().handlers)
    open_store(tmp_path).close()
    assert logging.getLogger().handlers == handlers

"""Connections: the only place that knows which database is behind the store."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from dashboard.store import text_index
from dashboard.store.errors import StoreError

BUSY_MILLISECONDS = 60_000
# Ids in one statement: below every database's limit on parameters.
CHUNK = 500
T = TypeVar("T")
MAPPED_BYTES = 1 << 32


def database_engine(url: str | URL) -> Engine:
    """An engine for `url`; with SQLite, committed rows survive a power cut and readers never wait.

    Raises:
        StoreError: the address is malformed, or the driver of its database is not installed.
    """
    try:
        parsed = make_url(url)
        engine = create_engine(parsed, pool_pre_ping=parsed.get_backend_name() != "sqlite")
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError, ValueError) as error:
        # The address itself may hold a password: it stays out of the message.
        raise StoreError(
            "DERMABOARD_DATABASE_URL must be an SQLAlchemy address with an installed driver, "
            "such as postgresql+psycopg://user:password@host/name."
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", prepare_sqlite)
        event.listen(engine, "begin", begin_sqlite)
    else:
        event.listen(engine, "connect", prepare_postgresql)
    return engine


def prepare_sqlite(connection: Any, _record: Any) -> None:
    """Run on every new SQLite connection."""
    # The driver would begin transactions itself, and none for DDL or SELECT: begin_sqlite does it instead.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    # What is deleted is overwritten.
    cursor.execute("PRAGMA secure_delete = ON")
    # Pages come from the system's cache without a call each; a million predictions are larger than SQLite's own.
    cursor.execute(f"PRAGMA mmap_size = {MAPPED_BYTES}")
    cursor.close()


def prepare_postgresql(connection: Any, _record: Any) -> None:
    """Run on every new PostgreSQL connection. Pages are short queries, whose best plan depends on their values."""
    cursor = connection.cursor()
    # Compiling a plan, and starting workers, takes longer than what it saves on a page.
    cursor.execute("SET jit = off")
    cursor.execute("SET max_parallel_workers_per_gather = 0")
    cursor.execute("SET plan_cache_mode = force_custom_plan")
    cursor.close()
    connection.commit()


def begin_sqlite(connection: Connection) -> None:
    """Begin a transaction; one that will write takes the lock at once instead of failing halfway."""
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def migrate(engine: Engine) -> None:
    """Bring the database to the newest revision, in one transaction.

    Raises:
        StoreError: it comes from a newer Dermaboard, is no database, or cannot be reached.
    """
    config = Config()
    config.set_main_option("script_location", "dashboard.store:migrations")
    where = engine.url.render_as_string(hide_password=True)
    try:
        with engine.connect().execution_options(writing=True) as connection, connection.begin():
            refuse_newer(connection, ScriptDirectory.from_config(config), where)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            text_index.build_text_index(connection)
    except DBAPIError as error:
        raise StoreError(f"The database {where} cannot be used: {error.orig}.") from error
    except SQLAlchemyError as error:
        raise StoreError(f"The database {where} cannot be used: {error}.") from error


def refuse_newer(connection: Connection, scripts: ScriptDirectory, where: str) -> None:
    """Raise StoreError when the database has a revision that these migrations don't know."""
    known = {script.revision for script in scripts.walk_revisions()}
    current = MigrationContext.configure(connection).get_current_heads()
    unknown = [revision for revision in current if revision not in known]
    if unknown:
        raise StoreError(
            f"The database {where} was written by a newer Dermaboard (revision {', '.join(unknown)}). "
            "Update Dermaboard, or choose another DERMABOARD_DATA_DIR."
        )


def check_writable(engine: Engine) -> None:
    """Raise StoreError when the database can only be read, if at all; nothing is written to see that."""
    try:
        if engine.dialect.name == "sqlite":
            take_lock(engine)
            return
        with engine.connect() as connection:
            if connection.exec_driver_sql("SHOW transaction_read_only").scalar() != "off":
                raise StoreError("The database can only be read: it is readonly.")
    except DBAPIError as error:
        raise StoreError(f"The database cannot be used: {error.orig}.") from error
    except sqlite3.Error as error:
        raise StoreError(f"The database cannot be written: {error}.") from error


def take_lock(engine: Engine) -> None:
    """Take the lock of SQLite's writers and release it. That somebody else holds it is no error."""
    with without_waiting(engine) as cursor:
        try:
            cursor.execute("BEGIN IMMEDIATE")
            try:
                # Only that makes SQLite say that a database is readonly.
                cursor.execute("DELETE FROM store WHERE 0")
            finally:
                cursor.execute("ROLLBACK")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise


@contextmanager
def without_waiting(engine: Engine) -> Iterator[Any]:
    """A cursor of SQLite outside of transactions that fails at once where it would have to wait for a lock."""
    with closing(engine.raw_connection()) as connection, closing(connection.cursor()) as cursor:
        cursor.execute("PRAGMA busy_timeout = 0")
        try:
            yield cursor
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")


def empty_log(engine: Engine) -> bool:
    """Move SQLite's log into the database and empty it; False when another connection prevents that."""
    if engine.dialect.name != "sqlite":
        return True
    # Whoever deletes does not wait for a long reader.
    with without_waiting(engine) as cursor:
        try:
            return not cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except sqlite3.OperationalError:
            return False


def sqlite_url(path: Path) -> URL:
    """The address of an SQLite file, whatever characters its path has."""
    return URL.create("sqlite", database=str(path))


def in_batches(values: Iterable[T]) -> Iterator[list[T]]:
    """The values in lists of at most CHUNK, that fit into one statement each."""
    left = iter(values)
    while batch := list(islice(left, CHUNK)):
        yield batch

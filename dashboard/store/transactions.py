"""Transactions on the database of a store; their errors become sentences."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, select, update
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError

from dashboard.store import database
from dashboard.store.errors import StoreError
from dashboard.store.files import Files
from dashboard.store.schema import store

# Made once: making it takes as long as running it.
TURN = update(store).values(turn=store.c.turn + 1)
# Queues as well (SQLite does by itself), and whoever watches predictions is told nothing.
QUIET_TURN = select(store.c.turn).with_for_update()


class Transactions:
    """Reading and writing a store."""

    def __init__(self, engine: Engine, files: Files) -> None:
        self._engine = engine
        self.files = files
        self._turn = threading.Lock()
        self._closed = threading.Event()
        # PostgreSQL would show each statement its own moment; SQLite doesn't.
        snapshot = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
        self._readers = engine.execution_options(**snapshot)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one moment, however much is read in it."""
        try:
            with self._readers.connect() as connection, connection.begin():
                yield connection
        except DBAPIError as error:
            raise StoreError(f"The database cannot be read: {database_reason(error)}.") from error

    @contextmanager
    def writing(self, quiet: bool = False) -> Iterator[Connection]:
        """A transaction that has the store to itself among writers; readers go on.

        Args:
            quiet: it changes nothing that a page of predictions shows.
        """
        # Within the process writers queue here, in turn; SQLite itself lets them try again by chance.
        try:
            with (
                self._turn,
                self.disk(),
                self._engine.connect().execution_options(writing=True) as connection,
                connection.begin(),
            ):
                connection.execute(QUIET_TURN if quiet else TURN)
                yield connection
        except DBAPIError as error:
            raise StoreError(f"The database cannot be written: {database_reason(error)}.") from error

    @contextmanager
    def disk(self) -> Iterator[None]:
        """Turns an error of the disk, or of the place of the images, into a StoreError with a sentence."""
        try:
            yield
        except OSError as error:
            raise StoreError(f"{self.files.place} cannot be used: {error.strerror or error}.") from error

    def forget(self) -> None:
        """Remove deleted rows from SQLite's log, too: now, or as soon as no reader needs them any more."""
        if not database.empty_log(self._engine):
            threading.Thread(target=self._forget_later, name="forget", daemon=True).start()

    def _forget_later(self) -> None:
        while not self._closed.wait(1):
            if database.empty_log(self._engine):
                return

    def close(self) -> None:
        """Close the connections."""
        self._closed.set()
        self._engine.dispose()


def database_reason(error: DBAPIError) -> str:
    """Why a database refuses, without the values that some of its sentences quote."""
    if isinstance(error, DataError | IntegrityError | ProgrammingError):
        return type(error.orig).__name__
    return str(error.orig)

"""The index behind text search: FTS5's trigrams on SQLite, pg_trgm on PostgreSQL, and none where neither can be had."""

import logging
import sqlite3
from collections.abc import Iterable

from sqlalchemy import Connection, Select, column, inspect, select, table, text
from sqlalchemy.exc import DBAPIError

log = logging.getLogger(__name__)

# A trigram index knows nothing shorter.
SHORTEST = 3
INDEX = "predictions_words"
SQLITE = (
    # The text stays in the table: the index holds its trigrams and asks there for the rest.
    f"CREATE VIRTUAL TABLE {INDEX} USING fts5(words, content='predictions', content_rowid='seq', tokenize='trigram')",
    f"CREATE TRIGGER {INDEX}_insert AFTER INSERT ON predictions BEGIN "
    f"INSERT INTO {INDEX}(rowid, words) VALUES (new.seq, new.words); END",
    f"CREATE TRIGGER {INDEX}_delete AFTER DELETE ON predictions BEGIN "
    f"INSERT INTO {INDEX}({INDEX}, rowid, words) VALUES ('delete', old.seq, old.words); END",
    f"CREATE TRIGGER {INDEX}_update AFTER UPDATE OF words ON predictions BEGIN "
    f"INSERT INTO {INDEX}({INDEX}, rowid, words) VALUES ('delete', old.seq, old.words); "
    f"INSERT INTO {INDEX}(rowid, words) VALUES (new.seq, new.words); END",
    f"INSERT INTO {INDEX}({INDEX}) VALUES ('rebuild')",
)
POSTGRESQL = (
    # A trusted extension: whoever owns the database may create it.
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    # Without a list of pending entries, that the next search would have to go through.
    f"CREATE INDEX IF NOT EXISTS {INDEX} ON predictions USING gin (words gin_trgm_ops) WITH (fastupdate = off)",
)


def has_text_index(connection: Connection) -> bool:
    """Whether this database has the index."""
    if connection.dialect.name == "sqlite":
        return inspect(connection).has_table(INDEX)
    return any(index["name"] == INDEX for index in inspect(connection).get_indexes("predictions"))


def build_text_index(connection: Connection) -> None:
    """Create the index where it is missing. Searches work without it, too, only slower."""
    statements = SQLITE if connection.dialect.name == "sqlite" else POSTGRESQL
    try:
        if not has_text_index(connection):
            with connection.begin_nested():
                for statement in statements:
                    connection.execute(text(statement))
        if connection.dialect.name == "sqlite" and sqlite3.sqlite_version_info >= (3, 42):
            # Or the index would keep the words of deleted rows until it is merged.
            connection.execute(text(f"INSERT INTO {INDEX}({INDEX}, rank) VALUES ('secure-delete', 1)"))
    except DBAPIError as error:
        log.warning("Text is searched without an index: %s", str(error.orig).strip().splitlines()[0])


def rows_containing(needles: Iterable[str]) -> Select[tuple[int]]:
    """Numbers of the rows that contain these folded texts of at least SHORTEST characters, from SQLite's index."""
    index = table(INDEX, column("rowid"), column(INDEX))
    phrases = " AND ".join('"' + needle.replace('"', '""') + '"' for needle in needles)
    return select(index.c.rowid.label("seq")).where(index.c[INDEX].op("MATCH")(phrases))


def rebuild_text_index(connection: Connection) -> None:
    """Fill the index again after rows were written without it."""
    if connection.dialect.name == "sqlite" and has_text_index(connection):
        connection.execute(text(SQLITE[-1]))

"""The index behind free text: FTS5's trigrams on SQLite, pg_trgm on PostgreSQL, and none where neither is to be had."""

import logging
import sqlite3

from sqlalchemy import ColumnElement, Connection, Select, column, inspect, select, table, text
from sqlalchemy.exc import DBAPIError

from dashboard.store.schema import SAMPLE, predictions

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
    # Of the sample, see shares.py.
    f"CREATE INDEX IF NOT EXISTS {INDEX}_sampled ON predictions USING gin (words gin_trgm_ops) "
    f"WITH (fastupdate = off) WHERE {SAMPLE}",
)


def indexed(connection: Connection) -> bool:
    """Whether this database has the index."""
    if connection.dialect.name == "sqlite":
        return inspect(connection).has_table(INDEX)
    return {INDEX, f"{INDEX}_sampled"} <= {
        one["name"] for one in inspect(connection).get_indexes("predictions")
    }


def build(connection: Connection) -> None:
    """Make the index where it is missing; free text works without it, and slower the more there is."""
    statements = SQLITE if connection.dialect.name == "sqlite" else POSTGRESQL
    try:
        if not indexed(connection):
            with connection.begin_nested():
                for statement in statements:
                    connection.execute(text(statement))
        if connection.dialect.name == "sqlite" and sqlite3.sqlite_version_info >= (3, 42):
            # Or the index would keep the words of deleted rows until it is merged.
            connection.execute(text(f"INSERT INTO {INDEX}({INDEX}, rank) VALUES ('secure-delete', 1)"))
    except DBAPIError as error:
        log.warning("Free text is searched without an index: %s", str(error.orig).strip().splitlines()[0])


def candidates(dialect: str, word: str) -> Select[tuple[int]]:
    """Numbers of the rows that contain a folded word of at least SHORTEST characters, from the index."""
    if dialect == "sqlite":
        index = table(INDEX, column("rowid"), column(INDEX))
        quoted = '"' + word.replace('"', '""') + '"'
        return select(index.c.rowid.label("seq")).where(index.c[INDEX].op("MATCH")(quoted))
    return select(predictions.c.seq).where(contains(word))


def contains(word: str) -> ColumnElement[bool]:
    """Whether a row contains a folded word, by looking at it."""
    return predictions.c.words.contains(word, autoescape=True)


def rebuild(connection: Connection) -> None:
    """Fill the index again after rows were written past it."""
    if connection.dialect.name == "sqlite" and indexed(connection):
        connection.execute(text(SQLITE[-1]))

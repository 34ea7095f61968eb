"""The tables of the prediction store. Changing them takes a new file in migrations/versions."""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.types import TypeDecorator

MAX_FILENAME = 255


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, kept and given back in UTC by every database (SQLite itself knows no time zones)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A time without a time zone cannot be stored.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# Fixed names for indexes and constraints, so that later migrations can refer to them on every database.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

predictions = Table(
    "predictions",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("created", UtcDateTime, nullable=False),
    Column("filename", String(MAX_FILENAME), nullable=False),
    # Case folding may lengthen a name, hence no limit here.
    Column("filename_folded", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("model", String(255), nullable=False),
    Column("model_version", String(255), nullable=False),
    Column("model_sha256", String(64), nullable=False),
    Column("probability", Float(53), nullable=False),
    Column("threshold", Float(53), nullable=False),
    Column("decision", String(16), nullable=False),
    Column("diagnosis", String(16)),
    Column("probabilities", JSON, nullable=False),
    Column("warnings", JSON, nullable=False),
    Column("milliseconds", Float(53), nullable=False),
    CheckConstraint("probability >= 0 AND probability <= 1", name="probability"),
)

# Sorted columns carry the id, which breaks ties: the grid's pages then come straight from the index.
for _name in ("created", "filename_folded", "model", "probability", "decision", "diagnosis"):
    Index(None, predictions.c[_name], predictions.c.id)
Index(None, predictions.c.sha256)

# One row. `identity` ties the database to its folder of images; updating `turn` is how writers queue.
store = Table(
    "store",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("identity", String(32), nullable=False),
    Column("turn", Integer, nullable=False),
)

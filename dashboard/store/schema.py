"""The tables of the prediction store. Changing them takes a new file in migrations/versions.

Those of users are in user_tables.py.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
    true,
)
from sqlalchemy.types import TypeDecorator

from dashboard.store.fields import CONTEXT, LESION, PATIENT, ContextField
from dashboard.store.names import MAX_FILENAME


def utc_now() -> datetime:
    """The time by the clock."""
    return datetime.now(UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, kept and given back in UTC by every database (SQLite itself knows no time zones)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        """What a column of this kind holds; SQLAlchemy's decorators would not say."""
        return datetime

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
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)

# SQLite numbers rows by itself only where the type is spelled INTEGER.
Sequence = BigInteger().with_variant(Integer, "sqlite")


def text_by_code_point(length: int | None = None) -> String:
    """A text that is sorted by code points on every database, as Python does."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def context_columns(field: ContextField) -> list[Column[Any]]:
    """The columns of a field of the context: its own, and the one that is compared in its stead."""
    if field.type is int:
        return [Column(field.name, SmallInteger)]
    if field.lines:
        return [Column(field.name, Text)]
    if field.choices:
        return [Column(field.name, String(16))]
    if field.moment:
        # As it was said, to the day or the second: in this form texts are sorted by the day of the photograph.
        return [Column(field.name, text_by_code_point(field.longest))]
    if field.filter != "text":
        return [Column(field.name, text_by_code_point(field.longest))]
    return [Column(field.name, String(field.longest)), Column(field.folded, text_by_code_point())]


predictions = Table(
    "predictions",
    metadata,
    # The order of arrival, whatever the clock said. Small, so that it is cheap in every index.
    Column("seq", Sequence, primary_key=True, autoincrement=True),
    Column("id", String(36), nullable=False, unique=True),
    Column("created", UtcDateTime, nullable=False),
    Column("filename", String(MAX_FILENAME), nullable=False),
    # Case folding may lengthen a name, hence no limit here.
    Column("filename_folded", text_by_code_point(), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("model", text_by_code_point(255), nullable=False),
    Column("model_version", String(255), nullable=False),
    Column("model_sha256", String(64), nullable=False),
    Column("probability", Float(53), nullable=False),
    Column("operating_point", String(64), nullable=False),
    Column("threshold", Float(53), nullable=False),
    Column("malignant_from", Float(53), nullable=False),
    Column("decision", text_by_code_point(16), nullable=False),
    Column("diagnosis", text_by_code_point(16)),
    Column("milliseconds", Float(53), nullable=False),
    # Of earlier versions, over flips and turns of the photograph. Kept with the prediction; nothing reads it.
    Column("spread_low", Float(53)),
    Column("spread_high", Float(53)),
    Column("novelty", Float(53)),
    # What people add: context, and where the reviews stand (worked out from them at every change).
    *(column for field in CONTEXT for column in context_columns(field)),
    Column("review", SmallInteger, nullable=False),
    Column("confirmed", text_by_code_point(16)),
    Column("confirmed_by", String(16)),
    Column("reviewed", UtcDateTime),
    Column("revision", Integer, nullable=False),
    Column("tags", JSON, nullable=False),
    # Everything that free text is looked for in, folded.
    Column("words", Text, nullable=False),
    # Read with the row, never asked about: last, where they don't get in the way of the columns above.
    Column("probabilities", JSON, nullable=False),
    Column("cautions", JSON, nullable=False),
    Column("similar", JSON, nullable=False),
    Column("quality", JSON, nullable=False),
    # What sums up the store asks: see counted.py; and what the photograph was taken with.
    Column("counted", Boolean, nullable=False, server_default=true()),
    Column("close_up", Boolean, nullable=False, server_default=false()),
    # What people are shown, and what they were shown before an update; see outcomes.py. Both as in RANKED_OUTCOMES.
    Column("outcome", SmallInteger, nullable=False, server_default="1"),
    Column("outcome_before", SmallInteger),
    # The part of the photograph that was predicted from, see `model.images.Crop`, and which attempt this one replaces.
    Column("crop", JSON(none_as_null=True)),
    Column("replaces", String(36)),
    # The lesion of a patient that it belongs to; NULL for nobody's. The texts `patient` and `lesion` follow from it.
    Column("lesion_id", String(36)),
    # What the dermatoscope did, as DICOM says it, see `model.images.Photograph`.
    Column("optics", JSON(none_as_null=True)),
    # What readers said of it before they saw the result, and after; see opinions.py.
    Column("judgements", JSON(none_as_null=True)),
    # Where the evidence lies, see `Record.evidence`; NULL for what earlier versions kept as a picture.
    Column("evidence", JSON(none_as_null=True)),
    CheckConstraint("probability >= 0 AND probability <= 1", name="probability"),
)

# The columns that are filtered. The indexes over time and probability hold all of them: a page is read off one index,
# whatever is filtered, and only its own rows are fetched.
LISTED = (
    *("created", "seq", "probability", "outcome", "diagnosis", "review", "model"),
    *("site", "sex", "confirmed", "operating_point", "decision"),
    *(field.name for field in CONTEXT if field.sign),
)
# The columns of which one value may be rare have an index each, that goes on by time; what values there are is read off
# it, too.
BY_VALUE = (
    *("outcome", "diagnosis", "review"),
    *(field.folded for field in CONTEXT if field.filter and not field.choices),
)


def add_index(name: str, *columns: str, present: str = "") -> None:
    """An index over predictions; with `present`, over those that have a value in this column."""
    where = text(f"{present} IS NOT NULL") if present else None
    parts = (predictions.c[column] for column in columns)
    Index(f"ix_predictions_{name}", *parts, sqlite_where=where, postgresql_where=where)


for _name in ("created", "probability"):
    add_index(f"by_{_name}", *dict.fromkeys((_name, *LISTED)))
for _name in BY_VALUE:
    add_index(f"by_{_name}", _name, "created", "seq", present=_name if _name.endswith("_folded") else "")

add_index("by_replaces", "replaces", present="replaces")
for _name in ("histology_due", "follow_up_due"):
    add_index(f"by_{_name}", _name, "created", "seq", present=_name)
add_index("by_lesion_id", "lesion_id", "taken", "seq", present="lesion_id")
add_index("by_judged", "created", present="judgements")

# What monitoring counts, by photograph and by version of a model; and the confirmed images.
SUMMED = ("counted", "created", "outcome", "close_up")
add_index("by_photograph", "sha256", "model_sha256", "model", *SUMMED)
add_index("by_version", "model", "model_sha256", "model_version", *SUMMED)
add_index("known", "sha256", "reviewed", "seq", "confirmed", present="confirmed")
# The results that an update changed: few.
add_index("by_outcome_before", "outcome_before", "created", "seq", present="outcome_before")

# Who has lesions. One without an identifier is not named: each of his lesions is known by its text alone. Of two that
# turned out to be one, `merged_into` names the other, which has the lesions of both.
patients = Table(
    "patients",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("created", UtcDateTime, nullable=False),
    *(column for field in PATIENT for column in context_columns(field)),
    Column("merged_into", String(36)),
    Column("revision", Integer, nullable=False),
)
Index(None, patients.c.identifier_folded, unique=True)

# What photographs show. One without a name has the photographs of a patient that nobody has assigned.
lesions = Table(
    "lesions",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("created", UtcDateTime, nullable=False),
    Column("patient_id", String(36), ForeignKey("patients.id", ondelete="CASCADE"), nullable=False),
    *(column for field in LESION for column in context_columns(field)),
    Column("merged_into", String(36)),
    Column("revision", Integer, nullable=False),
)
Index(None, lesions.c.patient_id, lesions.c.name_folded)
Index(None, lesions.c.name)

# What people found out, appended and never changed.
reviews = Table(
    "reviews",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("seq", Sequence, ForeignKey("predictions.seq", ondelete="CASCADE"), nullable=False),
    Column("created", UtcDateTime, nullable=False),
    Column("reviewer", String(128), nullable=False),
    Column("diagnosis", String(16)),
    Column("source", String(16)),
    Column("note", Text, nullable=False),
    Column("tags", JSON, nullable=False),
)
Index(None, reviews.c.seq)

# The tags of a prediction once more, a row each, for asking who has one.
tags = Table(
    "tags",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("seq", Sequence, ForeignKey("predictions.seq", ondelete="CASCADE"), primary_key=True),
)
Index(None, tags.c.seq)

# Who changed what. It outlives the prediction, and so holds nothing that could tell whose image it was.
audit = Table(
    "audit",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("prediction_id", String(36), nullable=False),
    Column("created", UtcDateTime, nullable=False),
    Column("who", String(128), nullable=False),
    Column("action", String(16), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("detail", JSON, nullable=False),
)
Index(None, audit.c.prediction_id)

# Deleted cases, each whole as a line of a backup has it, until their days in the bin are over. What is here is in no
# list, count, search or index of predictions. `seq` is the place that a case had; empty after a backup was restored.
binned = Table(
    "bin",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("seq", BigInteger),
    Column("sha256", String(64), nullable=False),
    Column("lesion", text_by_code_point(128)),
    Column("lesion_id", String(36)),
    Column("binned", UtcDateTime, nullable=False),
    Column("who", String(128), nullable=False),
    Column("line", JSON, nullable=False),
)
Index(None, binned.c.sha256)
Index(None, binned.c.lesion)
Index(None, binned.c.lesion_id)
Index(None, binned.c.binned)

# Cases that nobody may delete, in the bin or not, and why.
holds = Table(
    "holds",
    metadata,
    Column("prediction_id", String(36), primary_key=True),
    Column("created", UtcDateTime, nullable=False),
    Column("who", String(128), nullable=False),
    Column("reason", Text, nullable=False),
)

# Who judges before a result is shown, and since when; NULL for a reader who has switched that off.
readers = Table(
    "readers",
    metadata,
    Column("reader", String(32), primary_key=True),
    Column("since", UtcDateTime),
)

# Idempotency keys of the API, kept for a day.
keys = Table(
    "keys",
    metadata,
    Column("key", String(255), primary_key=True),
    Column("created", UtcDateTime, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("prediction_id", String(36), nullable=False),
    # A digest of what was asked for beside the image; NULL for a key that an earlier version kept.
    Column("request", String(64)),
)
Index(None, keys.c.created)

# What is done in the background: predicting a selection again. `model_sha256` names the version of the model that was
# asked for: a process that has another one leaves the job to others.
jobs = Table(
    "jobs",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("created", UtcDateTime, nullable=False),
    Column("model", String(255), nullable=False),
    Column("model_sha256", String(64), nullable=False),
    Column("operating_point", String(64), nullable=False),
    Column("who", String(128), nullable=False),
    Column("state", String(16), nullable=False),
    Column("ended", UtcDateTime),
)
Index(None, jobs.c.state, jobs.c.created)

# The predictions of a job, with one result each: the new prediction, or a sentence that says why there is none. Whoever
# works on one has it until its lease is over.
job_items = Table(
    "job_items",
    metadata,
    Column("job_id", String(36), ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("prediction_id", String(36), nullable=False),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("leased_until", UtcDateTime),
    Column("ended", UtcDateTime),
    Column("after_id", String(36)),
    Column("problem", Text),
    UniqueConstraint("job_id", "prediction_id"),
)

# Which models are candidates, in use or retired: a line for each change, with all of it as it is after that. `chosen`
# is the model that answers where none is asked for; NULL where the settings say.
registry = Table(
    "registry",
    metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=False),
    Column("created", UtcDateTime, nullable=False),
    Column("who", String(128), nullable=False),
    Column("why", Text, nullable=False),
    Column("model", String(255), nullable=False),
    Column("version", String(255), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("states", JSON, nullable=False),
    Column("chosen", String(255)),
)

# One row. `identity` ties the database to its folder of images; updating `turn` is how writers queue, and tells
# whoever watches that something changed. Photographs kept before `profiles_since` were read without colour profiles.
# `outcome_rule` is the rule (`model.outcome.OUTCOME_RULE`) that the outcomes of all predictions follow.
store = Table(
    "store",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("identity", String(32), nullable=False),
    Column("turn", Integer, nullable=False),
    Column("profiles_since", UtcDateTime),
    Column("outcome_rule", Integer, nullable=False, server_default="1"),
    # Signs cookies. Whoever reads it still needs a session, of which only a digest is here.
    Column("cookie_key", String(64), nullable=False),
)

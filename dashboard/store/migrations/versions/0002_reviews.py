"""Operating points, cautions, context, reviews, tags, audit lines and idempotency keys; rows numbered as they came.

Existing predictions keep everything they have: their one threshold becomes both sides of the band, and the sentences of
their warnings become cautions.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
Moment = sa.DateTime(timezone=True)


def code_text(length: int | None = None) -> sa.String:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


COVERED = (
    "created",
    "seq",
    "probability",
    "decision",
    "diagnosis",
    "model",
    "site",
    "sex",
    "confirmed",
    "review",
)
SORTED = (
    *("created", "filename_folded", "probability", "model", "decision", "diagnosis", "site", "lesion_folded"),
    *("age", "review", "confirmed", "reviewed"),
)
KEPT = (
    *("id", "created", "filename", "filename_folded", "sha256", "width", "height", "model", "model_version"),
    *("model_sha256", "probability", "threshold", "decision", "diagnosis", "milliseconds", "probabilities"),
)


def upgrade() -> None:
    for name in ("created", "filename_folded", "model", "probability", "decision", "diagnosis"):
        op.drop_index(f"ix_predictions_{name}_id", "predictions")
    op.drop_index("ix_predictions_sha256", "predictions")
    op.rename_table("predictions", "predictions_1")
    if op.get_bind().dialect.name == "postgresql":
        # Their names are the new table's, whichever of them this database has.
        for name in ("predictions_pkey", "pk_predictions", "ck_predictions_probability"):
            op.execute(f"ALTER TABLE predictions_1 DROP CONSTRAINT IF EXISTS {name}")
    predictions = create_predictions()
    copy_predictions(predictions)
    op.drop_table("predictions_1")
    for name in SORTED:
        op.create_index(f"ix_predictions_by_{name}", "predictions", list(dict.fromkeys((name, *COVERED))))
    op.create_index("ix_predictions_sha256", "predictions", ["sha256"])
    op.add_column("store", sa.Column("predictions", sa.Integer, nullable=False, server_default="0"))
    op.execute("UPDATE store SET predictions = (SELECT count(*) FROM predictions)")
    create_others()


def create_predictions() -> sa.Table:
    return op.create_table(
        "predictions",
        sa.Column("seq", Number, autoincrement=True),
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("created", Moment, nullable=False),
        sa.Column("filename", sa.String(255), nullable=False),
        sa.Column("filename_folded", code_text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("model", code_text(255), nullable=False),
        sa.Column("model_version", sa.String(255), nullable=False),
        sa.Column("model_sha256", sa.String(64), nullable=False),
        sa.Column("probability", sa.Float(53), nullable=False),
        sa.Column("operating_point", sa.String(64), nullable=False),
        sa.Column("threshold", sa.Float(53), nullable=False),
        sa.Column("malignant_from", sa.Float(53), nullable=False),
        sa.Column("decision", code_text(16), nullable=False),
        sa.Column("diagnosis", code_text(16)),
        sa.Column("milliseconds", sa.Float(53), nullable=False),
        sa.Column("spread_low", sa.Float(53)),
        sa.Column("spread_high", sa.Float(53)),
        sa.Column("novelty", sa.Float(53)),
        sa.Column("age", sa.SmallInteger),
        sa.Column("sex", sa.String(16)),
        sa.Column("site", code_text(64)),
        sa.Column("lesion", sa.String(128)),
        sa.Column("lesion_folded", code_text()),
        sa.Column("note", sa.Text),
        sa.Column("review", sa.SmallInteger, nullable=False),
        sa.Column("confirmed", code_text(16)),
        sa.Column("confirmed_by", sa.String(16)),
        sa.Column("reviewed", Moment),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("tags", sa.JSON, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("probabilities", sa.JSON, nullable=False),
        sa.Column("cautions", sa.JSON, nullable=False),
        sa.Column("similar", sa.JSON, nullable=False),
        sa.Column("quality", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_predictions")),
        sa.UniqueConstraint("id", name=op.f("uq_predictions_id")),
        sa.CheckConstraint("probability >= 0 AND probability <= 1", name=op.f("ck_predictions_probability")),
    )


def copy_predictions(predictions: sa.Table) -> None:
    """The rows of revision 0001, in the order of their times."""
    connection = op.get_bind()
    old = sa.Table(
        "predictions_1",
        sa.MetaData(),
        *(sa.Column(name, predictions.c[name].type) for name in KEPT),
        sa.Column("warnings", sa.JSON),
    )
    last = ""
    while True:
        some = sa.select(old).where(old.c.id > last).order_by(old.c.id).limit(1000)
        rows = connection.execute(some).mappings().all()
        if not rows:
            return
        connection.execute(sa.insert(predictions), [renewed(dict(row)) for row in rows])
        last = rows[-1]["id"]


def renewed(row: dict[str, Any]) -> dict[str, Any]:
    """A row of revision 0001 as one of this revision."""
    sentences = row.pop("warnings")
    return row | {
        "operating_point": "",
        "malignant_from": row["threshold"],
        "review": 0,
        "revision": 0,
        "tags": [],
        "words": row["filename_folded"],
        "cautions": [{"code": "", "text": text, "severe": False} for text in sentences],
        "similar": [],
        "quality": {},
    }


def create_others() -> None:
    op.create_table(
        "reviews",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("seq", Number, nullable=False),
        sa.Column("created", Moment, nullable=False),
        sa.Column("reviewer", sa.String(128), nullable=False),
        sa.Column("diagnosis", sa.String(16)),
        sa.Column("source", sa.String(16)),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("tags", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
        sa.ForeignKeyConstraint(
            ["seq"], ["predictions.seq"], name=op.f("fk_reviews_seq"), ondelete="CASCADE"
        ),
    )
    op.create_index("ix_reviews_seq", "reviews", ["seq"])
    op.create_table(
        "tags",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("seq", Number, nullable=False),
        sa.PrimaryKeyConstraint("name", "seq", name=op.f("pk_tags")),
        sa.ForeignKeyConstraint(["seq"], ["predictions.seq"], name=op.f("fk_tags_seq"), ondelete="CASCADE"),
    )
    op.create_index("ix_tags_seq", "tags", ["seq"])
    op.create_table(
        "audit",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("prediction_id", sa.String(36), nullable=False),
        sa.Column("created", Moment, nullable=False),
        sa.Column("who", sa.String(128), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("detail", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_prediction_id", "audit", ["prediction_id"])
    op.create_table(
        "keys",
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("created", Moment, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("prediction_id", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_keys")),
    )
    op.create_index("ix_keys_created", "keys", ["created"])

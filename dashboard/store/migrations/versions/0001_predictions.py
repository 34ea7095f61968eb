"""Predictions, and the one row that identifies the store."""

from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "predictions",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("filename", sa.String(255), nullable=False),
        sa.Column("filename_folded", sa.Text, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("model", sa.String(255), nullable=False),
        sa.Column("model_version", sa.String(255), nullable=False),
        sa.Column("model_sha256", sa.String(64), nullable=False),
        sa.Column("probability", sa.Float(53), nullable=False),
        sa.Column("threshold", sa.Float(53), nullable=False),
        sa.Column("decision", sa.String(16), nullable=False),
        sa.Column("diagnosis", sa.String(16)),
        sa.Column("probabilities", sa.JSON, nullable=False),
        sa.Column("warnings", sa.JSON, nullable=False),
        sa.Column("milliseconds", sa.Float(53), nullable=False),
        sa.CheckConstraint("probability >= 0 AND probability <= 1", name=op.f("ck_predictions_probability")),
    )
    for name in ("created", "filename_folded", "model", "probability", "decision", "diagnosis"):
        op.create_index(f"ix_predictions_{name}_id", "predictions", [name, "id"])
    op.create_index("ix_predictions_sha256", "predictions", ["sha256"])
    store = op.create_table(
        "store",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("identity", sa.String(32), nullable=False),
        sa.Column("turn", sa.Integer, nullable=False),
    )
    op.bulk_insert(store, [{"id": 1, "identity": uuid4().hex, "turn": 0}])


def downgrade() -> None:
    op.drop_table("store")
    op.drop_table("predictions")

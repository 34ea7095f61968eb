"""Indexes for monitoring: what each version of a model predicted, and the images whose diagnosis is confirmed."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

CONFIRMED = sa.text("confirmed IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_predictions_by_version",
        "predictions",
        ["model", "model_sha256", "model_version", "created", "decision"],
    )
    op.create_index(
        "ix_predictions_known",
        "predictions",
        ["sha256", "reviewed", "seq", "confirmed"],
        sqlite_where=CONFIRMED,
        postgresql_where=CONFIRMED,
    )

"""The part of a photograph that was predicted from, and which attempt a photograph replaces."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("predictions", sa.Column("crop", sa.JSON(none_as_null=True)))
    op.add_column("predictions", sa.Column("replaces", sa.String(36)))
    given = sa.text("replaces IS NOT NULL")
    op.create_index(
        "ix_predictions_by_replaces",
        "predictions",
        ["replaces"],
        sqlite_where=given,
        postgresql_where=given,
    )

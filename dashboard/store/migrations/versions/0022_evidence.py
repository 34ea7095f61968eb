"""Heatmaps as the small maps that they are, in the rows of their predictions."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("predictions", sa.Column("evidence", sa.JSON))

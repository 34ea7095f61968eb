"""What readers said of a photograph, and who judges before a result is shown."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("predictions", sa.Column("judgements", sa.JSON(none_as_null=True)))
    judged = sa.text("judgements IS NOT NULL")
    op.create_index(
        "ix_predictions_by_judged",
        "predictions",
        ["created"],
        sqlite_where=judged,
        postgresql_where=judged,
    )
    op.create_table(
        "readers",
        sa.Column("reader", sa.String(32), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("reader", name="pk_readers"),
    )

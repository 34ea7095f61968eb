"""The bin for deleted cases, and cases that nobody may delete."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "bin",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("seq", sa.BigInteger),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("lesion", sa.String(128).with_variant(sa.String(128, collation="C"), "postgresql")),
        sa.Column("binned", MOMENT, nullable=False),
        sa.Column("who", sa.String(128), nullable=False),
        sa.Column("line", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_bin"),
    )
    for name in ("sha256", "lesion", "binned"):
        op.create_index(f"ix_bin_{name}", "bin", [name])
    op.create_table(
        "holds",
        sa.Column("prediction_id", sa.String(36), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("who", sa.String(128), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("prediction_id", name="pk_holds"),
    )

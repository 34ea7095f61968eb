"""Accounts that are switched off, passwords that hold once, names of tokens, and a trail that is searched by action."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("users") as batch:
        batch.add_column(sa.Column("switched_off", sa.DateTime(timezone=True)))
        batch.add_column(sa.Column("once", sa.Boolean, nullable=False, server_default=sa.false()))
    with op.batch_alter_table("users") as batch:
        batch.alter_column("once", server_default=None, existing_type=sa.Boolean)
    with op.batch_alter_table("api_tokens") as batch:
        batch.add_column(sa.Column("name", sa.String(64), nullable=False, server_default=""))
    with op.batch_alter_table("api_tokens") as batch:
        batch.alter_column("name", server_default=None, existing_type=sa.String(64))
    op.create_index("ix_trail_action", "trail", ["action"])

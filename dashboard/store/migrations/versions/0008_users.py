"""Users, their sessions and tokens, and the key that signs cookies."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("folded", sa.String(255), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("password", sa.String(255)),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("removed", MOMENT),
        sa.Column("signed_in", MOMENT),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("rests_until", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("folded", name="uq_users_folded"),
    )
    create_credentials(
        "user_sessions",
        sa.Column("seen", MOMENT, nullable=False),
        sa.Column("stays", sa.Boolean, nullable=False),
    )
    create_credentials(
        "api_tokens",
        sa.Column("expires", MOMENT, nullable=False),
        sa.Column("used", MOMENT),
        sa.Column("scopes", sa.JSON),
    )
    with op.batch_alter_table("store") as batch:
        batch.add_column(
            sa.Column("cookie_key", sa.String(64), nullable=False, server_default=secrets.token_hex(32))
        )
    with op.batch_alter_table("store") as batch:
        batch.alter_column("cookie_key", server_default=None, existing_type=sa.String(64))


def create_credentials(name: str, *columns: "sa.Column[object]") -> None:
    """A table of what stands for a user, by its digest."""
    op.create_table(
        name,
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(36), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        sa.UniqueConstraint("digest", name=f"uq_{name}_digest"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=f"fk_{name}_user_id", ondelete="CASCADE"),
    )
    op.create_index(f"ix_{name}_user_id", name, ["user_id"])

"""Users whom a provider of OpenID Connect lets in."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("issuer", "subject"):
        op.add_column("users", sa.Column(name, sa.String(255)))
    op.create_index("ix_users_issuer_subject", "users", ["issuer", "subject"], unique=True)

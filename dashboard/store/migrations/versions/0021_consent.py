"""What patients consent to, and since when."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("consent_care", "consent_quality", "consent_training"):
        kind = sa.String(32).with_variant(sa.String(32, collation="C"), "postgresql")
        op.add_column("patients", sa.Column(name, kind))

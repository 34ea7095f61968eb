"""By when histology is expected, and when somebody is to be seen again."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("histology_due", "follow_up_due"):
        kind = sa.String(32).with_variant(sa.String(32, collation="C"), "postgresql")
        op.add_column("predictions", sa.Column(name, kind))
        present = sa.text(f"{name} IS NOT NULL")
        op.create_index(
            f"ix_predictions_by_{name}",
            "predictions",
            [name, "created", "seq"],
            sqlite_where=present,
            postgresql_where=present,
        )

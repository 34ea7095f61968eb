"""Fewer indexes: two with every column that is filtered, and a narrow one for each value that may be rare."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

OLD = (
    *("created", "filename_folded", "probability", "model", "decision", "diagnosis", "site", "lesion_folded"),
    *("age", "review", "confirmed", "reviewed"),
)
LISTED = (
    *("created", "seq", "probability", "decision", "diagnosis", "review", "model"),
    *("site", "sex", "confirmed", "operating_point"),
)
NEW = {
    "created": LISTED,
    "probability": ("probability", *(name for name in LISTED if name != "probability")),
    **{
        name: (name, "created", "seq")
        for name in ("decision", "diagnosis", "review", "site", "lesion_folded")
    },
}


def upgrade() -> None:
    for name in OLD:
        op.drop_index(f"ix_predictions_by_{name}", "predictions")
    op.drop_index("ix_predictions_sampled", "predictions")
    # Only PostgreSQL had it.
    op.execute("DROP INDEX IF EXISTS predictions_words_sampled")
    for name, columns in NEW.items():
        where = sa.text(f"{name} IS NOT NULL") if name == "lesion_folded" else None
        op.create_index(
            f"ix_predictions_by_{name}",
            "predictions",
            list(columns),
            sqlite_where=where,
            postgresql_where=where,
        )
    with op.batch_alter_table("store") as batch:
        batch.drop_column("predictions")

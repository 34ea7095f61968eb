"""An index over every 200th prediction, which tells how much a filter leaves."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SAMPLE = sa.text("seq % 200 = 0")
SAMPLED = (
    *(
        "seq",
        "created",
        "probability",
        "decision",
        "diagnosis",
        "model",
        "site",
        "sex",
        "confirmed",
        "review",
    ),
    *("filename_folded", "lesion_folded", "age", "reviewed", "operating_point", "confirmed_by"),
)


def upgrade() -> None:
    op.create_index(
        "ix_predictions_sampled",
        "predictions",
        list(SAMPLED),
        sqlite_where=SAMPLE,
        postgresql_where=SAMPLE,
    )

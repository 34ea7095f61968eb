"""The outcome of every prediction, by a rule with a version; and what was shown before, where that is another one.

Before, there was only the decision, and whether it was to be relied on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# As they are stored; a row that nobody gave one has no result.
BENIGN, NO_RESULT, UNCERTAIN, MALIGNANT = range(4)
LISTED = (
    *("created", "seq", "probability", "outcome", "diagnosis", "review", "model"),
    *("site", "sex", "confirmed", "operating_point", "decision", "changed", "bleeds", "growing"),
)
SUMMED = ("counted", "created", "outcome", "close_up")
INDEXES = {
    "by_created": LISTED,
    "by_probability": ("probability", *(name for name in LISTED if name != "probability")),
    "by_outcome": ("outcome", "created", "seq"),
    "by_photograph": ("sha256", "model_sha256", "model", *SUMMED),
    "by_version": ("model", "model_sha256", "model_version", *SUMMED),
}

predictions = sa.table(
    "predictions",
    *(sa.column(name) for name in ("decision", "outcome", "outcome_before")),
    sa.column("no_result", sa.Boolean),
)


def upgrade() -> None:
    for name in ("by_created", "by_probability", "by_decision", "by_photograph", "by_version"):
        op.drop_index(f"ix_predictions_{name}", "predictions")
    op.add_column(
        "predictions", sa.Column("outcome", sa.SmallInteger, nullable=False, server_default=str(NO_RESULT))
    )
    op.add_column("predictions", sa.Column("outcome_before", sa.SmallInteger))
    op.add_column("store", sa.Column("outcome_rule", sa.Integer, nullable=False, server_default="1"))

    columns = predictions.c
    ranks = {"benign": BENIGN, "uncertain": UNCERTAIN, "malignant": MALIGNANT}
    decided = sa.case(ranks, value=columns.decision)
    without = columns.no_result.is_(sa.true())
    op.execute(predictions.update().where(~without).values(outcome=decided))
    op.execute(predictions.update().where(without).values(outcome_before=decided))
    op.drop_column("predictions", "no_result")

    for name, names in INDEXES.items():
        op.create_index(f"ix_predictions_{name}", "predictions", list(names))
    changed = sa.text("outcome_before IS NOT NULL")
    op.create_index(
        "ix_predictions_by_outcome_before",
        "predictions",
        ["outcome_before", "created", "seq"],
        sqlite_where=changed,
        postgresql_where=changed,
    )

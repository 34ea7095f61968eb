"""Which predictions are counted, which have no result, and which are of close-ups; and reviews of undecided ones.

Rows are only rewritten where they are the exception: a million of them would take minutes. What cautions say is looked
for in their JSON as it was written: no text in it has a quotation mark without a backslash.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# The SHA-256 of every drawn example there has been.
DRAWN = (
    "8a9cbe62b06616fe40d491ae95a130470c4a2b2810eb160a98efcbb0cd899971",
    "071f03bacfc3e4c9af56b5eafca1a32fdc23f3fe049cd383eb551f13c8242665",
    "648e7fa75f4993f2640f8d30912c8304f54bdf41c39984b885968e83555f67af",
    "28406509fc54bbcc61ee982ba6fb703235061c33db01f4d7a846031f7972652b",
)

RESULT = ("counted", "created", "decision", "no_result", "close_up")

predictions = sa.table(
    "predictions",
    *map(
        sa.column, ("seq", "sha256", "model", "model_sha256", "decision", "cautions", "review", "confirmed")
    ),
    *(sa.column(name, sa.Boolean) for name in ("counted", "no_result", "close_up")),
)


def upgrade() -> None:
    columns = predictions.c
    for name, usual in (("counted", sa.true()), ("no_result", sa.false()), ("close_up", sa.false())):
        op.add_column("predictions", sa.Column(name, sa.Boolean, nullable=False, server_default=usual))
    op.create_index(
        "ix_predictions_by_photograph", "predictions", ["sha256", "model_sha256", "model", *RESULT]
    )
    op.drop_index("ix_predictions_sha256", "predictions")

    # PostgreSQL compares NOT IN row by row, which does not end with a million of them.
    before = predictions.alias()
    same = (before.c[name] == columns[name] for name in ("sha256", "model_sha256", "model"))
    repeated = sa.exists().where(*same, before.c.seq < columns.seq)
    op.execute(predictions.update().where(repeated | columns.sha256.in_(DRAWN)).values(counted=sa.false()))
    cautions = sa.cast(columns.cautions, sa.Text)
    severe, near = cautions.like('%"severe": true%'), cautions.like('%"code": "close_up"%')
    op.execute(predictions.update().where(severe).values(no_result=sa.true()))
    op.execute(predictions.update().where(near).values(close_up=sa.true()))
    renumber_reviews()

    op.drop_index("ix_predictions_by_version", "predictions")
    op.create_index(
        "ix_predictions_by_version", "predictions", ["model", "model_sha256", "model_version", *RESULT]
    )


def renumber_reviews() -> None:
    """Make room for "undecided", which is 3 now, before "overcalled" and "missed"."""
    columns = predictions.c
    undecided = columns.confirmed.is_not(None) & (
        (columns.decision == "uncertain") | columns.no_result.is_(sa.true())
    )
    number = sa.case((undecided, 3), else_=columns.review + 1)
    op.execute(predictions.update().where((columns.review >= 3) | undecided).values(review=number))

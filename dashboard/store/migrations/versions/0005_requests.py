"""What an idempotency key was sent with; and from when on photographs are kept as they were meant.

Earlier versions ignored colour profiles, and took the numbers in some DICOM files for colours. What they kept of such
a photograph cannot be put right: it has to be sent again, see dashboard/jobs/recheck.py.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("keys", sa.Column("request", sa.String(64)))
    op.add_column("store", sa.Column("profiles_since", sa.DateTime(timezone=True)))
    table = sa.table("store", sa.column("profiles_since", sa.DateTime(timezone=True)))
    op.execute(sa.update(table).values(profiles_since=datetime.now(UTC)))

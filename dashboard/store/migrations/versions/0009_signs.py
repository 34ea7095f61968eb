"""Three questions whose yes asks for an examination: has it changed, does it bleed, is it new and growing."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("changed", "bleeds", "growing"):
        op.add_column("predictions", sa.Column(name, sa.String(16)))

"""The cases of a lesion whose site somebody has said have that site, and no other."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    lesions = sa.table("lesions", sa.column("id"), sa.column("name"), sa.column("site"))
    predictions = sa.table("predictions", sa.column("lesion_id"), sa.column("site"))
    said = sa.select(lesions.c.id).where(lesions.c.site.is_not(None), lesions.c.name.is_not(None))
    site = sa.select(lesions.c.site).where(lesions.c.id == predictions.c.lesion_id).scalar_subquery()
    op.execute(sa.update(predictions).where(predictions.c.lesion_id.in_(said)).values(site=site))

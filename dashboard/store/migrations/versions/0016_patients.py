"""Patients and their lesions, and when a photograph was taken.

Before, a lesion was a text; each becomes a lesion of a patient of its own, who is not named.
"""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from dashboard.store.names import fold, new_id

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
CHUNK = 10_000


def sorted_text(length: int | None = None) -> sa.String:
    """A text that is sorted by code points."""
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def record_columns() -> list[sa.Column[Any]]:
    """What patients and lesions both have."""
    return [
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("merged_into", sa.String(36)),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("note", sa.Text),
    ]


def upgrade() -> None:
    op.create_table(
        "patients",
        *record_columns(),
        sa.Column("identifier", sa.String(128)),
        sa.Column("identifier_folded", sorted_text()),
        sa.Column("birth_year", sa.SmallInteger),
        sa.Column("sex", sa.String(16)),
        sa.Column("phototype", sa.String(16)),
        sa.Column("risk_factors", sorted_text(1000)),
        sa.PrimaryKeyConstraint("id", name="pk_patients"),
    )
    op.create_index("ix_patients_identifier_folded", "patients", ["identifier_folded"], unique=True)
    op.create_table(
        "lesions",
        *record_columns(),
        sa.Column("patient_id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(128)),
        sa.Column("name_folded", sorted_text()),
        sa.Column("site", sa.String(16)),
        sa.Column("laterality", sa.String(16)),
        sa.PrimaryKeyConstraint("id", name="pk_lesions"),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name="fk_lesions_patient_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_lesions_patient_id_name_folded", "lesions", ["patient_id", "name_folded"])
    op.create_index("ix_lesions_name", "lesions", ["name"])

    for name, kind in (
        ("patient", sa.String(128)),
        ("patient_folded", sorted_text()),
        ("taken", sorted_text(32)),
        ("skin_tone", sa.SmallInteger),
        ("lesion_id", sa.String(36)),
        ("optics", sa.JSON(none_as_null=True)),
    ):
        op.add_column("predictions", sa.Column(name, kind))
    op.add_column("bin", sa.Column("lesion_id", sa.String(36)))

    make_lesions()

    add_present_index("by_patient_folded", "patient_folded", "created", "seq")
    add_present_index("by_lesion_id", "lesion_id", "taken", "seq")
    op.create_index("ix_bin_lesion_id", "bin", ["lesion_id"])


def add_present_index(name: str, first: str, *others: str) -> None:
    """An index over the predictions that have a value in its first column."""
    present = sa.text(f"{first} IS NOT NULL")
    op.create_index(
        f"ix_predictions_{name}",
        "predictions",
        [first, *others],
        sqlite_where=present,
        postgresql_where=present,
    )


def make_lesions() -> None:
    """A lesion, and a patient without a name, for every text in the list and in the bin."""
    connection, moment = op.get_bind(), datetime.now(UTC)
    patients = sa.table("patients", *map(sa.column, ("id", "revision")), sa.column("created", MOMENT))
    columns = ("id", "patient_id", "name", "name_folded", "revision")
    lesions = sa.table("lesions", *map(sa.column, columns), sa.column("created", MOMENT))
    cases = [sa.table(name, *map(sa.column, ("lesion", "lesion_id"))) for name in ("predictions", "bin")]
    names = sa.union(*(sa.select(case.c.lesion).where(case.c.lesion.is_not(None)) for case in cases))
    found = connection.execute(names).scalars().all()
    for start in range(0, len(found), CHUNK):
        rows: list[dict[str, Any]] = [
            {"id": new_id(), "patient_id": new_id(), "name": name, "name_folded": fold(name)}
            for name in found[start : start + CHUNK]
        ]
        new = {"created": moment, "revision": 0}
        connection.execute(patients.insert(), [{"id": row["patient_id"], **new} for row in rows])
        connection.execute(lesions.insert(), [row | new for row in rows])
    for case in cases:
        same = sa.select(lesions.c.id).where(lesions.c.name == case.c.lesion).scalar_subquery()
        connection.execute(case.update().where(case.c.lesion.is_not(None)).values(lesion_id=same))

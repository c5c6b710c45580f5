"""series from outside"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models import types

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "series",
        sa.Column("id", types.Int64, nullable=False, autoincrement=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", types.ContentHash(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("imported_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
        sa.UniqueConstraint("name", "hash", name=op.f("uq_series_name_hash")),
        sa.CheckConstraint("length(hash) = 32", name=op.f("ck_series_hash")),
        sqlite_strict=True,
    )
    op.create_table(
        "series_point",
        sa.Column("series_id", types.Int64, nullable=False, autoincrement=False),
        sa.Column("timestamp", types.Int64, nullable=False, autoincrement=False),
        sa.Column("value", types.Float64, nullable=False),
        sa.PrimaryKeyConstraint("series_id", "timestamp", name=op.f("pk_series_point")),
        sa.ForeignKeyConstraint(
            ["series_id"], ["series.id"], name=op.f("fk_series_point_series_id_series")
        ),
        sa.CheckConstraint(
            "value BETWEEN -1.7976931348623157e308 AND 1.7976931348623157e308",
            name=op.f("ck_series_point_finite"),
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("series_point")
    op.drop_table("series")

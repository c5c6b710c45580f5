"""code"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models import types

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLE = "code"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", types.Int64, nullable=False, autoincrement=True),
        sa.Column("target_id", types.Int64, nullable=False),
        sa.Column("block_id", types.Int64, nullable=False),
        sa.Column("block_number", types.Int64, nullable=False),
        sa.Column("code_hash", types.BlockHash(), nullable=True),
        sa.Column("implementation", sa.Text(), nullable=True),
        sa.Column("implementation_hash", types.BlockHash(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        sa.ForeignKeyConstraint(["target_id"], ["target.id"], name=op.f(f"fk_{TABLE}_target_id")),
        sa.ForeignKeyConstraint(
            ["block_id", "block_number"],
            ["block.id", "block.number"],
            name=op.f(f"fk_{TABLE}_block_id_block_number"),
        ),
        sa.UniqueConstraint(
            "target_id",
            "block_number",
            "block_id",
            name=op.f(f"uq_{TABLE}_target_id_block_number_block_id"),
        ),
        check("code_hash", "length(code_hash) = 32"),
        check("implementation_hash", "length(implementation_hash) = 32"),
        check("implementation", "implementation_hash IS NULL OR implementation IS NOT NULL"),
        sqlite_strict=True,
    )


def downgrade() -> None:
    op.drop_table(TABLE)


def check(name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{TABLE}_{name}"))

"""findings"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models import types

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

FINDING, RECEIPT = "finding", "receipt"


def upgrade() -> None:
    op.create_table(
        FINDING,
        sa.Column("id", types.Int64, nullable=False, autoincrement=True),
        sa.Column("target_id", types.Int64, nullable=False),
        sa.Column("block_id", types.Int64, nullable=False),
        sa.Column("block_number", types.Int64, nullable=False),
        sa.Column("attack", sa.Text(), nullable=False),
        sa.Column("goal", sa.Text(), nullable=False),
        sa.Column("proof", sa.Text(), nullable=False),
        sa.Column("profit", types.Float64, nullable=False),
        sa.Column("victims_loss", types.Float64, nullable=False),
        sa.Column("pools_loss", types.Float64, nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("key", types.ContentHash(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{FINDING}")),
        sa.ForeignKeyConstraint(["target_id"], ["target.id"], name=op.f(f"fk_{FINDING}_target_id")),
        sa.ForeignKeyConstraint(
            ["block_id", "block_number"],
            ["block.id", "block.number"],
            name=op.f(f"fk_{FINDING}_block_id_block_number"),
        ),
        sa.UniqueConstraint(
            "target_id",
            "attack",
            "goal",
            "block_number",
            "block_id",
            "key",
            name=op.f(f"uq_{FINDING}_target_id_attack_goal_block_number_block_id_key"),
        ),
        check(FINDING, "goal", "goal IN ('profit', 'griefing')"),
        check(FINDING, "proof", "proof IN ('executed', 'partial', 'scenario')"),
        check(FINDING, "key", "length(key) = 32"),
        sqlite_strict=True,
    )
    op.create_table(
        RECEIPT,
        sa.Column("id", types.Int64, nullable=False, autoincrement=True),
        sa.Column("finding_id", types.Int64, nullable=False),
        sa.Column("hash", types.ContentHash(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("made_at", types.UtcDateTime(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{RECEIPT}")),
        sa.ForeignKeyConstraint(
            ["finding_id"], ["finding.id"], name=op.f(f"fk_{RECEIPT}_finding_id")
        ),
        sa.UniqueConstraint("finding_id", "hash", name=op.f(f"uq_{RECEIPT}_finding_id_hash")),
        check(RECEIPT, "level", "level IN ('executed', 'partial', 'scenario', 'refuted')"),
        check(RECEIPT, "reason", "(level = 'executed') = (reason IS NULL)"),
        check(RECEIPT, "hash", "length(hash) = 32"),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_receipt_hash"), RECEIPT, ["hash"])


def downgrade() -> None:
    op.drop_index(op.f("ix_receipt_hash"), RECEIPT)
    op.drop_table(RECEIPT)
    op.drop_table(FINDING)


def check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))

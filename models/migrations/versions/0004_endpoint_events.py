"""endpoint events"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models import types

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLE = "endpoint_event"
KINDS = (
    "'hash_outvoted', 'value_outvoted', 'undecided', 'agrees_again', 'key_refused', 'wrong_chain'"
)


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", types.Int64, nullable=False, autoincrement=True),
        sa.Column("chain_id", types.Int64, nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("block_number", types.Int64, nullable=True),
        sa.Column("block_hash", types.BlockHash(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("found_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        check("kind", f"kind IN ({KINDS})"),
        check("block", "(block_number IS NULL) = (block_hash IS NULL)"),
        check("block_hash", "length(block_hash) = 32"),
        sqlite_strict=True,
    )
    op.create_index(op.f(f"ix_{TABLE}_chain_id_id"), TABLE, ["chain_id", "id"])


def downgrade() -> None:
    op.drop_index(op.f(f"ix_{TABLE}_chain_id_id"), TABLE)
    op.drop_table(TABLE)


def check(name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{TABLE}_{name}"))

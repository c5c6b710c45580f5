"""delivery"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models import types

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLE = "delivery"
PENDING = sa.text("status = 'pending'")


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", types.Int64, nullable=False, autoincrement=True),
        sa.Column("notice_uid", sa.Text(), nullable=False),
        sa.Column("receiver", sa.Text(), nullable=False),
        sa.Column("alert", sa.Text(), nullable=False),
        sa.Column("notice", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("attempts", types.Int64, nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("queued_at", types.UtcDateTime(), nullable=False),
        sa.Column("due_at", types.UtcDateTime(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("held_until", types.UtcDateTime(), nullable=True),
        sa.Column("finished_at", types.UtcDateTime(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        sa.UniqueConstraint("notice_uid", "receiver", name=op.f(f"uq_{TABLE}_notice_uid_receiver")),
        check("status", "status IN ('pending', 'sent', 'dead')"),
        check("attempts", "attempts >= 0"),
        check("hold", "(holder IS NULL) = (held_until IS NULL)"),
        check("finished", "(status = 'pending') = (finished_at IS NULL)"),
        check("held", "status = 'pending' OR holder IS NULL"),
        check("reason", "(status = 'dead') = (reason IS NOT NULL)"),
        sqlite_strict=True,
    )
    op.create_index(
        f"ix_{TABLE}_receiver_id_pending",
        TABLE,
        ["receiver", "id"],
        sqlite_where=PENDING,
        postgresql_where=PENDING,
    )
    op.create_index(
        f"ix_{TABLE}_receiver_alert_id_pending",
        TABLE,
        ["receiver", "alert", "id"],
        sqlite_where=PENDING,
        postgresql_where=PENDING,
    )


def downgrade() -> None:
    op.drop_index(f"ix_{TABLE}_receiver_alert_id_pending", TABLE)
    op.drop_index(f"ix_{TABLE}_receiver_id_pending", TABLE)
    op.drop_table(TABLE)


def check(name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{TABLE}_{name}"))

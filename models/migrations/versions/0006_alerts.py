"""alerts"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from models import types

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

STRICT: dict[str, Any] = {"sqlite_strict": True}
SEVERITIES = "'info', 'warning', 'critical'"
KINDS = (
    "'pending', 'fired', 'confirmed', 'continued', 'reopened', 'worsened', 'escalated', 'eased', "
    "'relapsed', 'lapsed', 'passed', 'spike', 'resolved', 'retracted', 'acknowledged', 'silenced'"
)
BY_PEOPLE = "kind IN ('acknowledged', 'silenced')"

ALERT_HISTORY = """
CREATE VIEW alert_history AS
SELECT
    t.chain_id,
    CASE WHEN t.name = '' THEN t.protocol || ':' || t.address ELSE t.name END AS target,
    t.uid AS target_uid,
    t.protocol,
    t.address,
    t.kind AS target_kind,
    a.uid AS alert_uid,
    a.rule,
    r.severity,
    e.kind,
    e.actor,
    e.detail,
    e.until,
    e.gauges,
    e.block_number,
    {block_hash} AS block_hash,
    b.timestamp,
    b.status AS block_status,
    e.found_at,
    e.id AS event_id
FROM alert_event AS e
JOIN alert AS a ON a.id = e.alert_id
JOIN target AS t ON t.id = a.target_id
JOIN rule AS r ON r.hash = e.rule_hash
LEFT JOIN block AS b ON b.id = e.block_id
WHERE b.id IS NULL OR b.status <> 'orphaned'
"""


def upgrade() -> None:
    op.create_table(
        "rule",
        sa.Column("hash", types.ContentHash(), nullable=False),
        text("name"),
        text("severity"),
        text("body"),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_rule")),
        check("rule", "severity", f"severity IN ({SEVERITIES})"),
        check("rule", "hash", "length(hash) = 32"),
        **STRICT,
    )
    op.create_table(
        "alert",
        sa.Column("id", types.Int64, nullable=False, autoincrement=True),
        text("uid"),
        sa.Column("target_id", types.Int64, nullable=False),
        text("rule"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        foreign("alert", "target_id", to=("target.id",)),
        sa.UniqueConstraint("uid", name=op.f("uq_alert_uid")),
        check("alert", "uid", "length(uid) = 64"),
        **STRICT,
    )
    op.create_index(op.f("ix_alert_target_id_id"), "alert", ["target_id", "id"])
    create_events()
    digits = "lower(hex({}))" if op.get_bind().dialect.name == "sqlite" else "encode({}, 'hex')"
    op.execute(ALERT_HISTORY.format(block_hash="'0x' || " + digits.format("b.hash")))


def create_events() -> None:
    table = "alert_event"
    op.create_table(
        table,
        sa.Column("id", types.Int64, nullable=False, autoincrement=True),
        sa.Column("alert_id", types.Int64, nullable=False),
        sa.Column("rule_hash", types.ContentHash(), nullable=False),
        text("kind"),
        sa.Column("block_id", types.Int64, nullable=True),
        sa.Column("block_number", types.Int64, nullable=True),
        text("actor"),
        text("detail"),
        sa.Column("until", types.Int64, nullable=True),
        text("gauges"),
        sa.Column("found_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        foreign(table, "alert_id", to=("alert.id",)),
        foreign(table, "rule_hash", to=("rule.hash",)),
        foreign(table, "block_id", "block_number", to=("block.id", "block.number")),
        check(table, "kind", f"kind IN ({KINDS})"),
        check(table, "block", "(block_id IS NULL) = (block_number IS NULL)"),
        check(table, "by_people", f"(block_id IS NULL) = ({BY_PEOPLE})"),
        check(table, "actor", f"(actor <> '') = ({BY_PEOPLE})"),
        check(table, "until", "(until IS NOT NULL) = (kind = 'silenced')"),
        **STRICT,
    )
    op.create_index(op.f(f"ix_{table}_alert_id_id"), table, ["alert_id", "id"])
    op.create_index(op.f(f"ix_{table}_block_id"), table, ["block_id"])


def downgrade() -> None:
    op.execute("DROP VIEW alert_history")
    for table in ("alert_event", "alert", "rule"):
        op.drop_table(table)


def text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def foreign(table: str, *columns: str, to: tuple[str, ...]) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(columns, to, name=op.f(f"fk_{table}_{'_'.join(columns)}"))


def check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))

"""flows"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from models import types

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

STRICT: dict[str, Any] = {"sqlite_strict": True}
CLUSTERED: dict[str, Any] = {**STRICT, "sqlite_with_rowid": False}
KINDS = "'swap', 'add', 'remove', 'collect', 'fee', 'flash', 'sync'"
LARGEST = "1.7976931348623157e308"

TARGET = """
    t.chain_id,
    CASE WHEN t.name = '' THEN t.protocol || ':' || t.address ELSE t.name END AS target,
    t.uid AS target_uid,
    t.protocol,
    t.address,
    t.kind AS target_kind"""

BLOCK = """
    w.block_number,
    {block_hash} AS block_hash,
    b.timestamp,
    b.status AS block_status"""

# CROSS JOIN keeps SQLite at the windows of the target, as in the views of measures.
FLOW_HISTORY = """
CREATE VIEW flow_history AS
SELECT {target}, {block},
    f.log_index,
    f.kind,
    f.taker,
    a.side,
    k.address AS token,
    k.symbol,
    a.raw,
    a.units,
    w.id AS window_id
FROM target AS t
CROSS JOIN flow_window AS w
CROSS JOIN block AS b
CROSS JOIN flow AS f
CROSS JOIN flow_amount AS a
CROSS JOIN token AS k
WHERE w.target_id = t.id
    AND b.id = w.block_id
    AND b.status <> 'orphaned'
    AND f.window_id = w.id
    AND a.window_id = f.window_id
    AND a.log_index = f.log_index
    AND k.id = a.token_id
"""

FLOW_MEASURE_HISTORY = """
CREATE VIEW flow_measure_history AS
SELECT {target}, {block},
    m.name,
    m.dims,
    m.value,
    m.reason,
    m.version,
    w.id AS window_id
FROM target AS t
CROSS JOIN flow_window AS w
CROSS JOIN block AS b
CROSS JOIN flow_measure AS m
WHERE w.target_id = t.id
    AND b.id = w.block_id
    AND b.status <> 'orphaned'
    AND m.window_id = w.id
"""


def upgrade() -> None:
    create_readings()
    create_flows()
    create_measures()
    digits = "lower(hex({}))" if op.get_bind().dialect.name == "sqlite" else "encode({}, 'hex')"
    block = BLOCK.format(block_hash="'0x' || " + digits.format("b.hash"))
    for view in (FLOW_HISTORY, FLOW_MEASURE_HISTORY):
        op.execute(view.format(target=TARGET, block=block))


def downgrade() -> None:
    for view in ("flow_measure_history", "flow_history"):
        op.execute(f"DROP VIEW {view}")
    for table in ("flow_measure", "flow_amount", "flow", "flow_window"):
        op.drop_table(table)
    for table in ("flow_reading", "flow_scope"):
        op.drop_table(table)


def create_readings() -> None:
    op.create_table(
        "flow_scope",
        sa.Column("hash", types.ContentHash(), nullable=False),
        text("body"),
        primary("flow_scope", "hash"),
        check("flow_scope", "hash", "length(hash) = 32"),
        **STRICT,
    )
    op.create_table(
        "flow_reading",
        sa.Column("block_id", types.Int64, nullable=False, autoincrement=False),
        number("block_number"),
        sa.Column("scope_hash", types.ContentHash(), nullable=False),
        text("status"),
        text("detail"),
        primary("flow_reading", "block_id"),
        foreign("flow_reading", "block_id", "block_number", to=("block.id", "block.number")),
        foreign("flow_reading", "scope_hash", to=("flow_scope.hash",)),
        check("flow_reading", "status", "status IN ('ok', 'unavailable')"),
        check("flow_reading", "detail", "(status = 'ok') = (detail = '')"),
        **STRICT,
    )
    op.create_table(
        "flow_window",
        sa.Column("id", types.Int64, nullable=False, autoincrement=True),
        number("target_id"),
        number("block_id"),
        number("block_number"),
        text("status"),
        text("detail"),
        primary("flow_window", "id"),
        foreign("flow_window", "target_id", to=("target.id",)),
        foreign("flow_window", "block_id", "block_number", to=("block.id", "block.number")),
        sa.UniqueConstraint(
            "target_id",
            "block_number",
            "block_id",
            name=op.f("uq_flow_window_target_id_block_number_block_id"),
        ),
        check("flow_window", "status", "status IN ('ok', 'decode_error')"),
        check("flow_window", "detail", "(status = 'ok') = (detail = '')"),
        **STRICT,
    )


def create_flows() -> None:
    op.create_table(
        "flow",
        number("window_id"),
        number("log_index"),
        text("kind"),
        sa.Column("taker", sa.Text(), nullable=True),
        primary("flow", "window_id", "log_index"),
        foreign("flow", "window_id", to=("flow_window.id",)),
        check("flow", "kind", f"kind IN ({KINDS})"),
        **CLUSTERED,
    )
    op.create_table(
        "flow_amount",
        number("window_id"),
        number("log_index"),
        number("position"),
        text("side"),
        number("token_id"),
        sa.Column("raw", types.Uint256(), nullable=False),
        sa.Column("units", types.Float64, nullable=False),
        primary("flow_amount", "window_id", "log_index", "position"),
        foreign("flow_amount", "window_id", "log_index", to=("flow.window_id", "flow.log_index")),
        foreign("flow_amount", "token_id", to=("token.id",)),
        check("flow_amount", "side", "side IN ('in', 'out', 'fee', 'owed', 'reserve')"),
        check("flow_amount", "raw", "length(raw) = 32").ddl_if(dialect="sqlite"),
        check("flow_amount", "raw", f"raw BETWEEN 0 AND {2**256 - 1}").ddl_if(dialect="postgresql"),
        **CLUSTERED,
    )


def create_measures() -> None:
    op.create_table(
        "flow_measure",
        number("window_id"),
        text("name"),
        text("dims"),
        sa.Column("value", types.Float64, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        number("version"),
        primary("flow_measure", "window_id", "name", "dims"),
        foreign("flow_measure", "window_id", to=("flow_window.id",)),
        check("flow_measure", "reason", "(value IS NULL) = (reason IS NOT NULL)"),
        check("flow_measure", "finite", f"value BETWEEN -{LARGEST} AND {LARGEST}"),
        **CLUSTERED,
    )


def number(name: str) -> sa.Column[int]:
    return sa.Column(name, types.Int64, nullable=False)


def text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def primary(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def foreign(table: str, *columns: str, to: tuple[str, ...]) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(columns, to, name=op.f(f"fk_{table}_{'_'.join(columns)}"))


def check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))

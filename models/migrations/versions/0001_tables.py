"""tables"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from models import types

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

STRICT: dict[str, Any] = {"sqlite_strict": True}
CLUSTERED: dict[str, Any] = {"sqlite_strict": True, "sqlite_with_rowid": False}

OBSERVATION_STATUSES = (
    "'ok', 'reverted', 'no_code', 'decode_error', 'too_large', 'unavailable', 'quarantined'"
)


def upgrade() -> None:
    create_blocks()
    create_targets()
    create_observations()
    create_computations()
    create_lease()


def downgrade() -> None:
    for table in (
        "lease",
        "measure",
        "computation_input",
        "computation",
        "settings",
        "amount",
        "observation",
        "state",
        "target_token",
        "target",
        "token",
        "cursor",
        "gap",
        "block",
    ):
        op.drop_table(table)


def number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, types.Int64, nullable=nullable, autoincrement=name == "id")


def text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def primary(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def foreign(table: str, *columns: str, to: tuple[str, ...]) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        list(columns), list(to), name=op.f(f"fk_{table}_{'_'.join(columns)}")
    )


def partial(name: str, table: str, columns: list[str], where: str, *, unique: bool) -> None:
    condition = sa.text(where)
    op.create_index(
        name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition
    )


def create_blocks() -> None:
    op.create_table(
        "block",
        number("id"),
        number("chain_id"),
        number("number"),
        sa.Column("hash", types.BlockHash(), nullable=False),
        sa.Column("parent_hash", types.BlockHash(), nullable=False),
        number("timestamp"),
        text("status"),
        sa.Column("seen_at", types.UtcDateTime(), nullable=False),
        primary("block", "id"),
        unique("block", "id", "number"),
        check("block", "status", "status IN ('latest', 'safe', 'finalized', 'orphaned')"),
        check("block", "number", "number >= 0"),
        check("block", "hash", "length(hash) = 32"),
        check("block", "parent_hash", "length(parent_hash) = 32"),
        **STRICT,
    )
    canonical = "status <> 'orphaned'"
    keys = ["chain_id", "number"]
    partial("uq_block_chain_id_number_canonical", "block", keys, canonical, unique=True)
    keys = ["chain_id", "hash"]
    partial("uq_block_chain_id_hash_canonical", "block", keys, canonical, unique=True)
    unsettled = "status IN ('latest', 'safe')"
    keys = ["chain_id", "number"]
    partial("ix_block_chain_id_number_unsettled", "block", keys, unsettled, unique=False)
    op.create_table(
        "gap",
        number("id"),
        number("chain_id"),
        number("first"),
        number("last"),
        text("reason"),
        sa.Column("found_at", types.UtcDateTime(), nullable=False),
        sa.Column("filled_at", types.UtcDateTime(), nullable=True),
        primary("gap", "id"),
        check("gap", "range", "first <= last"),
        **STRICT,
    )
    keys = ["chain_id", "first", "last"]
    partial("uq_gap_chain_id_first_last_open", "gap", keys, "filled_at IS NULL", unique=True)
    op.create_table(
        "cursor",
        number("chain_id"),
        number("block_id"),
        primary("cursor", "chain_id"),
        foreign("cursor", "block_id", to=("block.id",)),
        **STRICT,
    )


def create_targets() -> None:
    op.create_table(
        "token",
        number("id"),
        number("chain_id"),
        text("address"),
        number("decimals"),
        text("symbol"),
        primary("token", "id"),
        unique("token", "chain_id", "address"),
        check("token", "decimals", "decimals BETWEEN 0 AND 255"),
        **STRICT,
    )
    op.create_table(
        "target",
        number("id"),
        text("uid"),
        number("chain_id"),
        text("protocol"),
        text("address"),
        text("kind"),
        text("key"),
        text("name"),
        text("params"),
        primary("target", "id"),
        unique("target", "uid"),
        check("target", "uid", "length(uid) = 64"),
        **STRICT,
    )
    op.create_table(
        "target_token",
        number("target_id"),
        text("role"),
        number("position"),
        number("token_id"),
        primary("target_token", "target_id", "role", "position"),
        foreign("target_token", "target_id", to=("target.id",)),
        foreign("target_token", "token_id", to=("token.id",)),
        check("target_token", "role", "role IN ('token', 'share')"),
        **CLUSTERED,
    )


def create_observations() -> None:
    op.create_table(
        "state",
        sa.Column("hash", types.ContentHash(), nullable=False),
        text("kind"),
        number("version"),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        primary("state", "hash"),
        check("state", "hash", "length(hash) = 32"),
        **STRICT,
    )
    op.create_table(
        "observation",
        number("id"),
        number("target_id"),
        number("block_id"),
        number("block_number"),
        text("status"),
        sa.Column("state_hash", types.ContentHash(), nullable=True),
        text("detail"),
        primary("observation", "id"),
        foreign("observation", "target_id", to=("target.id",)),
        foreign("observation", "block_id", "block_number", to=("block.id", "block.number")),
        foreign("observation", "state_hash", to=("state.hash",)),
        unique("observation", "target_id", "block_number", "block_id"),
        check("observation", "status", f"status IN ({OBSERVATION_STATUSES})"),
        check("observation", "state", "(status = 'ok') = (state_hash IS NOT NULL)"),
        check("observation", "detail", "length(detail) <= 500"),
        **STRICT,
    )
    name = "ix_observation_target_id_block_number_failed"
    keys = ["target_id", "block_number"]
    partial(name, "observation", keys, "status <> 'ok'", unique=False)
    op.create_table(
        "amount",
        number("observation_id"),
        number("position"),
        text("field"),
        number("token_id"),
        sa.Column("raw", types.Uint256(), nullable=False),
        sa.Column("units", types.Float64, nullable=False),
        primary("amount", "observation_id", "position"),
        foreign("amount", "observation_id", to=("observation.id",)),
        foreign("amount", "token_id", to=("token.id",)),
        check("amount", "raw", "length(raw) = 32").ddl_if(dialect="sqlite"),
        check("amount", "raw", f"raw BETWEEN 0 AND {2**256 - 1}").ddl_if(dialect="postgresql"),
        **CLUSTERED,
    )


def create_computations() -> None:
    op.create_table(
        "settings",
        sa.Column("hash", types.ContentHash(), nullable=False),
        text("body"),
        primary("settings", "hash"),
        check("settings", "hash", "length(hash) = 32"),
        **STRICT,
    )
    op.create_table(
        "computation",
        number("id"),
        number("target_id"),
        number("block_id"),
        number("block_number"),
        sa.Column("settings_hash", types.ContentHash(), nullable=False),
        sa.Column("key", types.ContentHash(), nullable=False),
        primary("computation", "id"),
        foreign("computation", "target_id", to=("target.id",)),
        foreign("computation", "block_id", "block_number", to=("block.id", "block.number")),
        foreign("computation", "settings_hash", to=("settings.hash",)),
        unique("computation", "target_id", "block_number", "block_id"),
        check("computation", "key", "length(key) = 32"),
        **STRICT,
    )
    op.create_table(
        "computation_input",
        number("computation_id"),
        text("role"),
        number("observation_id"),
        primary("computation_input", "computation_id", "role"),
        foreign("computation_input", "computation_id", to=("computation.id",)),
        foreign("computation_input", "observation_id", to=("observation.id",)),
        **CLUSTERED,
    )
    largest = "1.7976931348623157e308"
    op.create_table(
        "measure",
        number("computation_id"),
        text("name"),
        text("dims"),
        sa.Column("value", types.Float64, nullable=True),
        text("reason", nullable=True),
        number("version"),
        primary("measure", "computation_id", "name", "dims"),
        foreign("measure", "computation_id", to=("computation.id",)),
        check("measure", "reason", "(value IS NULL) = (reason IS NOT NULL)"),
        check("measure", "finite", f"value BETWEEN -{largest} AND {largest}"),
        **CLUSTERED,
    )


def create_lease() -> None:
    op.create_table(
        "lease",
        text("name"),
        text("holder"),
        sa.Column("expires_at", types.UtcDateTime(), nullable=False),
        primary("lease", "name"),
        **STRICT,
    )

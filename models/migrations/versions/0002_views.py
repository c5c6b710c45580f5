"""views"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TARGET = """
    t.chain_id,
    CASE WHEN t.name = '' THEN t.protocol || ':' || t.address ELSE t.name END AS target,
    t.uid AS target_uid,
    t.protocol,
    t.address,
    t.kind"""

MEASURE = """
    m.name,
    m.dims,
    m.value,
    m.reason,
    m.version,
    c.block_number,
    {block_hash} AS block_hash,
    b.timestamp,
    b.status AS block_status,
    {settings_hash} AS settings_hash,
    c.id AS computation_id"""

# CROSS JOIN keeps SQLite from starting at the measures, which are thirty times as many; PostgreSQL
# takes the tables in whichever order is best. The newest row of each target is one probe of an
# index: GROUP BY would read the whole history.
LATEST_MEASURE = """
CREATE VIEW latest_measure AS
SELECT {target}, {measure}
FROM target AS t
CROSS JOIN computation AS c
CROSS JOIN block AS b
CROSS JOIN measure AS m
WHERE c.id = (
        SELECT newest.id
        FROM computation AS newest
        JOIN block AS seen ON seen.id = newest.block_id
        WHERE newest.target_id = t.id AND seen.status <> 'orphaned'
        ORDER BY newest.block_number DESC
        LIMIT 1
    )
    AND b.id = c.block_id
    AND m.computation_id = c.id
"""

MEASURE_HISTORY = """
CREATE VIEW measure_history AS
SELECT {target}, {measure}
FROM target AS t
CROSS JOIN computation AS c
CROSS JOIN block AS b
CROSS JOIN measure AS m
WHERE c.target_id = t.id
    AND b.id = c.block_id
    AND b.status <> 'orphaned'
    AND m.computation_id = c.id
"""

OBSERVATION_HISTORY = """
CREATE VIEW observation_history AS
SELECT {target},
    o.status,
    o.detail,
    CASE WHEN o.state_hash IS NOT NULL THEN {state_hash} END AS state_hash,
    o.block_number AS from_number,
    (
        SELECT later.block_number - 1
        FROM observation AS later
        JOIN block AS seen ON seen.id = later.block_id
        WHERE later.target_id = o.target_id
            AND later.block_number > o.block_number
            AND seen.status <> 'orphaned'
        ORDER BY later.block_number
        LIMIT 1
    ) AS to_number,
    {block_hash} AS block_hash,
    b.timestamp,
    b.status AS block_status,
    o.id AS observation_id
FROM target AS t
CROSS JOIN observation AS o
CROSS JOIN block AS b
WHERE o.target_id = t.id
    AND b.id = o.block_id
    AND b.status <> 'orphaned'
"""


def upgrade() -> None:
    digits = "lower(hex({}))" if op.get_bind().dialect.name == "sqlite" else "encode({}, 'hex')"
    hashes = {
        "block_hash": "'0x' || " + digits.format("b.hash"),
        "settings_hash": digits.format("c.settings_hash"),
        "state_hash": digits.format("o.state_hash"),
    }
    for view in (LATEST_MEASURE, MEASURE_HISTORY, OBSERVATION_HISTORY):
        op.execute(view.format(target=TARGET, measure=MEASURE.format(**hashes), **hashes))


def downgrade() -> None:
    for view in ("observation_history", "measure_history", "latest_measure"):
        op.execute(f"DROP VIEW {view}")

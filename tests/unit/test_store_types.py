"""Column types take what they promise, give it back as it was, and refuse the rest."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    Table,
    create_engine,
    insert,
    make_url,
    select,
)
from sqlalchemy.exc import StatementError

from models import BLOCK_STATUSES, OBSERVATION_STATUSES
from models.types import (
    UINT256_MAX,
    BlockHash,
    ContentHash,
    Uint256,
    UtcDateTime,
    uint256_from_storage,
)
from watcher.state import Status
from watcher.store.tables import FINALIZED, ORPHANED

TABLE = Table(
    "sample",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("amount", Uint256()),
    Column("hash", BlockHash()),
    Column("content", ContentHash()),
    Column("moment", UtcDateTime()),
)
HASH = "ab" * 32
DIALECTS = tuple(make_url(url).get_dialect()() for url in ("sqlite://", "postgresql+psycopg://"))


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.connect() as opened:
        TABLE.create(opened)
        yield opened
    engine.dispose()


def stored(connection: Connection, column: str, value: Any) -> Any:
    """What comes back from the table for what was put in."""
    key = connection.execute(insert(TABLE).values({column: value})).inserted_primary_key
    assert key is not None
    return connection.execute(select(TABLE.c[column]).where(TABLE.c.id == key[0])).scalar_one()


@given(st.integers(0, UINT256_MAX) | st.sampled_from([0, 1, 2**63, 2**64, 2**255, UINT256_MAX]))
def test_an_amount_comes_back_to_the_wei(value: int) -> None:
    kind = Uint256()
    for dialect in DIALECTS:
        bound = kind.process_bind_param(value, dialect)
        assert kind.process_result_value(bound, dialect) == value


@pytest.mark.parametrize("value", [-1, UINT256_MAX + 1, 1.0, "1", True, Decimal(1)])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_is_no_uint256_is_refused_when_bound(value: Any, dialect: Any) -> None:
    with pytest.raises(ValueError, match="uint256"):
        Uint256().process_bind_param(value, dialect)


@pytest.mark.parametrize(
    "damaged", [b"", b"\0" * 31, "12", Decimal("0.5"), Decimal(-1), Decimal(2**256), True, None]
)
def test_what_no_uint256_was_stored_as_is_refused_when_read(damaged: object) -> None:
    with pytest.raises(ValueError, match="uint256"):
        uint256_from_storage(damaged)


def test_amounts_sort_as_numbers(connection: Connection) -> None:
    values = [2**256 - 1, 5, 2**64, 10**18, 9, 0]
    for value in values:
        stored(connection, "amount", value)
    found = connection.execute(
        select(TABLE.c.amount).where(TABLE.c.amount.is_not(None)).order_by(TABLE.c.amount)
    )
    assert found.scalars().all() == sorted(values)


def test_a_block_hash_has_its_prefix_and_a_content_hash_has_none(connection: Connection) -> None:
    assert stored(connection, "hash", "0x" + HASH) == "0x" + HASH
    assert stored(connection, "content", HASH) == HASH
    raw = connection.exec_driver_sql("SELECT length(hash), length(content) FROM sample").all()
    assert {row[0] for row in raw} | {row[1] for row in raw} == {32, None}


@pytest.mark.parametrize(
    "value", [HASH, "0x" + HASH[:-2], "0x" + HASH + "00", "0x" + HASH.upper(), "0x" + "zz" * 32, ""]
)
def test_what_is_no_block_hash_is_refused(connection: Connection, value: str) -> None:
    with pytest.raises(StatementError, match="lower-case hex"):
        stored(connection, "hash", value)


@given(st.datetimes(timezones=st.timezones()))
def test_a_wall_time_keeps_its_moment(moment: datetime) -> None:
    kind, dialect = UtcDateTime(), DIALECTS[0]
    try:
        bound = kind.process_bind_param(moment, dialect)
    except OverflowError:  # the first and last hours of the calendar, seen from elsewhere
        return
    back = kind.process_result_value(bound, dialect)
    assert back == moment.astimezone(UTC)
    assert back is not None
    assert back.tzinfo is UTC


def test_a_wall_time_without_its_zone_is_refused(connection: Connection) -> None:
    with pytest.raises(StatementError, match="without its zone"):
        stored(connection, "moment", datetime(2026, 1, 1))  # noqa: DTZ001


def test_wall_times_sort_as_they_follow_each_other(connection: Connection) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    east = timezone(timedelta(hours=9))
    moments = [start + timedelta(seconds=0.5), start, (start + timedelta(hours=1)).astimezone(east)]
    for moment in moments:
        stored(connection, "moment", moment)
    found = connection.execute(
        select(TABLE.c.moment).where(TABLE.c.moment.is_not(None)).order_by(TABLE.c.moment)
    )
    assert found.scalars().all() == sorted(moments)


def test_the_tables_know_the_same_statuses_as_the_values() -> None:
    assert set(OBSERVATION_STATUSES) == {status.value for status in Status}
    assert {ORPHANED, FINALIZED} < set(BLOCK_STATUSES)

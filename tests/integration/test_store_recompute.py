"""Everything stored can be computed again; whatever was edited is named, row by row."""

from __future__ import annotations

import zlib
from typing import Any

import pytest
from sqlalchemy import Connection, bindparam, text
from sqlalchemy.types import LargeBinary

from tests.support.stored import (
    CALM,
    FEED,
    POOL,
    SETTINGS,
    VAULT,
    Watch,
    block,
    failed,
    feed_state,
    ok,
    pool_state,
    vault_state,
)
from watcher.errors import StoreError
from watcher.math.measures import METHOD_VERSIONS
from watcher.state import state_to_json
from watcher.store import Difference, Recomputation, Store, check, recompute, tables


@pytest.fixture
def watch(store: Store) -> Watch:
    watch = Watch(store)
    watch.read(block(1), *CALM)
    watch.read(block(2), ok(POOL, pool_state(900)))
    watch.read(block(3, fork="b", parent=block(2)), ok(VAULT, vault_state(7, 5)))
    watch.rewind(block(2))
    watch.read(block(3), ok(FEED, feed_state(2_100)), failed(VAULT))
    watch.read(block(4), ok(VAULT, vault_state()), ok(POOL, pool_state(1_100, gift=1)))
    return watch


def edit(store: Store, statement: str, **values: Any) -> int:
    """As by hand, past every check that a program would make."""
    with store.database.writing() as connection:
        loosen(connection)
        clause = text(statement)
        if "raw" in values:
            clause = clause.bindparams(bindparam("raw", type_=LargeBinary))
        return connection.execute(clause, values).rowcount


def loosen(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
    else:
        connection.exec_driver_sql("ALTER TABLE amount DROP CONSTRAINT IF EXISTS ck_amount_raw")


def only(found: Recomputation) -> Difference:
    assert found.found == len(found.differences) == 1, "\n".join(map(str, found.differences))
    return found.differences[0]


def as_stored(store: Store, raw: int) -> object:
    return raw.to_bytes(32, "big") if store.database.is_sqlite else raw


def test_an_honest_history_has_no_difference(watch: Watch) -> None:
    found = recompute(watch.store)
    assert found.differences == ()
    assert found.found == found.not_checked == 0
    assert found.checked_states == 7
    # Pools have five amounts, vaults three; the orphaned block's are checked too.
    assert found.checked_amounts == 5 * 3 + 3 * 3
    with watch.store.database.reading() as connection:
        measures = connection.execute(text("SELECT count(*) FROM measure")).scalar_one()
    assert found.checked_measures == measures > 100


@pytest.mark.parametrize("batch", [1, 2, 500])
def test_progress_is_told_to_the_end_whatever_the_batch(
    watch: Watch, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    whole = recompute(watch.store)
    monkeypatch.setattr(check, "BATCH", batch)
    monkeypatch.setattr("watcher.store.check_states.BATCH", batch)
    told: list[tuple[int, int]] = []
    assert recompute(watch.store, lambda done, total: told.append((done, total))) == whole
    done, total = told[-1]
    assert done == total
    assert [each for each, _ in told] == sorted({each for each, _ in told})


def test_an_edited_amount_is_named(watch: Watch) -> None:
    edit(
        watch.store,
        "UPDATE amount SET raw = :value WHERE field = 'reserve1' AND observation_id ="
        " (SELECT min(observation_id) FROM amount WHERE field = 'reserve1')",
        value=as_stored(watch.store, 5),
    )
    difference = only(recompute(watch.store))
    assert (difference.table, difference.target, difference.block) == ("amount", "WETH/USDC", 1)
    assert str(difference) == (
        f"amount ({difference.row}) of WETH/USDC at block 1: raw of reserve1 is stored as 5 "
        "and recomputes to 2000000000000"
    )
    assert difference.row.endswith(", position 1")


def test_an_amount_out_of_range_is_named_and_no_crash(watch: Watch) -> None:
    value = b"\0" * 31 if watch.store.database.is_sqlite else -1
    edit(watch.store, "UPDATE amount SET raw = :value WHERE field = 'idle_assets'", value=value)
    found = recompute(watch.store)
    assert found.found == 3
    assert {each.field for each in found.differences} == {"raw of idle_assets"}


@pytest.mark.parametrize(
    ("statement", "field"),
    [
        ("UPDATE amount SET units = units * 1.00000001 WHERE field = 'balance0'", "units of"),
        ("UPDATE amount SET field = 'reserve7' WHERE field = 'balance0'", "field"),
        ("UPDATE amount SET token_id = token_id + 1 WHERE field = 'balance0'", "token_id of"),
        ("DELETE FROM amount WHERE field = 'balance0'", "the row"),
        ("UPDATE amount SET position = 9 WHERE field = 'total_supply'", "the row"),
    ],
)
def test_every_column_of_an_amount_is_checked(watch: Watch, statement: str, field: str) -> None:
    edited = edit(watch.store, statement)
    found = recompute(watch.store)
    assert found.found == (2 * edited if "position = 9" in statement else edited) > 0
    assert {each.table for each in found.differences} == {"amount"}
    assert all(each.field.startswith(field) for each in found.differences)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"no zlib", "the body is not zlib"),
        (zlib.compress(b"no json"), "is not JSON"),
        (zlib.compress(b"\xff\xfe"), "decode"),
        (zlib.compress(b'{"kind":"riddle","v":"1"}'), "state.kind is 'riddle'"),
        (b"", "the body is not zlib"),
    ],
)
def test_a_damaged_state_is_named_with_all_that_hangs_on_it(
    watch: Watch, body: bytes, why: str
) -> None:
    edit(watch.store, "UPDATE state SET body = :raw WHERE kind = 'price_feed'", raw=body)
    found = recompute(watch.store)
    by_table = {each.table: each for each in found.differences}
    assert set(by_table) == {"state", "observation", "computation"}
    assert why in str(by_table["state"])
    assert by_table["observation"].target == "ETH / USD"
    # Whatever was priced by the feed cannot be computed again.
    assert {"WETH/USDC", "vault"} < {each.target for each in found.differences}
    with pytest.raises(StoreError, match=r"is damaged .* run `watcher recompute`"):
        watch.store.observation_as_of(FEED.id, None)


def test_a_forged_state_no_longer_has_its_hash(watch: Watch) -> None:
    """A body that is well-formed, but another: the hash, the amounts and the measures differ."""
    forged = zlib.compress(state_to_json(vault_state(8, 5)).encode())
    edit(
        watch.store,
        "UPDATE state SET body = :raw WHERE hash ="
        " (SELECT o.state_hash FROM observation o JOIN block b ON b.id = o.block_id"
        "  WHERE b.status = 'orphaned' AND o.state_hash IS NOT NULL)",
        raw=forged,
    )
    found = recompute(watch.store)
    assert [each.field for each in found.differences if each.table == "state"] == ["hash"]
    amounts = [each.field for each in found.differences if each.table == "amount"]
    assert amounts == ["raw of total_assets"]
    measures = [each.row for each in found.differences if each.table == "measure"]
    assert any("name price_per_share, dims {}" in row for row in measures)


@pytest.mark.parametrize("weth", [0, -5])
def test_a_state_that_the_measures_refuse_is_no_crash(watch: Watch, weth: int) -> None:
    absurd = zlib.compress(state_to_json(pool_state(weth, -weth)).encode())
    edit(watch.store, "UPDATE state SET body = :raw WHERE kind = 'constant_product'", raw=absurd)
    found = recompute(watch.store)
    assert {"state", "amount"} <= {each.table for each in found.differences}
    assert {each.target for each in found.differences} == {"", "WETH/USDC"}


@pytest.mark.parametrize(
    ("statement", "stored", "recomputed"),
    [
        ("UPDATE measure SET value = value * 1.000000001", "2000.00000", "2000.0"),
        ("UPDATE measure SET value = NULL, reason = 'lost'", "unknown (lost)", "2000.0"),
        ("UPDATE measure SET name = 'spot_price_'", "2000.0", "nothing"),
        ("DELETE FROM measure", "nothing", "2000.0"),
    ],
)
def test_an_edited_measure_is_named(
    watch: Watch, statement: str, stored: str, recomputed: str
) -> None:
    where = " WHERE name = 'spot_price' AND computation_id = :id"
    with watch.store.database.reading() as connection:
        first = connection.execute(
            text("SELECT min(computation_id) FROM measure WHERE name = 'spot_price'")
        ).scalar_one()
    edit(watch.store, statement + where, id=first)
    found = recompute(watch.store)
    if "spot_price_" in statement:
        # A name that the catalogue does not know is of another version; the known one is missing.
        assert found.not_checked == 1
        difference = only(found)
        assert (difference.stored, difference.recomputed) == ("nothing", "2000.0")
        return
    difference = only(found)
    assert difference.stored.startswith(stored)
    assert difference.recomputed == recomputed
    assert difference.row == f"computation_id {first}, name spot_price, dims {{}}"
    assert (difference.target, difference.block) == ("WETH/USDC", 1)


def test_a_row_too_many_is_named(watch: Watch) -> None:
    edit(
        watch.store,
        "INSERT INTO measure (computation_id, name, dims, value, version)"
        " SELECT min(computation_id), 'feed_price', '{\"a\":\"b\"}', 1.5, 1 FROM measure"
        " WHERE name = 'feed_price'",
    )
    difference = only(recompute(watch.store))
    assert (difference.stored, difference.recomputed) == ("1.5", "nothing")


def test_a_reason_is_checked(watch: Watch) -> None:
    edited = edit(watch.store, "UPDATE measure SET reason = 'because' WHERE value IS NULL")
    found = recompute(watch.store)
    assert found.found == edited > 0
    assert all(each.stored == "unknown (because)" for each in found.differences)


def test_measures_of_another_method_version_are_counted(watch: Watch) -> None:
    edited = edit(watch.store, "UPDATE measure SET version = 0 WHERE name = 'depth'")
    edit(watch.store, "UPDATE measure SET value = 1, reason = NULL WHERE name = 'depth'")
    found = recompute(watch.store)
    assert found.differences == ()
    assert found.not_checked == edited > 0


def test_a_method_that_is_younger_than_a_computation_is_not_missed(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A measure that comes with a new version of the program has no rows in older computations,
    whose key was made from the methods of their time."""
    monkeypatch.setattr("watcher.store.check_measures.METHOD_HASH", "of the next version")
    edit(watch.store, "DELETE FROM measure WHERE name = 'slippage'")
    assert recompute(watch.store).differences == ()


def test_a_missing_measure_of_todays_methods_is_missed(watch: Watch) -> None:
    edited = edit(watch.store, "DELETE FROM measure WHERE name = 'slippage'")
    found = recompute(watch.store)
    assert found.found == edited > 0
    assert {each.stored for each in found.differences} == {"nothing"}


def test_an_input_that_points_elsewhere_changes_the_measures(watch: Watch) -> None:
    edit(
        watch.store,
        "UPDATE computation_input SET observation_id ="
        " (SELECT max(o.id) FROM observation o JOIN target t ON t.id = o.target_id"
        "  WHERE t.kind = 'price_feed')"
        " WHERE role LIKE 'price:%'",
    )
    found = recompute(watch.store)
    assert found.found > 0
    assert {each.table for each in found.differences} == {"measure"}


def test_edited_settings_are_named(watch: Watch) -> None:
    edit(watch.store, "UPDATE settings SET body = replace(body, 'USD', 'EUR')")
    found = recompute(watch.store)
    assert found.checked_measures == 0
    assert {each.table for each in found.differences} == {"computation"}
    assert f"settings {SETTINGS.hash[:12]} hash to" in str(found.differences[0])


def test_an_edited_target_no_longer_has_its_id(watch: Watch) -> None:
    edit(watch.store, "UPDATE target SET protocol = 'sushiswap' WHERE name = 'WETH/USDC'")
    difference = only(recompute(watch.store))
    assert (difference.table, difference.field) == ("target", "uid")
    assert difference.stored == POOL.id


def test_since_leaves_out_what_is_older(watch: Watch) -> None:
    edit(watch.store, "UPDATE amount SET units = 1")
    late, whole = recompute(watch.store, since=4), recompute(watch.store)
    assert {each.block for each in late.differences} == {4}
    assert {each.block for each in whole.differences} == {1, 2, 3, 4}
    assert late.checked_states == 2
    assert late.checked_amounts == 5 + 3
    nothing = recompute(watch.store, since=5)
    assert nothing == Recomputation(0, 0, 0, 0, 0, ())


def test_only_the_first_differences_are_kept(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watcher.store.difference.KEPT", 3)
    edited = edit(watch.store, "UPDATE amount SET units = 1")
    found = recompute(watch.store)
    assert found.found == edited > 3
    assert len(found.differences) == 3


def test_every_stored_measure_is_in_the_catalogue(watch: Watch) -> None:
    with watch.store.database.reading() as connection:
        names = connection.execute(tables.measure.select()).mappings()
        assert {row["name"] for row in names} <= METHOD_VERSIONS.keys()

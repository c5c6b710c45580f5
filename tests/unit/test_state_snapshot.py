"""The file that `watcher state` writes and `--state FILE` reads: nothing else gets through."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.support.balancer_strategies import balancer_stable, weighted
from tests.support.strategies import (
    CHAIN,
    TOKEN0,
    TOKEN1,
    feed,
    fixed,
    metapool,
    pool,
    stable,
    target_of,
    ticked,
    vault,
)
from watcher.errors import InputError
from watcher.state import Block, Snapshot, State
from watcher.state.price import unknown_price
from watcher.state.snapshot import snapshot_from_json, snapshot_to_json

BLOCK = Block(CHAIN, 7, "0x" + "ab" * 32, "0x" + "cd" * 32, 1_700_000_000)
STATES: list[State] = [
    pool(decimals=(18, 6)),
    vault(offset=6),
    feed(),
    stable(),
    metapool(),
    weighted(),
    balancer_stable((10**24, 2**110, 10**24), bpt_index=1),
    ticked(balances=(5, 6)),
]


def snapshot(state: State) -> Snapshot:
    target = replace(target_of(state), params={"fee": 10**30, "on": True, "text": "997"}, key="k")
    prices = (fixed(TOKEN0.address, 1.5), unknown_price(TOKEN1.address, "why"))
    return Snapshot(BLOCK, target, state, prices)


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.KIND)
def test_a_snapshot_comes_back_as_it_was(state: State) -> None:
    written = snapshot_to_json(snapshot(state))
    read = snapshot_from_json(written)
    assert (read.block, read.target, read.state) == (BLOCK, snapshot(state).target, state)
    assert dict(read.target.params) == {"fee": 10**30, "on": True, "text": "997"}
    assert read.prices is not None
    assert read.prices[0] == fixed(TOKEN0.address, 1.5)
    assert math.isnan(read.prices[1].value)
    assert snapshot_to_json(read) == written


def test_prices_may_be_left_out() -> None:
    bare = replace(snapshot(pool()), prices=None)
    assert "prices" not in json.loads(snapshot_to_json(bare))
    assert snapshot_from_json(snapshot_to_json(bare)).prices is None


def plain(state: State) -> dict[str, Any]:
    found = json.loads(snapshot_to_json(snapshot(state)))
    assert isinstance(found, dict)
    return found


def put(path: str, value: object) -> Callable[[Any], None]:
    *way, last = (int(step) if step.isdigit() else step for step in path.split("."))

    def change(found: Any) -> None:
        for step in way:
            found = found[step]
        found[last] = value

    return change


BROKEN: list[tuple[State, str, object]] = [
    (pool(), "surprise", 1),
    (pool(), "block", 5),
    (pool(), "block", []),
    (pool(), "block.number", "-1"),
    (pool(), "block.number", 7),
    (pool(), "block.timestamp", "253402300800"),
    (pool(), "block.hash", "0x" + "AB" * 32),
    (pool(), "block.parent_hash", ""),
    (pool(), "block.chain_id", "0"),
    (pool(), "block.chain_id", "5"),
    (pool(), "block.more", "5"),
    (pool(), "target", None),
    (pool(), "target.kind", "share_vault"),
    (pool(), "target.address", "0x" + "ab" * 20),
    (pool(), "target.address", "somewhere"),
    (pool(), "target.tokens", []),
    (pool(), "target.tokens", 5),
    (pool(), "target.tokens.0", 5),
    (pool(), "target.tokens.0.decimals", "6"),
    (pool(), "target.tokens.0.decimals", "78"),
    (pool(), "target.tokens.0.symbol", "\ud800"),
    (pool(), "target.share", None),
    (pool(), "target.params", []),
    (pool(), "target.params.fee", 1.5),
    (pool(), "target.params.fee", None),
    (pool(), "target.params.text", "\udfff"),
    (pool(), "state", []),
    (pool(), "state.kind", "share_vault"),
    (pool(), "state.v", "2"),
    (pool(), "state.reserve0", "-1"),
    (pool(), "state.reserve1", str(2**256)),
    (pool(), "state.fee_numerator", "0"),
    (pool(), "state.fee_numerator", "1001"),
    (pool(), "state.fee_denominator", "0"),
    (pool(), "state.protocol_share_denominator", "0"),
    (pool(), "state.protocol_share_numerator", "7"),
    (pool(), "state.decimals0", "17"),
    (vault(), "state.share_decimals", "17"),
    (vault(), "state.total_assets", "-5"),
    (vault(), "state.asset_decimals", "6"),
    (feed(), "state.answer", str(2**255)),
    (feed(), "state.answer", str(-(2**255) - 1)),
    (feed(), "state.decimals", "78"),
    (feed(), "state.updated_at", "-1"),
    (ticked(), "state.variant", "uniswap_v2"),
    (ticked(), "state.sqrt_price_x96", "4295128738"),
    (ticked(), "state.tick", "887273"),
    (ticked(), "state.liquidity", str(2**128)),
    (ticked(), "state.fee0", "1000000"),
    (ticked(), "state.fee1", "-1"),
    (ticked(variant="uniswap_v4"), "state.fee1", "1000001"),
    (ticked(), "state.protocol_fee0", "11"),
    (ticked(), "state.protocol_fee1", "-1"),
    (ticked(), "state.tick_spacing", "0"),
    (ticked(), "state.ticks", ["-600", "-60", "60"]),
    (ticked(), "state.ticks", ["-600", "60", "-60", "600"]),
    (ticked(), "state.ticks", ["-600", "60", "60", "600"]),
    (ticked(), "state.liquidity_net", []),
    (ticked(), "state.liquidity_net.0", str(2**128)),
    (ticked(), "state.liquidity_gross.3", "0"),
    (ticked(), "state.known_from", "-887273"),
    (ticked(), "state.known_to", "599"),
    (ticked(), "state.balances", ["1"]),
    (ticked(), "state.balances", ["1", "-1"]),
    (ticked(), "state.decimals1", "17"),
    (stable(), "state.variant", "unheard_of"),
    (stable(), "state.balances", ["1"]),
    (stable(), "state.balances.0", "-1"),
    (stable(), "state.balances.1", str(2**256)),
    (stable(), "state.rates", ["1", "1", "1"]),
    (stable(), "state.rates.0", "0"),
    (stable(), "state.decimals", ["18", "6"]),
    (stable(), "state.amplification", "99"),
    (stable(), "state.amplification_precision", "0"),
    (stable(), "state.fee", str(10**10)),
    (stable(), "state.admin_fee", str(10**10 + 1)),
    (stable(), "state.underlying_decimals", ["18", "18"]),
    (metapool(), "state.base.rates.2", "0"),
    (metapool(), "state.pool.total_supply", "-1"),
    (metapool(), "state.base.decimals.1", "7"),
    (weighted(), "state.balances", ["1"]),
    (weighted(), "state.rates", ["1"]),
    (weighted(), "state.rates.0", "0"),
    (weighted(), "state.weights.0", "1"),
    (weighted(), "state.swap_fee", str(10**18)),
    (weighted(), "state.aggregate_swap_fee", str(10**18 + 1)),
    (weighted(), "state.minimum_balances", ["1", "1"]),
    (weighted(), "state.protocol_fees_due", ["1"]),
    (weighted(variant="v3"), "state.minimum_balances", []),
    (balancer_stable(), "state.bpt_index", "0"),
    (balancer_stable(), "state.bpt_index", "3"),
    (balancer_stable(), "state.amplification", "999"),
    (balancer_stable(), "state.scaling_factors.1", "0"),
    (balancer_stable(), "state.scaling_factors", ["1"]),
    (balancer_stable(), "state.surge_threshold", str(10**18 + 1)),
    (balancer_stable(), "state.protocol_fees_due", ["1"]),
    (balancer_stable((1, 1, 1, 1, 1, 1)), "state.variant", "v2"),
    (balancer_stable((1, 1, 1), bpt_index=0), "state.variant", "v3"),
    (pool(), "prices", {}),
    (pool(), "prices.0", 5),
    (pool(), "prices.0.token", "0x12"),
    (pool(), "prices.0.value", 0),
    (pool(), "prices.0.value", -1.5),
    (pool(), "prices.0.value", "1.5"),
    (pool(), "prices.0.value", 10**400),
]


@pytest.mark.parametrize(
    ("state", "path", "value"), BROKEN, ids=[f"{path}={str(v)[:20]!a}" for _, path, v in BROKEN]
)
def test_what_the_watcher_would_not_write_is_refused(
    state: State, path: str, value: object
) -> None:
    found = plain(state)
    put(path, value)(found)
    with pytest.raises(InputError):
        snapshot_from_json(json.dumps(found))


@pytest.mark.parametrize("key", ["block", "target", "state"])
def test_each_part_must_be_there(key: str) -> None:
    found = plain(pool())
    del found[key]
    with pytest.raises(InputError, match="block, target, state"):
        snapshot_from_json(json.dumps(found))


def test_no_key_stands_twice_and_no_number_is_infinite() -> None:
    text = snapshot_to_json(snapshot(pool()))
    with pytest.raises(InputError, match="twice"):
        snapshot_from_json(text.replace('"number": "7"', '"number": "7", "number": "8"'))
    for number in ("NaN", "Infinity", "-Infinity"):
        with pytest.raises(InputError, match="is no number"):
            snapshot_from_json(text.replace("1.5", number))
    for broken in ("", "[" * 200_000, "1" * 5_000, text[:-3]):
        with pytest.raises(InputError):
            snapshot_from_json(broken)

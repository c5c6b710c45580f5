"""Flows of one block against the states around it: every unit has one explanation, or is left."""

from __future__ import annotations

import math

import pytest

from tests.support.stored import POOL, VAULT, failed, ok, pool_state, vault_state
from watcher.math.flow import flow_measures, settle, totals
from watcher.math.flow_catalogue import FLOW_DEFINITIONS
from watcher.state import Address, ConstantProduct, Observation, Target
from watcher.state.flow import Decoded, Flow, FlowAmount, FlowKind, Side

WETH, USDC = POOL.tokens
E18, E6 = 10**18, 10**6


def amounts(side: Side, *raw: int) -> tuple[FlowAmount, ...]:
    return tuple(
        FlowAmount(side, token.address, one) for token, one in zip(POOL.tokens, raw, strict=True)
    )


def flow(kind: FlowKind, *parts: tuple[FlowAmount, ...], index: int = 0) -> Flow:
    return Flow(index, kind, None, tuple(one for part in parts for one in part))


def swap(in0: int, out1: int, *, reserves: tuple[int, int] | None = None) -> Flow:
    parts = [amounts(Side.IN, in0, 0), amounts(Side.OUT, 0, out1)]
    if reserves:
        parts.append(amounts(Side.RESERVE, *reserves))
    return flow(FlowKind.SWAP, *parts)


def held(weth: int, usdc: int) -> dict[Address, int]:
    return {WETH.address: weth, USDC.address: usdc}


def pool(weth: int, usdc: int) -> Observation:
    state = pool_state()
    fields = {name: getattr(state, name) for name in ConstantProduct.__slots__}
    return ok(POOL, ConstantProduct(**fields | {"reserve0": weth, "reserve1": usdc}))


def test_what_swaps_and_liquidity_move_is_explained() -> None:
    flows = [
        swap(100, 30, reserves=(1_100, 970)),
        flow(FlowKind.ADD, amounts(Side.IN, 11, 10), amounts(Side.RESERVE, 1_111, 980)),
        flow(FlowKind.FEE, amounts(Side.FEE, 1, 0)),
        flow(FlowKind.REMOVE, amounts(Side.OUT, 10, 80), amounts(Side.RESERVE, 1_100, 900)),
    ]
    settled = settle(held(1_000, 1_000), held(1_100, 900), flows)
    assert set(settled.unexplained.values()) == set(settled.corrected.values()) == {0}


@pytest.mark.parametrize("kind", [FlowKind.SYNC, FlowKind.REMOVE])
def test_what_sync_and_burn_find_in_the_balances_is_a_correction(kind: FlowKind) -> None:
    settled = settle(
        held(1_000, 1_000), held(1_007, 998), [flow(kind, amounts(Side.RESERVE, 1_007, 998))]
    )
    assert settled.corrected == held(7, -2)
    assert settled.unexplained == held(0, 0)


@pytest.mark.parametrize("kind", [FlowKind.SWAP, FlowKind.ADD])
def test_a_swap_behind_a_missing_log_is_no_correction(kind: FlowKind) -> None:
    """What came in is measured from the reserves: more than it is a log that is not there."""
    one = flow(kind, amounts(Side.IN, 5, 0), amounts(Side.RESERVE, 1_205, 900))
    settled = settle(held(1_000, 1_000), held(1_205, 900), [one])
    assert settled.unexplained == held(200, -100)
    assert settled.corrected == held(0, 0)


def test_a_missing_last_log_is_left_over() -> None:
    settled = settle(held(1_000, 1_000), held(1_300, 800), [swap(100, 30, reserves=(1_100, 970))])
    assert settled.unexplained == held(200, -170)


def test_what_is_owed_is_still_there() -> None:
    burned = flow(FlowKind.REMOVE, amounts(Side.OWED, 50, 60))
    collected = flow(FlowKind.COLLECT, amounts(Side.OUT, 20, 10))
    settled = settle(held(100, 100), held(80, 90), [burned, collected])
    assert set(settled.unexplained.values()) == {0}


def figures(
    target: Target, decoded: Decoded, before: Observation | None, now: Observation | None
) -> dict[tuple[str, str], tuple[float, str]]:
    return {
        (one.name, dict(one.dims)["token"]): (one.value, one.reason)
        for one in flow_measures(target, decoded, before, now)
    }


def test_the_figures_of_a_block() -> None:
    before, now = pool(1_000 * E18, 2_000_000 * E6), pool(1_002 * E18, 1_997_500 * E6)
    flows = (
        swap(3 * E18, 4_500 * E6),
        flow(FlowKind.SWAP, amounts(Side.IN, 0, 1_500 * E6), amounts(Side.OUT, E18, 0)),
        flow(FlowKind.ADD, amounts(Side.IN, E18, 2_000 * E6)),
        flow(FlowKind.REMOVE, amounts(Side.OUT, E18, 1_000 * E6)),
    )
    found = figures(POOL, Decoded(POOL.id, flows), before, now)
    weth, usdc = WETH.address, USDC.address
    assert found["trade_volume", weth] == (4.0, "")
    assert found["trade_imbalance", weth] == (-0.5, "")
    assert found["trade_imbalance", usdc] == (0.5, "")
    assert found["lp_flow", usdc] == (1_000.0, "")
    assert found["unexplained_flow", weth] == (0.0, "")
    assert found["unexplained_flow", usdc] == (-500.0, "")
    assert found["corrected_flow", usdc] == (0.0, "")


def test_what_is_unknown_says_why() -> None:
    now, flows = pool(1_000 * E18, 2_000_000 * E6), Decoded(POOL.id, (swap(1, 0),))
    first = figures(POOL, flows, None, now)
    nan, why = first["unexplained_flow", WETH.address]
    assert math.isnan(nan)
    assert why == "the block before was not read"
    assert first["trade_imbalance", WETH.address][1] == "too little was traded"
    assert first["trade_volume", WETH.address] == (1e-18, "")
    blind = figures(POOL, flows, now, failed(POOL))
    assert blind["unexplained_flow", WETH.address][1] == "target is unavailable"
    assert blind["trade_imbalance", WETH.address][1] == "target is unavailable"
    refused = figures(POOL, Decoded(POOL.id, (), "log 3 is none"), now, now)
    assert {reason for _, reason in refused.values()} == {"log 3 is none"}


def test_a_vault_that_earned_has_what_no_event_says() -> None:
    before, now = ok(VAULT, vault_state()), ok(VAULT, vault_state(assets=507 * 10**18))
    deposit = Flow(0, FlowKind.ADD, None, (FlowAmount(Side.IN, WETH.address, 4 * 10**18),))
    found = figures(VAULT, Decoded(VAULT.id, (deposit,)), before, now)
    assert found["unexplained_flow", WETH.address] == (3.0, "")
    assert found["lp_flow", WETH.address] == (4.0, "")
    assert ("trade_volume", WETH.address) not in found


def test_each_figure_is_of_a_definition_and_none_is_missing() -> None:
    for target, decoded in ((POOL, Decoded(POOL.id, ())), (VAULT, Decoded(VAULT.id, ()))):
        names = {name for name, _ in figures(target, decoded, None, None)}
        assert names == {one.name for one in FLOW_DEFINITIONS if target.kind in one.kinds}


def test_the_totals_of_some_blocks() -> None:
    flows = [
        swap(3, 4),
        flow(FlowKind.REMOVE, amounts(Side.OWED, 5, 6)),
        flow(FlowKind.COLLECT, amounts(Side.OUT, 4, 3)),
        flow(FlowKind.FEE, amounts(Side.FEE, 2, 1)),
        flow(FlowKind.FLASH, amounts(Side.IN, 0, 9)),
        flow(FlowKind.ADD, amounts(Side.IN, 7, 8)),
        swap(1, 1),
    ]
    one = totals(WETH, flows)
    assert (one.sold, one.bought, one.added, one.removed) == (4, 0, 7, 5)
    assert (one.collected, one.fees, one.flash, one.imbalance) == (4, 2, 0, -1.0)
    assert math.isnan(totals(WETH, []).imbalance)

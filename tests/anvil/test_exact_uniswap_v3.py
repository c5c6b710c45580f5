"""The real pools decide: what they execute and what QuoterV2 answers is what we compute."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings

from tests.support.effort import examples
from tests.support.uniswap_v3 import FAR_FUTURE, SPACINGS, Result, Step, Swapped, Uniswap, uniswap
from tests.support.uniswap_v3_model import TICK, UINT128_MAX, Case, Model, Order, Position, cases
from watcher.devnet.artifacts import Toolchain
from watcher.math.exact.concentrated import Swap
from watcher.math.exact.positions import Amounts, FeeGrowth, burn, fee_growth_inside, tokens_owed

pytestmark = pytest.mark.anvil


@pytest.fixture(scope="module")
def protocol(toolchain: Toolchain) -> Iterator[Uniswap]:
    with uniswap(toolchain) as deployed:
        yield deployed


def event(found: Swap, *, zero_for_one: bool) -> Swapped:
    """The event that a swap must have left."""
    paid, got = found.amount_in, -found.amount_out
    amounts = (paid, got) if zero_for_one else (got, paid)
    return Swapped(*amounts, found.sqrt_price_x96, found.liquidity, found.tick)


@dataclass
class Totals:
    """Fees that the swaps left, by token."""

    growth: list[int]
    protocol: list[int]


def check_pool(model: Model, results: list[Result]) -> None:
    slot0, liquidity, *ticks = results
    assert slot0.values == (model.pool.sqrt_price_x96, model.pool.tick)
    assert liquidity.values == (model.pool.liquidity,)
    for tick, net, read in zip(model.pool.ticks, model.pool.liquidity_net, ticks, strict=True):
        assert read.values[:2] == (model.gross[tick], net)
        assert read.values[-1] is True


def check_swap(order: Order, found: Swap | None, quoted: Result, executed: Result) -> None:
    assert executed.ok == (found is not None)
    assert quoted.ok == (found is not None)
    if found is None:
        return
    other = found.amount_out if order.exact_in else found.amount_in
    assert executed.values == (other,)
    assert executed.swaps == (event(found, zero_for_one=order.zero_for_one),)
    assert quoted.values[:2] == (other, found.sqrt_price_x96)


ROUND = ("exactInputSingle", "exactOutputSingle", "mint", "decreaseLiquidity", "collect")
QUOTES = ("quoteExactInputSingle", "quoteExactOutputSingle")


@pytest.mark.proves(
    *("concentrated", "NonfungiblePositionManager", "SwapRouter", "QuoterV2"),
    moves=(*ROUND, *QUOTES),
)
@settings(max_examples=examples(25, deep=300))
@given(case=cases())
def test_pools_execute_and_quote_what_we_compute(protocol: Uniswap, case: Case) -> None:
    """Positions are minted, orders follow each other, then every position is burned and its fees
    are collected: all on one pool, each answer beside ours."""
    model = Model(protocol, case)
    steps = model.creation()
    expected_mints = []
    for position in case.positions:
        steps.append(model.minting(position))
        expected_mints.append(model.minted(position))
    made = len(steps)
    read = model.reading()
    steps += read
    initial = replace(model.pool)

    totals = Totals([0, 0], [0, 0])
    expected_swaps: list[tuple[Order, Swap | None]] = []
    for order in case.orders:
        amount, limit = model.amount(order), model.limit(order)
        steps += model.swapping(order, amount, limit)
        found = model.swapped(order, amount, limit)
        expected_swaps.append((order, found))
        if found is not None:
            model.moved(found, zero_for_one=order.zero_for_one)
            sold = 0 if order.zero_for_one else 1
            totals.growth[sold] += found.fee_growth_x128
            totals.protocol[sold] += found.protocol_fee
    ends = len(steps)
    steps += closing(model, expected_mints)

    results = protocol.run(steps)
    assert results[0].values == (model.address.lower(),)
    assert results[1].ok
    for expected, minted in zip(expected_mints, results[2:made], strict=True):
        assert minted.ok == (expected is not None)
        if expected is not None:
            liquidity, cost = expected
            assert minted.values[1:] == (liquidity, *cost)
    final, model.pool = model.pool, initial
    check_pool(model, results[made : made + len(read)])
    model.pool = final
    answers = iter(results[made + len(read) : ends])
    for order, found in expected_swaps:
        check_swap(order, found, next(answers), next(answers))
    check_closing(model, expected_mints, totals, results[ends:])


GROWTH = ("feeGrowthGlobal0X128", "feeGrowthGlobal1X128")


def closing(model: Model, minted: list[tuple[int, Amounts] | None]) -> list[Step]:
    """Read the fees, then burn and collect one position after another."""
    run, pool = model.protocol, model.address
    steps = [run.step(pool, name, returns=["uint256"]) for name in GROWTH]
    steps.append(run.step(pool, "protocolFees", returns=["uint128", "uint128"]))
    nft = 0
    for position, expected in zip(model.case.positions, minted, strict=True):
        if expected is None:
            continue
        nft += 1
        liquidity = expected[0]
        steps += [
            run.step(pool, "ticks", ["int24"], tick, returns=TICK)
            for tick in model.ticks_of(position)
        ]
        decrease = (nft, liquidity, 0, 0, FAR_FUTURE)
        steps.append(
            run.step(
                run.positions,
                "decreaseLiquidity",
                ["(uint256,uint128,uint256,uint256,uint256)"],
                decrease,
                returns=["uint256", "uint256"],
            )
        )
        steps.append(
            run.step(
                run.positions,
                "collect",
                ["(uint256,address,uint128,uint128)"],
                (nft, run.trader, UINT128_MAX, UINT128_MAX),
                returns=["uint256", "uint256"],
            )
        )
    return steps


def check_closing(
    model: Model,
    minted: list[tuple[int, Amounts] | None],
    totals: Totals,
    results: list[Result],
) -> None:
    growth0, growth1, protocol_fees, *rest = results
    growth = FeeGrowth(*growth0.values, *growth1.values)
    assert growth == tuple(totals.growth)
    assert protocol_fees.values == tuple(totals.protocol)
    answers = iter(rest)
    for position, expected in zip(model.case.positions, minted, strict=True):
        if expected is None:
            continue
        liquidity, _ = expected
        lower, upper = model.ticks_of(position)
        outside = [FeeGrowth(*next(answers).values[2:4]) for _ in range(2)]
        burned, collected = next(answers), next(answers)
        paid = burn(
            model.pool,
            liquidity,
            tick_lower=lower,
            tick_upper=upper,
            position_liquidity=liquidity,
        )
        assert burned.values == paid
        inside = fee_growth_inside(
            model.pool.tick,
            tick_lower=lower,
            tick_upper=upper,
            growth_global=growth,
            outside_lower=outside[0],
            outside_upper=outside[1],
        )
        # Nothing was swapped before the position was made, so that it has seen all fees inside.
        fees = tokens_owed(liquidity, inside=inside, inside_last=FeeGrowth(0, 0))
        owed = (paid.amount0 + fees.amount0, paid.amount1 + fees.amount1)
        assert collected.values == tuple(amount % 2**128 for amount in owed)


def test_thirty_ticks_are_crossed(protocol: Uniswap) -> None:
    """Both ways, through words without a tick, to the wei."""
    whole = Amounts(10**24, 10**24)
    ladder = [Position(-step * 40, step * 40, whole) for step in range(1, 31)]
    for fee in SPACINGS:
        for zero_for_one in (True, False):
            order = Order(zero_for_one, True, 65_500, 0, None)
            case = Case((0, 1), fee, 0, 12_345, (0, 0), ladder, [order])
            model = Model(protocol, case)
            steps = [*model.creation(), *map(model.minting, ladder)]
            for position in ladder:
                assert model.minted(position) is not None
            amount = model.amount(order)
            steps += model.swapping(order, amount, None)
            found = model.swapped(order, amount, None)
            assert found is not None
            assert found.ticks_crossed >= 28
            check_swap(order, found, *protocol.run(steps)[-2:])

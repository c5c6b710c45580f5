"""The real pools of Pancake V3, Algebra Integral and Uniswap V4 decide: what they execute is what
we compute, and where they revert ours raises."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings

from tests.support.effort import examples
from tests.support.tick_families import (
    Algebra,
    Family,
    Fees,
    Pancake,
    UniswapV4,
    families,
)
from tests.support.uniswap_v3 import Step
from tests.support.uniswap_v3_model import Case, PoolModel
from watcher.devnet.artifacts import Toolchain
from watcher.errors import MathError
from watcher.math.exact.concentrated import Swap, furthest
from watcher.math.exact.positions import Amounts

pytestmark = pytest.mark.anvil

Deployed = tuple[Pancake, Algebra, UniswapV4]


@pytest.fixture(scope="module")
def deployed(toolchain: Toolchain) -> Iterator[Deployed]:
    with families(toolchain) as found:
        yield found


@pytest.mark.proves("concentrated", "PancakeV3Pool", "TickTrader", moves=("swap",))
@settings(max_examples=examples(15, deep=200))
@given(case=Pancake.CASES)
def test_pancake_v3_executes_what_we_compute(deployed: Deployed, case: Case) -> None:
    check(deployed[0], case)


@pytest.mark.proves("concentrated", "AlgebraPoolDeployer", "TickTrader", moves=("swap",))
@settings(max_examples=examples(15, deep=200))
@given(case=Algebra.CASES)
def test_algebra_integral_executes_what_we_compute(deployed: Deployed, case: Case) -> None:
    check(deployed[1], case)


@pytest.mark.proves("concentrated", "PoolManager", "PoolSwapTest", moves=("swap",))
@settings(max_examples=examples(15, deep=200))
@given(case=UniswapV4.CASES)
def test_uniswap_v4_executes_what_we_compute(deployed: Deployed, case: Case) -> None:
    check(deployed[2], case)


def check(family: Family, case: Case) -> None:
    """Positions are minted and orders follow each other on one pool; each answer, the price after
    it, and in the end what positions and protocol have earned, beside ours."""
    model = family.model(case)
    steps = family.creation(model)
    made = len(steps)
    mints = list(minted(family, model, steps))
    before = replace(model.pool)
    swaps = list(swapped(family, model, steps))
    steps += family.closing(model)
    results = iter(family.runner.run(steps))

    assert all(next(results).ok for _ in range(made))
    for cost in mints:
        result = next(results)
        assert result.ok == (cost is not None)
        if cost is not None:
            assert family.paid(result) == cost
    price, liquidity = next(results), next(results)
    assert price.values == (before.sqrt_price_x96, before.tick)
    assert liquidity.values == (before.liquidity,)
    growth, protocol = [0, 0], [0, 0]
    for zero_for_one, found in swaps:
        result, price, liquidity = next(results), next(results), next(results)
        assert result.ok == (found is not None)
        if found is None:
            continue
        amounts = (found.amount_in, -found.amount_out)
        assert family.paid(result) == (amounts if zero_for_one else amounts[::-1])
        assert price.values == (found.sqrt_price_x96, found.tick)
        assert liquidity.values == (found.liquidity,)
        sold = 0 if zero_for_one else 1
        growth[sold] += found.fee_growth_x128
        protocol[sold] += found.protocol_fee
    assert family.fees(list(results)) == Fees((growth[0], growth[1]), (protocol[0], protocol[1]))


def minted(family: Family, model: PoolModel, steps: list[Step]) -> Iterator[Amounts | None]:
    """What each position costs, None where it reverts; those that nothing suffices for are left."""
    for position in model.case.positions:
        try:
            liquidity = model.liquidity_of(position)
        except MathError:
            continue
        if liquidity == 0:
            continue
        steps.append(family.minting(model, model.ticks_of(position), liquidity))
        found = model.minted(position)
        yield None if found is None else found[1]
    steps += family.reading(model)


def swapped(
    family: Family, model: PoolModel, steps: list[Step]
) -> Iterator[tuple[bool, Swap | None]]:
    """Which way each order goes and what we compute of it, the pool read after each."""
    for order in model.case.orders:
        amount, limit = model.amount(order), model.limit(order)
        end = furthest(zero_for_one=order.zero_for_one) if limit is None else limit
        specified = amount if order.exact_in else -amount
        way = {"zero_for_one": order.zero_for_one}
        steps += [family.swapping(model, specified, end, **way), *family.reading(model)]
        found = model.swapped(order, amount, limit)
        if found is not None:
            model.moved(found, zero_for_one=order.zero_for_one)
        yield order.zero_for_one, found

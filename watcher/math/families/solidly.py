"""Pools of Solidly and its descendants. No version has a quoter of an exact output: the least input
that pays it is what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from watcher.errors import MathError
from watcher.math.exact import solidly as exact
from watcher.math.exact.solidly import Pool
from watcher.math.exact.stableswap_swaps import least_input
from watcher.math.families.family import Family
from watcher.math.families.pooled import Pooled
from watcher.state.solidly import Solidly


def pool_of(state: Solidly) -> Pool:
    return Pool(
        version=state.version,
        stable=state.stable,
        reserves=(state.reserve0, state.reserve1),
        balances=(state.balance0, state.balance1),
        units=(10**state.decimals0, 10**state.decimals1),
        fee=state.fee,
        fee_denominator=state.fee_denominator,
        total_supply=state.total_supply,
    )


def exact_in(state: Solidly, coin_in: int, _coin_out: int, amount_in: int) -> int:
    return exact.exact_in(pool_of(state), coin_in, amount_in)


def exact_out(state: Solidly, coin_in: int, coin_out: int, amount_out: int) -> int:
    """The least input that getAmountOut answers `amount_out` for, and the pool takes."""
    pool = pool_of(state)
    if not 0 < amount_out < pool.reserves[coin_out]:
        raise MathError("no input buys that")

    def paid(amount_in: int) -> int:
        return exact.exact_in(pool, coin_in, amount_in)

    guess = int(amount_out / spot_price(state, coin_in, coin_out))
    return least_input(paid, dy=amount_out, guess=guess)


def spot_price(state: Solidly, coin_in: int, coin_out: int) -> Fraction:
    """Volatile: y/x. Stable: -dy/dx = y (3 x^2 + y^2) / (x (x^2 + 3 y^2)) of scaled reserves."""
    if 0 in (state.reserve0, state.reserve1):
        raise MathError("a side of the pool is empty")
    pool = pool_of(state)
    reserve_in, reserve_out = pool.reserves[coin_in], pool.reserves[coin_out]
    if not state.stable:
        return Fraction(reserve_out, reserve_in)
    unit_in, unit_out = pool.units[coin_in], pool.units[coin_out]
    x, y = Fraction(reserve_in, unit_in), Fraction(reserve_out, unit_out)
    scaled = y * (3 * x * x + y * y) / (x * (x * x + 3 * y * y))
    return scaled * Fraction(unit_out, unit_in)


def without_fee(state: Solidly) -> Solidly:
    return replace(state, fee=0)


def _add(state: Solidly, amounts: Sequence[int]) -> int:
    amount0, amount1 = amounts
    return exact.mint(pool_of(state), amount0, amount1)[0]


def _remove(state: Solidly, liquidity: int) -> tuple[int, ...]:
    return exact.burn(pool_of(state), liquidity)[0]


FAMILY: Family[Solidly] = Family(
    coins=lambda _: 2,
    exact_in=exact_in,
    exact_out=exact_out,
    spot_price=spot_price,
    without_fee=without_fee,
    add=_add,
    remove=_remove,
)


def _after(state: Solidly, coin_in: int, _coin_out: int, amount_in: int) -> Solidly:
    pool = pool_of(state)
    amount_out = exact.exact_in(pool, coin_in, amount_in)
    moved = exact.swap(pool, coin_in, amount_in, amount_out)
    (reserve0, reserve1), (balance0, balance1) = moved.reserves, moved.balances
    return replace(
        state, reserve0=reserve0, reserve1=reserve1, balance0=balance0, balance1=balance1
    )


def _units(state: Solidly) -> tuple[int, int] | None:
    """A stable pool takes whole coins one for one."""
    return (10**state.decimals1, 10**state.decimals0) if state.stable else None


POOLED: Pooled[Solidly] = Pooled(
    balances=lambda state: (state.reserve0, state.reserve1),
    decimals=lambda state: (state.decimals0, state.decimals1),
    after=_after,
    units=_units,
)

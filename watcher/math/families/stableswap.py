"""StableSwap pools. A lending pool's underlying coins stand behind its own: of n coins, n + k is
what k is worth; there is no exchange between a coin of its own and an underlying one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import prod

from watcher.errors import MathError
from watcher.math.exact import saddle
from watcher.math.exact import stableswap_liquidity as liquidity
from watcher.math.exact import stableswap_swaps as swaps
from watcher.math.exact.stableswap import Pool, get_D, scaled
from watcher.math.families.family import Family
from watcher.math.families.pooled import Pooled
from watcher.state.stableswap import StableSwap
from watcher.state.target import Target


def pool_of(state: StableSwap) -> Pool:
    return Pool(
        variant=state.variant,
        balances=state.balances,
        rates=state.rates,
        amp=state.amplification,
        a_precision=state.amplification_precision,
        fee=state.fee,
        admin_fee=state.admin_fee,
        offpeg_fee_multiplier=state.offpeg_fee_multiplier,
        total_supply=state.total_supply,
        underlying_precisions=tuple(
            int(10 ** (18 - decimals)) for decimals in state.underlying_decimals
        ),
        withdraw_fee=state.withdraw_fee,
    )


def exact_in(state: StableSwap, coin_in: int, coin_out: int, amount_in: int) -> int:
    """What exchange, or exchange_underlying, pays: the views can answer a unit more or less."""
    pool, (i, j, underlying) = pool_of(state), _pair(state, coin_in, coin_out)
    if underlying:
        return swaps.exchange_underlying(pool, i, j, amount_in)
    return swaps.exchange(pool, i, j, amount_in).amount_out


def exact_out(state: StableSwap, coin_in: int, coin_out: int, amount_out: int) -> int:
    """What the pool's or the protocol's quoter asks; where there is none, the least input that
    pays `amount_out`."""
    pool, (i, j, underlying) = pool_of(state), _pair(state, coin_in, coin_out)
    if underlying:
        return swaps.get_dx_underlying(pool, i, j, amount_out)
    return needed(pool, i, j, amount_out)


def needed(pool: Pool, i: int, j: int, amount_out: int) -> int:
    match pool.arithmetic.quoter:
        case "swap_out":
            return saddle.swap_out(pool, i, j, amount_out).amount_in
        case "none":
            return swaps.least_amount_in(pool, i, j, amount_out)
        case _:
            return swaps.get_dx(pool, i, j, amount_out)


def spot_price(state: StableSwap, coin_in: int, coin_out: int) -> Fraction:
    """From the invariant's derivative: -dx_j/dx_i = (Ann + P/x_i) / (Ann + P/x_j), where
    P = D^(n+1) / (n^n prod x), at the pool's own D."""
    pool, (i, j, underlying) = pool_of(state), _pair(state, coin_in, coin_out)
    units = pool.underlying_precisions if underlying else pool.rates
    xp = scaled(pool.balances, pool.rates)
    over, under = _product_term(pool, xp)
    # one fraction of whole numbers: a step at a time takes five times as long
    flat, curved = pool.amp * len(xp) * under, pool.a_precision * over
    return Fraction(
        (flat * xp[i] + curved) * xp[j] * units[i], (flat * xp[j] + curved) * xp[i] * units[j]
    )


def slope(pool: Pool, xp: Sequence[int], i: int) -> Fraction:
    """What one unit of xp[i] moves the invariant by, up to a factor that all coins share."""
    return Fraction(pool.amp * len(xp), pool.a_precision) + product_term(pool, xp) / xp[i]


def product_term(pool: Pool, xp: Sequence[int]) -> Fraction:
    """P = D^(n+1) / (n^n prod x)."""
    return Fraction(*_product_term(pool, xp))


def _product_term(pool: Pool, xp: Sequence[int]) -> tuple[int, int]:
    """Its numerator and its denominator."""
    if 0 in xp:
        raise MathError("a side of the pool is empty")
    n, D = len(xp), get_D(pool, xp)
    return int(D ** (n + 1)), int(n**n * prod(xp))


def without_fee(state: StableSwap) -> StableSwap:
    return replace(state, fee=0, offpeg_fee_multiplier=0, withdraw_fee=0)


def _pair(state: StableSwap, coin_in: int, coin_out: int) -> tuple[int, int, bool]:
    """Indices, and whether they are of the underlying coins."""
    n = len(state.balances)
    if (coin_in < n) != (coin_out < n):
        raise MathError("a lending pool exchanges its own coins, or the underlying ones")
    return coin_in % n, coin_out % n, coin_in >= n


def _add(state: StableSwap, amounts: Sequence[int]) -> int:
    n = len(state.balances)
    if any(amounts[n:]):
        raise MathError("the pool takes its own coins, not the underlying ones")
    return liquidity.add_liquidity(pool_of(state), amounts[:n]).liquidity


def _remove(state: StableSwap, burned: int) -> tuple[int, ...]:
    pool = pool_of(state)
    # The fee of withdrawing is 0 in all but Saddle's.
    return saddle.remove_liquidity(pool, burned) + (0,) * len(pool.underlying_precisions)


def _remove_one(state: StableSwap, burned: int, coin: int) -> int:
    return saddle.remove_liquidity_one_token(pool_of(state), burned, coin)


FAMILY: Family[StableSwap] = Family(
    coins=lambda state: len(state.balances) + len(state.underlying_decimals),
    exact_in=exact_in,
    exact_out=exact_out,
    spot_price=spot_price,
    without_fee=without_fee,
    add=_add,
    remove=_remove,
    remove_one=_remove_one,
)


def after(state: StableSwap, coin_in: int, coin_out: int, amount_in: int) -> StableSwap:
    """The pool after an exchange of coins of its own."""
    done = swaps.exchange(pool_of(state), coin_in, coin_out, amount_in)
    return replace(state, balances=done.balances)


def _own_coins(target: Target) -> tuple[int, ...]:
    """What a lending pool's underlying coins are worth follows its own."""
    tokens = len(target.tokens)
    return tuple(range(tokens // 2 if target.params.get("variant") == "lending" else tokens))


POOLED: Pooled[StableSwap] = Pooled(
    balances=lambda state: state.balances,
    decimals=lambda state: state.decimals,
    after=after,
    coins=_own_coins,
    units=lambda state: state.rates,
)

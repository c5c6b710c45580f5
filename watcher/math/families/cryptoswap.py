"""CryptoSwap pools."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from watcher.errors import MathError
from watcher.math.exact import cryptoswap_liquidity as liquidity
from watcher.math.exact import cryptoswap_swaps as swaps
from watcher.math.exact.cryptoswap import Pool, current_D, scaled
from watcher.math.exact.cryptoswap_newton import WAD
from watcher.math.exact.cryptoswap_variants import A_MULTIPLIER
from watcher.math.exact.stableswap_swaps import least_input
from watcher.math.families.family import Family
from watcher.math.families.pooled import Pooled
from watcher.state.cryptoswap import CryptoSwap

NEVER = 2**128
"""More profit than lets a price scale move."""


def pool_of(state: CryptoSwap) -> Pool:
    return Pool(
        variant=state.variant,
        balances=state.balances,
        precisions=tuple(int(10 ** (18 - decimals)) for decimals in state.decimals),
        A=state.amplification,
        gamma=state.gamma,
        D=state.invariant,
        price_scale=state.price_scale,
        price_oracle=state.price_oracle,
        last_prices=state.last_prices,
        mid_fee=state.mid_fee,
        out_fee=state.out_fee,
        fee_gamma=state.fee_gamma,
        allowed_extra_profit=state.allowed_extra_profit,
        adjustment_step=state.adjustment_step,
        xcp_profit=state.xcp_profit,
        virtual_price=state.virtual_price,
        total_supply=state.total_supply,
        not_adjusted=state.not_adjusted,
        ramping=state.ramping,
        loss_allowed=state.loss_allowed,
    )


def exact_in(state: CryptoSwap, coin_in: int, coin_out: int, amount_in: int) -> int:
    """What `exchange` pays: it also reverts where only the views answer."""
    return swaps.exchange(pool_of(state), coin_in, coin_out, amount_in).amount_out


def exact_out(state: CryptoSwap, coin_in: int, coin_out: int, amount_out: int) -> int:
    """What the views of NG ask; in v1, which has none, the least input that pays `amount_out`."""
    pool = pool_of(state)
    if pool.rules.generation == "ng":
        return swaps.get_dx(pool, coin_in, coin_out, amount_out)
    if not 0 < amount_out < pool.balances[coin_out]:
        raise MathError("no input buys that")
    guess = swaps.get_dx(pool, coin_in, coin_out, amount_out)

    def paid(dx: int) -> int:
        return swaps.exchange(pool, coin_in, coin_out, dx).amount_out

    return least_input(paid, dy=amount_out, guess=guess)


def spot_price(state: CryptoSwap, coin_in: int, coin_out: int) -> Fraction:
    """From the invariant's derivative, at the pool's own D."""
    pool = pool_of(state)
    units = [
        Fraction(price * precision, WAD)
        for price, precision in zip((WAD, *pool.price_scale), pool.precisions, strict=True)
    ]
    return slope(pool, coin_in) / slope(pool, coin_out) * units[coin_in] / units[coin_out]


def slope(pool: Pool, i: int) -> Fraction:
    """dh/dx_i of h = K N^N (S - D)/D + K0 - 1, which is 0 on the invariant.

    K N^N = ANN gamma^2 K0 / g^2, K0 = prod x N^N / D^N and g = gamma + 1 - K0, so that
    dh/dx_i = K N^N/D + K0/x_i (1 + (S - D)/D ANN gamma^2 (g + 2 K0)/g^3).
    """
    xp, D = scaled(pool, pool.balances), current_D(pool)
    if 0 in xp or D == 0:
        raise MathError("a side of the pool is empty")
    K0 = Fraction(1)
    for x in xp:
        K0 *= Fraction(x * len(xp), D)
    gamma = Fraction(pool.gamma, WAD)
    g = gamma + 1 - K0
    if g == 0:
        raise MathError("the pool's invariant has no slope there")
    weight = Fraction(pool.A, A_MULTIPLIER) * gamma * gamma
    excess = Fraction(sum(xp) - D, D)
    return weight * K0 / g**2 / D + K0 / xp[i] * (1 + excess * weight * (g + 2 * K0) / g**3)


def without_fee(state: CryptoSwap) -> CryptoSwap:
    return replace(state, mid_fee=0, out_fee=0, loss_allowed=True)


def _add(state: CryptoSwap, amounts: Sequence[int]) -> int:
    return liquidity.add_liquidity(pool_of(state), amounts).liquidity


def _remove(state: CryptoSwap, burned: int) -> tuple[int, ...]:
    return liquidity.remove_liquidity(pool_of(state), burned).amounts


def _remove_one(state: CryptoSwap, burned: int, coin: int) -> int:
    return liquidity.remove_liquidity_one_coin(pool_of(state), burned, coin).amounts[coin]


FAMILY: Family[CryptoSwap] = Family(
    coins=lambda state: len(state.balances),
    exact_in=exact_in,
    exact_out=exact_out,
    spot_price=spot_price,
    without_fee=without_fee,
    add=_add,
    remove=_remove,
    remove_one=_remove_one,
)


def _after(state: CryptoSwap, coin_in: int, coin_out: int, amount_in: int) -> CryptoSwap:
    """Its balances and D; the prices that follow its trades stay."""
    moved = swaps.exchange(pool_of(state), coin_in, coin_out, amount_in).pool
    return replace(state, balances=moved.balances, invariant=moved.D)


def _units(state: CryptoSwap) -> tuple[int, ...]:
    """At the price scale, in 36 decimals."""
    prices = (WAD, *state.price_scale)
    return tuple(
        int(price * 10 ** (18 - decimals))
        for price, decimals in zip(prices, state.decimals, strict=True)
    )


def _at_rest(state: CryptoSwap) -> CryptoSwap:
    return replace(state, not_adjusted=False, allowed_extra_profit=NEVER, loss_allowed=True)


POOLED: Pooled[CryptoSwap] = Pooled(
    balances=lambda state: state.balances,
    decimals=lambda state: state.decimals,
    after=_after,
    units=_units,
    at_rest=_at_rest,
)

"""Metapools: coin 0 is the pool's own, 1 the base's LP token, 2 and on the base's coins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from watcher.errors import MathError
from watcher.math.exact import stableswap_liquidity as liquidity
from watcher.math.exact import stableswap_meta as exact
from watcher.math.exact.stableswap import PRECISION, Pool, get_D, scaled
from watcher.math.exact.stableswap_meta import FIRST_BASE, LP, META, Metapool
from watcher.math.exact.stableswap_swaps import least_input
from watcher.math.families import stableswap
from watcher.math.families.family import Family
from watcher.math.families.pooled import Pooled
from watcher.state.stableswap import StableSwapMeta


def metapool_of(state: StableSwapMeta) -> Metapool:
    return Metapool(stableswap.pool_of(state.pool), stableswap.pool_of(state.base))


def exact_in(state: StableSwapMeta, coin_in: int, coin_out: int, amount_in: int) -> int:
    return exact.exchange_underlying(metapool_of(state), coin_in, coin_out, amount_in)


def exact_out(state: StableSwapMeta, coin_in: int, coin_out: int, amount_out: int) -> int:
    """What the views of NG ask; elsewhere the least input that pays `amount_out`."""
    meta = metapool_of(state)
    exact.require_metapool_pair(meta, coin_in, coin_out)
    if max(coin_in, coin_out) <= LP:
        return stableswap.needed(meta.pool, coin_in, coin_out, amount_out)
    if min(coin_in, coin_out) >= FIRST_BASE:
        coins = coin_in - FIRST_BASE, coin_out - FIRST_BASE
        return stableswap.needed(meta.base, *coins, amount_out)
    if meta.pool.arithmetic.quoter == "views":
        return exact.get_dx_underlying(meta, coin_in, coin_out, amount_out)

    def paid(dx: int) -> int:
        return exact.exchange_underlying(meta, coin_in, coin_out, dx)

    guess = exact.get_dx_underlying(meta, coin_in, coin_out, amount_out)
    return least_input(paid, dy=amount_out, guess=guess)


def spot_price(state: StableSwapMeta, coin_in: int, coin_out: int) -> Fraction:
    """Through the LP token: the pool's marginal price times the base's of its LP token."""
    meta = metapool_of(state)
    exact.require_metapool_pair(meta, coin_in, coin_out)
    if min(coin_in, coin_out) >= FIRST_BASE:
        return stableswap.spot_price(state.base, coin_in - FIRST_BASE, coin_out - FIRST_BASE)
    if max(coin_in, coin_out) <= LP:
        return stableswap.spot_price(state.pool, coin_in, coin_out)
    if coin_in == META:
        to_lp = stableswap.spot_price(state.pool, META, LP)
        return to_lp * coins_per_lp(meta.base, coin_out - FIRST_BASE)
    from_lp = stableswap.spot_price(state.pool, LP, META)
    return from_lp / coins_per_lp(meta.base, coin_in - FIRST_BASE)


def coins_per_lp(base: Pool, coin: int) -> Fraction:
    """What a last LP token is worth in one coin, without fees.

    dD = D dL / supply, and on the invariant dx_k/dD = (Ann - 1 + (n+1) P/D) / (Ann + P/x_k).
    """
    xp = scaled(base.balances, base.rates)
    D, P = get_D(base, xp), stableswap.product_term(base, xp)
    if base.total_supply == 0:
        raise MathError("the base pool has no LP tokens")
    Ann = Fraction(base.amp * len(xp), base.a_precision)
    by_D = (Ann - 1 + (len(xp) + 1) * P / D) / stableswap.slope(base, xp, coin)
    return by_D * Fraction(D, base.total_supply) * Fraction(PRECISION, base.rates[coin])


def without_fee(state: StableSwapMeta) -> StableSwapMeta:
    return replace(
        state, pool=stableswap.without_fee(state.pool), base=stableswap.without_fee(state.base)
    )


def _add(state: StableSwapMeta, amounts: Sequence[int]) -> int:
    if any(amounts[FIRST_BASE:]):
        raise MathError("the pool takes its own coin and the base's LP token")
    pool = metapool_of(state).pool
    return liquidity.add_liquidity(pool, amounts[:FIRST_BASE]).liquidity


def _remove(state: StableSwapMeta, burned: int) -> tuple[int, ...]:
    paid = liquidity.remove_liquidity(metapool_of(state).pool, burned)
    return paid + (0,) * len(state.base.balances)


def _remove_one(state: StableSwapMeta, burned: int, coin: int) -> int:
    return liquidity.calc_withdraw_one_coin(metapool_of(state).pool, burned, coin)


FAMILY: Family[StableSwapMeta] = Family(
    coins=lambda state: FIRST_BASE + len(state.base.balances),
    exact_in=exact_in,
    exact_out=exact_out,
    spot_price=spot_price,
    without_fee=without_fee,
    add=_add,
    remove=_remove,
    remove_one=_remove_one,
)


def _after(state: StableSwapMeta, coin_in: int, coin_out: int, amount_in: int) -> StableSwapMeta:
    return replace(state, pool=stableswap.after(state.pool, coin_in, coin_out, amount_in))


POOLED: Pooled[StableSwapMeta] = Pooled(
    balances=lambda state: state.pool.balances,
    decimals=lambda state: state.pool.decimals,
    after=_after,
    # the base has the others: its LP token counts at the virtual price that the pool uses
    coins=lambda _: (META, LP),
    units=lambda state: state.pool.rates,
)

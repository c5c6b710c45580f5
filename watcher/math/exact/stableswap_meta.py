"""Metapools to the wei: a StableSwap pool of one coin and the LP token of a base pool.

Coins as underlying: 0 is the pool's own, 1 the base's LP token, 2 and on the base's coins.
Sources: curve-factory's MetaUSD.vy, stableswap-ng's CurveStableSwapMetaNG.vy and its Views. The
rate of the LP token, `pool.rates[1]`, is the base's virtual price that the pool sees.
"""

from __future__ import annotations

from dataclasses import dataclass

from watcher.errors import MathError
from watcher.math.exact import stableswap_liquidity as liquidity
from watcher.math.exact import stableswap_swaps as swaps
from watcher.math.exact.fixed_point import checked
from watcher.math.exact.stableswap import (
    FEE_DENOMINATOR,
    PRECISION,
    UNDERFLOW,
    Pool,
    dynamic_fee,
    get_y,
    scaled,
)

META, LP = 0, 1
FIRST_BASE = 2


@dataclass(frozen=True, slots=True)
class Metapool:
    pool: Pool
    base: Pool


def exchange_underlying(meta: Metapool, i: int, j: int, dx: int) -> int:
    """What `exchange_underlying` pays between coins 0 and 2 on, and `exchange` between 0 and 1.

    A base coin that comes in is added to the base pool, its imbalance fee paid; one that goes out
    is withdrawn from it; from base coin to base coin the base pool exchanges. Raises MathError
    between the LP token and a base coin: that is the base pool's own adding and removing.
    """
    require_metapool_pair(meta, i, j)
    if max(i, j) <= LP:
        return swaps.exchange(meta.pool, i, j, dx).amount_out
    if min(i, j) >= FIRST_BASE:
        return swaps.exchange(meta.base, i - FIRST_BASE, j - FIRST_BASE, dx).amount_out
    if i == META:
        bought = swaps.exchange(meta.pool, META, LP, dx).amount_out
        return liquidity.calc_withdraw_one_coin(meta.base, bought, j - FIRST_BASE)
    added = liquidity.add_liquidity(meta.base, _only(meta.base, i - FIRST_BASE, dx)).liquidity
    x = added * meta.pool.rates[LP] // PRECISION + _xp(meta)[LP]
    return swaps.exchange_scaled(meta.pool, LP, META, dx=added, x=x).amount_out


def get_dy_underlying(meta: Metapool, i: int, j: int, dx: int) -> int:
    """What the view answers: the base's fee on adding is half a fee, where not NG's views ask."""
    require_metapool_pair(meta, i, j)
    if max(i, j) <= LP:
        return swaps.get_dy(meta.pool, i, j, dx)
    if min(i, j) >= FIRST_BASE:
        return swaps.get_dy(meta.base, i - FIRST_BASE, j - FIRST_BASE, dx)
    if i == META:
        x = _xp(meta)[META] + checked(dx, 256, UNDERFLOW) * _multiplier(meta)
        bought = _bought(meta, META, LP, x=x) * PRECISION // meta.pool.rates[LP]
        return liquidity.calc_withdraw_one_coin(meta.base, bought, j - FIRST_BASE)
    x = _lp_for(meta, i - FIRST_BASE, dx) * meta.pool.rates[LP] // PRECISION
    if meta.pool.arithmetic.quoter != "views":
        x -= x * meta.base.fee // (2 * FEE_DENOMINATOR)
    return _bought(meta, LP, META, x=x + _xp(meta)[LP]) // _multiplier(meta)


def get_dx_underlying(meta: Metapool, i: int, j: int, dy: int) -> int:
    """The input that NG's views ask for `dy`: an estimate that can pay a little less."""
    require_metapool_pair(meta, i, j)
    if max(i, j) <= LP:
        return swaps.get_dx(meta.pool, i, j, dy)
    if min(i, j) >= FIRST_BASE:
        return swaps.get_dx(meta.base, i - FIRST_BASE, j - FIRST_BASE, dy)
    if i == META:
        taken = _charged_token_amount(meta.base, j - FIRST_BASE, dy, is_deposit=False)
        return swaps.get_dx(meta.pool, META, LP, taken)
    needed = swaps.get_dx(meta.pool, LP, META, dy)
    return liquidity.calc_withdraw_one_coin(meta.base, needed, i - FIRST_BASE)


def require_metapool_pair(meta: Metapool, i: int, j: int) -> None:
    coins = FIRST_BASE + len(meta.base.balances)
    if not (0 <= i < coins and 0 <= j < coins):
        raise MathError("coin does not exist")
    if i == j:
        raise MathError("same coin")
    if LP in (i, j) and META not in (i, j):
        raise MathError("the base pool itself changes its LP token into its coins")


def _bought(meta: Metapool, i: int, j: int, *, x: int) -> int:
    """Scaled output of the pool for a scaled balance `x` of coin i, the fee taken off."""
    xp, pool = _xp(meta), meta.pool
    y = get_y(pool, i, j, x=x, xp=xp)
    given = checked(xp[j] - y - pool.arithmetic.view_margin, 256, UNDERFLOW)
    fee = dynamic_fee((xp[i] + x) // 2, (xp[j] + y) // 2, pool.fee, pool.offpeg_fee_multiplier)
    return given - fee * given // FEE_DENOMINATOR


def _lp_for(meta: Metapool, coin: int, dx: int) -> int:
    if meta.pool.arithmetic.quoter == "views":
        return _charged_token_amount(meta.base, coin, dx, is_deposit=True)
    return liquidity.calc_token_amount(meta.base, _only(meta.base, coin, dx), is_deposit=True)


def _charged_token_amount(base: Pool, coin: int, amount: int, *, is_deposit: bool) -> int:
    """NG's views take the fee of adding and removing off for older base pools too."""
    return liquidity.charged_token_amount(base, _only(base, coin, amount), is_deposit=is_deposit)


def _only(base: Pool, coin: int, amount: int) -> list[int]:
    return [amount if k == coin else 0 for k in range(len(base.balances))]


def _xp(meta: Metapool) -> list[int]:
    return scaled(meta.pool.balances, meta.pool.rates)


def _multiplier(meta: Metapool) -> int:
    """Units of 18 decimals for one of coin 0."""
    return meta.pool.rates[META] // PRECISION

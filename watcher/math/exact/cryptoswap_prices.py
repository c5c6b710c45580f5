"""What every move of a CryptoSwap pool ends with: `tweak_price` stores prices, profit and D, moves
the price scale towards the oracle when there is profit to pay for it, and reverts on a loss.

Sources as in `cryptoswap`. Fees that the pool claims for its administrator after or before a move
are not part of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import isqrt

from watcher.errors import MathError
from watcher.math.exact.cryptoswap import Pool, get_xcp, invariant, sqrt_int
from watcher.math.exact.cryptoswap_cubic import get_y
from watcher.math.exact.cryptoswap_newton import (
    DIVISION,
    ENDLESS,
    OVERFLOW,
    UNDERFLOW,
    UNSAFE_X,
    WAD,
    require_D,
)
from watcher.math.exact.cryptoswap_variants import A_MULTIPLIER
from watcher.math.exact.fixed_point import UINT256_MAX, checked
from watcher.math.exact.fixed_point import div_truncated as _div

PRICE_MASK = 2**128 - 1


def price_average(pool: Pool, *, elapsed: int, window: int) -> tuple[int, ...]:
    """The price oracle after `elapsed` seconds, from the stored one and the last prices.

    `window` is ma_half_time in v1, the time constant ma_time in NG.
    """
    if elapsed == 0:
        return pool.price_oracle
    if window == 0:
        raise MathError(DIVISION)
    power = elapsed * WAD // window
    old = halfpow(power) if pool.rules.generation == "v1" else wad_exp(-power)
    last = pool.last_prices
    if pool.rules.coins == 2 and pool.rules.generation == "ng":
        last = (min(pool.last_prices[0], 2 * pool.price_scale[0]),)
    return tuple(
        (new * (WAD - old) + before * old) // WAD
        for new, before in zip(last, pool.price_oracle, strict=True)
    )


def tweak_price(
    pool: Pool,
    xp: Sequence[int],
    *,
    last_prices: Sequence[int] | None,
    new_D: int = 0,
    K0_prev: int = 0,
) -> Pool:
    """The pool after a move that has brought its balances to `xp`; raises MathError on a loss.

    `last_prices` are v1's, where it took them from the move; `new_D` is 0 where it is not known.
    """
    D = new_D or invariant(pool, xp, K0_prev)
    last = tuple(_marginal_prices(pool, xp, D) if last_prices is None else last_prices)
    _require_packed(pool, last)
    virtual_price, xcp_profit = WAD, WAD
    if pool.virtual_price:
        if pool.total_supply == 0:
            raise MathError(DIVISION)
        virtual_price = WAD * get_xcp(pool, D, pool.price_scale) // pool.total_supply
        xcp_profit = pool.xcp_profit * virtual_price // pool.virtual_price
        _require_no_loss(pool, virtual_price)
    after = replace(pool, D=D, last_prices=last, virtual_price=virtual_price, xcp_profit=xcp_profit)
    profitable = checked(virtual_price * 2 - WAD, 256, UNDERFLOW)
    if profitable > xcp_profit + 2 * pool.allowed_extra_profit:
        after = replace(after, not_adjusted=pool.rules.generation == "v1")
    elif not pool.not_adjusted:
        return after
    return _moved_scale(after, xp, live=pool.virtual_price > 0)


def _require_no_loss(pool: Pool, virtual_price: int) -> None:
    """NG also refuses a move that leaves the virtual price as it was."""
    margin = 1 if pool.rules.generation == "ng" else 0
    if virtual_price < pool.virtual_price + margin and not pool.loss_allowed:
        raise MathError("Loss")


def _moved_scale(pool: Pool, xp: Sequence[int], *, live: bool) -> Pool:
    """With the price scale a step nearer to the oracle, if that leaves half of the profit."""
    norm, step = _distance(pool)
    if norm <= step or not live:
        return pool
    p_new = tuple(
        (scale * (norm - step) + step * oracle) // norm
        for scale, oracle in zip(pool.price_scale, pool.price_oracle, strict=True)
    )
    moved = [xp[0]]
    for x, new, old in zip(xp[1:], p_new, pool.price_scale, strict=True):
        moved.append(checked(x * new, 256, OVERFLOW) // old)
    D = invariant(pool, moved)
    if pool.rules.generation == "ng" and not all(10**16 <= x * WAD // D <= 10**20 for x in moved):
        raise MathError(UNSAFE_X)
    virtual_price = WAD * get_xcp(pool, D, p_new) // pool.total_supply
    if virtual_price > WAD and 2 * virtual_price - WAD > pool.xcp_profit:
        _require_packed(pool, p_new)
        return replace(pool, D=D, virtual_price=virtual_price, price_scale=p_new)
    return replace(pool, not_adjusted=False)


def _distance(pool: Pool) -> tuple[int, int]:
    """How far the price scale is from the oracle, and how much of that is one step."""
    ratios = [
        abs(checked(oracle * WAD, 256, OVERFLOW) // scale - WAD)
        for oracle, scale in zip(pool.price_oracle, pool.price_scale, strict=True)
    ]
    rules, step = pool.rules, pool.adjustment_step
    if rules.coins == 2:
        norm = ratios[0]
    else:
        squares = checked(sum(ratio * ratio for ratio in ratios), 256, OVERFLOW)
        if rules.generation == "v1":
            return (sqrt_int(squares // WAD), step) if squares > step * step else (0, step)
        norm = isqrt(squares)
    return norm, max(step, norm // rules.step_divisor) if rules.step_divisor else step


def _marginal_prices(pool: Pool, xp: Sequence[int], D: int) -> list[int]:
    """What v1 computes where a move is too small to tell a price, and NG always."""
    if pool.rules.generation == "ng":
        prices = get_p(pool, xp, D)
        return [p * scale // WAD for p, scale in zip(prices, pool.price_scale, strict=True)]
    dx_price = xp[0] // 10**6
    bought = [xp[0] + dx_price, *xp[1:]]
    prices = []
    for k, scale in enumerate(pool.price_scale, start=1):
        y, _ = get_y(pool.rules, pool.A, pool.gamma, bought, D, k)
        if xp[k] <= y:
            raise MathError(DIVISION if xp[k] == y else UNDERFLOW)
        prices.append(checked(scale * dx_price, 256, OVERFLOW) // (xp[k] - y))
    return prices


def get_p(pool: Pool, xp: Sequence[int], D: int) -> list[int]:
    """NG's marginal prices of coins 1 and on in coin 0, at the price scale, with 18 decimals."""
    require_D(D)
    x, gamma, n = xp[0], pool.gamma, len(xp)
    wide = n**n * x * xp[1]
    K0 = wide // D
    for other in xp[2:]:
        K0 = checked(K0 * other, 256, OVERFLOW) // D
    K0 = checked(K0 * 10**36, 256, OVERFLOW) // D
    doubled = 2 * K0 * K0
    # pow_mod256: it wraps
    less = (K0 * K0 & UINT256_MAX) // 10**36 * (2 * gamma + 3 * WAD)
    GK0 = doubled // 10**36 * K0 // 10**36 + (gamma + WAD) ** 2 - less // WAD
    NNAG2 = pool.A * gamma * gamma // A_MULTIPLIER
    parts = [GK0 + checked(NNAG2 * each, 256, OVERFLOW) // D * K0 // 10**36 for each in xp]
    checked(max(wide, doubled, doubled // 10**36 * K0, less), 256, OVERFLOW)
    if min(parts) <= 0 or 0 in xp[1:]:
        raise MathError(DIVISION if min(parts) >= 0 else UNDERFLOW)
    return [
        checked(checked(x * part, 256, OVERFLOW) // other * WAD, 256, OVERFLOW) // parts[0]
        for other, part in zip(xp[1:], parts[1:], strict=True)
    ]


def _require_packed(pool: Pool, prices: Sequence[int]) -> None:
    """Three coins' prices share a slot."""
    if pool.rules.coins == 3 and max(prices) >= PRICE_MASK:
        raise MathError(OVERFLOW)


def halfpow(power: int) -> int:
    """0.5 ** power, both with 18 decimals, by v1's series."""
    whole, rest = divmod(power, WAD)
    if whole > 59:
        return 0
    result = WAD >> whole
    if rest == 0:
        return result
    term, S, negative = WAD, WAD, False
    for i in range(1, 256):
        K = i * WAD
        c = K - WAD
        if rest > c:
            c, negative = rest - c, not negative
        else:
            c -= rest
        term = term * (c * (WAD // 2) // WAD) // K
        S += -term if negative else term
        if term < 10**10:
            return result * S // WAD
    raise MathError(ENDLESS)


_LN2 = 54916777467707473351141471128
_SCALE = 3822833074963236453042738258902158003155416615667


def wad_exp(power: int) -> int:
    """e ** power for a power of 0 or less, both with 18 decimals: solmate's rational function."""
    if power <= -42139678854452767551:
        return 0
    x = _div(power << 78, 5**18)
    k = (_div(x << 96, _LN2) + 2**95) >> 96
    x -= k * _LN2
    y = ((x + 1346386616545796478920950773328) * x >> 96) + 57155421227552351082224309758442
    p = ((y + x - 94201549194550492254356042504812) * y >> 96) + 28719021644029726153956944680412240
    p = p * x + (4385272521454847904659076985693276 << 96)
    q = ((x - 2855989394907223263936484059900) * x >> 96) + 50020603652535783019961831881945
    q = (q * x >> 96) - 533845033583426703283633433725380
    q = (q * x >> 96) + 3604857256930695427073651918091429
    q = (q * x >> 96) - 14423608567350463180887372962807573
    q = (q * x >> 96) + 26449188498355588339934803723976023
    return _div(p, q) * _SCALE >> 195 - k

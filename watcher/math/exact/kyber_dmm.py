"""Kyber DMM pools to the wei: x y = k on virtual reserves, which amplification makes larger than
the real ones, and a fee that follows the trend of volume.

Sources: DMMPool.sol, DMMLibrary.sol, VolumeTrendRecorder.sol, FeeFomula.sol, MathExt.sol.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isqrt

from watcher.errors import MathError
from watcher.math.exact.fixed_point import checked

WAD = 10**18
BPS = 10_000
MINIMUM_LIQUIDITY = 1000

OVERFLOW = "arithmetic overflow"
UNDERFLOW = "arithmetic underflow"
DIVISION = "division by zero"

SHORT_ALPHA = 2 * WAD // 5401
LONG_ALPHA = 2 * WAD // 10801


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """What the arithmetic of one pool needs; amounts are in the tokens' smallest units.

    virtual_reserves: equal to the reserves where amp_bps is BPS. fee: of the input, 18 decimals, as
    `getTradeInfo` tells it at the block. k_last: of the virtual reserves after the last mint or
    burn, 0 where there was none with the protocol's fee on. government_fee_bps: the protocol's part
    of the growth since then, 0 where it is off.
    """

    reserves: tuple[int, int]
    virtual_reserves: tuple[int, int]
    balances: tuple[int, int]
    amp_bps: int
    fee: int
    total_supply: int
    k_last: int = 0
    government_fee_bps: int = 0

    @property
    def amplified(self) -> bool:
        return self.amp_bps != BPS


def get_amount_out(pool: Pool, coin_in: int, amount_in: int) -> int:
    """DMMLibrary.getAmountOut."""
    if amount_in <= 0:
        raise MathError("INSUFFICIENT_INPUT_AMOUNT")
    if 0 in pool.reserves:
        raise MathError("INSUFFICIENT_LIQUIDITY")
    virtual_in, virtual_out = pool.virtual_reserves[coin_in], pool.virtual_reserves[1 - coin_in]
    with_fee = checked(amount_in * checked(WAD - pool.fee, 256, UNDERFLOW), 256, OVERFLOW) // WAD
    if virtual_in + with_fee == 0:
        raise MathError(DIVISION)
    amount_out = checked(with_fee * virtual_out, 256, OVERFLOW) // (virtual_in + with_fee)
    if pool.reserves[1 - coin_in] <= amount_out:
        raise MathError("INSUFFICIENT_LIQUIDITY")
    return amount_out


def get_amount_in(pool: Pool, coin_in: int, amount_out: int) -> int:
    """DMMLibrary.getAmountIn."""
    if amount_out <= 0:
        raise MathError("INSUFFICIENT_OUTPUT_AMOUNT")
    if pool.reserves[coin_in] == 0 or pool.reserves[1 - coin_in] <= amount_out:
        raise MathError("INSUFFICIENT_LIQUIDITY")
    virtual_in, virtual_out = pool.virtual_reserves[coin_in], pool.virtual_reserves[1 - coin_in]
    numerator = checked(virtual_in * amount_out, 256, OVERFLOW)
    left = checked(virtual_out - amount_out, 256, UNDERFLOW)
    if left == 0:
        raise MathError(DIVISION)
    with_fee = numerator // left + 1
    kept = WAD - pool.fee
    if kept <= 0:
        raise MathError(DIVISION)
    return (checked(with_fee * WAD, 256, OVERFLOW) + kept - 1) // kept


def swap(pool: Pool, coin_in: int, amount_in: int, amount_out: int) -> Pool:
    """The pool after it has taken `amount_in` and paid `amount_out`; MathError where it refuses.

    What lay in the pool above its reserves counts as input.
    """
    if amount_out <= 0:
        raise MathError("INSUFFICIENT_OUTPUT_AMOUNT")
    if amount_out >= pool.reserves[1 - coin_in]:
        raise MathError("INSUFFICIENT_LIQUIDITY")
    held = list(pool.balances)
    held[coin_in] += amount_in
    given = [
        max(balance - reserve, 0) for balance, reserve in zip(held, pool.reserves, strict=True)
    ]
    held[1 - coin_in] -= amount_out
    if not any(given):
        raise MathError("INSUFFICIENT_INPUT_AMOUNT")
    virtual = [
        checked(virtual + balance - reserve, 256, UNDERFLOW)
        for virtual, balance, reserve in zip(
            pool.virtual_reserves, held, pool.reserves, strict=True
        )
    ]
    adjusted = [
        checked(v * WAD - amount * pool.fee, 256, UNDERFLOW) // WAD
        for v, amount in zip(virtual, given, strict=True)
    ]
    before = pool.virtual_reserves[0] * pool.virtual_reserves[1]
    if checked(adjusted[0] * adjusted[1], 256, OVERFLOW) < before:
        raise MathError("K")
    return _updated(pool, (held[0], held[1]), (virtual[0], virtual[1]))


def mint(pool: Pool, amount0: int, amount1: int) -> tuple[int, Pool]:
    """LP tokens for what was sent, and the pool afterwards; MathError where it reverts."""
    held = pool.balances[0] + amount0, pool.balances[1] + amount1
    amounts = [
        checked(balance - reserve, 256, UNDERFLOW)
        for balance, reserve in zip(held, pool.reserves, strict=True)
    ]
    supply = pool.total_supply + protocol_liquidity(pool)
    if supply == 0:
        liquidity = isqrt(checked(amounts[0] * amounts[1], 256, OVERFLOW)) - MINIMUM_LIQUIDITY
        virtual = held[0] * pool.amp_bps // BPS, held[1] * pool.amp_bps // BPS
        after = MINIMUM_LIQUIDITY + liquidity
    else:
        if 0 in pool.reserves:
            raise MathError(DIVISION)
        liquidity = min(
            checked(amount * supply, 256, OVERFLOW) // reserve
            for amount, reserve in zip(amounts, pool.reserves, strict=True)
        )
        virtual = _grown(pool, held, liquidity + supply, supply)
        after = supply + liquidity
    if liquidity <= 0:
        raise MathError("INSUFFICIENT_LIQUIDITY_MINTED")
    return liquidity, _with_supply(_updated(pool, held, virtual), after)


def burn(pool: Pool, liquidity: int) -> tuple[tuple[int, int], Pool]:
    """What burning LP tokens pays, and the pool afterwards; MathError where it reverts."""
    supply = pool.total_supply + protocol_liquidity(pool)
    if not 0 <= liquidity <= pool.total_supply:
        raise MathError(UNDERFLOW)
    if supply == 0 or 0 in pool.reserves:
        raise MathError(DIVISION)
    if any(b < r for b, r in zip(pool.balances, pool.reserves, strict=True)):
        raise MathError("UNSYNC_RESERVES")
    amount0, amount1 = (
        checked(liquidity * balance, 256, OVERFLOW) // supply for balance in pool.balances
    )
    if 0 in (amount0, amount1):
        raise MathError("INSUFFICIENT_LIQUIDITY_BURNED")
    held = pool.balances[0] - amount0, pool.balances[1] - amount1
    b = min(
        checked(balance * supply, 256, OVERFLOW) // reserve
        for balance, reserve in zip(held, pool.reserves, strict=True)
    )
    shrunk = _updated(pool, held, _grown(pool, held, b, supply))
    return (amount0, amount1), _with_supply(shrunk, supply - liquidity)


def _with_supply(pool: Pool, total_supply: int) -> Pool:
    """After a mint or a burn, from which on the protocol's growth counts anew."""
    k = pool.virtual_reserves[0] * pool.virtual_reserves[1] if pool.government_fee_bps else 0
    return replace(pool, total_supply=total_supply, k_last=k)


def _grown(pool: Pool, held: tuple[int, int], b: int, supply: int) -> tuple[int, int]:
    """The virtual reserves in proportion to `b`, at least the real ones."""
    first, second = (
        max(checked(virtual * b, 256, OVERFLOW) // supply, balance)
        for virtual, balance in zip(pool.virtual_reserves, held, strict=True)
    )
    return first, second


def _updated(pool: Pool, held: tuple[int, int], virtual: tuple[int, int]) -> Pool:
    """With balances as reserves, each of 112 bits."""
    if not pool.amplified:
        virtual = held
    for value in (*held, *virtual):
        checked(value, 112, "OVERFLOW")
    return replace(pool, reserves=held, balances=held, virtual_reserves=virtual)


def protocol_liquidity(pool: Pool) -> int:
    """LP tokens that `_mintFee` gives the protocol before a mint or a burn."""
    if pool.k_last == 0 or pool.government_fee_bps == 0:
        return 0
    root_k = isqrt(pool.virtual_reserves[0] * pool.virtual_reserves[1])
    root_k_last = isqrt(pool.k_last)
    if root_k <= root_k_last:
        return 0
    numerator = pool.total_supply * (root_k - root_k_last) * pool.government_fee_bps
    return checked(numerator, 256, OVERFLOW) // ((root_k + root_k_last) * 5000)


def r_factor(*, short_ema: int, long_ema: int, block_volume: int, blocks: int) -> int:
    """The trend of volume, 18 decimals, `blocks` after the one of the last trade, whose volume is
    not yet in the averages."""
    if blocks:
        short_ema, long_ema = (
            ((WAD - alpha) * ema + alpha * block_volume)
            // WAD
            * _power(WAD - alpha, blocks - 1)
            // WAD
            for ema, alpha in ((short_ema, SHORT_ALPHA), (long_ema, LONG_ALPHA))
        )
    return short_ema * WAD // long_ema if long_ema else 0


def trade_fee(trend: int, amp_bps: int) -> int:
    """The fee at a trend, 18 decimals: less where the pool is amplified more."""
    fee = _base_fee(trend)
    if amp_bps <= 20_000:
        return fee
    if amp_bps <= 50_000:
        return fee * 20 // 30
    return fee * 10 // 30 if amp_bps <= 200_000 else fee * 4 // 30


def _base_fee(r: int) -> int:
    """From 15 to 60 basis points: three pieces, joined smoothly."""
    highest = 1477405064814996100
    if r >= highest:
        return 60 * WAD // 10_000
    if r >= WAD:
        middle = WAD * 120 // 100
        off = abs(r - middle)
        cubic = WAD * 20_000 // 27 * _power(off, 3) // WAD
        linear = WAD * 250 // 9 * off // WAD
        base = WAD * 985 // 27
        moved = cubic + linear if r > middle else -cubic - linear
        return checked(base + moved, 256, UNDERFLOW) // 10_000
    lowest = WAD * 836 // 1000
    squared = _power(abs(r - lowest), 2)
    moved = 5 * WAD * squared // (squared + 2 * WAD // 10_000)
    base = 20036905816356657810
    return (base + moved if r > lowest else base - moved) // 10_000


def _power(x: int, exponent: int) -> int:
    """x ** exponent, 18 decimals, x at most 1: squared and multiplied from the lowest bit."""
    result = x if exponent % 2 else WAD
    exponent //= 2
    while exponent:
        x = x * x // WAD
        if exponent % 2:
            result = result * x // WAD
        exponent //= 2
    return result

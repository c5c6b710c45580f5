"""Constant-product pools to the wei: Uniswap V2 and its forks, their fee a fraction.

Source: Uniswap v2-core UniswapV2Pair.sol and v2-periphery UniswapV2Library.sol (getAmountOut,
getAmountIn, quote); forks change the two fractions only. `fee_numerator / fee_denominator` is the
part of the input that counts, 997/1000 for Uniswap V2. Amounts are in smallest units.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt

from watcher.errors import MathError
from watcher.math.exact.fixed_point import UINT256_MAX, checked

MINIMUM_LIQUIDITY = 1_000
"""LP tokens that the first mint burns for ever (UniswapV2Pair.MINIMUM_LIQUIDITY)."""

RESERVE_BITS = 112
UINT112_MAX = 2**RESERVE_BITS - 1


def get_amount_out(
    amount_in: int,
    reserve_in: int,
    reserve_out: int,
    *,
    fee_numerator: int,
    fee_denominator: int,
) -> int:
    """What `amount_in` buys, rounded down as UniswapV2Library.getAmountOut does.

    Raises MathError where the pair's swap reverts: no input, no liquidity, no output, or a
    balance beyond uint112.
    """
    amount_in_with_fee = amount_in * fee_numerator
    numerator = amount_in_with_fee * reserve_out
    # Whatever there is to refuse shows here; the first product is not above the second.
    if amount_in <= 0 or reserve_in <= 0 or reserve_out <= 0 or numerator > UINT256_MAX:
        _require_trade(amount_in, reserve_in, reserve_out, reason="INSUFFICIENT_INPUT_AMOUNT")
        raise MathError("ds-math-mul-overflow")
    amount_out = numerator // (reserve_in * fee_denominator + amount_in_with_fee)
    if amount_out == 0:
        raise MathError("INSUFFICIENT_OUTPUT_AMOUNT")
    if reserve_in + amount_in > UINT112_MAX:
        raise MathError("OVERFLOW")
    return amount_out


def get_amount_in(
    amount_out: int,
    reserve_in: int,
    reserve_out: int,
    *,
    fee_numerator: int,
    fee_denominator: int,
) -> int:
    """What `amount_out` costs by UniswapV2Library.getAmountIn: rounded down, plus one.

    Raises MathError where the router or the pair reverts.
    """
    _require_trade(amount_out, reserve_in, reserve_out, reason="INSUFFICIENT_OUTPUT_AMOUNT")
    if amount_out >= reserve_out:
        raise MathError("INSUFFICIENT_LIQUIDITY")
    numerator = checked(reserve_in * amount_out * fee_denominator, 256, "ds-math-mul-overflow")
    denominator = (reserve_out - amount_out) * fee_numerator
    amount_in = numerator // denominator + 1
    checked(reserve_in + amount_in, RESERVE_BITS, "OVERFLOW")
    return amount_in


def require_swap(
    amount_in: int,
    amount_out: int,
    *,
    reserve_in: int,
    reserve_out: int,
    balance_in: int,
    balance_out: int,
    fee_numerator: int,
    fee_denominator: int,
) -> None:
    """Raise MathError where the pair refuses to pay `amount_out` after `amount_in` was sent to it.

    UniswapV2Pair.swap looks at what it holds, not at what was sent: a donation that lies in the
    pair counts as input, and where it holds less than its reserves the input makes that good first.
    """
    if amount_out <= 0:
        raise MathError("INSUFFICIENT_OUTPUT_AMOUNT")
    if amount_out >= reserve_out:
        raise MathError("INSUFFICIENT_LIQUIDITY")
    if amount_out > balance_out:
        raise MathError("TRANSFER_FAILED")
    held_in, held_out = balance_in + amount_in, balance_out - amount_out
    paid_in, paid_out = max(held_in - reserve_in, 0), max(balance_out - reserve_out, 0)
    if paid_in == 0 and paid_out == 0:
        raise MathError("INSUFFICIENT_INPUT_AMOUNT")
    fee = fee_denominator - fee_numerator
    adjusted_in = held_in * fee_denominator - paid_in * fee
    adjusted_out = held_out * fee_denominator - paid_out * fee
    if adjusted_in * adjusted_out < reserve_in * reserve_out * fee_denominator**2:
        raise MathError("K")
    checked(held_in, RESERVE_BITS, "OVERFLOW")
    checked(held_out, RESERVE_BITS, "OVERFLOW")


def quote(amount_a: int, reserve_a: int, reserve_b: int) -> int:
    """The amount of b that equals `amount_a` at the pool's ratio (UniswapV2Library.quote)."""
    if amount_a <= 0:
        raise MathError("INSUFFICIENT_AMOUNT")
    if reserve_a <= 0 or reserve_b <= 0:
        raise MathError("INSUFFICIENT_LIQUIDITY")
    return checked(amount_a * reserve_b, 256, "ds-math-mul-overflow") // reserve_a


@dataclass(frozen=True, slots=True)
class LiquidityAdded:
    """`liquidity` LP tokens go to the caller, `protocol_liquidity` to the protocol before."""

    liquidity: int
    protocol_liquidity: int


@dataclass(frozen=True, slots=True)
class LiquidityRemoved:
    """What burning pays out; `protocol_liquidity` is minted to the protocol before."""

    amount0: int
    amount1: int
    protocol_liquidity: int


def protocol_liquidity(
    reserve0: int,
    reserve1: int,
    *,
    total_supply: int,
    k_last: int,
    share_numerator: int,
    share_denominator: int,
) -> int:
    """LP tokens that `_mintFee` gives to the protocol for the growth of sqrt(k) since `k_last`.

    The protocol's share is a fraction of that growth: 1/6 for Uniswap V2, 0 while switched off.
    """
    if share_numerator == 0 or k_last == 0:
        return 0
    root_k, root_k_last = isqrt(reserve0 * reserve1), isqrt(k_last)
    if root_k <= root_k_last:
        return 0
    numerator = total_supply * (root_k - root_k_last) * share_numerator
    denominator = root_k * (share_denominator - share_numerator) + root_k_last * share_numerator
    return numerator // denominator


def mint(
    amount0: int,
    amount1: int,
    *,
    reserve0: int,
    reserve1: int,
    total_supply: int,
    protocol_minted: int,
) -> LiquidityAdded:
    """LP tokens for `amount0` and `amount1`, both counted as balance minus reserve.

    The smaller side decides; what is too much of the other is a gift to the pool. Raises MathError
    where `mint` reverts: a balance below its reserve, no liquidity, or a balance beyond uint112.
    """
    checked(amount0, 256, "ds-math-sub-underflow")
    checked(amount1, 256, "ds-math-sub-underflow")
    supply = total_supply + protocol_minted
    if supply == 0:
        liquidity = isqrt(checked(amount0 * amount1, 256, "ds-math-mul-overflow"))
        liquidity -= MINIMUM_LIQUIDITY
        if liquidity < 0:
            raise MathError("ds-math-sub-underflow")
    elif reserve0 == 0 or reserve1 == 0:
        raise MathError("division by zero")
    else:
        liquidity = min(amount0 * supply // reserve0, amount1 * supply // reserve1)
    if liquidity == 0:
        raise MathError("INSUFFICIENT_LIQUIDITY_MINTED")
    checked(reserve0 + amount0, RESERVE_BITS, "OVERFLOW")
    checked(reserve1 + amount1, RESERVE_BITS, "OVERFLOW")
    return LiquidityAdded(liquidity=liquidity, protocol_liquidity=protocol_minted)


def burn(
    liquidity: int,
    *,
    balance0: int,
    balance1: int,
    total_supply: int,
    protocol_minted: int,
) -> LiquidityRemoved:
    """What `liquidity` LP tokens pay: their share of the *balances*, each rounded down.

    Raises MathError where `burn` reverts: nothing burned or paid, more than can be held (the first
    MINIMUM_LIQUIDITY lie at the zero address), or a balance that stays beyond uint112.
    """
    supply = total_supply + protocol_minted
    if supply == 0:
        raise MathError("division by zero")
    if not 0 < liquidity <= total_supply - MINIMUM_LIQUIDITY:
        raise MathError("ds-math-sub-underflow" if liquidity else "INSUFFICIENT_LIQUIDITY_BURNED")
    amount0 = checked(liquidity * balance0, 256, "ds-math-mul-overflow") // supply
    amount1 = checked(liquidity * balance1, 256, "ds-math-mul-overflow") // supply
    if amount0 == 0 or amount1 == 0:
        raise MathError("INSUFFICIENT_LIQUIDITY_BURNED")
    checked(balance0 - amount0, RESERVE_BITS, "OVERFLOW")
    checked(balance1 - amount1, RESERVE_BITS, "OVERFLOW")
    return LiquidityRemoved(amount0=amount0, amount1=amount1, protocol_liquidity=protocol_minted)


def least_amount_in(
    amount_out: int,
    reserve_in: int,
    reserve_out: int,
    *,
    fee_numerator: int,
    fee_denominator: int,
) -> int:
    """The least input that `get_amount_out` answers with `amount_out` or more; the library's
    `get_amount_in` asks one unit too much where the division leaves no remainder."""
    if not 0 < amount_out < reserve_out or reserve_in <= 0:
        raise MathError("INSUFFICIENT_LIQUIDITY")
    numerator = reserve_in * amount_out * fee_denominator
    return -(-numerator // ((reserve_out - amount_out) * fee_numerator))


def arbitrage_amount_in(
    reserve_in: int,
    reserve_out: int,
    *,
    fee_numerator: int,
    fee_denominator: int,
    price_in: int,
    price_out: int,
) -> int:
    """The input that earns most when one unit in costs `price_in` and one out brings `price_out`.

    Prices are integers in one common scale per smallest unit. With f = fee_numerator and
    d = fee_denominator, profit(x) = price_out * f*x*R_out / (d*R_in + f*x) - price_in * x is
    concave and its derivative is zero where d*R_in + f*x = sqrt(f*d*R_in*R_out*price_out/price_in).
    Rounded down, and no more than the pair can hold; 0 when nothing is to be earned.
    """
    if min(reserve_in, reserve_out, price_in, price_out) <= 0:
        return 0
    product = fee_numerator * fee_denominator * reserve_in * reserve_out * price_out
    excess = isqrt(product // price_in) - fee_denominator * reserve_in
    room = (1 << RESERVE_BITS) - 1 - reserve_in
    return max(min(excess // fee_numerator, room), 0)


def _require_trade(amount: int, reserve_in: int, reserve_out: int, *, reason: str) -> None:
    if not 0 < amount <= UINT256_MAX:
        raise MathError(reason)
    if reserve_in <= 0 or reserve_out <= 0:
        raise MathError("INSUFFICIENT_LIQUIDITY")

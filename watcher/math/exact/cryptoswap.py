"""CryptoSwap pools to the wei, in the order of each contract that has the invariant.

Sources: curve-crypto-contract (CurveCryptoSwap2, CurveCryptoSwap2ETH, CurveCryptoSwap and its
views), tricrypto-ng, twocrypto-ng; `cryptoswap_variants` says what differs. Amounts are in the
coins' smallest units; `xp` are balances at the price scale, with 18 decimals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt

from watcher.errors import MathError
from watcher.math.exact.cryptoswap_cbrt import cbrt
from watcher.math.exact.cryptoswap_newton import (
    DIVISION,
    ENDLESS,
    OVERFLOW,
    UNDERFLOW,
    WAD,
    geometric_mean,
    newton_D,
)
from watcher.math.exact.cryptoswap_variants import ARITHMETIC, Arithmetic, Variant
from watcher.math.exact.fixed_point import checked

FEE_DENOMINATOR = 10**10
NOISE_FEE = 10**5


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """What the arithmetic of one pool needs; prices of coins 1 and on in coin 0, 18 decimals.

    precisions: 10**(18 - decimals). A: A N^N times 10**4. D: as it is stored. price_oracle: what a
    move in this block finds, its average brought up to the block's time. mid_fee, out_fee: parts of
    FEE_DENOMINATOR. not_adjusted: v1's flag that the price scale is due to move. ramping: A or
    gamma are on their way, so that a move computes D anew. loss_allowed: on which a move may lower
    the virtual price.
    """

    variant: Variant
    balances: tuple[int, ...]
    precisions: tuple[int, ...]
    A: int
    gamma: int
    D: int
    price_scale: tuple[int, ...]
    price_oracle: tuple[int, ...]
    last_prices: tuple[int, ...]
    mid_fee: int
    out_fee: int
    fee_gamma: int
    allowed_extra_profit: int
    adjustment_step: int
    xcp_profit: int
    virtual_price: int
    total_supply: int
    not_adjusted: bool = False
    ramping: bool = False
    loss_allowed: bool = False

    @property
    def rules(self) -> Arithmetic:
        return ARITHMETIC[self.variant]


def ramped(
    timestamp: int, *, initial: int, future: int, initial_time: int, future_time: int
) -> int:
    """A, or gamma, at `timestamp` on its ramp, as `_A_gamma` rounds it."""
    if timestamp >= future_time:
        return future
    duration, elapsed = future_time - initial_time, timestamp - initial_time
    if elapsed < 0:
        raise MathError(UNDERFLOW)
    return (initial * (duration - elapsed) + future * elapsed) // duration


def scaled(pool: Pool, balances: Sequence[int]) -> list[int]:
    """`xp`: balances in coin 0 at the price scale, each rounded down."""
    prices = (WAD, *pool.price_scale)
    return [
        checked(balance * price * precision, 256, OVERFLOW) // WAD
        for balance, price, precision in zip(balances, prices, pool.precisions, strict=True)
    ]


def unscaled(pool: Pool, i: int, value: int) -> int:
    """A part of xp[i] in coin i, rounded down."""
    if i:
        value = _divided(checked(value * WAD, 256, OVERFLOW), pool.price_scale[i - 1])
    return value // pool.precisions[i]


def invariant(pool: Pool, xp: Sequence[int], K0_prev: int = 0) -> int:
    return newton_D(pool.rules, pool.A, pool.gamma, xp, K0_prev)


def current_D(pool: Pool) -> int:  # noqa: N802 — the contract's name
    """The stored D, or while A or gamma are on a ramp that of the balances."""
    return invariant(pool, scaled(pool, pool.balances)) if pool.ramping else pool.D


def fee(pool: Pool, xp: Sequence[int]) -> int:
    """`_fee`: mid_fee in balance, towards out_fee away from it, a part of FEE_DENOMINATOR."""
    f = reduction_coefficient(pool.rules, xp, pool.fee_gamma)
    return (pool.mid_fee * f + pool.out_fee * (WAD - f)) // WAD


def reduction_coefficient(rules: Arithmetic, xp: Sequence[int], fee_gamma: int) -> int:
    """fee_gamma / (fee_gamma + 1 - K), K = prod x / (sum x / N)^N, with 18 decimals."""
    S = checked(sum(xp), 256, OVERFLOW)
    if rules.coins == 2:
        K = _divided(checked(4 * WAD * xp[0], 256, OVERFLOW), S)
        K = checked(K * xp[1], 256, OVERFLOW) // S
        return _divided(fee_gamma * WAD, fee_gamma + WAD - K)
    K = WAD
    for x in xp:
        K = _divided(checked(K * 3 * x, 256, OVERFLOW), S)
    return fee_gamma * WAD // (fee_gamma + WAD - K) if fee_gamma else K


def get_xcp(pool: Pool, D: int, price_scale: Sequence[int]) -> int:
    """The "constant product" of the balanced pool of that D, what the virtual price counts."""
    n = pool.rules.coins
    x = [D // n, *(_divided(D * WAD, n * price) for price in price_scale)]
    return geometric_mean(pool.rules, x)


def get_virtual_price(pool: Pool) -> int:
    """xcp for 10**18 LP tokens, rounded down."""
    return _divided(WAD * get_xcp(pool, pool.D, pool.price_scale), pool.total_supply)


def lp_price(pool: Pool) -> int:
    """What an LP token is worth in coin 0, by the price oracle, as `lp_price` answers it.

    Raises MathError where the contract has none.
    """
    if pool.variant in ("twocrypto_early", "tricrypto"):
        raise MathError("the pool tells no price of its LP token")
    if pool.rules.coins == 3:
        product = checked(pool.price_oracle[0] * pool.price_oracle[1], 256, OVERFLOW)
        return 3 * pool.virtual_price * cbrt(product) // 10**24
    if pool.rules.generation == "v1":
        return 2 * pool.virtual_price * sqrt_int(pool.price_oracle[0]) // WAD
    return 2 * pool.virtual_price * isqrt(pool.price_oracle[0] * WAD) // WAD


def sqrt_int(x: int) -> int:
    """The square root of a number with 18 decimals, as v1 finds it."""
    if x == 0:
        return 0
    z, y = (x + WAD) // 2, x
    for _ in range(256):
        if z == y:
            return y
        y, z = z, (x * WAD // z + z) // 2
    raise MathError(ENDLESS)


def calc_token_fee(pool: Pool, amountsp: Sequence[int], xp: Sequence[int]) -> int:
    """The part that adding `amountsp` costs: by how far they are from equal."""
    n = pool.rules.coins
    share, total = fee(pool, xp) * n // (4 * (n - 1)), sum(amountsp)
    average = total // n
    off = sum(abs(amount - average) for amount in amountsp)
    return _divided(share * off, total) + NOISE_FEE


def require_pair(i: int, j: int, n: int) -> None:
    if i == j or not 0 <= i < n or not 0 <= j < n:
        raise MathError("coin index out of range")


def _divided(x: int, y: int) -> int:
    if y == 0:
        raise MathError(DIVISION)
    return x // y

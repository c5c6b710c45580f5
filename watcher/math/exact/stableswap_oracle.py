"""Where NG's own oracle stops a trade: it stores prices and D after each move, and reverts with the
move when it cannot. Source: CurveStableSwapNG.vy, _get_p and upkeep_oracles."""

from __future__ import annotations

from collections.abc import Sequence

from watcher.errors import MathError
from watcher.math.exact.fixed_point import checked
from watcher.math.exact.stableswap import DIVISION, OVERFLOW, PRECISION, Pool

PACKED_BITS = 128
"""Of a price; D is packed likewise, and overflows in get_D before it has as many."""

HIGHEST_KEPT = 2 * 10**18
"""NG keeps no price above 2; the early revision kept any that it could pack."""


def upkeep_oracles(pool: Pool, xp: Sequence[int], D: int) -> None:
    """Raise MathError where keeping the prices of `xp` reverts; nothing for pools without them."""
    if not pool.arithmetic.keeps_prices:
        return
    for price in _prices(pool, xp, D):
        kept = price if pool.variant == "ng_early" else min(price, HIGHEST_KEPT)
        checked(kept, PACKED_BITS, "the price cannot be packed")


def _prices(pool: Pool, xp: Sequence[int], D: int) -> list[int]:
    """`_get_p`: of each coin but the first in the first, times 10**18."""
    n = len(xp)
    if 0 in xp:
        raise MathError(DIVISION)
    Dr = D // n**n
    for x in xp:
        Dr = checked(Dr * D, 256, OVERFLOW) // x
    xp0_A = checked(pool.amp * n * xp[0], 256, OVERFLOW) // pool.a_precision
    if xp0_A + Dr == 0:
        raise MathError(DIVISION)
    return [
        checked(PRECISION * (xp0_A + checked(Dr * xp[0], 256, OVERFLOW) // x), 256, OVERFLOW)
        // (xp0_A + Dr)
        for x in xp[1:]
    ]

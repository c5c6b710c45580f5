"""Ticks and square roots of prices: the price at tick i is 1.0001**i.

Source: Uniswap v3-core TickMath.sol, whose constants and order these are; v4-core, Pancake V3 and
Algebra compute the same numbers. A square root of a price (token1 for one token0, in smallest
units) is an integer in units of 2**-96, hence `_x96`.
"""

from __future__ import annotations

from functools import lru_cache

from watcher.errors import MathError
from watcher.math.exact.fixed_point import UINT256_MAX

MIN_TICK = -887_272
MAX_TICK = 887_272
MIN_SQRT_PRICE = 4_295_128_739
MAX_SQRT_PRICE = 1_461_446_703_485_210_103_287_273_052_203_988_822_378_723_970_342

_Q128 = 1 << 128

# 2**128 / sqrt(1.0001)**bit for each bit of the tick.
_RATIOS = (
    (0x1, 0xFFFCB933BD6FAD37AA2D162D1A594001),
    (0x2, 0xFFF97272373D413259A46990580E213A),
    (0x4, 0xFFF2E50F5F656932EF12357CF3C7FDCC),
    (0x8, 0xFFE5CACA7E10E4E61C3624EAA0941CD0),
    (0x10, 0xFFCB9843D60F6159C9DB58835C926644),
    (0x20, 0xFF973B41FA98C081472E6896DFB254C0),
    (0x40, 0xFF2EA16466C96A3843EC78B326B52861),
    (0x80, 0xFE5DEE046A99A2A811C461F1969C3053),
    (0x100, 0xFCBE86C7900A88AEDCFFC83B479AA3A4),
    (0x200, 0xF987A7253AC413176F2B074CF7815E54),
    (0x400, 0xF3392B0822B70005940C7A398E4B70F3),
    (0x800, 0xE7159475A2C29B7443B29C7FA6E889D9),
    (0x1000, 0xD097F3BDFD2022B8845AD8F792AA5825),
    (0x2000, 0xA9F746462D870FDF8A65DC1F90E061E5),
    (0x4000, 0x70D869A156D2A1B890BB3DF62BAF32F7),
    (0x8000, 0x31BE135F97D08FD981231505542FCFA6),
    (0x10000, 0x9AA508B5B7A84E1C677DE54F3E99BC9),
    (0x20000, 0x5D6AF8DEDB81196699C329225EE604),
    (0x40000, 0x2216E584F5FA1EA926041BEDFE98),
    (0x80000, 0x48A170391F7DC42444E8FA2),
)

_LOG2_BITS = 14
"""Binary digits of the logarithm after the point that the contract computes."""

_LOG2_TO_TICK = 255_738_958_999_603_826_347_141
"""2**64 / log2(sqrt(1.0001))."""

_ERROR_BELOW = 3_402_992_956_809_132_418_596_140_100_660_247_210
_ERROR_ABOVE = 291_339_464_771_989_622_907_027_621_153_398_088_495


@lru_cache(maxsize=1 << 16)
def get_sqrt_price_at_tick(tick: int) -> int:
    """sqrt(1.0001**tick) in units of 2**-96, rounded up from the contract's 128 bits.

    Raises MathError("T") beyond MIN_TICK and MAX_TICK.
    """
    abs_tick = abs(tick)
    if abs_tick > MAX_TICK:
        raise MathError("T")
    ratio = _Q128
    for bit, factor in _RATIOS:
        if abs_tick & bit:
            ratio = ratio * factor >> 128
    if tick > 0:
        ratio = UINT256_MAX // ratio
    return -(-ratio >> 32)


def get_tick_at_sqrt_price(sqrt_price_x96: int) -> int:
    """The greatest tick whose square root of a price is not above this one.

    Raises MathError("R") outside [MIN_SQRT_PRICE, MAX_SQRT_PRICE).
    """
    if not MIN_SQRT_PRICE <= sqrt_price_x96 < MAX_SQRT_PRICE:
        raise MathError("R")
    ratio = sqrt_price_x96 << 32
    msb = ratio.bit_length() - 1
    r = ratio >> (msb - 127) if msb >= 128 else ratio << (127 - msb)
    log_2 = (msb - 128) << 64
    for digit in range(63, 63 - _LOG2_BITS, -1):
        # Squaring doubles the logarithm; its whole part is the next binary digit.
        r = r * r >> 127
        if r >> 128:
            log_2 |= 1 << digit
            r >>= 1
    tick = log_2 * _LOG2_TO_TICK
    low, high = (tick - _ERROR_BELOW) >> 128, (tick + _ERROR_ABOVE) >> 128
    if low == high:
        return low
    return high if get_sqrt_price_at_tick(high) <= sqrt_price_x96 else low

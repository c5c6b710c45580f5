"""Prices that pools and vaults imply: spots, means over time, and redemption rates.

All are whole quote tokens for one whole token. `is_token0` says which side the token is.
"""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

from watcher.errors import MathError
from watcher.math.bridge import nearest, redemption_rate
from watcher.math.exact.pair_oracle import PriceSums, average_x112, current_sums
from watcher.math.exact.sqrt_price_math import Q96
from watcher.math.exact.tick_math import MAX_TICK, MIN_TICK, get_sqrt_price_at_tick
from watcher.math.families.share_vault import assets_per_share
from watcher.math.prices.reading import Reading, finite, nothing
from watcher.state.concentrated import Concentrated
from watcher.state.constant_product import ConstantProduct
from watcher.state.pair_oracle import PairOracle
from watcher.state.redemption_rate import RedemptionRate
from watcher.state.share_vault import ShareVault
from watcher.state.tick_oracle import TickOracle

EMPTY = "a side of the pool is empty"
NO_HISTORY = "the pool was not watched for the whole window"
OUT_OF_RANGE = "the price is out of the range of a float"

ROOT_OF_MOVE = math.sqrt(1.01) - 1
"""Of what the price's root grows by while the price grows by 1%."""


def read_pair(pair: ConstantProduct, *, is_token0: bool) -> Reading:
    """The spot price of a pair, and the quote token that moves it by 1%."""
    reserves = (pair.reserve0, pair.reserve1)
    decimals = (pair.decimals0, pair.decimals1)
    fee = 1 - pair.fee_numerator / pair.fee_denominator
    return _within(_of_reserves(reserves, decimals, is_token0=is_token0), fee)


def read_pool(pool: Concentrated, *, is_token0: bool) -> Reading:
    """The spot price of a pool with ticks; its depth is that of the liquidity in range alone."""
    decimals = (pool.decimals0, pool.decimals1)
    found = _of_root(pool.sqrt_price_x96, pool.liquidity, decimals, is_token0=is_token0)
    return _within(found, max(pool.fee0, pool.fee1) / 1_000_000)


def read_tick_oracle(oracle: TickOracle, *, is_token0: bool) -> Reading:
    """The price at the mean tick, which is the geometric mean over the window."""
    decimals = (oracle.decimals0, oracle.decimals1)
    if not MIN_TICK <= oracle.mean_tick <= MAX_TICK:
        return nothing(OUT_OF_RANGE)
    root = get_sqrt_price_at_tick(oracle.mean_tick)
    return _of_root(root, oracle.mean_liquidity, decimals, is_token0=is_token0)


def tick_oracle_spot(oracle: TickOracle) -> Reading:
    """Whole token 1 per token 0 now."""
    decimals = (oracle.decimals0, oracle.decimals1)
    return _of_root(oracle.sqrt_price_x96, oracle.mean_liquidity, decimals, is_token0=True)


def read_pair_oracle(
    now: PairOracle, before: PairOracle | None, *, timestamp: int, is_token0: bool
) -> Reading:
    """The arithmetic mean over the window that ends at `timestamp`; `before` was in force when it
    began. Raises nothing: what cannot be averaged has no value."""
    if before is None:
        return nothing(NO_HISTORY)
    try:
        ends = _sums(now, timestamp)
        begins = _sums(before, timestamp - now.window)
        coin = 0 if is_token0 else 1
        mean = average_x112(ends[coin], begins[coin], now.window)
    except MathError as error:
        return nothing(str(error))
    decimals = (now.decimals0, now.decimals1)
    spot = pair_oracle_spot(now, is_token0=is_token0)
    return _priced(Fraction(mean, 1 << 112), decimals, spot.depth, is_token0=is_token0)


def pair_oracle_spot(pair: PairOracle, *, is_token0: bool = True) -> Reading:
    reserves = (pair.reserve0, pair.reserve1)
    decimals = (pair.decimals0, pair.decimals1)
    return _of_reserves(reserves, decimals, is_token0=is_token0)


def read_redemption(vault: ShareVault) -> Reading:
    """Whole assets for one whole share, unrounded."""
    try:
        rate = assets_per_share(vault)
    except MathError as error:
        return nothing(str(error))
    value = nearest(rate * Fraction(10**vault.share_decimals, 10**vault.asset_decimals))
    return Reading(value) if finite(value) else nothing(OUT_OF_RANGE)


def read_rate(found: RedemptionRate) -> Reading:
    """Whole quote tokens for one whole token, as the contract's getter says."""
    value = redemption_rate(found)
    if found.rate == 0:
        return nothing("the rate is zero")
    return Reading(value) if finite(value) else nothing(OUT_OF_RANGE)


def _within(reading: Reading, fee: float) -> Reading:
    """Nobody brings a spot price back while it is off by less than the fee."""
    return replace(reading, confidence=fee)


def _sums(pair: PairOracle, timestamp: int) -> PriceSums:
    last = PriceSums(pair.price0_cumulative_last, pair.price1_cumulative_last)
    reserves = (pair.reserve0, pair.reserve1)
    return current_sums(last, reserves, since=pair.timestamp_last, timestamp=timestamp)


def _of_reserves(
    reserves: tuple[int, int], decimals: tuple[int, int], *, is_token0: bool
) -> Reading:
    own, quote = reserves if is_token0 else reserves[::-1]
    if own <= 0 or quote <= 0:
        return nothing(EMPTY)
    quote_decimals = decimals[1] if is_token0 else decimals[0]
    depth = nearest(Fraction(quote, 10**quote_decimals)) * ROOT_OF_MOVE
    return _priced(Fraction(quote, own), decimals, depth, is_token0=is_token0)


def _of_root(
    sqrt_price_x96: int, liquidity: int, decimals: tuple[int, int], *, is_token0: bool
) -> Reading:
    if sqrt_price_x96 <= 0:
        return nothing("the pool has no price yet")
    root = Fraction(sqrt_price_x96, Q96)
    price = root * root
    # Virtual reserves: L * sqrt(P) of token 1, L / sqrt(P) of token 0.
    quote = liquidity * root if is_token0 else liquidity / root
    quote_decimals = decimals[1] if is_token0 else decimals[0]
    depth = nearest(quote / 10**quote_decimals) * ROOT_OF_MOVE
    return _priced(price if is_token0 else 1 / price, decimals, depth, is_token0=is_token0)


def _priced(raw: Fraction, decimals: tuple[int, int], depth: float, *, is_token0: bool) -> Reading:
    """`raw` is in smallest units of both."""
    own, quote = decimals if is_token0 else decimals[::-1]
    value = nearest(raw * Fraction(10**own, 10**quote))
    return Reading(value, depth=depth) if finite(value) else nothing(OUT_OF_RANGE)

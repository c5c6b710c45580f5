"""The one door from exact integers to float64.

Each function takes the states of many targets and gives arrays whose first axis is the target;
a missing state is NaN throughout. Integers are divided as integers, so each float is the correctly
rounded quotient whatever the size.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from watcher.errors import MathError
from watcher.math.families import share_vault, yearn_vault
from watcher.state.constant_product import ConstantProduct
from watcher.state.kinds import State
from watcher.state.price_feed import PriceFeed
from watcher.state.pyth_price import PythPrice
from watcher.state.redemption_rate import RedemptionRate
from watcher.state.share_vault import ShareVault
from watcher.state.yearn_vault import YearnVault

Floats = NDArray[np.float64]
PAIR = 2


@dataclass(frozen=True, slots=True)
class PoolArrays:
    """Constant-product pools: `reserves` (target, coin) in whole tokens, `drift` (target, coin)
    what the pair holds beyond them, `gamma` (target,) the part of the input that counts."""

    reserves: Floats
    drift: Floats
    gamma: Floats


def pool_arrays(states: Sequence[State | None]) -> PoolArrays:
    reserves = np.full((len(states), PAIR), np.nan)
    drift = np.full_like(reserves, np.nan)
    gamma = np.full(len(states), np.nan)
    for row, state in enumerate(states):
        if isinstance(state, ConstantProduct):
            reserves[row] = (
                state.reserve0 / 10**state.decimals0,
                state.reserve1 / 10**state.decimals1,
            )
            drift[row] = (
                (state.balance0 - state.reserve0) / 10**state.decimals0,
                (state.balance1 - state.reserve1) / 10**state.decimals1,
            )
            gamma[row] = state.fee_numerator / state.fee_denominator
    return PoolArrays(reserves=reserves, drift=drift, gamma=gamma)


def price_per_share(state: State | None) -> float:
    """Whole assets for one whole share, unrounded; NaN where the vault has none."""
    exact = _assets_per_share(state)
    match state:
        case ShareVault() if exact is not None:
            return float(exact * Fraction(10**state.share_decimals, 10**state.asset_decimals))
        case YearnVault() if exact is not None:
            return float(exact)
    return math.nan


def idle_share(state: State | None) -> float:
    """The part of a vault's assets that it has at hand; NaN where it has none."""
    match state:
        case ShareVault() if state.total_assets:
            return min(state.idle_assets, state.total_assets) / state.total_assets
        case YearnVault() if state.total_assets:
            return state.total_idle / state.total_assets
    return math.nan


def price_per_share_change(state: State | None, previous: State | None) -> float:
    """Relative change of the price per share, from the exact quotient of both."""
    now, before = _assets_per_share(state), _assets_per_share(previous)
    if now is None or before is None:
        return math.nan
    return float(now / before - 1)


def feed_price(state: State | None) -> float:
    """The answer of a feed as it is published, stale or not."""
    match state:
        case PriceFeed():
            return float(state.answer / 10**state.decimals)
        case PythPrice():
            scale = Fraction(10 ** abs(state.expo))
            return nearest(state.price * scale if state.expo >= 0 else state.price / scale)
    return math.nan


def redemption_rate(state: State | None) -> float:
    """Whole quote tokens for one whole token; NaN where it was not read."""
    if not isinstance(state, RedemptionRate):
        return math.nan
    return nearest(Fraction(state.rate, 10**state.decimals))


def whole(raw: int, decimals: int) -> float:
    """An amount in whole tokens."""
    return float(raw / 10**decimals)


def nearest(exact: Fraction) -> float:
    """Correctly rounded; infinite where a float cannot hold it."""
    try:
        return float(exact)
    except OverflowError:
        return math.inf


def _assets_per_share(state: State | None) -> Fraction | None:
    try:
        match state:
            case ShareVault():
                return share_vault.assets_per_share(state)
            case YearnVault():
                return yearn_vault.assets_per_share(state)
    except MathError:
        return None
    return None

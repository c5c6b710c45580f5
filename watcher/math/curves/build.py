"""Curves of many pools of one kind and of as many coins: from whole numbers, each divided once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, TypeAlias

import numpy as np

from watcher.errors import MathError
from watcher.math.bridge import Floats, whole
from watcher.math.coin_pools import CoinPool
from watcher.math.curves.crypto import CryptoCurve
from watcher.math.curves.cubic import CubicCurve
from watcher.math.curves.curve import Rows
from watcher.math.curves.exact import ExactCurve, exact_row
from watcher.math.curves.product import ProductCurve
from watcher.math.curves.stable import StableCurve, invariant
from watcher.math.exact.balancer_stable import AMP_PRECISION
from watcher.math.exact.balancer_v1 import MAX_IN_RATIO as V1_MAX_IN_RATIO
from watcher.math.exact.balancer_v3_pools import MAX_IMBALANCE_RATIO
from watcher.math.exact.cryptoswap import FEE_DENOMINATOR as CRYPTO_FEES
from watcher.math.exact.cryptoswap import current_D, scaled
from watcher.math.exact.cryptoswap_variants import A_MULTIPLIER
from watcher.math.exact.weighted import MAX_IN_RATIO
from watcher.math.families import cryptoswap
from watcher.state.balancer_stable import BalancerStable
from watcher.state.cryptoswap import CryptoSwap
from watcher.state.kyber_dmm import KyberDMM
from watcher.state.solidly import Solidly
from watcher.state.stableswap import FEE_DENOMINATOR, StableSwap, StableSwapMeta
from watcher.state.weighted import Weighted

SIDE_IS_EMPTY = "a side of the pool is empty"
PAUSED = "PAUSED"
WAD = 10**18

AnyCurve: TypeAlias = StableCurve | CryptoCurve | CubicCurve | ProductCurve | ExactCurve


@dataclass(frozen=True, slots=True)
class Curves:
    """One curve, its columns the measured coins in their order; `rows` say of which pools its rows
    are. `units` (row, coin) are the curve's units of a whole token."""

    rows: Rows
    curve: AnyCurve
    units: Floats

    by_market: bool
    """Whether the market's prices are the reference, since the pools have none of their own."""


_Row: TypeAlias = Mapping[str, Any]
_Key: TypeAlias = tuple[type[AnyCurve], bool]


def curves_of(
    pools: Sequence[CoinPool | None], *, exact: bool = False
) -> tuple[list[Curves], list[str]]:
    """The curves, and for each pool why it is on none. `exact` quotes are asked of each pool in
    turn, as always of one whose curve no float one knows."""
    problems, rows = [""] * len(pools), dict[_Key, list[tuple[int, _Row]]]()
    for place, pool in enumerate(pools):
        if pool is None:
            continue
        try:
            made, row = _row(pool, exact=exact)
            by_market = pool.reference(*pool.coins[:2]) is None
            rows.setdefault((made, by_market), []).append((place, row))
        except MathError as error:
            problems[place] = str(error)
        except OverflowError:
            problems[place] = "the pool is larger than a float can hold"
    return [_curves(*key, placed) for key, placed in rows.items()], problems


def _curves(made: type[AnyCurve], by_market: bool, placed: Sequence[tuple[int, _Row]]) -> Curves:
    names = placed[0][1].keys()
    fields = {name: np.array([row[name] for _, row in placed]) for name in names}
    units = fields.pop("units")
    if made is StableCurve:
        fields["D"] = invariant(fields["x"], fields["ann"])
    rows = np.array([place for place, _ in placed], dtype=np.intp)
    return Curves(rows, made(**fields), units, by_market)


def _row(pool: CoinPool, *, exact: bool) -> tuple[type[AnyCurve], _Row]:
    """Raises MathError where nothing can be exchanged."""
    state = pool.state
    if any(pool.balances[coin] == 0 for coin in pool.coins):
        raise MathError(SIDE_IS_EMPTY)
    if exact:
        return ExactCurve, exact_row(pool)
    match state:
        case StableSwap():
            return StableCurve, _stable(state, pool.coins)
        case StableSwapMeta():
            return StableCurve, _stable(state.pool, pool.coins)
        case BalancerStable():
            return StableCurve, _balancer_stable(state, pool.coins)
        case CryptoSwap():
            return CryptoCurve, _crypto(state)
        case Solidly():
            return (CubicCurve, _cubic(state)) if state.stable else (ProductCurve, _volatile(state))
        case KyberDMM():
            return ProductCurve, _kyber(state)
        case Weighted():
            return ProductCurve, _weighted(state)
        case _:
            return ExactCurve, exact_row(pool)


def _stable(state: StableSwap, coins: Sequence[int]) -> _Row:
    """A coin's unit is what the pool takes a whole token for."""
    units = [10 ** state.decimals[k] * state.rates[k] / 10**36 for k in coins]
    return {
        "x": [state.balances[k] * state.rates[k] / 10**36 for k in coins],
        "units": units,
        "ann": state.amplification * len(coins) / state.amplification_precision,
        "fee_out": state.fee / FEE_DENOMINATOR,
        "admin_out": state.admin_fee / FEE_DENOMINATOR,
        "offpeg": max(state.offpeg_fee_multiplier / FEE_DENOMINATOR, 1.0),
        "fee_in": 0.0,
        "leaving": 0.0,
        "surge_from": 1.0,
        "surge_most": 0.0,
        "most_ratio": np.inf,
    }


def _balancer_stable(state: BalancerStable, coins: Sequence[int]) -> _Row:
    if state.paused:
        raise MathError(PAUSED)
    # the first two versions' scaling factors have 18 decimals
    one = WAD**3 if state.variant in ("v2_first", "v2") else WAD**2
    scale = [state.scaling_factors[k] * state.rates[k] for k in coins]
    hooked = state.surge_threshold < WAD
    return {
        "x": [state.balances[k] * by / one for k, by in zip(coins, scale, strict=True)],
        "units": [10 ** state.decimals[k] * by / one for k, by in zip(coins, scale, strict=True)],
        "ann": state.amplification * len(coins) / AMP_PRECISION,
        "fee_out": 0.0,
        "admin_out": 0.0,
        "offpeg": 1.0,
        "fee_in": state.swap_fee / WAD,
        "leaving": state.aggregate_swap_fee / WAD,
        "surge_from": state.surge_threshold / WAD,
        "surge_most": state.surge_max_fee / WAD if hooked else 0.0,
        "most_ratio": MAX_IMBALANCE_RATIO if state.variant == "v3" else np.inf,
    }


def _crypto(state: CryptoSwap) -> _Row:
    pool = cryptoswap.pool_of(state)
    xp, D = scaled(pool, pool.balances), current_D(pool)
    if 0 in xp or D == 0:
        raise MathError(SIDE_IS_EMPTY)
    n = len(xp)
    gamma = state.gamma / WAD
    return {
        "x": [x / WAD for x in xp],
        "units": [1.0, *(price / WAD for price in state.price_scale)],
        "D": D / WAD,
        "k": max((D**n - n**n * prod(xp)) / D**n, 0.0),
        "s": max((sum(xp) - D) / D, 0.0),
        "a": state.amplification / A_MULTIPLIER * gamma * gamma,
        "gamma": gamma,
        "mid_fee": state.mid_fee / CRYPTO_FEES,
        "out_fee": state.out_fee / CRYPTO_FEES,
        "fee_gamma": state.fee_gamma / WAD,
    }


def _cubic(state: Solidly) -> _Row:
    return {
        "x": [whole(state.reserve0, state.decimals0), whole(state.reserve1, state.decimals1)],
        "units": [1.0, 1.0],
        "fee": state.fee / state.fee_denominator,
    }


def _product(
    x: Sequence[float],
    *,
    gamma: float,
    stays: float,
    weights: Sequence[float] | None = None,
    real: Sequence[float] | None = None,
    largest: float = np.inf,
    largest_gross: float = np.inf,
) -> _Row:
    """`stays` is what of the fee does."""
    return {
        "x": x,
        "units": [1.0] * len(x),
        "weights": weights or [1 / len(x)] * len(x),
        "real": real or x,
        "gamma": gamma,
        "alpha": gamma + stays * (1 - gamma),
        "largest": largest,
        "largest_gross": largest_gross,
    }


def _volatile(state: Solidly) -> _Row:
    held = [whole(state.reserve0, state.decimals0), whole(state.reserve1, state.decimals1)]
    return _product(held, gamma=1 - state.fee / state.fee_denominator, stays=0.0)


def _kyber(state: KyberDMM) -> _Row:
    """The price is that of the virtual reserves, and the real ones are what can be paid."""
    unit0, unit1 = state.decimals0, state.decimals1
    return _product(
        [whole(state.virtual_reserve0, unit0), whole(state.virtual_reserve1, unit1)],
        real=[whole(state.reserve0, unit0), whole(state.reserve1, unit1)],
        gamma=1 - state.fee / WAD,
        stays=1.0,
    )


def _weighted(state: Weighted) -> _Row:
    """The contracts take a part of the balance at most: V1 of the input, the others of what of it
    counts."""
    if state.paused:
        raise MathError(PAUSED)
    total, first = sum(state.weights), state.variant == "v1"
    return _product(
        [whole(raw, places) for raw, places in zip(state.balances, state.decimals, strict=True)],
        weights=[weight / total for weight in state.weights],
        gamma=1 - state.swap_fee / WAD,
        stays=1 - state.aggregate_swap_fee / WAD,
        largest=np.inf if first else MAX_IN_RATIO / WAD,
        largest_gross=V1_MAX_IN_RATIO / WAD if first else np.inf,
    )

"""The shares of pools of several coins, and how far they are from their target."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from watcher.errors import MathError
from watcher.math import disparity
from watcher.math.bridge import Floats, whole
from watcher.math.coin_pools import CoinPool, has_rates
from watcher.math.coin_table import TOO_LARGE, CoinTable
from watcher.math.columns import Column
from watcher.math.share_measures import Basis, shape_columns

HOLDS_NOTHING = "the pool holds nothing"


def share_columns(table: CoinTable) -> list[Column]:
    """In value, and of a kind whose pools may have rates in the pool's own count too."""
    weights = _filled(table, lambda pool: [float(part) for part in pool.target_shares()])[0]
    amounts, held = _filled(table, _amounts)
    with np.errstate(over="ignore", invalid="ignore"):
        worth = disparity.value_shares(amounts, table.prices)
    priced = [own or why for own, why in zip(held, table.priced(), strict=True)]
    columns = _columns(table, worth, weights, _finite(worth, priced), basis="value")
    if has_rates(table.subjects[0].target.kind):
        counted, own = _filled(table, _counted)
        columns += _columns(table, counted, weights, own, basis="invariant")
    return columns


def _columns(
    table: CoinTable, shares: Floats, weights: Floats, reasons: list[str], *, basis: Basis
) -> list[Column]:
    return [
        *(
            Column(f"{basis}_share", shares[:, coin], reasons, table.dims("token", coin))
            for coin in range(table.coins)
        ),
        Column(f"disparity_{basis}", disparity.total_variation(shares, weights), reasons),
        *shape_columns(shares, weights, reasons, basis),
    ]


def _amounts(pool: CoinPool) -> list[float]:
    """Whole tokens of each measured coin."""
    if not any(pool.balances):
        raise MathError(HOLDS_NOTHING)
    return [whole(pool.balances[coin], pool.decimals[coin]) for coin in pool.coins]


def _counted(pool: CoinPool) -> list[float]:
    """Shares at the pool's own rates."""
    counted = pool.counted()
    total = sum(counted)
    if not total:
        raise MathError(HOLDS_NOTHING)
    return [part / total for part in counted]


def _filled(
    table: CoinTable, row_of: Callable[[CoinPool], list[float]]
) -> tuple[Floats, list[str]]:
    """(target, coin), and for each target why its row is NaN."""
    found, reasons = np.full(table.prices.shape, np.nan), list(table.own)
    for row, pool in enumerate(table.pools):
        if pool is None:
            continue
        try:
            found[row] = row_of(pool)
        except MathError as error:
            reasons[row] = str(error)
        except OverflowError:
            reasons[row] = TOO_LARGE
    return found, reasons


def _finite(shares: Floats, reasons: list[str]) -> list[str]:
    known = [bool(np.isfinite(row).all()) for row in shares]
    return [
        why or ("" if finite else TOO_LARGE) for why, finite in zip(reasons, known, strict=True)
    ]

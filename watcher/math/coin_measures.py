"""The measures of pools of several coins, and of pairs without a closed form: side by side, on
curves in floats. Where a coin can be changed into several, the worst is told."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction

from watcher.errors import MathError
from watcher.math.coin_depths import curve_columns
from watcher.math.coin_exact import exact_columns
from watcher.math.coin_pools import NO_RATES, CoinPool, has_rates
from watcher.math.coin_shares import share_columns
from watcher.math.coin_spots import Spots
from watcher.math.coin_table import CoinTable, coin_table
from watcher.math.coin_trades import trade_columns
from watcher.math.columns import Column
from watcher.math.curves.build import curves_of
from watcher.math.settings import Settings
from watcher.math.subject import Subject

TOO_SMALL = "the price is less than a float can hold"


def coin_measures(
    subjects: Sequence[Subject], settings: Settings, *, exact: bool = False
) -> list[Column]:
    """Of pools of one kind and of as many coins: they have the same rows. `exact` asks exact quotes
    of each pool for all that the curves answer side by side otherwise."""
    table = coin_table(subjects)
    spots = Spots(table)
    curves, problems = curves_of(table.pools, exact=exact)
    if exact:
        trades = [*exact_columns(table, spots, settings.sizes)]
    else:
        trades = [*trade_columns(table, curves, problems, settings.sizes)]
    return [
        *(c for coin in range(1, table.coins) for c in _price_columns(table, spots, coin)),
        *share_columns(table),
        *trades,
        *curve_columns(table, curves, problems, one_move=not exact),
    ]


def _price_columns(table: CoinTable, spots: Spots, coin: int) -> list[Column]:
    """How many of this coin pay for one of the first."""

    def pair(row: int) -> tuple[int, int]:
        return table.places[row][0], table.places[row][coin]

    def market(row: int) -> float:
        """Whole coins for a whole first one, at the reference prices."""
        why = table.price_reasons[row][0] or table.price_reasons[row][coin]
        if why:
            raise MathError(why)
        return _price(table.price(row, 0) / table.price(row, coin))

    def spot(pool: CoinPool, row: int) -> float:
        return _price(spots.of(pool, row, pair(row)) * _scale(pool, pair(row)))

    def reference(pool: CoinPool, row: int) -> float:
        rate = pool.reference(*pair(row))
        return market(row) if rate is None else _price(rate * _scale(pool, pair(row)))

    def distance(pool: CoinPool, row: int) -> float:
        rate = pool.reference(*pair(row))
        if rate is None:
            return math.log(_price(spot(pool, row) / market(row)))
        return math.log(_price(spots.of(pool, row, pair(row)) / rate))

    def from_market(pool: CoinPool, row: int) -> float:
        if pool.reference(*pair(row)) is None:
            raise MathError(NO_RATES)
        return math.log(_price(market(row) / reference(pool, row)))

    figures: dict[str, Callable[[CoinPool, int], float]] = {
        "spot_price": spot,
        "reference_price": reference,
        "ln_spot_over_reference": distance,
    }
    if has_rates(table.subjects[0].target.kind):
        figures["ln_market_over_redemption"] = from_market
    dims = table.dims("token", coin)
    return [table.each(name, table.own, figure, dims=dims) for name, figure in figures.items()]


def _scale(pool: CoinPool, pair: tuple[int, int]) -> Fraction:
    """From smallest units to whole tokens."""
    return Fraction(10 ** pool.decimals[pair[0]], 10 ** pool.decimals[pair[1]])


def _price(value: Fraction | float) -> float:
    """Correctly rounded. Raises MathError for nothing, of which there is no logarithm."""
    found = float(value)
    if not found:
        raise MathError(TOO_SMALL)
    return found

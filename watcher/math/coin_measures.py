"""The measures of pools of several coins, and of pairs without a closed form, side by side where
the curve is one of floats and one pool after the other where it is exact. Where a coin can be
changed into several, the worst is told."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction

from watcher.errors import MathError
from watcher.math.bridge import whole
from watcher.math.coin_depths import depth_columns
from watcher.math.coin_pools import NO_RATES, CoinPool, has_rates
from watcher.math.coin_search import arbitrage_profit, least_depth
from watcher.math.coin_shares import share_columns
from watcher.math.coin_table import CoinTable, coin_table
from watcher.math.columns import Column
from watcher.math.pool_table import DEPTH_MOVE
from watcher.math.settings import Settings
from watcher.math.subject import Subject

TOO_SMALL = "the price is less than a float can hold"


def coin_measures(subjects: Sequence[Subject], settings: Settings) -> list[Column]:
    """Of pools of one kind and of as many coins: they have the same rows."""
    table = coin_table(subjects)
    spots = _Spots(table)
    coins = range(table.coins)
    return [
        *(column for coin in coins[1:] for column in _price_columns(table, spots, coin)),
        *share_columns(table),
        *(
            column
            for coin in coins
            for size in settings.sizes
            for column in _size_columns(table, spots, coin, size)
        ),
        *(column for coin in coins for column in _move_columns(table, coin)),
        table.each("arbitrage_value", table.priced(), lambda pool, row: _profit(table, pool, row)),
        *depth_columns(table),
    ]


class _Spots:
    """Fee-less marginal prices, smallest units of one place for one of another; each asked of the
    exact curve once."""

    def __init__(self, table: CoinTable) -> None:
        self._known: list[dict[tuple[int, int], Fraction]] = [{} for _ in table.subjects]

    def of(self, pool: CoinPool, row: int, pair: tuple[int, int]) -> Fraction:
        known = self._known[row]
        if pair not in known:
            known[pair] = pool.spot(*pair)
        return known[pair]


def _price_columns(table: CoinTable, spots: _Spots, coin: int) -> list[Column]:
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


def _size_columns(table: CoinTable, spots: _Spots, coin: int, size: float) -> list[Column]:
    """1 - (out/q) / spot, of the coin out of which it is the most."""

    def lost(pool: CoinPool, row: int) -> float:
        place = table.places[row][coin]
        amount = _amount(pool, place, size / table.price(row, coin))
        losses = []
        for other in pool.others(place):
            out, spot = pool.quote(place, other, amount), spots.of(pool, row, (place, other))
            straight = amount * spot.numerator
            losses.append((straight - out * spot.denominator) / straight)
        return max(losses)

    dims = table.dims("token_in", coin, size=f"{size:.15g}")
    reasons = table.reasons(coin)
    return [
        table.each(
            "price_impact", reasons, lambda pool, row: lost(pool.without_fee(), row), dims=dims
        ),
        table.each("slippage", reasons, lost, dims=dims),
    ]


def _amount(pool: CoinPool, place: int, tokens: float) -> int:
    amount = int(tokens * 10 ** pool.decimals[place])
    if not amount:
        raise MathError("so much money is less than a smallest unit of the coin")
    return amount


def _move_columns(table: CoinTable, coin: int) -> list[Column]:
    """The amount that moves the price by DEPTH_MOVE, of the coin out of which it is the least."""
    dims = table.dims("token_in", coin, move=f"{DEPTH_MOVE:g}")
    near = [0] * len(table.subjects)

    def depth(pool: CoinPool, row: int) -> float:
        place = table.places[row][coin]
        near[row] = least_depth(pool, place, 1 - DEPTH_MOVE, near=near[row])
        return whole(near[row], pool.decimals[place])

    gross = table.each("depth", table.own, depth, dims=dims)
    feeless = table.each(
        "depth_feeless", table.own, lambda pool, row: depth(pool.without_fee(), row), dims=dims
    )
    money_reasons = [
        why or reason for why, reason in zip(gross.reasons, table.reasons(coin), strict=True)
    ]
    money = table.each(
        "depth_money",
        money_reasons,
        lambda _, row: float(gross.values[row]) * table.price(row, coin),
        dims=dims,
    )
    return [gross, feeless, money]


def _profit(table: CoinTable, pool: CoinPool, row: int) -> float:
    worth = {
        place: Fraction(table.price(row, coin)) / 10 ** pool.decimals[place]
        for coin, place in enumerate(table.places[row])
    }
    return arbitrage_profit(pool, worth)


def _scale(pool: CoinPool, pair: tuple[int, int]) -> Fraction:
    """From smallest units to whole tokens."""
    return Fraction(10 ** pool.decimals[pair[0]], 10 ** pool.decimals[pair[1]])


def _price(value: Fraction | float) -> float:
    """Correctly rounded. Raises MathError for nothing, of which there is no logarithm."""
    found = float(value)
    if not found:
        raise MathError(TOO_SMALL)
    return found

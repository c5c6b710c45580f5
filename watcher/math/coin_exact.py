"""Slippage, depth and arbitrage of pools of several coins by exact quotes, one pool after the
other: for figures on demand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from watcher.errors import MathError
from watcher.math.bridge import whole
from watcher.math.coin_pools import CoinPool
from watcher.math.coin_search import arbitrage_profit, least_depth
from watcher.math.coin_spots import Spots
from watcher.math.coin_table import CoinTable
from watcher.math.coin_trades import TOO_LITTLE
from watcher.math.columns import Column
from watcher.math.pool_table import DEPTH_MOVE


def exact_columns(table: CoinTable, spots: Spots, sizes: Sequence[float]) -> Iterator[Column]:
    for coin in range(table.coins):
        for size in sizes:
            yield from _size_columns(table, spots, coin, size)
    for coin in range(table.coins):
        yield from _move_columns(table, coin)
    yield table.each("arbitrage_value", table.priced(), lambda pool, row: _profit(table, pool, row))


def _size_columns(table: CoinTable, spots: Spots, coin: int, size: float) -> list[Column]:
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
        raise MathError(TOO_LITTLE)
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

"""The measures of pools of several coins, StableSwap, its metapools and CryptoSwap: one pool after
the other, on its exact curve. Where a coin can be changed into several, the worst is told."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import partial

import numpy as np

from watcher.errors import MathError
from watcher.math import coin_pools, disparity
from watcher.math.bridge import Floats, whole
from watcher.math.coin_pools import CoinPool
from watcher.math.coin_search import arbitrage_profit, depth
from watcher.math.columns import Column, price_reason, price_value
from watcher.math.pool_table import DEPTH_MOVE
from watcher.math.quotes import quote_exact_in, spot_price, without_fee
from watcher.math.settings import Settings
from watcher.math.subject import Subject

TOO_LARGE = "the figure is more than a float can hold"
HOLDS_NOTHING = "the pool holds nothing"
_NO_STATE = "no state"


def coin_measures(subjects: Sequence[Subject], settings: Settings) -> list[Column]:
    """Of one pool: each has its own coins, and so its own rows."""
    (subject,) = subjects
    return _Table(subject, settings).columns()


class _Table:
    """One pool's figures, each with why it is unknown."""

    def __init__(self, subject: Subject, settings: Settings) -> None:
        self._subject = subject
        self._sizes = settings.sizes
        self._pool = coin_pools.own_pool(subject.state)
        self._coins = range(coin_pools.own_coins(subject.target))
        self._own = "" if self._pool else subject.reason or _NO_STATE
        self._prices = [price_value(subject, coin) for coin in self._coins]
        self._price_reasons = [price_reason(subject, coin) for coin in self._coins]

    def columns(self) -> list[Column]:
        all_prices = self._own or next(filter(None, self._price_reasons), "")
        return [
            *(column for coin in self._coins[1:] for column in self._price_columns(coin)),
            *self._share_columns(all_prices),
            self._one("disparity_invariant", {}, self._own, self._invariant),
            *(column for coin in self._coins for column in self._size_columns(coin)),
            *(column for coin in self._coins for column in self._depth_columns(coin)),
            self._one("arbitrage_value", {}, all_prices, self._arbitrage),
        ]

    def _price_columns(self, coin: int) -> list[Column]:
        """Of each coin but the first, how many pay for one of the first."""
        dims = self._token(coin)

        def spot(pool: CoinPool) -> float:
            return _quotient(spot_price(pool, 0, coin) * _scale(pool, 0, coin))

        def reference(pool: CoinPool) -> float:
            return _quotient(coin_pools.reference(pool, 0, coin) * _scale(pool, 0, coin))

        def distance(pool: CoinPool) -> float:
            return math.log(
                _quotient(spot_price(pool, 0, coin) / coin_pools.reference(pool, 0, coin))
            )

        return [
            self._one("spot_price", dims, self._own, spot),
            self._one("reference_price", dims, self._own, reference),
            self._one("ln_spot_over_reference", dims, self._own, distance),
        ]

    def _share_columns(self, why: str) -> list[Column]:
        def shares(pool: CoinPool) -> Floats:
            held = zip(pool.balances, pool.decimals, strict=True)
            amounts = np.array([[whole(balance, decimals) for balance, decimals in held]])
            with np.errstate(over="ignore", invalid="ignore"):
                return disparity.value_shares(amounts, np.array([self._prices]))

        def share(pool: CoinPool, coin: int) -> float:
            if not any(pool.balances):
                raise MathError(HOLDS_NOTHING)
            return float(shares(pool)[0, coin])

        def distance(pool: CoinPool) -> float:
            if not any(pool.balances):
                raise MathError(HOLDS_NOTHING)
            return _distance(shares(pool))

        parts = [
            self._one("value_share", self._token(coin), why, partial(share, coin=coin))
            for coin in self._coins
        ]
        return [*parts, self._one("disparity_value", {}, why, distance)]

    def _invariant(self, pool: CoinPool) -> float:
        counted = coin_pools.counted(pool)
        total = sum(counted)
        if not total:
            raise MathError(HOLDS_NOTHING)
        return _distance(np.array([[part / total for part in counted]]))

    def _size_columns(self, coin: int) -> list[Column]:
        columns = []
        why = self._own or self._price_reasons[coin]
        for size in self._sizes:
            dims = {"size": f"{size:.15g}", "token_in": self._address(coin)}

            def lost(pool: CoinPool, size: float = size) -> float:
                return _slippage(pool, coin, self._amount(pool, coin, size))

            def lost_without_fee(pool: CoinPool, size: float = size) -> float:
                free = coin_pools.own_pool(without_fee(pool))
                return lost(free or pool, size)

            columns.append(self._one("price_impact", dims, why, lost_without_fee))
            columns.append(self._one("slippage", dims, why, lost))
        return columns

    def _amount(self, pool: CoinPool, coin: int, size: float) -> int:
        amount = int(size / self._prices[coin] * 10 ** pool.decimals[coin])
        if not amount:
            raise MathError("so much money is less than a smallest unit of the coin")
        return amount

    def _depth_columns(self, coin: int) -> list[Column]:
        dims = {"move": f"{DEPTH_MOVE:g}", "token_in": self._address(coin)}
        gross = self._one("depth", dims, self._own, lambda pool: _least_depth(pool, coin))
        feeless = self._one(
            "depth_feeless",
            dims,
            self._own,
            lambda pool: _least_depth(coin_pools.own_pool(without_fee(pool)) or pool, coin),
        )
        amount, why = float(gross.values[0]), gross.reasons[0] or self._price_reasons[coin]
        money = self._one("depth_money", dims, why, lambda _: amount * self._prices[coin])
        return [gross, feeless, money]

    def _arbitrage(self, pool: CoinPool) -> float:
        worth = tuple(
            Fraction(price) / 10**decimals
            for price, decimals in zip(self._prices, pool.decimals, strict=True)
        )
        return arbitrage_profit(pool, worth)

    def _one(
        self,
        name: str,
        dims: Mapping[str, str],
        why: str,
        figure: Callable[[CoinPool], float],
    ) -> Column:
        """A MathError is the reason of a figure that is unknown."""
        value = math.nan
        if not why and self._pool is not None:
            try:
                value = figure(self._pool)
                why = "" if math.isfinite(value) else TOO_LARGE
            except MathError as error:
                why = str(error)
            except OverflowError:
                why = TOO_LARGE
        return Column(name, np.array([value]), [why], [dims] if dims else None)

    def _address(self, coin: int) -> str:
        return self._subject.target.tokens[coin].address

    def _token(self, coin: int) -> dict[str, str]:
        return {"token": self._address(coin)}


def _scale(pool: CoinPool, coin_in: int, coin_out: int) -> Fraction:
    """From smallest units to whole tokens."""
    return Fraction(10 ** pool.decimals[coin_in], 10 ** pool.decimals[coin_out])


def _quotient(value: Fraction) -> float:
    """Correctly rounded. Raises MathError for nothing, whose logarithm there is none of."""
    found = float(value)
    if not found:
        raise MathError("the price is less than a float can hold")
    return found


def _distance(shares: Floats) -> float:
    weights = np.full_like(shares, 1 / shares.shape[1])
    return float(disparity.total_variation(shares, weights)[0])


def _others(pool: CoinPool, coin: int) -> Sequence[int]:
    return [other for other in range(len(pool.balances)) if other != coin]


def _slippage(pool: CoinPool, coin: int, amount: int) -> float:
    """1 - (out/q) / spot, of the coin out of which it is the most."""
    return max(
        float(
            1
            - Fraction(quote_exact_in(pool, coin, other, amount).amount_out, amount)
            / spot_price(pool, coin, other)
        )
        for other in _others(pool, coin)
    )


def _least_depth(pool: CoinPool, coin: int) -> float:
    """Whole tokens that move the price by DEPTH_MOVE, of the coin out of which it is the least."""
    least = min(depth(pool, coin, other, 1 - DEPTH_MOVE) for other in _others(pool, coin))
    return whole(least, pool.decimals[coin])

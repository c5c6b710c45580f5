"""The measures of pools of several coins, and of pairs without a closed form: one pool after the
other, on its exact curve. Where a coin can be changed into several, the worst is told."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import partial

import numpy as np

from watcher.errors import MathError
from watcher.math import disparity
from watcher.math.bridge import Floats, whole
from watcher.math.coin_pools import NO_RATES, CoinPool, coin_pool, coins_of, has_rates
from watcher.math.coin_search import arbitrage_profit, least_depth
from watcher.math.columns import Column, price_reason, price_value
from watcher.math.pool_table import DEPTH_MOVE
from watcher.math.settings import Settings
from watcher.math.subject import Subject

TOO_LARGE = "the figure is more than a float can hold"
TOO_SMALL = "the price is less than a float can hold"
HOLDS_NOTHING = "the pool holds nothing"
_NO_STATE = "no state"


def coin_measures(subjects: Sequence[Subject], settings: Settings) -> list[Column]:
    """Of one pool: each has its own coins, and so its own rows."""
    (subject,) = subjects
    return _Table(subject, settings).columns()


class _Table:
    """One pool's figures, each with why it is unknown; coins are places among its tokens."""

    def __init__(self, subject: Subject, settings: Settings) -> None:
        self._subject = subject
        self._sizes = settings.sizes
        state, target = subject.state, subject.target
        self._coins = coins_of(target)
        self._pool = coin_pool(target, state) if state is not None else None
        self._feeless = self._pool.without_fee() if self._pool else None
        self._own = "" if self._pool else subject.reason or _NO_STATE
        self._prices = {coin: price_value(subject, coin) for coin in self._coins}
        self._price_reasons = {coin: price_reason(subject, coin) for coin in self._coins}
        self._spots: dict[tuple[int, int], Fraction] = {}

    def columns(self) -> list[Column]:
        all_prices = self._own or next(filter(None, self._price_reasons.values()), "")
        return [
            *(column for coin in self._coins[1:] for column in self._price_columns(coin)),
            *self._share_columns(all_prices),
            *self._rate_columns(),
            *(column for coin in self._coins for column in self._size_columns(coin)),
            *(column for coin in self._coins for column in self._depth_columns(coin)),
            self._one("arbitrage_value", {}, all_prices, self._arbitrage),
        ]

    def _price_columns(self, coin: int) -> list[Column]:
        """Of each coin but the first, how many pay for one of the first."""
        first, dims = self._coins[0], self._token(coin)

        def spot(pool: CoinPool) -> float:
            return _price(self._spot(pool, first, coin) * _scale(pool, first, coin))

        def reference(pool: CoinPool) -> float:
            rate = pool.reference(first, coin)
            if rate is None:
                return self._market(first, coin)
            return _price(rate * _scale(pool, first, coin))

        def distance(pool: CoinPool) -> float:
            rate = pool.reference(first, coin)
            if rate is None:
                return math.log(_price(spot(pool) / self._market(first, coin)))
            return math.log(_price(self._spot(pool, first, coin) / rate))

        def from_market(pool: CoinPool) -> float:
            if pool.reference(first, coin) is None:
                raise MathError(NO_RATES)
            return math.log(_price(self._market(first, coin) / reference(pool)))

        columns = [
            self._one("spot_price", dims, self._own, spot),
            self._one("reference_price", dims, self._own, reference),
            self._one("ln_spot_over_reference", dims, self._own, distance),
        ]
        if has_rates(self._subject.target.kind):
            columns.append(self._one("ln_market_over_redemption", dims, self._own, from_market))
        return columns

    def _market(self, first: int, coin: int) -> float:
        """Whole coins for a whole first one, at the reference prices."""
        why = self._price_reasons[first] or self._price_reasons[coin]
        if why:
            raise MathError(why)
        return _price(self._prices[first] / self._prices[coin])

    def _share_columns(self, why: str) -> list[Column]:
        def shares(pool: CoinPool) -> Floats:
            if not any(pool.balances):
                raise MathError(HOLDS_NOTHING)
            held, decimals = pool.balances, pool.decimals
            amounts = np.array([[whole(held[coin], decimals[coin]) for coin in self._coins]])
            with np.errstate(over="ignore", invalid="ignore"):
                return disparity.value_shares(amounts, np.array([[*self._prices.values()]]))

        def share(pool: CoinPool, place: int) -> float:
            return float(shares(pool)[0, place])

        parts = [
            self._one("value_share", self._token(coin), why, partial(share, place=place))
            for place, coin in enumerate(self._coins)
        ]
        whole_pool = self._one(
            "disparity_value", {}, why, lambda pool: _distance(shares(pool), pool.target_shares())
        )
        return [*parts, whole_pool]

    def _rate_columns(self) -> list[Column]:
        if not has_rates(self._subject.target.kind):
            return []
        return [self._one("disparity_invariant", {}, self._own, _invariant)]

    def _size_columns(self, coin: int) -> list[Column]:
        columns = []
        why = self._own or self._price_reasons[coin]
        for size in self._sizes:
            dims = {"size": f"{size:.15g}", "token_in": self._address(coin)}

            def lost(pool: CoinPool, size: float = size) -> float:
                return self._slippage(pool, coin, self._amount(pool, coin, size))

            impact = self._one("price_impact", dims, why, lost, pool=self._feeless)
            columns += [impact, self._one("slippage", dims, why, lost)]
        return columns

    def _amount(self, pool: CoinPool, coin: int, size: float) -> int:
        amount = int(size / self._prices[coin] * 10 ** pool.decimals[coin])
        if not amount:
            raise MathError("so much money is less than a smallest unit of the coin")
        return amount

    def _slippage(self, pool: CoinPool, coin: int, amount: int) -> float:
        """1 - (out/q) / spot, of the coin out of which it is the most."""
        losses = []
        for other in pool.others(coin):
            out, spot = pool.quote(coin, other, amount), self._spot(pool, coin, other)
            straight = amount * spot.numerator
            losses.append((straight - out * spot.denominator) / straight)
        return max(losses)

    def _spot(self, pool: CoinPool, coin_in: int, coin_out: int) -> Fraction:
        """The same with the fee and without."""
        pair = coin_in, coin_out
        if pair not in self._spots:
            self._spots[pair] = pool.spot(coin_in, coin_out)
        return self._spots[pair]

    def _depth_columns(self, coin: int) -> list[Column]:
        """The amount that moves the price by DEPTH_MOVE, of the coin out of which it is the
        least."""
        dims = {"move": f"{DEPTH_MOVE:g}", "token_in": self._address(coin)}
        found = 0

        def depth(pool: CoinPool) -> float:
            nonlocal found
            found = least_depth(pool, coin, 1 - DEPTH_MOVE, near=found)
            return whole(found, pool.decimals[coin])

        gross = self._one("depth", dims, self._own, depth)
        feeless = self._one("depth_feeless", dims, self._own, depth, pool=self._feeless)
        amount, why = float(gross.values[0]), gross.reasons[0] or self._price_reasons[coin]
        money = self._one("depth_money", dims, why, lambda _: amount * self._prices[coin])
        return [gross, feeless, money]

    def _arbitrage(self, pool: CoinPool) -> float:
        worth = {
            coin: Fraction(self._prices[coin]) / 10 ** pool.decimals[coin] for coin in self._coins
        }
        return arbitrage_profit(pool, worth)

    def _one(
        self,
        name: str,
        dims: Mapping[str, str],
        why: str,
        figure: Callable[[CoinPool], float],
        *,
        pool: CoinPool | None = None,
    ) -> Column:
        """Of this pool unless of another; a MathError is the reason of a figure that is unknown."""
        value, asked = math.nan, pool or self._pool
        if not why and asked is not None:
            try:
                value = figure(asked)
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


def _price(value: Fraction | float) -> float:
    """Correctly rounded. Raises MathError for nothing, of which there is no logarithm."""
    found = float(value)
    if not found:
        raise MathError(TOO_SMALL)
    return found


def _invariant(pool: CoinPool) -> float:
    counted = pool.counted()
    total = sum(counted)
    if not total:
        raise MathError(HOLDS_NOTHING)
    return _distance(np.array([[part / total for part in counted]]), pool.target_shares())


def _distance(shares: Floats, weights: Sequence[Fraction]) -> float:
    return float(disparity.total_variation(shares, np.array([[*map(float, weights)]]))[0])

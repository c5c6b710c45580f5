"""A pool as a report asks it: whole tokens, pairs of its coins, its reference."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from watcher.errors import MathError
from watcher.math import quotes
from watcher.math.bridge import Floats, whole
from watcher.math.coin_pools import coin_pool, coins_of
from watcher.math.columns import price_reason, price_value
from watcher.math.curves.build import AnyCurve, Curves, curves_of
from watcher.math.curves.curve import largest_within, ordered
from watcher.math.curves.product import ProductCurve
from watcher.math.definition import COIN_POOLS, RATED_POOLS
from watcher.report.material import Material
from watcher.state.constant_product import ConstantProduct
from watcher.state.kinds import State
from watcher.state.stableswap import StableSwap
from watcher.state.token import Token


@dataclass(frozen=True, slots=True)
class PoolView:
    """`coins` are the measured coins as places among the tokens; every figure is in whole tokens.

    Methods raise MathError where the contract reverts or nothing is known."""

    material: Material
    state: State
    coins: tuple[int, ...]
    curves: Curves | None

    @property
    def count(self) -> int:
        return len(self.coins)

    @property
    def rated(self) -> bool:
        """Whether the pool itself says what its coins should cost."""
        return self.material.snapshot.target.kind in RATED_POOLS and self._own(0, 1) is not None

    def decimals(self, coin: int) -> int:
        return self._token(coin).decimals

    def address(self, coin: int) -> str:
        return self._token(coin).address

    def name(self, coin: int) -> str:
        return self.material.symbols[self.coins[coin]]

    def money(self, coin: int) -> float:
        """The reference price of a whole token; NaN where it has none that may judge the pool."""
        return price_value(self.material.subject, self.coins[coin])

    def money_reason(self, coin: int) -> str:
        return price_reason(self.material.subject, self.coins[coin])

    def is_fixed(self, coin: int) -> bool:
        """Whether its price is a configured number that no market says."""
        return self.material.subject.prices[self._token(coin).address].source == "fixed"

    def spot(self, i: int, j: int) -> float:
        """Of coin i in coin j, without the fee."""
        raw = quotes.spot_price(self.state, self.coins[i], self.coins[j])
        return _tokens(raw, self.decimals(i), self.decimals(j))

    def reference(self, i: int, j: int) -> float:
        """Of coin i in coin j at the pool's own rates, else at the market's."""
        own = self._own(i, j)
        if own is not None:
            return own
        for coin in (i, j):
            if self.money_reason(coin):
                raise MathError(self.money_reason(coin))
        return self.money(i) / self.money(j)

    def average(self, i: int, j: int, size: float) -> float:
        """What a sale of `size` pays for each token, fee taken: an exact quote."""
        amount = int(size * 10 ** self.decimals(i))
        if not amount:
            raise MathError("the trade is less than a smallest unit")
        out = quotes.quote_exact_in(self.state, self.coins[i], self.coins[j], amount).amount_out
        return whole(out, self.decimals(j)) / whole(amount, self.decimals(i))

    def without_fee(self) -> PoolView:
        return replace(self, state=quotes.without_fee(self.state))

    def depth(self, i: int, j: int, part: float, *, of_spot: bool, balanced: bool = False) -> float:
        """The largest gross input of i after which its fee-less price in j is still `part` of what
        it is (`of_spot`) or of the reference; NaN where no input moves it so far."""
        units, face, worth = self._facing(i, j)
        face = face.balanced(worth) if balanced else face
        wanted = part * (face.spot() if of_spot else face.reference(worth))
        with np.errstate(all="ignore"):
            return float(face.depth_to(wanted)[0]) / units

    def sale_within(self, i: int, j: int, part: float, *, of_spot: bool) -> float:
        """The largest sale of i whose average price in j, fee taken, is `part` of the price now or
        of the reference."""
        units, face, worth = self._facing(i, j)
        lost = np.array([1 - part])
        if not of_spot:
            lost = 1 - part * face.reference(worth) / face.spot()
        if lost[0] <= 0:
            return 0.0
        with np.errstate(all="ignore"):
            return float(largest_within(face, lost)[0]) / units

    def _token(self, coin: int) -> Token:
        return self.material.snapshot.target.tokens[self.coins[coin]]

    def _facing(self, i: int, j: int) -> tuple[float, AnyCurve, Floats]:
        if self.curves is None:
            raise MathError("the curve of such a pool is asked through its measures alone")
        prices = np.array([[self.money(coin) for coin in range(self.count)]])
        face = self.curves.curve.facing(i, j)
        return float(self.curves.units[0, i]), face, ordered(prices, i, j)

    def _own(self, i: int, j: int) -> float | None:
        target = self.material.snapshot.target
        if target.kind not in COIN_POOLS:
            return None
        raw = coin_pool(target, self.state).reference(self.coins[i], self.coins[j])
        if raw is None:
            return None
        return _tokens(raw, self.decimals(i), self.decimals(j))


def _tokens(raw: Fraction, decimals_i: int, decimals_j: int) -> float:
    """From smallest units of j for one of i to whole tokens."""
    scaled = raw * Fraction(10) ** (decimals_i - decimals_j)
    return scaled.numerator / scaled.denominator


def pool_view(material: Material) -> PoolView:
    target, state = material.snapshot.target, material.snapshot.state
    if target.kind in COIN_POOLS:
        found, _ = curves_of([coin_pool(target, state)])
        return PoolView(material, state, coins_of(target), found[0] if found else None)
    curves = _product(state) if isinstance(state, ConstantProduct) else None
    return PoolView(material, state, (0, 1), curves)


def _product(state: ConstantProduct) -> Curves | None:
    held = [whole(state.reserve0, state.decimals0), whole(state.reserve1, state.decimals1)]
    if not all(held):
        return None
    gamma = state.fee_numerator / state.fee_denominator
    curve = ProductCurve(
        x=np.array([held]),
        weights=np.array([[0.5, 0.5]]),
        real=np.array([held]),
        gamma=np.array([gamma]),
        alpha=np.ones(1),
        largest=np.array([math.inf]),
        largest_gross=np.array([math.inf]),
    )
    return Curves(np.array([0]), curve, np.ones((1, 2)), by_market=True)


def stable_state(view: PoolView) -> StableSwap | None:
    """The state where the scenarios of `math.stable_scenario` are of it."""
    state = view.state
    whole_pool = isinstance(state, StableSwap) and len(view.coins) == len(state.balances)
    return state if isinstance(state, StableSwap) and whole_pool else None

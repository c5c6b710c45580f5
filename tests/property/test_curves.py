"""Float curves beside exact quotes of the same pools, kind by kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.support.strategies import STATES, target_of, usually
from watcher.errors import MathError
from watcher.math.bridge import Floats
from watcher.math.coin_pools import POOLED, CoinPool, coin_pool
from watcher.math.curves.build import AnyCurve, Curves, curves_of
from watcher.math.curves.curve import largest_within, ordered
from watcher.math.curves.exact import ExactCurve
from watcher.state import CryptoSwap, Solidly, Weighted

KINDS = pytest.mark.parametrize("kind", POOLED)
RELATIVE = 1e-9
MOVES = st.sampled_from([0.001, 0.005, 0.01, 0.02, 0.05, 0.1])


@pytest.fixture(autouse=True, scope="module")
def nothing_said() -> Iterator[None]:
    """As the measures ask: what cannot be computed is NaN."""
    with np.errstate(all="ignore"):
        yield


@dataclass(frozen=True)
class Case:
    """One pool from one of its coins to another, in floats and exactly; `units` (coin,) are the
    float curve's of a whole token, `unit` a smallest one."""

    pool: CoinPool
    pair: tuple[int, int]
    floats: Curves
    exact: ExactCurve

    @property
    def face(self) -> AnyCurve:
        return self.floats.curve.facing(*self.pair)

    def scale(self, coin: int) -> float:
        return float(self.floats.units[0, self.pair[coin]])

    def unit(self, coin: int) -> float:
        """Of the coin in or out, in whole tokens."""
        return 1.0 / 10.0 ** self.pool.decimals[self.pool.coins[self.pair[coin]]]

    @property
    def rounding(self) -> float:
        """What a few smallest units of either coin are of the coin in: a contract's price moves in
        steps of them."""
        return 4 * self.unit(0) + 4 * self.unit(1) / first(self.exact.spot())

    @property
    def dust(self) -> float:
        """What roundings may keep, of the coin out: a few smallest units, of the input at its
        price, and what a weighted pool's powers are off by, a part of the balance."""
        state, balance = self.pool.state, self.pool.balances[self.pool.coins[self.pair[1]]]
        units = 4 * self.unit(1) + 4 * first(self.exact.spot()) * self.unit(0)
        if isinstance(state, Weighted):
            return units + balance * self.unit(1) * (1e-9 if state.variant == "v1" else 4e-14)
        return units

    @property
    def grain(self) -> float:
        """The smallest unit of any coin that is most of its balance."""
        return 1 / min(self.pool.balances[coin] for coin in self.pool.coins)

    @property
    def close(self) -> float:
        """CryptoSwap's curve is as sharp as its gamma is small."""
        state = self.pool.state
        return RELATIVE + (1e3 / state.gamma if isinstance(state, CryptoSwap) else 0.0)


def drawn(kind: str, data: st.DataObject) -> Case:
    state = data.draw(STATES[kind])
    pool = coin_pool(target_of(state), state)
    pair = data.draw(st.sampled_from(list(permutations(range(len(pool.coins)), 2))))
    floats, problems = curves_of([pool])
    assume(not any(problems))
    exact, _ = curves_of([pool], exact=True)
    face = exact[0].curve.facing(*pair)
    assert isinstance(face, ExactCurve)
    return Case(pool, pair, floats[0], face)


def one(value: float) -> Floats:
    return np.array([value])


def first(values: Floats) -> float:
    return float(values[0])


@KINDS
@usually
@given(data=st.data(), part=st.sampled_from([1e-6, 1e-3, 0.03, 0.25]))
def test_a_curve_pays_what_the_contract_does(kind: str, data: st.DataObject, part: float) -> None:
    case = drawn(kind, data)
    given = first(case.exact.held) * part
    units = int(given / case.unit(0))
    assume(units > 0)
    exact = first(case.exact.out(one(given)))
    assume(exact > 0)
    found = first(case.face.out(one(units * case.unit(0) * case.scale(0)))) / case.scale(1)
    assert found == pytest.approx(exact, rel=case.close, abs=case.dust)


@KINDS
@usually
@given(data=st.data(), move=MOVES)
def test_a_depth_is_that_of_exact_quotes(kind: str, data: st.DataObject, move: float) -> None:
    case = drawn(kind, data)
    exact = first(case.exact.depth_to(case.exact.spot() * (1 - move)))
    assume(not np.isnan(exact) and ends(case, exact, first(case.exact.spot()) * (1 - move)))
    found = first(case.face.depth_to(case.face.spot() * (1 - move))) / case.scale(0)
    assert found == pytest.approx(exact, rel=2 * case.close, abs=case.rounding)


@KINDS
@usually
@given(data=st.data(), loss=st.sampled_from([0.005, 0.01, 0.05, 0.2]))
def test_no_larger_trade_is_within_a_loss(kind: str, data: st.DataObject, loss: float) -> None:
    """By exact quotes: it is within it, and a little more is not."""
    case = drawn(kind, data)
    found = first(largest_within(case.face, one(loss))) / case.scale(0)
    price, least = first(case.exact.spot()), 1e4 * case.rounding

    def lost(given: float) -> float:
        """Of whole smallest units."""
        whole = int(given / case.unit(0)) * case.unit(0)
        return 1 - first(case.exact.out(one(whole))) / whole / price

    if found > least:
        near = lost(found * (1 - 1e-6))
        assert near <= loss + case.close + case.dust / (found * price)
    beyond = found * (1 + 1e-6) + least
    assert not lost(beyond) <= loss - case.close - case.dust / (beyond * price)


@KINDS
@settings(usually, suppress_health_check=[HealthCheck.filter_too_much])
@given(data=st.data(), off=st.sampled_from([0.97, 0.995, 1.0, 1.002, 1.05]))
def test_what_imbalance_has_taken_is_so_by_exact_quotes(
    kind: str, data: st.DataObject, off: float
) -> None:
    """A coin is worth what the pool's spot says, but the first `off` times as much."""
    case = drawn(kind, data)
    try:
        worth = [float(1 / case.pool.spot(case.pool.coins[0], k)) for k in case.pool.coins[1:]]
    except MathError:
        assume(False)
    whole = [10 ** case.pool.decimals[k] for k in case.pool.coins]
    prices = np.array([[off * whole[0], *(w * u for w, u in zip(worth, whole[1:], strict=True))]])
    exact = Depths(case.exact, ordered(prices, *case.pair))
    assume(exact.balanced > 0 and (exact.lost == 1.0 or ends(case, exact.now, first(exact.wanted))))
    found = Depths(case.face, ordered(prices, *case.pair))
    # around its middle the price of Solidly's curve moves by a cube: by it nothing is placed well
    near = 5e-5 if isinstance(case.pool.state, Solidly) else 1e-7
    worth_out = exact.balanced * first(case.exact.reference(ordered(prices, *case.pair)))
    assume(case.dust < worth_out)
    assert found.lost == pytest.approx(
        exact.lost, abs=near + 8 * case.grain + 4 * case.dust / worth_out
    )


class Depths:
    """To a percent below the reference: of the pool as it is, and as it would be in balance."""

    def __init__(self, face: AnyCurve, prices: Floats) -> None:
        self.wanted = 0.99 * face.reference(prices)
        self.now = first(face.depth_to(self.wanted))
        self.balanced = first(face.balanced(prices).depth_to(self.wanted))

    @property
    def lost(self) -> float:
        return min(max(1 - self.now / self.balanced, 0.0), 1.0)


def ends(case: Case, depth: float, price: float) -> bool:
    """Whether the price is below after a little more: far out of balance a contract's loop may go
    round at one amount and not at the next, and there an exact search ends before its time."""
    pool, (i, j) = case.exact.pools[0], map(int, case.exact.ways[0])
    still = pool.at_rest()
    units = int(depth * 1.001 / case.unit(0)) + 1
    try:
        after = still.after(i, j, units).spot(i, j)
    except MathError:
        return False
    return float(after / still.spot(i, j)) * first(case.exact.spot()) < price

"""The best trades of a basket are better than none and than all, and no others are better."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

from tests.support.baskets import Case, constant_product, random_case, token
from tests.support.exploit_states import how_many, seeded
from watcher.math.bridge import Floats
from watcher.math.exploitability.trading import trade
from watcher.math.rebalancing.band import bands
from watcher.math.rebalancing.basket import Asset, Basket, basket_of
from watcher.math.rebalancing.plan import Rebalancing, rebalance
from watcher.state import ConstantProduct


def test_the_best_is_below_doing_nothing_and_going_all_the_way() -> None:
    rng = seeded("the best is below")
    inside = 0
    count = how_many(200)
    for _ in range(count):
        case = random_case(rng)
        found = rebalance(case.basket, case.markets)
        best, nothing, whole = found.best, found.nothing, found.all_the_way
        assert best.objective <= min(nothing.objective, whole.objective)
        if best.trades and best is not whole:
            inside += 1
            assert best.objective < nothing.objective
            assert best.objective < whole.objective
    assert inside >= count // 2


def test_each_leg_is_what_its_pool_pays_and_no_other_size_is_better() -> None:
    rng = seeded("each leg")
    tried = 0
    for _ in range(how_many(25)):
        case = random_case(rng)
        found = rebalance(case.basket, case.markets)
        assert executed(case, found) == found.best.changed
        for place, one in enumerate(found.best.trades):
            if len(one.legs) > 1 or one.given < 1e-5 * case.basket.value:
                continue
            for factor in (0.97, 1.03):
                changed = executed(case, found, scaled=(place, factor))
                if all(
                    held + more >= 0 for held, more in zip(case.basket.held, changed, strict=True)
                ):
                    tried += 1
                    other = case.basket.objective(case.basket.amounts(changed))
                    assert other >= found.best.objective - 1e-9 * case.basket.value
    assert tried >= 25


def executed(
    case: Case, found: Rebalancing, *, scaled: tuple[int, float] = (-1, 1.0)
) -> tuple[int, ...]:
    """What the legs change one after the other, one of them scaled."""
    markets = {market.target.id: market for market in case.markets}
    places = {asset.token.address: k for k, asset in enumerate(case.basket.assets)}
    changed = [0] * len(places)
    for place, one in enumerate(found.best.trades):
        for leg in one.legs:
            market = markets[leg.target.id]
            tokens = [each.address for each in leg.target.tokens]
            amount = leg.amount_in
            if place == scaled[0]:
                amount = int(amount * scaled[1])
            done = trade(market, tokens.index(leg.token_in), tokens.index(leg.token_out), amount)
            assert scaled[0] >= 0 or done.amount_out == leg.amount_out
            markets[leg.target.id] = done.market
            changed[places[leg.token_in]] -= amount
            changed[places[leg.token_out]] += done.amount_out
    return tuple(changed)


def test_an_independent_solver_finds_the_same() -> None:
    """Of constant products in floats, by sequential least squares."""
    rng = seeded("independent solver")
    compared = 0
    for _ in range(how_many(30)):
        case = random_case(rng, (constant_product,), ring=rng.random() < 0.5)
        theirs = by_scipy(case)
        found = rebalance(case.basket, case.markets).best
        # the contract rounds each leg to a smallest unit, which floats do not
        unit = max(one.price / 10**one.token.decimals for one in case.basket.assets)
        rounded = unit * len(found.trades)
        assert found.objective == pytest.approx(theirs, rel=1e-6, abs=rounded)
        compared += len(found.trades) > 0
    assert compared >= 15


def by_scipy(case: Case) -> float:
    basket, value = case.basket, case.basket.value
    places = {asset.token.address: k for k, asset in enumerate(basket.assets)}
    ways: list[tuple[int, int, float, float, float]] = []
    for market in case.markets:
        state = market.state
        assert isinstance(state, ConstantProduct)
        a, b = (places[one.address] for one in market.target.tokens)
        held = state.reserve0 / 10**state.decimals0, state.reserve1 / 10**state.decimals1
        gamma = state.fee_numerator / state.fee_denominator
        ways += [(a, b, *held, gamma), (b, a, *held[::-1], gamma)]
    prices, amounts = basket.prices, basket.amounts(basket.held)
    weights = np.array([asset.weight for asset in basket.assets])

    def objective(parts: Floats) -> tuple[float, Floats]:
        """In parts of the basket's value, with the gradient."""
        changed = np.zeros(len(prices))
        turns = np.zeros((len(prices), len(ways)))
        for place, (sold, bought, x, y, gamma) in enumerate(ways):
            given = parts[place] * value / prices[sold]
            changed[sold] -= given
            changed[bought] += y * gamma * given / (x + gamma * given)
            slope = y * gamma * x / (x + gamma * given) ** 2
            turns[sold, place] -= 1.0
            turns[bought, place] += slope * prices[bought] / prices[sold]
        off = (amounts + changed) * prices / value - weights
        pull = 2.0 * basket.aversion * (basket.covariance @ off) - 1.0
        total = -(changed @ prices) / value + basket.aversion * (off @ basket.covariance @ off)
        return float(total), pull @ turns

    def left(parts: Floats) -> Floats:
        found = amounts * prices / value
        for part, (sold, bought, x, y, gamma) in zip(parts, ways, strict=True):
            given = part * value / prices[sold]
            found[sold] -= part
            found[bought] += y * gamma * given / (x + gamma * given) * prices[bought] / value
        return found

    start = np.full(len(ways), 1e-3)
    best = np.inf
    for _ in range(3):
        done = minimize(
            objective,
            start,
            method="SLSQP",
            jac=True,
            bounds=[(0, None)] * len(ways),
            constraints=[{"type": "ineq", "fun": left}],
            options={"ftol": 1e-15, "maxiter": 1_000},
        )
        best, start = min(best, float(done.fun)), np.clip(done.x, 0.0, None)
    return best * value


def two_assets(off: float, aversion: float = 5.0) -> Case:
    """A pool at the reference; the first asset is `off` above its half."""
    rng = seeded("two assets")
    first, second = token(0), token(1, 6)
    assets = [
        Asset(first, int((0.5 + off) * 1_000 * 10**18), 2.0, 0.5),
        Asset(second, int((0.5 - off) * 2_000 * 10**6), 1.0, 0.5),
    ]
    state = constant_product(rng, 2.0, 1e6, (18, 6))
    basket = basket_of(assets, np.diag([0.36, 0.01]), aversion=aversion)
    case = random_case(rng)
    market = replace(case.markets[0].target, tokens=(first, second), kind=state.KIND)
    return Case(basket, (replace(case.markets[0], target=market, state=state),))


def test_within_the_band_nothing_is_traded_and_beyond_it_something() -> None:
    case = two_assets(0.0)
    (selling,) = [band for band in bands(case.basket, case.markets) if band.sold == 0]
    assert 0 < selling.width < 0.01
    for factor, trades in ((0.95, 0), (1.05, 1)):
        off = two_assets(factor * selling.width)
        assert len(rebalance(off.basket, off.markets).best.trades) == trades
    gone = two_assets(0.3)
    rest = rebalance(gone.basket, gone.markets).best.deviation[0]
    assert selling.width < rest < 1.25 * selling.width, "to its edge, but for the impact"


def test_without_an_aversion_nothing_is_traded_at_the_reference() -> None:
    case = two_assets(0.3, aversion=0.0)
    found = rebalance(case.basket, case.markets)
    assert found.best.trades == ()
    assert np.isnan(bands(case.basket, case.markets)[0].width)
    assert abs(found.all_the_way.deviation).max() < 1e-3


def test_a_cost_is_its_fee_and_its_impact() -> None:
    case = two_assets(0.3)
    (one,) = rebalance(case.basket, case.markets).best.trades
    assert one.cost == pytest.approx(one.fee + one.impact)
    assert one.fee == pytest.approx(one.given * one.loss, rel=0.01), "at the reference"
    assert 0 < one.impact < one.fee


def test_a_basket_that_is_nothing_or_unpriced_is_refused() -> None:
    basket = two_assets(0.0).basket
    half = basket.assets[0]
    for assets, said in (
        ([half], "sum to 0.5"),
        ([replace(half, weight=1.0, price=float("nan"))], "has no price"),
        ([replace(half, weight=1.0, amount=0)], "worth nothing"),
    ):
        with pytest.raises(Exception, match=said):
            basket_of(assets, np.eye(1), aversion=1.0)


def test_of_no_asset_less_than_nothing_is_left_at_any_time() -> None:
    rng = seeded("held")
    for _ in range(how_many(25)):
        case = random_case(rng)
        bold: Basket = replace(case.basket, aversion=30.0)
        left = list(bold.held)
        places = {asset.token.address: k for k, asset in enumerate(bold.assets)}
        for one in rebalance(bold, case.markets).best.trades:
            left[one.sold] -= one.legs[0].amount_in
            left[places[one.legs[-1].token_out]] += one.legs[-1].amount_out
            assert min(left) >= 0

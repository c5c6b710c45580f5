"""The legs of a plan executed on Uniswap's own pairs pay what was predicted, to the wei."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.exploit_states import seeded
from tests.support.real_pairs import RealPair, deploy_pairs
from tests.support.strategies import pool
from tests.support.world import LocalWorld
from watcher.math.exploitability.trading import Market
from watcher.math.rebalancing.basket import Asset, basket_of
from watcher.math.rebalancing.plan import rebalance
from watcher.state import ConstantProduct

pytestmark = pytest.mark.anvil

PRICES = {"USDC": 1.0, "WBTC": 60_000.0, "DAI": 1.0}


@pytest.fixture(scope="module")
def pairs(fork_site: LocalWorld) -> list[RealPair]:
    return deploy_pairs(fork_site, "uniswap")


def test_each_leg_pays_what_was_predicted(pairs: list[RealPair]) -> None:
    rng = seeded("legs on the pairs")
    tokens = {token.symbol: token for pair in pairs for token in pair.target.tokens}
    executed = 0
    for _ in range(5):
        states = {pair.target.id: _state(pair, rng.uniform(2e5, 5e6)) for pair in pairs}
        markets = [Market(pair.target, states[pair.target.id]) for pair in pairs]
        parts = [rng.uniform(0.1, 1.0) for _ in tokens]
        assets = [
            Asset(token, int(1e5 * part / PRICES[name] * 10**token.decimals), PRICES[name], 1 / 3)
            for part, (name, token) in zip(parts, tokens.items(), strict=True)
        ]
        basket = basket_of(assets, np.diag([0.01, 0.4, 0.02]), aversion=rng.uniform(5, 50))
        best = rebalance(basket, markets).best
        by_pool: dict[str, list[tuple[int, int, int]]] = {}
        cost = 0.0
        for one in best.trades:
            for leg in one.legs:
                coin = [token.address for token in leg.target.tokens].index(leg.token_in)
                rows = by_pool.setdefault(leg.target.id, [])
                rows.append((coin, leg.amount_in, leg.amount_out))
            cost += one.cost
        assert best.cost == pytest.approx(cost, abs=1e-6)
        for pair in pairs:
            legs = by_pool.get(pair.target.id, [])
            steps = [
                step
                for coin, given, paid in legs
                for step in (
                    pair.pay(coin, given),
                    pair.swap(coin, paid + 1),
                    pair.swap(coin, paid),
                )
            ]
            if steps:
                outcome = [each.ok for each in pair.run(states[pair.target.id], steps)]
                assert outcome == [True, False, True] * len(legs)
                executed += len(legs)
    assert executed >= 5


def _state(pair: RealPair, worth: float) -> ConstantProduct:
    """So much of each token, in money, at the reference prices."""
    token0, token1 = pair.target.tokens
    reserves = [int(worth / PRICES[one.symbol] * 10**one.decimals) for one in (token0, token1)]
    return pair.like(pool(reserves[0], reserves[1]))

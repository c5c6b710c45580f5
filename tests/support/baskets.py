"""Random baskets and pools between their assets, from a seed that is printed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from random import Random

import numpy as np

from tests.support.balancer_strategies import weighted
from tests.support.strategies import address, pool, stable
from tests.support.strategies_pools import crypto, kyber, solidly
from watcher.math.bridge import Floats
from watcher.math.exploitability.trading import Market
from watcher.math.rebalancing.basket import Asset, Basket, basket_of
from watcher.state import State, Target, Token

WAD = 10**18


@dataclass(frozen=True, slots=True)
class Case:
    basket: Basket
    markets: tuple[Market, ...]


def token(place: int, decimals: int = 18) -> Token:
    return Token(address(0xA0 + place), decimals, "ABCD"[place])


def market(number: int, first: Token, second: Token, state: State) -> Market:
    return Market(Target(1, "any", address(number), state.KIND, tokens=(first, second)), state)


def constant_product(rng: Random, ratio: float, size: float, decimals: tuple[int, int]) -> State:
    """`size` whole tokens of the first coin, of which one is worth `ratio` of the second."""
    return pool(
        int(size * 10 ** decimals[0]),
        int(size * ratio * 10 ** decimals[1]),
        fee=rng.choice([(997, 1000), (9975, 10_000), (9995, 10_000)]),
        decimals=decimals,
    )


def _weighted(rng: Random, ratio: float, size: float, decimals: tuple[int, int]) -> State:
    part = rng.randint(2, 8) * WAD // 10
    other = size * ratio * (WAD - part) / part
    return weighted(
        (int(size * 10 ** decimals[0]), int(other * 10 ** decimals[1])),
        weights=(part, WAD - part),
        decimals=decimals,
        variant=rng.choice(["v1", "v2"]),
    )


def _solidly(rng: Random, ratio: float, size: float, decimals: tuple[int, int]) -> State:
    reserves = int(size * 10 ** decimals[0]), int(size * ratio * 10 ** decimals[1])
    return solidly(*reserves, stable=False, fee=30, decimals=decimals)


def _kyber(rng: Random, ratio: float, size: float, decimals: tuple[int, int]) -> State:
    del rng
    state = kyber(int(size * WAD), int(size * ratio * WAD), amp_bps=20_000)
    return state if decimals == (18, 18) else constant_product(Random(1), ratio, size, decimals)


def _crypto(rng: Random, ratio: float, size: float, decimals: tuple[int, int]) -> State:
    del rng
    return crypto((int(size * WAD), int(size * WAD)), prices=(int(WAD / ratio),), decimals=decimals)


def _stable(rng: Random, ratio: float, size: float, decimals: tuple[int, int]) -> State:
    """Of coins of one price alone: elsewhere a constant product."""
    if abs(ratio - 1) > 0.01 or decimals != (18, 18):
        return constant_product(rng, ratio, size, decimals)
    balances = tuple(int(size * rng.uniform(0.7, 1.4) * WAD) for _ in range(2))
    return stable(balances, A=rng.choice([20, 100, 400]), total_supply=sum(balances))


MAKERS: tuple[Callable[[Random, float, float, tuple[int, int]], State], ...] = (
    constant_product,
    _weighted,
    _solidly,
    _kyber,
    _crypto,
    _stable,
)


def random_case(
    rng: Random,
    makers: tuple[Callable[[Random, float, float, tuple[int, int]], State], ...] = MAKERS,
    *,
    ring: bool = False,
) -> Case:
    """Two to four assets in a row, with one or two pools between neighbours, near the reference;
    as a `ring` two or three, with pools between all of them."""
    count = rng.randint(2, 3 if ring else 4)
    prices = [1.0 if rng.random() < 0.4 else 10 ** rng.uniform(-1, 3.5) for _ in range(count)]
    tokens = [token(place, rng.choice([18, 18, 8, 6])) for place in range(count)]
    worth = 10 ** rng.uniform(4, 7)
    markets: list[Market] = []
    pairs = [(a, b) for a, b in combinations(range(count), 2) if ring or b == a + 1]
    for left, right in pairs:
        for _ in range(rng.randint(1, 2)):
            ratio = prices[left] / prices[right] * (1 + rng.uniform(-0.002, 0.002))
            size = worth * 10 ** rng.uniform(0.3, 2.5) / prices[left]
            places = tokens[left].decimals, tokens[right].decimals
            state = rng.choice(makers)(rng, ratio, size, places)
            markets.append(market(len(markets) + 1, tokens[left], tokens[right], state))
    weights, held = _parts(rng, count), _parts(rng, count)
    assets = [
        Asset(one, int(Fraction(worth * part / cost) * 10**one.decimals), cost, weight)
        for one, part, cost, weight in zip(tokens, held, prices, weights, strict=True)
    ]
    risk = covariance(rng, count)
    return Case(basket_of(assets, risk, aversion=10 ** rng.uniform(-0.5, 1.3)), tuple(markets))


def covariance(rng: Random, count: int) -> Floats:
    """Of volatilities of 5% to 90% a year, never singular."""
    mixed = np.array([[rng.gauss(0, 1) for _ in range(count)] for _ in range(count)])
    square = mixed @ mixed.T + np.eye(count)
    deviation = np.sqrt(np.diag(square))
    volatility = np.array([rng.uniform(0.05, 0.9) for _ in range(count)])
    found: Floats = square / np.outer(deviation, deviation) * np.outer(volatility, volatility)
    return found


def _parts(rng: Random, count: int) -> list[float]:
    drawn = [rng.expovariate(1) + 0.05 for _ in range(count)]
    return [one / sum(drawn) for one in drawn]

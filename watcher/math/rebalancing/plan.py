"""What to trade now: the best trades beside doing nothing and going all the way, leg by leg, exact.

Legs of one round share no pool, so that each is predicted by itself; further rounds start from the
pools as the round before left them, for pools of several coins and for routes. Each round lessens
J. Where no two ways share a pool the first round is the optimum; where some do, the order of
rounds is a choice, by the larger trade first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from watcher.errors import MathError
from watcher.math import quotes
from watcher.math.bridge import Floats, whole
from watcher.math.exploitability.trading import Market, trade
from watcher.math.rebalancing.basket import Basket
from watcher.math.rebalancing.optimum import best_sizes
from watcher.math.rebalancing.ways import Way, find_ways
from watcher.state.target import Target
from watcher.state.token import Address

MOST_ROUNDS = 4
DUST = 1e-8
"""A leg of less than this part of the basket's value is left out."""
WORTH_A_ROUND = 1e-10
"""Of the basket's value: a round that lessens J by less is not made."""
ALL_THE_WAY = (10.0, 100.0, 1e3, 1e4)
"""The aversions to any deviation that are solved for one after the other: at the last a pool whose
price is 1% off leaves half a millionth of the basket's value."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One exchange in one pool, in smallest units; `without_fee` is what it would pay free of
    fees."""

    target: Target
    token_in: Address
    token_out: Address
    amount_in: int
    amount_out: int
    without_fee: int


@dataclass(frozen=True, slots=True)
class Trade:
    """From one asset to another, of one leg or of two that follow each other. `cost`, in money, is
    what is given less what is received; `fee` what of it would be kept without fees. The rest is
    price impact and the pool's distance from the reference. `given` is in money too, `loss` the
    part that its first unit loses."""

    sold: int
    bought: int
    legs: tuple[Leg, ...]
    given: float
    cost: float
    fee: float
    loss: float

    @property
    def impact(self) -> float:
        return self.cost - self.fee


@dataclass(frozen=True, slots=True)
class Outcome:
    """`trades` in the order of execution; `changed` (asset,) in smallest units; money figures in
    the unit of account; `deviation` (asset,) what is left of it, parts of the value before."""

    trades: tuple[Trade, ...]
    changed: tuple[int, ...]
    cost: float
    risk: float
    deviation: Floats
    tracking_error: float

    @property
    def objective(self) -> float:
        return self.cost + self.risk


@dataclass(frozen=True, slots=True)
class Rebalancing:
    """`best` is none worse than the other two."""

    basket: Basket
    best: Outcome
    nothing: Outcome
    all_the_way: Outcome


def rebalance(basket: Basket, markets: Sequence[Market]) -> Rebalancing:
    """The trades in these pools at which J is least."""
    nothing = _outcome(basket, ())
    careless = [
        replace(basket, covariance=np.eye(len(basket.assets)), aversion=aversion)
        for aversion in ALL_THE_WAY
    ]
    all_the_way = _outcome(basket, _rounds(careless, markets))
    best = _outcome(basket, _rounds([basket], markets))
    least = min((nothing, all_the_way, best), key=lambda one: one.objective)
    return Rebalancing(basket, least, nothing, all_the_way)


def _outcome(basket: Basket, trades: Sequence[Trade]) -> Outcome:
    raw = _raw(basket, trades)
    changed = basket.amounts(raw)
    return Outcome(
        trades=tuple(trades),
        changed=raw,
        cost=basket.cost(changed),
        risk=basket.risk(changed),
        deviation=basket.deviation(changed),
        tracking_error=basket.tracking_error(changed),
    )


def _raw(basket: Basket, trades: Sequence[Trade]) -> tuple[int, ...]:
    changed = [0] * len(basket.assets)
    for one in trades:
        changed[one.sold] -= one.legs[0].amount_in
        changed[one.bought] += one.legs[-1].amount_out
    return tuple(changed)


def _rounds(baskets: Sequence[Basket], markets: Sequence[Market]) -> list[Trade]:
    """`baskets` differ in what they shun alone; the last one says what a round is worth."""
    done: list[Trade] = []
    for _ in range(MOST_ROUNDS):
        wanted = list(_wanted(baskets, markets))
        trades, moved = _executed(baskets[-1], markets, wanted)
        changed = _raw(baskets[-1], trades)
        goal = baskets[-1]
        gained = goal.risk(np.zeros(len(goal.assets))) - goal.objective(goal.amounts(changed))
        if not gained > WORTH_A_ROUND * goal.value:
            break
        done += trades
        markets = moved
        baskets = [basket.after(changed) for basket in baskets]
    return done


def _wanted(baskets: Sequence[Basket], markets: Sequence[Market]) -> Iterator[tuple[Way, float]]:
    """The best ways that share no pool, and their sizes in whole tokens, the largest first."""
    ways = find_ways(baskets[-1], markets)
    prices, least = baskets[-1].prices, DUST * baskets[-1].value
    sizes, solved = np.zeros(len(ways)), baskets
    while True:
        for basket in solved:
            sizes = best_sizes(basket, markets, ways, sizes)
        worth = sizes * prices[[way.sold for way in ways]]
        order = [int(place) for place in np.argsort(-worth, kind="stable") if worth[place] > least]
        losers, used = set[int](), set[int]()
        for place in order:
            pools = {hop.market for hop in ways[place].hops}
            if pools & used:
                losers.add(place)
            used |= pools
        if not losers:
            yield from ((ways[place], float(sizes[place])) for place in order)
            return
        kept = [place for place in range(len(ways)) if place not in losers]
        ways, sizes, solved = [ways[place] for place in kept], sizes[kept], baskets[-1:]


def _executed(
    basket: Basket, markets: Sequence[Market], wanted: Sequence[tuple[Way, float]]
) -> tuple[list[Trade], list[Market]]:
    """The trades to the smallest unit, and the pools after them."""
    moved, left, done = list(markets), list(basket.held), list[Trade]()
    waiting = [(way, round(size * 10**way.decimals_in)) for way, size in wanted]
    while waiting:
        # first what is at hand; what the rest sells is bought before it, but for roundings
        place = next((k for k, (way, amount) in enumerate(waiting) if amount <= left[way.sold]), 0)
        way, amount = waiting.pop(place)
        slope = way.local(moved, 0.0).slope
        try:
            legs, after = _legs(way, moved, min(amount, left[way.sold]))
        except MathError:
            # rounded to smallest units it is too small for the pool
            continue
        moved = after
        left[way.sold] -= legs[0].amount_in
        left[way.bought] += legs[-1].amount_out
        done.append(_trade(basket, way, legs, slope))
    return done, moved


def _legs(way: Way, markets: Sequence[Market], amount: int) -> tuple[list[Leg], list[Market]]:
    """Raises MathError where a pool refuses."""
    moved, free, legs = list(markets), amount, list[Leg]()
    for hop in way.hops:
        market = moved[hop.market]
        free = _free(market, hop.coin_in, hop.coin_out, free)
        traded = trade(market, hop.coin_in, hop.coin_out, amount)
        tokens = market.token(hop.coin_in), market.token(hop.coin_out)
        legs.append(Leg(market.target, *tokens, amount, traded.amount_out, free))
        moved[hop.market], amount = traded.market, traded.amount_out
    return legs, moved


def _free(market: Market, coin_in: int, coin_out: int, amount: int) -> int:
    without = Market(market.target, quotes.without_fee(market.state))
    return without.quote(coin_in, coin_out, amount)


def _trade(basket: Basket, way: Way, legs: Sequence[Leg], slope: float) -> Trade:
    price_in, price_out = (basket.assets[place].price for place in (way.sold, way.bought))
    given = whole(legs[0].amount_in, way.decimals_in) * price_in
    received = whole(legs[-1].amount_out, way.decimals_out) * price_out
    unfeed = whole(legs[-1].without_fee, way.decimals_out) * price_out
    return Trade(
        sold=way.sold,
        bought=way.bought,
        legs=tuple(legs),
        given=given,
        cost=given - received,
        fee=unfeed - received,
        loss=1.0 - slope * price_out / price_in,
    )

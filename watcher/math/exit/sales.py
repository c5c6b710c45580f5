"""Selling tokens for one token in watched pools, each token once and whole.

All tokens stand in one order, whatever is sold: those that are the most pools away from the wanted
token first, and of those the ones that the fewest pools have. A token is sold only for a later one,
so that all of it has come together before, and no pool is used in both directions; a pool of more
than two coins pays only the last of its coins. So no sale improves the price of another, and what
one seller loses to a pool's price cannot come back to another. For a fixed choice of pools what
comes in is then subadditive in what is sold, since every exchange is concave. The plan is the best
of all choices, and the best of subadditive functions is subadditive: what several get together is
never more than the sum of what each would get alone, but for the rounding of whole units.

Where there are more choices than MOST_CHOICES, each token is sold for the one that the deepest pool
has beside it before anything is sold, in the best pool of these two. What a token is sold for is
then the same whatever is sold, and so it keeps the property.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from math import prod

from watcher.errors import MathError
from watcher.math.exit.world import World, reserve_in, sold
from watcher.math.exploitability.trading import Market
from watcher.state.token import Address

MOST_CHOICES = 256
PAIR = 2

ENDS = "the liquidity, or what was read of it, ends before"
NO_WAY = "no watched pool leads from it to the wanted token"


@dataclass(frozen=True, slots=True)
class Edge:
    """One way through one pool. `shared`: it has further coins, so that a sale of one of them
    changes what another gets."""

    target_id: str
    coin_in: int
    coin_out: int
    token_out: Address
    shared: bool


@dataclass(frozen=True, slots=True)
class Sale:
    """One exchange in the pool of `target_id`."""

    target_id: str
    token_in: Address
    amount_in: int
    token_out: Address
    amount_out: int


@dataclass(frozen=True, slots=True)
class Unsold:
    """What no pool took, and why."""

    token: Address
    amount: int
    reason: str


@dataclass(frozen=True, slots=True)
class Sold:
    """What came in of the wanted token, what was there of it before included."""

    received: int
    sales: tuple[Sale, ...]
    unsold: tuple[Unsold, ...]


@dataclass(frozen=True, slots=True)
class _Market:
    """What does not change under way: the tokens in the order of their sale, the wanted one last,
    and where to each may be sold."""

    into: Address
    order: tuple[Address, ...]
    edges: Mapping[Address, tuple[Edge, ...]]


def sell(world: World, amounts: Mapping[Address, int], into: Address, *, before: World) -> Sold:
    """Sell all `amounts` for `into`. `before` is the world that nothing has left yet: where there
    are too many choices it alone decides."""
    market = _market(world, into)
    if prod(len(_ways(market.edges[token])) for token in _reached(market, amounts)) > MOST_CHOICES:
        market = _deepest(market, before)
    return _best(market, market.order[:-1], world, dict(amounts))


def _market(world: World, into: Address) -> _Market:
    pools = [market for name, market in sorted(world.markets.items()) if name not in world.opaque]
    order = _order(pools, into)
    place = {token: at for at, token in enumerate(order)}
    edges: dict[Address, list[Edge]] = {}
    for pool in pools:
        coins = sorted(
            (coin for coin in pool.coins if pool.token(coin) in place),
            key=lambda coin: place[pool.token(coin)],
        )
        for coin in coins[:-1]:
            last = coins[-1]
            edge = Edge(pool.target.id, coin, last, pool.token(last), len(coins) > PAIR)
            edges.setdefault(pool.token(coin), []).append(edge)
    return _Market(into, order, {token: tuple(found) for token, found in edges.items()})


def _order(pools: Sequence[Market], into: Address) -> tuple[Address, ...]:
    """The tokens that lead to the wanted one, which is the last."""
    beside: dict[Address, Counter[Address]] = {into: Counter()}
    for pool in pools:
        for one, other in permutations(map(pool.token, pool.coins), 2):
            beside.setdefault(one, Counter())[other] += 1
    steps, waiting = {into: 0}, [into]
    while waiting:
        token = waiting.pop(0)
        for other in beside[token]:
            if other not in steps:
                steps[other] = steps[token] + 1
                waiting.append(other)
    return tuple(sorted(steps, key=lambda token: (-steps[token], beside[token].total(), token)))


def _reached(market: _Market, amounts: Mapping[Address, int]) -> list[Address]:
    """The tokens that may have to be sold."""
    found = {token for token, amount in amounts.items() if amount}
    for token in market.order[:-1]:
        if token in found:
            found |= {edge.token_out for edge in market.edges[token]}
    return [token for token in market.order[:-1] if token in found]


def _ways(edges: Sequence[Edge]) -> list[tuple[Edge, ...]]:
    """The choices that may matter for what follows: pools of two coins that pay the same token are
    one, since the best of them is best for everybody."""
    alike: dict[Address, list[Edge]] = {}
    for edge in edges:
        if not edge.shared:
            alike.setdefault(edge.token_out, []).append(edge)
    return [*map(tuple, alike.values()), *((edge,) for edge in edges if edge.shared)]


def _deepest(market: _Market, before: World) -> _Market:
    def depth(edge: Edge) -> tuple[int, str, int]:
        pool = before.markets[edge.target_id]
        return reserve_in(pool, edge.coin_in), edge.target_id, edge.coin_out

    def deepest(way: Sequence[Edge]) -> tuple[int, str, int]:
        return max(map(depth, way))

    ways = {token: max(_ways(found), key=deepest) for token, found in market.edges.items()}
    return _Market(market.into, market.order, ways)


def _best(
    market: _Market, order: Sequence[Address], world: World, amounts: dict[Address, int]
) -> Sold:
    """The best of all choices for the tokens of `order`, the rest of a plan."""
    while order and not amounts.get(order[0]):
        order = order[1:]
    if not order:
        return Sold(amounts.get(market.into, 0), (), tuple(_stranded(market, amounts)))
    token, rest = order[0], order[1:]
    found: list[Sold] = []
    reasons: list[str] = []
    for way in _ways(market.edges[token]):
        try:
            sale, after = _through(way, world, token, amounts[token])
        except MathError as error:
            reasons.append(str(error))
            continue
        kept = amounts[token] - sale.amount_in
        left = {**amounts, token: 0}
        left[sale.token_out] = left.get(sale.token_out, 0) + sale.amount_out
        then = _best(market, rest, after, left)
        unsold = (Unsold(token, kept, ENDS),) if kept else ()
        found.append(Sold(then.received, (sale, *then.sales), (*unsold, *then.unsold)))
    if found:
        return max(found, key=lambda each: each.received)
    then = _best(market, rest, world, {**amounts, token: 0})
    reason = reasons[0] if reasons else NO_WAY
    return Sold(then.received, then.sales, (Unsold(token, amounts[token], reason), *then.unsold))


def _through(way: Sequence[Edge], world: World, token: Address, amount: int) -> tuple[Sale, World]:
    """The pool of a way that pays the most. Raises MathError where every one refuses."""
    best: tuple[Sale, World] | None = None
    refused: MathError | None = None
    for edge in way:
        market = world.markets[edge.target_id]
        try:
            taken, paid, after = sold(market, edge.coin_in, edge.coin_out, amount)
        except MathError as error:
            refused = refused or error
            continue
        if best is None or paid > best[0].amount_out:
            sale = Sale(edge.target_id, token, taken, edge.token_out, paid)
            best = sale, world.with_market(after)
    if best is None:
        raise refused or MathError(NO_WAY)
    return best


def _stranded(market: _Market, amounts: Mapping[Address, int]) -> Iterator[Unsold]:
    for token, amount in sorted(amounts.items()):
        if amount and token != market.into and token not in market.edges:
            yield Unsold(token, amount, NO_WAY)

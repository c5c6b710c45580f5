"""Where things can be taken apart and sold: every watched pool and vault at one block, one copy
that each step of a plan changes for all that follow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from watcher.errors import MathError
from watcher.math import quotes
from watcher.math.coin_pools import POOLED
from watcher.math.exact import concentrated as ticks
from watcher.math.exact.concentrated import add_delta
from watcher.math.exact.tick_math import MAX_TICK, MIN_TICK, get_sqrt_price_at_tick
from watcher.math.exit.estate import Pair, Position
from watcher.math.exploitability import joining
from watcher.math.exploitability.trading import Market, is_pool, lp_token, trade
from watcher.math.families import concentrated
from watcher.state.concentrated import Concentrated
from watcher.state.constant_product import ConstantProduct
from watcher.state.kinds import State
from watcher.state.share_vault import ShareVault
from watcher.state.stableswap import StableSwap
from watcher.state.target import Target
from watcher.state.token import Address
from watcher.state.yearn_vault import YearnVault

MANAGED = ("uniswap_v3", "pancake_v3")
"""The pools that position managers of holdings have their positions in."""

Amounts = tuple[tuple[Address, int], ...]


@dataclass(frozen=True, slots=True)
class Watched:
    """A vault that is watched, by its share token."""

    target: Target
    state: ShareVault | YearnVault


@dataclass(frozen=True, slots=True)
class World:
    """`markets` by target id, `vaults` by their shares, `lp_tokens` the market that each burns at;
    `opaque` are markets that nothing is sold in, since a position may or may not have left them."""

    markets: Mapping[str, Market]
    vaults: Mapping[Address, Watched]
    lp_tokens: Mapping[Address, str]
    opaque: frozenset[str] = frozenset()

    def with_market(self, market: Market) -> World:
        return replace(self, markets={**self.markets, market.target.id: market})


def world_of(found: Iterable[tuple[Target, State]]) -> World:
    """Of all that is watched on one chain, as of one block."""
    markets: dict[str, Market] = {}
    vaults: dict[Address, Watched] = {}
    lp_tokens: dict[Address, str] = {}
    for target, state in found:
        if is_pool(state):
            market = Market(target, state)
            markets[target.id] = market
            if not isinstance(state, Concentrated):
                lp_tokens[lp_token(market)] = target.id
        elif isinstance(state, ShareVault | YearnVault) and target.share is not None:
            vaults[target.share.address] = Watched(target, state)
    return World(markets, vaults, lp_tokens)


def burned(market: Market, amount: int, *, at_pair: int = 0) -> tuple[Amounts, Market]:
    """What burning LP tokens pays of every coin, and the pool without it; `at_pair` lie at the pair
    and are burned too. Raises MathError where the pool refuses."""
    state = market.state
    if isinstance(state, StableSwap):
        paid = quotes.remove_liquidity(state, amount)
        left = tuple(has - out for has, out in zip(state.balances, paid, strict=True))
        after: State = replace(state, balances=left, total_supply=state.total_supply - amount)
    else:
        paid, after = joining.left(state, amount + at_pair, None)
    coins = [(market.token(coin), out) for coin, out in enumerate(paid) if out]
    return tuple(coins), replace(market, state=after)


def burned_unwatched(pair: Pair, amount: int) -> Amounts:
    """As `burned`, of a pair that was read with the holdings alone."""
    paid, _ = joining.left(pair.state, amount + pair.at_pair, None)
    coins = zip((pair.token0, pair.token1), paid, strict=True)
    return tuple((token, out) for token, out in coins if out)


def without_position(world: World, position: Position) -> World:
    """The world after a position was closed: the pool that it stood in has its liquidity no more.

    A position's pool is known by its tokens, price and tick. Where several watched pools are alike
    in all of them nobody can tell which one it is, and nothing is sold in any.
    """
    alike = [
        (market, market.state)
        for market in world.markets.values()
        if isinstance(market.state, Concentrated) and _is_of(position, market, market.state)
    ]
    if not alike:
        return world
    if len(alike) == 1:
        market, state = alike[0]
        return world.with_market(replace(market, state=_shrunk(state, position)))
    return replace(world, opaque=world.opaque | {market.target.id for market, _ in alike})


def sold(market: Market, coin_in: int, coin_out: int, amount: int) -> tuple[int, int, Market]:
    """How much of `amount` a pool takes, what it pays, and the pool afterwards. It takes less than
    all where its liquidity ends at ticks. Raises MathError where the pool refuses."""
    state = market.state
    if isinstance(state, Concentrated):
        amount = _taken(state, amount, zero_for_one=coin_in == 0)
    done = trade(market, coin_in, coin_out, amount)
    if done.amount_out == 0:
        raise MathError("it pays nothing for so little")
    return amount, done.amount_out, done.market


def _taken(state: Concentrated, amount: int, *, zero_for_one: bool) -> int:
    """What a pool with ticks takes of an amount: no more than to the end of its liquidity, nor than
    to the last tick that was read."""
    last = state.known_from if zero_for_one else state.known_to
    pool = concentrated.pool_of(state)
    if last in (MIN_TICK, MAX_TICK) or amount <= 0:
        return ticks.swap(pool, amount, zero_for_one=zero_for_one).amount_in
    limit = get_sqrt_price_at_tick(last)
    found = ticks.swap(pool, amount, zero_for_one=zero_for_one, sqrt_price_limit_x96=limit)
    # a unit less stays within what is known, where the price would stand at its very end
    return found.amount_in - (found.sqrt_price_x96 == limit)


def _is_of(position: Position, market: Market, state: Concentrated) -> bool:
    return (
        state.variant in MANAGED
        and (state.sqrt_price_x96, state.tick) == (position.price, position.tick)
        and (market.token(0), market.token(1)) == (position.token0, position.token1)
        and _has(state, position)
    )


def _has(state: Concentrated, position: Position) -> bool:
    """Whether as much liquidity begins and ends at the position's ticks, where they were read."""
    gross = dict(zip(state.ticks, state.liquidity_gross, strict=True))
    return all(
        gross.get(end, 0) >= position.liquidity
        for end in (position.tick_lower, position.tick_upper)
        if state.known_from <= end <= state.known_to
    )


def _shrunk(state: Concentrated, position: Position) -> Concentrated:
    """UniswapV3Pool.burn and collect of all of a position."""
    net = dict(zip(state.ticks, state.liquidity_net, strict=True))
    gross = dict(zip(state.ticks, state.liquidity_gross, strict=True))
    for end, sign in ((position.tick_lower, 1), (position.tick_upper, -1)):
        if end in gross:
            gross[end] -= position.liquidity
            net[end] -= sign * position.liquidity
    kept = [tick for tick in state.ticks if gross[tick]]
    within = position.tick_lower <= state.tick < position.tick_upper
    balances = state.balances
    if balances:
        balances = (balances[0] - position.paid0, balances[1] - position.paid1)
    return replace(
        state,
        liquidity=add_delta(state.liquidity, -position.liquidity) if within else state.liquidity,
        ticks=tuple(kept),
        liquidity_net=tuple(net[tick] for tick in kept),
        liquidity_gross=tuple(gross[tick] for tick in kept),
        balances=balances,
    )


def reserve_in(market: Market, coin: int) -> int:
    """How much of a coin a pool holds, with ticks how much it would at its liquidity in range: how
    deep pools are that sell the same coin, whatever is sold."""
    state = market.state
    match state:
        case Concentrated():
            if state.sqrt_price_x96 == 0:
                return 0
            if coin == 0:
                return (state.liquidity << 96) // state.sqrt_price_x96
            return (state.liquidity * state.sqrt_price_x96) >> 96
        case ConstantProduct():
            return state.reserve1 if coin else state.reserve0
    balances: tuple[int, ...] = POOLED[state.KIND].balances(state)
    return balances[coin]

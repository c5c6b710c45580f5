"""Swaps: small ones, large ones, and those that bring a pool back to the market's price."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from random import Random

from watcher.devnet.deploy.pools import FAR_FUTURE
from watcher.devnet.draft import Draft
from watcher.devnet.moves.feeds import unit_price
from watcher.devnet.text import amount_text
from watcher.devnet.world import Pair
from watcher.math.exact.constant_product import arbitrage_amount_in, get_amount_out
from watcher.state.token import Address, Token

_SWAP = "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)"
# Small trades, in basis points of the pool, go against a gap that is wider than this.
_SMALL_BPS = (5, 30)
_LEANING_GAP_BPS = 60


@dataclass(frozen=True, slots=True)
class Trade:
    """A planned swap."""

    pair: Pair
    token_in: Token
    amount_in: int
    amount_out: int

    def __str__(self) -> str:
        sold = amount_text(self.amount_in, self.token_in)
        return f"{sold} for {amount_text(self.amount_out, self.pair.other(self.token_in))}"


def sell(draft: Draft, taker: Address, pair: Pair, token_in: Token, amount_in: int) -> Trade:
    """Swap exactly `amount_in`; the transaction fails unless it brings what is planned."""
    reserve_in, reserve_out = _reserves(draft, pair, token_in)
    kept = 1 - pair.fee
    amount_out = get_amount_out(
        amount_in,
        reserve_in,
        reserve_out,
        fee_numerator=kept.numerator,
        fee_denominator=kept.denominator,
    )
    _plan(draft, pair, token_in, reserve_in + amount_in, reserve_out - amount_out)
    draft.fund(taker, token_in, amount_in)
    label = f"a swap in {pair.name}"
    if pair.router is None:
        first = token_in == pair.token0
        amounts_out = (0, amount_out) if first else (amount_out, 0)
        transfer = "transfer(address,uint256)"
        draft.send(taker, token_in.address, transfer, pair.address, amount_in, label=label)
        swap = "swap(uint256,uint256,address,bytes)"
        draft.send(taker, pair.address, swap, *amounts_out, taker, b"", label=label)
    else:
        path = [token_in.address, pair.other(token_in).address]
        order = amount_in, amount_out, path, taker, FAR_FUTURE
        draft.send(taker, pair.router, _SWAP, *order, label=label)
    return Trade(pair, token_in, amount_in, amount_out)


def arbitrage(draft: Draft, pair: Pair, *, part: Fraction = Fraction(1)) -> Trade | None:
    """The trade that earns most at the feeds' prices, or a part of it; None where none earns."""
    kept = 1 - pair.fee
    for token_in in (pair.token0, pair.token1):
        reserve_in, reserve_out = _reserves(draft, pair, token_in)
        most = arbitrage_amount_in(
            reserve_in,
            reserve_out,
            fee_numerator=kept.numerator,
            fee_denominator=kept.denominator,
            price_in=unit_price(draft, token_in),
            price_out=unit_price(draft, pair.other(token_in)),
        )
        amount_in = int(most * part)
        if amount_in > 0:
            return sell(draft, draft.world.actors.arbitrageur, pair, token_in, amount_in)
    return None


def small_trades(
    draft: Draft, random: Random, *, most: int, least: int = 0, avoid: Collection[Pair] = ()
) -> list[Trade]:
    """From `least` to `most` swaps, a pool each, to and fro, that keep near the feeds' prices."""
    actors = draft.world.actors
    pairs = [pair for pair in draft.world.pairs if pair not in avoid]
    trades = []
    for pair in random.sample(pairs, min(random.randint(least, most), len(pairs))):
        taker = random.choice((actors.trader, actors.other_trader))
        token_in = _leaning(draft, pair) or random.choice((pair.token0, pair.token1))
        reserve_in, _ = _reserves(draft, pair, token_in)
        amount_in = reserve_in * random.randint(*_SMALL_BPS) // 10_000
        trades.append(sell(draft, taker, pair, token_in, amount_in))
    return trades


def trades_text(trades: Collection[Trade]) -> str:
    """How many small trades there were, in words."""
    if not trades:
        return "nothing happens"
    return "1 small trade" if len(trades) == 1 else f"{len(trades)} small trades"


def value_share(draft: Draft, pair: Pair, token: Token) -> Fraction:
    """The part of the pool's value at the feeds' prices that is `token`."""
    reserve, other_reserve = _reserves(draft, pair, token)
    value = reserve * unit_price(draft, token)
    other_value = other_reserve * unit_price(draft, pair.other(token))
    return Fraction(value, value + other_value)


def amount_to_share(draft: Draft, pair: Pair, token_in: Token, share: Fraction) -> int:
    """How much of `token_in` must be sold until it is `share` of the pool's value.

    Without the fee: reserve_in**2 = k * price_out / price_in * share / (1 - share). 0 when it is
    that much already.
    """
    reserve_in, reserve_out = _reserves(draft, pair, token_in)
    weight = share / (1 - share)
    price_in, price_out = unit_price(draft, token_in), unit_price(draft, pair.other(token_in))
    square = reserve_in * reserve_out * price_out * weight.numerator
    return max(isqrt(square // (price_in * weight.denominator)) - reserve_in, 0)


def gap_bps(draft: Draft, pair: Pair) -> int:
    """How far the pool's price is from the feeds', in basis points, either way."""
    share = value_share(draft, pair, pair.token0)
    return int(abs(share / (1 - share) - 1) * 10_000)


def _leaning(draft: Draft, pair: Pair) -> Token | None:
    if gap_bps(draft, pair) <= _LEANING_GAP_BPS:
        return None
    half = Fraction(1, 2)
    return pair.token0 if value_share(draft, pair, pair.token0) < half else pair.token1


def _reserves(draft: Draft, pair: Pair, token_in: Token) -> tuple[int, int]:
    reserve0, reserve1 = draft.reserves(pair)
    return (reserve0, reserve1) if token_in == pair.token0 else (reserve1, reserve0)


def _plan(draft: Draft, pair: Pair, token_in: Token, reserve_in: int, reserve_out: int) -> None:
    if token_in == pair.token0:
        draft.plan_reserves(pair, reserve_in, reserve_out)
    else:
        draft.plan_reserves(pair, reserve_out, reserve_in)

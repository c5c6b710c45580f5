"""The oracle's answers."""

from __future__ import annotations

from random import Random

from watcher.devnet.draft import Draft
from watcher.devnet.places import Feed
from watcher.state.token import Token

# The oracle answers so many blocks before its heartbeat would be missed.
_MARGIN_BLOCKS = 5
# Steps of a drift, in basis points: far inside the feeds' deviations.
_COIN_BPS = 8
_STABLE_BPS = 5
_STABLES = frozenset(("USDC", "DAI", "GUSD", "USDT", "HUSD"))


def unit_price(draft: Draft, token: Token) -> int:
    """Price of one smallest unit of `token`, on one scale for all tokens of this world."""
    answer = draft.round(draft.world.feed(token)).answer
    return answer * int(10 ** (18 - token.decimals))


def submit(draft: Draft, feed: Feed, answer: int) -> None:
    planned = draft.plan_round(feed, answer)
    draft.send(
        draft.world.actors.oracle,
        feed.aggregator,
        "submit(uint256,int256)",
        planned.id,
        planned.answer,
        label=f"an answer of {feed.pair}",
    )


def keep_heartbeats(draft: Draft) -> None:
    """Repeat each answer whose heartbeat is nearly over."""
    margin = _MARGIN_BLOCKS * draft.block_seconds
    for feed in draft.world.feeds:
        current = draft.round(feed)
        if draft.timestamp - current.updated_at >= feed.heartbeat - margin:
            submit(draft, feed, current.answer)


def drift(draft: Draft, random: Random) -> Feed:
    """Move one feed a little: a coin from where it is, a stable one around its dollar."""
    feed = random.choice(draft.world.feeds)
    if feed.token.symbol in _STABLES:
        step, base = random.randint(-_STABLE_BPS, _STABLE_BPS), feed.first_answer
    else:
        step, base = random.randint(-_COIN_BPS, _COIN_BPS), draft.round(feed).answer
    submit(draft, feed, base * (10_000 + step) // 10_000)
    return feed

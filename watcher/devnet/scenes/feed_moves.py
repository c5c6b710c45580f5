"""The ETH feed moves by 8% while the pools still trade at the old price; arbitrage follows."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from watcher.devnet.moves.feeds import submit
from watcher.devnet.moves.trades import bring_back, gap_bps, small_trades
from watcher.devnet.places import Feed, Pair, TickPool
from watcher.devnet.stage import Scene, Stage, Step, step
from watcher.devnet.text import listed, percent_text, price_text

_FALL = Fraction(92, 100)
# Below this part of its first answer the feed rises as much instead, so that it stays in range.
_LOWEST = Fraction(95, 100)


def play(stage: Stage, blocks: int) -> Iterator[Step]:
    weth = stage.world.weth
    feed = stage.world.feed(weth)
    lagging = [pool for pool in stage.world.pools if weth in (pool.token0, pool.token1)]
    moves = arbitrages = max(1, blocks // 3)
    start = stage.draft().round(feed).answer
    falls = start > feed.first_answer * _LOWEST
    end = int(start * _FALL if falls else start / _FALL)
    for index in range(1, moves + 1):
        yield _move(stage, feed, start + (end - start) * index // moves, lagging)
    for _ in range(blocks - moves - arbitrages):
        yield _lag(stage, lagging)
    for index in range(arbitrages):
        yield _arbitrages(stage, lagging[index::arbitrages], lagging)


def _move(stage: Stage, feed: Feed, answer: int, lagging: list[Pair | TickPool]) -> Step:
    draft = stage.draft()
    before = draft.round(feed).answer
    submit(draft, feed, answer)
    small_trades(draft, stage.random, most=1, avoid=lagging)
    verb = "falls" if answer < before else "rises"
    change = percent_text(abs(Fraction(answer, before) - 1))
    return step(draft, f"{feed.pair} {verb} {change} to {price_text(answer)}; the pools lag")


def _lag(stage: Stage, lagging: list[Pair | TickPool]) -> Step:
    draft = stage.draft()
    small_trades(draft, stage.random, most=2, avoid=lagging)
    widest = max(lagging, key=lambda pair: gap_bps(draft, pair))
    gap = percent_text(Fraction(gap_bps(draft, widest), 10_000))
    return step(draft, f"the pools with WETH still lag; {widest.name} is {gap} off the feeds")


def _arbitrages(stage: Stage, pools: list[Pair | TickPool], lagging: list[Pair | TickPool]) -> Step:
    draft = stage.draft()
    trades = [trade for pool in pools if (trade := bring_back(draft, pool))]
    small_trades(draft, stage.random, most=1, avoid=lagging)
    if not trades:
        return step(draft, "the pools with WETH are back at the feeds")
    sold = listed([f"{trade} in {trade.pair.name}" for trade in trades])
    return step(draft, f"arbitrage follows the feed: {sold}")


FEED_MOVES = Scene("feed_moves", play, shortest=3, longest=7)

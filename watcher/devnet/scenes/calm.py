"""Nothing in particular: small trades to and fro, feeds that move less than their deviation."""

from __future__ import annotations

from collections.abc import Iterator

from watcher.devnet.draft import Draft
from watcher.devnet.moves.balancer import small_swaps
from watcher.devnet.moves.coins import small_exchanges
from watcher.devnet.moves.direct import small_direct_trades
from watcher.devnet.moves.feeds import drift
from watcher.devnet.moves.lending import small_lending
from watcher.devnet.moves.morpho import small_loans
from watcher.devnet.moves.ticks import small_tick_swaps
from watcher.devnet.moves.trades import bring_back, gap_bps, small_trades, trades_text
from watcher.devnet.moves.venus_psm import small_swaps as small_peg_swaps
from watcher.devnet.stage import Scene, Stage, Step, step
from watcher.devnet.text import listed, price_text

# A pool that an earlier scene left further from the market than this is brought back.
_CLOSED_GAP_BPS = 100
# About one block in 24 is empty, one in three has a new answer of a feed.
_EMPTY_ONE_IN = 6
_ANSWER_ONE_IN = 3


def play(stage: Stage, blocks: int) -> Iterator[Step]:
    for _ in range(blocks):
        draft = stage.draft()
        arbitrages = _arbitrages(draft)
        least = min(stage.random.randrange(_EMPTY_ONE_IN), 1)
        trades = [
            *small_trades(draft, stage.random, most=3, least=least),
            *small_exchanges(draft, stage.random, most=4),
            *small_swaps(draft, stage.random, most=2),
            *small_tick_swaps(draft, stage.random, most=2),
            *small_direct_trades(draft, stage.random, most=2),
        ]
        others = [*small_loans(draft, stage.random), *small_peg_swaps(draft, stage.random)]
        others += small_lending(draft, stage.random)
        happenings = [*arbitrages, trades_text(trades), *others, *_drift(stage, draft)]
        yield step(draft, listed(happenings))


def _arbitrages(draft: Draft) -> list[str]:
    wide = [pool for pool in draft.world.pools if gap_bps(draft, pool) > _CLOSED_GAP_BPS]
    closed = [pool.name for pool in wide if bring_back(draft, pool)]
    return [f"arbitrage brings {listed(closed)} back to the feeds"] if closed else []


def _drift(stage: Stage, draft: Draft) -> list[str]:
    if stage.random.randrange(_ANSWER_ONE_IN):
        return []
    feed = drift(draft, stage.random)
    return [f"{feed.pair} at {price_text(draft.round(feed).answer)}"]


CALM = Scene("calm", play, shortest=1, longest=1_000_000_000)

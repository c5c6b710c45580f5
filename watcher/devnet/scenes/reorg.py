"""The chain takes back its newest blocks and goes on with one more than it lost, all different."""

from __future__ import annotations

from collections.abc import Iterator

from watcher.devnet.draft import Draft
from watcher.devnet.moves.trades import Trade, sell, small_trades, trades_text
from watcher.devnet.places import Pair
from watcher.devnet.stage import RollBack, Scene, Stage, Step, step
from watcher.state.token import Token

DEEPEST = 5
# The sale that is undone and the one that replaces it, in basis points of what the pool holds.
_SALE_BPS = (400, 800)
# The new branch starts a slot late: at the old one's times it could repeat an empty block.
_LATE_SLOTS = 2


def play(stage: Stage, blocks: int) -> Iterator[Step | RollBack]:
    """Only the last block of the new branch is announced: until then the old one is as long."""
    depth = blocks - 1
    pair = stage.random.choice(stage.world.pairs)
    draft = stage.draft()
    undone = _sale(stage, draft, pair, pair.token0)
    yield step(draft, f"a whale sells {undone} in {pair.name}")
    for _ in range(depth - 1):
        draft = stage.draft()
        yield step(draft, trades_text(small_trades(draft, stage.random, most=2)))
    yield RollBack(depth)
    draft = stage.draft(seconds=_LATE_SLOTS * stage.reader.block_seconds)
    instead = _sale(stage, draft, pair, pair.token1)
    text = f"{_replaced(depth)}: instead of {undone} a whale sells {instead} in {pair.name}"
    yield step(draft, text, announced=False)
    for left in range(depth, 0, -1):
        draft = stage.draft()
        small_trades(draft, stage.random, most=2)
        yield step(draft, text, announced=left == 1)


def _sale(stage: Stage, draft: Draft, pair: Pair, sold: Token) -> Trade:
    reserve0, reserve1 = draft.reserves(pair)
    held = reserve0 if sold == pair.token0 else reserve1
    amount = held * stage.random.randint(*_SALE_BPS) // 10_000
    return sell(draft, stage.world.actors.whale, pair, sold, amount)


def _replaced(depth: int) -> str:
    lost = "the last block is" if depth == 1 else f"the last {depth} blocks are"
    return f"{lost} replaced by {depth + 1} others"


REORG = Scene("reorg", play, shortest=2, longest=DEEPEST + 1)

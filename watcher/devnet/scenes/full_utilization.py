"""Somebody borrows all that a lending market has: whoever lent there cannot withdraw."""

from __future__ import annotations

from collections.abc import Iterator

from watcher.devnet.moves.borrowers import cash, market_of, pledge, take_cash
from watcher.devnet.moves.trades import small_trades
from watcher.devnet.stage import Scene, Stage, Step, step
from watcher.devnet.text import amount_text

PLEDGED = 3_000 * 10**18
"""WETH, worth far more than the market of USDC has."""


def play(stage: Stage, blocks: int) -> Iterator[Step]:
    whale = stage.world.actors.whale
    for left in range(blocks, 0, -1):
        draft = stage.draft()
        market = market_of(draft, "USDC")
        if left == blocks:
            pledge(draft, whale, market_of(draft, "WETH"), PLEDGED)
        taken = take_cash(draft, whale, market, left)
        small_trades(draft, stage.random, most=1)
        rest = amount_text(cash(draft, market) - taken, market.token)
        told = amount_text(taken, market.token)
        yield step(draft, f"a whale borrows {told} from {market.name}, which has {rest} left")


FULL_UTILIZATION = Scene("full_utilization", play, shortest=1, longest=8)

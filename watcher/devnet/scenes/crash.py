"""ETH loses five sixths at once; liquidators repay at the close factor while there is anything to
seize, and what is left is debt that no collateral covers."""

from __future__ import annotations

from collections.abc import Iterator

from watcher.devnet.moves.borrowers import debt, liquidate, market_of
from watcher.devnet.moves.feeds import submit
from watcher.devnet.stage import Scene, Stage, Step, step
from watcher.devnet.text import amount_text, price_text

LEFT = 6
"""One sixth of the price is left."""


def play(stage: Stage, blocks: int) -> Iterator[Step]:
    draft = stage.draft()
    feed = stage.world.feed(stage.world.weth)
    answer = draft.round(feed).answer // LEFT
    submit(draft, feed, answer)
    yield step(draft, f"{feed.pair} crashes to {price_text(answer)}")
    for _ in range(blocks - 1):
        yield _liquidation(stage)


def _liquidation(stage: Stage) -> Step:
    draft, actors = stage.draft(), stage.world.actors
    market, collateral = market_of(draft, "USDC"), market_of(draft, "WETH")
    debtor = market.accounts[0]
    told = liquidate(draft, actors.arbitrageur, market, collateral, debtor)
    owed = amount_text(debt(draft, market, debtor), market.token)
    return step(draft, told or f"{owed} stay owed to {market.name} with nothing to seize for it")


CRASH = Scene("crash", play, shortest=2, longest=12)

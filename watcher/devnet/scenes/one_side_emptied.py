"""Somebody sells so much of one coin that it is nine tenths of the pool; part of it comes back."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from watcher.devnet.moves.trades import (
    amount_to_share,
    arbitrage,
    sell,
    small_trades,
    value_share,
)
from watcher.devnet.places import Pair
from watcher.devnet.stage import Scene, Stage, Step, step
from watcher.devnet.text import percent_text
from watcher.state.token import Token

_EMPTIED_SHARE = Fraction(9, 10)
_PART_BOUGHT_BACK = Fraction(2, 5)


def play(stage: Stage, blocks: int) -> Iterator[Step]:
    pair = stage.random.choice(stage.world.pairs)
    sold = stage.random.choice((pair.token0, pair.token1))
    sales = max(1, blocks // 3)
    returns = max(1, blocks // 4)
    for left in range(sales, 0, -1):
        yield _sale(stage, pair, sold, sales_left=left)
    for _ in range(blocks - sales - returns):
        draft = stage.draft()
        small_trades(draft, stage.random, most=2, avoid=(pair,))
        share = percent_text(value_share(draft, pair, sold), digits=0)
        yield step(draft, f"{pair.name} stays as it is: {share} of its value is {sold.symbol}")
    for _ in range(returns):
        yield _return(stage, pair, sold)


def _sale(stage: Stage, pair: Pair, sold: Token, *, sales_left: int) -> Step:
    draft = stage.draft()
    amount = amount_to_share(draft, pair, sold, _EMPTIED_SHARE) // sales_left
    trade = sell(draft, stage.world.actors.whale, pair, sold, amount)
    small_trades(draft, stage.random, most=1, avoid=(pair,))
    share = percent_text(value_share(draft, pair, sold), digits=0)
    return step(
        draft, f"a whale sells {trade} in {pair.name}: {share} of its value is {sold.symbol}"
    )


def _return(stage: Stage, pair: Pair, sold: Token) -> Step:
    draft = stage.draft()
    trade = arbitrage(draft, pair, part=_PART_BOUGHT_BACK)
    small_trades(draft, stage.random, most=1, avoid=(pair,))
    share = percent_text(value_share(draft, pair, sold), digits=0)
    happening = f"arbitrage sells {trade} in" if trade else "nobody trades in"
    return step(draft, f"{happening} {pair.name}: {share} of its value is {sold.symbol}")


ONE_SIDE_EMPTIED = Scene("one_side_emptied", play, shortest=2, longest=8)
